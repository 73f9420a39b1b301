"""The order of judging is held by types: each stage is made in one module only."""

from __future__ import annotations

import ast

import pytest

from tests.harness.source import nodes

MAKERS = {
    "Envelope": {"pipeline/envelope.py"},
    "VerifiedDocument": {"pipeline/signature/verify.py"},
    "ValidDocument": {"pipeline/schema.py"},
    "Declaration": {"pipeline/mapping.py"},
    "Accepted": {"pipeline/judge.py"},
    "Refused": {"pipeline/judge.py"},
    "Noted": {"pipeline/judge.py"},
    "Reply": {"pipeline/compose.py"},
    "SignedReply": {"pipeline/signature/seal.py"},
}


def _constructions(name: str) -> set[str]:
    return {
        place
        for place, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_stage_is_made_in_one_module_only(name: str) -> None:
    assert _constructions(name) == MAKERS[name]


def test_a_submission_is_made_only_at_the_doors_and_where_a_stored_one_is_judged_again() -> None:
    doors = {
        "entrypoints/consumer.py",
        "services/messages/judging.py",
        "services/ledger/amendment_base.py",
        "services/door/precheck.py",
    }
    tools = {place for place in _constructions("Submission") if place.startswith("cli/")}
    assert _constructions("Submission") - tools == doors
    assert len(tools) <= 1, "only `judge` may look at files"
