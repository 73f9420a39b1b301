"""The order of judging is held by types: each stage is made in one module only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import adapter

PACKAGE = Path(adapter.__file__).parent
MAKERS = {
    "Envelope": {"pipeline/envelope.py"},
    "VerifiedDocument": {"pipeline/signature.py"},
    "ValidDocument": {"pipeline/schema.py"},
    "Declaration": {"pipeline/mapping.py"},
    "Accepted": {"pipeline/judge.py"},
    "Refused": {"pipeline/judge.py"},
    "Noted": {"pipeline/judge.py"},
    "Reply": {"pipeline/compose.py"},
    "SignedReply": {"pipeline/seal.py"},
}


def _constructions(name: str) -> set[str]:
    places = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                places.add(str(file.relative_to(PACKAGE)))
    return places


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_stage_is_made_in_one_module_only(name: str) -> None:
    assert _constructions(name) == MAKERS[name]


def test_a_submission_is_made_only_at_the_doors_and_where_a_stored_one_is_judged_again() -> None:
    doors = {
        "entrypoints/consumer.py",
        "services/door.py",
        "services/judging.py",
        "services/standing.py",
    }
    tools = {place for place in _constructions("Submission") if place.startswith("cli/")}
    assert _constructions("Submission") - tools == doors
    assert len(tools) <= 1, "only `judge` may look at files"
