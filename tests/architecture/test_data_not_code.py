"""What is invented or inferred lives in data, never in code: no procedure code or form field in adapter/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from adapter.catalogue.strict_yaml import read_yaml
from tests.harness.pki import ROOT
from tests.harness.source import modules, nodes, walked

OWN_WORDS = {"documentType", "Row"}
"""Ours to know: a name of the envelope, which forms use for the kind of a person's paper; a type of SQLAlchemy's."""
INVENTED = re.compile(r"BQP\d|\bXC\b|\bNC\b|DU_LICH|CONG_VU|HUUNGHI")


@cache
def _texts() -> list[tuple[str, str]]:
    """Every text constant of the program that is not a docstring."""
    return list(_constants())


def _constants() -> Iterator[tuple[str, str]]:
    for place, tree in modules():
        if place.startswith("simulator/"):
            continue  # the test window plays somebody else
        documentation = {
            id(node.body[0].value)
            for node in walked(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in walked(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                documentation.add(id(node.value))
        for node in walked(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield f"{place}:{node.lineno}", node.value


def test_no_procedure_code_or_invented_value_stands_in_the_program() -> None:
    assert [(place, text) for place, text in _texts() if INVENTED.search(text)] == []


@cache
def _fields() -> list[dict[str, str]]:
    return list(_stated_fields())


def _stated_fields() -> Iterator[dict[str, str]]:
    for file in (ROOT / "mappings").glob("*/*/procedure.yaml"):
        stated = read_yaml(file.read_bytes())
        yield from stated.get("fields", [])
        for group in stated.get("groups", []):
            yield from (field | {"path": f"{group['path']}/{field['path']}"} for field in group["fields"])


def _elements_of_ours() -> set[str]:
    """Elements of the envelope, of our own replies and of statements to be signed, which the program writes."""
    common = ROOT / "schemas" / "common"
    files = [
        common / "envelope.xsd",
        *common.glob("replies/*.xsd"),
        *common.glob("technical/*.xsd"),
        *common.glob("statements/*.xsd"),
    ]
    return {
        name for file in files for name in re.findall(r'<xs:element name="(\w+)"', file.read_text(encoding="utf-8"))
    }


def test_no_form_field_name_stands_in_the_program() -> None:
    """Names that are words of our own too are short and lower case; of the others not one, and no element either."""
    names = {field["name"] for field in _fields() if not field["name"].islower()}
    elements = {step for field in _fields() for step in field["path"].split("/")} - _elements_of_ours()
    assert len(names) > 100, "the mappings name fields"
    assert len(elements) > 100, "and elements"
    assert [(place, text) for place, text in _texts() if text in (names | elements) - OWN_WORDS] == []


@cache
def _codes() -> set[str]:
    lists = (read_yaml(file.read_bytes()) for file in (ROOT / "mappings/codelists").glob("*.yaml"))
    return {str(entry["code"]) for stated in lists for entry in stated["codes"]}


def test_no_code_of_a_list_stands_in_the_program() -> None:
    """Gates, papers, ranks, kinds of visa: of two letters on, a code is data (`1` and `T` are everybody's)."""
    codes = {code for code in _codes() if len(code) > 2}
    assert len(codes) > 400, "there are code lists"
    assert [(place, text) for place, text in _texts() if text in codes] == []


@pytest.mark.parametrize("told", ["plannedDeparture", "DateOfBirth"])
def test_a_field_name_or_code_in_the_program_would_be_told(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "_texts", lambda: [("x.py:1", told), ("x.py:2", "CANGHAIPHONG")])
    with pytest.raises(AssertionError, match=told):
        test_no_form_field_name_stands_in_the_program()
    with pytest.raises(AssertionError):
        test_no_code_of_a_list_stands_in_the_program()


def test_every_event_name_is_one_of_the_closed_set() -> None:
    """`observe` is called with a member of Event, never with a free text."""
    calls = [(place, node, node.func) for place, node in nodes() if isinstance(node, ast.Call)]
    told = [(at, call) for at, call, by in calls if isinstance(by, ast.Attribute) and by.attr == "observe"]
    assert len(told) > 20
    for place, call in told:
        assert not isinstance(call.args[0], ast.Constant), f"{place}:{call.lineno}"


def test_only_intake_catches_everything() -> None:
    """Judging and storing sort what nobody foresaw; two stand before strangers' bytes and our own files; the others
    guard a thread, a decoder, one way of alerts, what a peer may say, and the answer to a process that asks."""
    broker = {"gateways/broker/link.py", "gateways/broker/address.py"}
    allowed = {
        "services/messages/intake.py",
        "services/messages/judging.py",
        "pipeline/library_errors.py",
        "catalogue/check.py",
        "gateways/broker/property_decoder.py",
        "gateways/spreadsheets/child.py",
        "gateways/attachments/child.py",
        "entrypoints/parts.py",
        "entrypoints/decisions/app.py",
        "entrypoints/alert_sender.py",
        "entrypoints/mailer.py",
        "entrypoints/survey.py",
        *broker,
    }
    found = {
        place
        for place, node in nodes()
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    }
    assert found <= allowed
