"""What is invented or inferred lives in data, never in code: no procedure code or form field in adapter/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

import adapter

PACKAGE = Path(adapter.__file__).parent
ROOT = PACKAGE.parent
INVENTED = re.compile(r"BQP\d|\bXC\b|\bNC\b|DU_LICH|CONG_VU|HUUNGHI")


def _texts() -> Iterator[tuple[str, str]]:
    """Every text constant of the program that is not a docstring."""
    for file in PACKAGE.rglob("*.py"):
        if "simulator" in file.parts:
            continue  # the test window plays somebody else
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                documentation.add(id(node.value))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield f"{file.relative_to(PACKAGE)}:{node.lineno}", node.value


def test_no_procedure_code_or_invented_value_stands_in_the_program() -> None:
    assert [(place, text) for place, text in _texts() if INVENTED.search(text)] == []


def _field_names() -> set[str]:
    names = set()
    for file in (ROOT / "mappings").glob("*/*/procedure.yaml"):
        stated = yaml.safe_load(file.read_text(encoding="utf-8"))
        for spec in [*stated.get("fields", []), *(f for g in stated.get("groups", []) for f in g["fields"])]:
            names.add(spec["name"])
    return names


def test_no_form_field_name_stands_in_the_program() -> None:
    own = {
        "documentType",
        "gate",
        "unit",
        "principal",
        "declarant",
        "direction",
        "procedure",
        "role",
        "sex",
        "note",
        "purpose",
    }
    camel = {name for name in _field_names() - own if not name.islower()}
    assert camel, "the mappings name fields"
    assert [(place, text) for place, text in _texts() if text in camel] == []


def test_every_event_name_is_one_of_the_closed_set() -> None:
    """`observe` is called with a member of Event, never with a free text."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "observe":
                assert not isinstance(node.args[0], ast.Constant), f"{file}:{node.lineno}"


def test_only_intake_catches_everything() -> None:
    """Judging and storing sort what nobody foresaw; the two others guard a thread and a decoder, and say so."""
    allowed = {"services/intake.py", "services/judging.py", "gateways/decoder.py", "gateways/broker/link.py"}
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
            ):
                found.add(str(file.relative_to(PACKAGE)))
    assert found <= allowed
