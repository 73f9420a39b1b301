"""What is said of a value in another form: which form is wanted, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lxml import etree

from adapter.model.limits import Limits
from adapter.pipeline.converters import CONVERTERS, WANTED
from adapter.pipeline.schema import faults_of, report
from adapter.pipeline.wanted import element_at, model, takes, wanted
from tests.harness.data import compiled
from tests.harness.pki import ROOT

SCHEMAS = ROOT / "schemas"
FORMS = sorted(str(file.relative_to(SCHEMAS)) for file in SCHEMAS.glob("*/*/BQP*10*.xsd"))
LIMITS = Limits(
    message_bytes=100_000, depth=60, elements=1_000, attributes=100, element_attributes=60, namespaces=30, text=9_000,
    references=9, transforms=9, findings=100, report_bytes=100_000, report_children=100, report_seconds=60.0,
)  # fmt: skip


def _leaves(declared: Any, path: str) -> Iterator[str]:
    content = model(declared)
    inner = [each for each in content.iter_elements() if each.local_name] if content else []
    if not inner and getattr(declared.type, "content_type_label", "") == "simple":
        yield path
    for each in inner:
        yield from _leaves(each, f"{path}/{each.local_name}")


@pytest.mark.parametrize("name", FORMS)
def test_of_every_value_of_every_form_it_can_be_said_which_form_is_wanted(name: str) -> None:
    schema = compiled(SCHEMAS)(name)
    leaves = list(_leaves(schema.elements["Envelope"], "/Envelope"))
    assert len(leaves) > 20
    for path in leaves:
        said = wanted(schema, path)
        assert set(said) == {"wanted", "wanted_en"}
        assert "XSD" not in said["wanted"] + said["wanted_en"], path


@pytest.mark.parametrize(
    ("path", "text", "name", "vietnamese", "english"),
    [
        ("Citizen/DateOfBirth", "1958-13-01", "schema_type", "ví dụ 2026-03-02", "for example 2026-03-02"),
        ("Citizen/DateOfBirth", "01/02/1958", "schema_pattern", "yyyy-MM-dd", "yyyy-MM-dd"),
        ("Principal/TaxCode", "0100 109 106", "schema_pattern", "0100109106-001", "10 digits"),
        ("Direction", "IN", "schema_enumeration", "XC, NC", "one of XC, NC"),
        ("Citizen/DocumentNumber", "C" * 21, "schema_length", "tối đa 20", "at most 20"),
    ],
)
def test_a_value_in_another_form_is_told_with_the_form_that_is_wanted(
    path: str, text: str, name: str, vietnamese: str, english: str
) -> None:
    form = "BQP0100002/1/BQP01000021001.xsd"
    message = SCHEMAS.parent / "fixtures" / "BQP0100002" / "accepted-enterprise-acting-for-citizen" / "message.xml"
    tree = etree.parse(str(message)).getroot()
    place = tree.find(f"Body/Content/CitizenDeclaration/{path}")
    assert place is not None
    place.text = text
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / form)))
    faults = faults_of(tree, schema)
    assert faults

    findings = report(tree, faults, form, limits=LIMITS, reporter=compiled(SCHEMAS))

    words = next(finding.words for finding in findings if finding.name == name)
    assert vietnamese in words["wanted"]
    assert english in words["wanted_en"]


def test_the_nearest_bounds_of_a_number_count() -> None:
    schema = compiled(SCHEMAS)("BQP0100002/1/BQP01000021001.xsd")
    assert wanted(schema, "/Envelope/Header/Subject/documentYear")["wanted_en"] == "a whole number from 1000 to 9999"


@pytest.mark.parametrize("name", WANTED)
def test_the_example_of_each_type_of_value_is_read(name: str) -> None:
    said = WANTED[name]
    examples = [text.rpartition(word)[2] for text, word in ((said.vi, "ví dụ "), (said.en, "for example "))]
    if name == "flag":
        examples = ["0", "1"]
    for example in examples:
        assert CONVERTERS[name](example) is not None


def test_every_type_that_can_be_misread_says_its_form() -> None:
    assert set(WANTED) == {name for name, convert in CONVERTERS.items() if convert is not str}


TEXTS = ("", " ", "A  B", "NGUYEN VAN AN", "Nguyễn Văn An", "C1234567", "VNM", "2026-01-31", "0", "x" * 500)


def test_a_type_takes_what_validation_takes_also_for_many_threads_at_once() -> None:
    """Types of one form share a schema, and its context of errors would be everybody's."""
    schema = compiled(SCHEMAS)(FORMS[0])
    types = [element_at(schema, path).type for path in _leaves(schema.elements["Envelope"], "/Envelope")]
    asked = [(type_, text) for type_ in types for text in TEXTS]
    expected = [type_.is_valid(text) for type_, text in asked]
    assert 0.1 < sum(expected) / len(expected) < 0.9
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: takes(*each), asked * 3)) == expected * 3
