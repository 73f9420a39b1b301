"""Threads that validate at the same time with one compiled XSD: none waits for another's report or reads its faults."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xmlschema
from lxml import etree

from adapter.model.errors import Fault
from adapter.model.limits import Limits
from adapter.pipeline.schema import faults_of, report, validate

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
FORM = "BQP0100002/1/BQP01000021001.xsd"
SCHEMA = etree.XMLSchema(etree.parse(str(SCHEMAS / FORM)))
SLOW = xmlschema.XMLSchema10(str(SCHEMAS / FORM))
MESSAGE = SCHEMAS.parent / "fixtures" / "BQP0100002" / "accepted-enterprise-acting-for-citizen" / "message.xml"
WAIT = 60.0
LIMITS = Limits(
    message_bytes=100_000, depth=60, elements=1_000, attributes=100, element_attributes=60, namespaces=30, text=9_000,
    references=9, transforms=9, findings=100, report_bytes=100_000, report_children=100, report_seconds=60.0,
)  # fmt: skip


def _declared(path: str = "", text: str = "") -> etree._Element:
    """The declaration, with another text at a place of its form."""
    tree = etree.parse(str(MESSAGE)).getroot()
    content = tree.find("Body/Content")
    assert content is not None
    content.attrib.clear()  # as it is validated: without the Id by which it was signed
    if path:
        place = tree.find(f"Body/Content/CitizenDeclaration/{path}")
        assert place is not None
        place.text = text
    return tree


def _verified(element: etree._Element) -> Any:
    spec = SimpleNamespace(schema=SCHEMA, schema_name=FORM)
    return SimpleNamespace(element=element, envelope=SimpleNamespace(spec=spec), header=None)


def test_a_valid_message_does_not_wait_for_the_report_on_another() -> None:
    reports, go_on = threading.Event(), threading.Event()

    def reporter(_: str) -> xmlschema.XMLSchema10:
        reports.set()
        assert go_on.wait(WAIT)
        return SLOW

    def refused() -> Fault:
        with pytest.raises(Fault) as fault:
            validate(_verified(_declared("Direction", "IN")), limits=LIMITS, reporter=reporter)
        return fault.value

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(refused)
        try:
            assert reports.wait(WAIT)
            quick = pool.submit(validate, _verified(_declared()), limits=LIMITS, reporter=reporter)
            quick.result(WAIT)
            assert not slow.done()
        finally:
            go_on.set()
        assert "schema_enumeration" in {finding.name for finding in slow.result(WAIT).findings}


class _Interrupted:
    """A compiled XSD; between its verdict and its faults another thread has its turn, if nothing keeps it away."""

    def __init__(self) -> None:
        self.verdict_given, self.other_done = threading.Event(), threading.Event()

    def validate(self, element: etree._Element) -> bool:
        verdict = SCHEMA.validate(element)
        if not self.verdict_given.is_set():
            self.verdict_given.set()
            self.other_done.wait(1)
        return verdict

    @property
    def error_log(self) -> Any:
        return SCHEMA.error_log


def test_the_faults_of_a_message_are_its_own_when_another_is_validated_meanwhile() -> None:
    schema: Any = _Interrupted()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(faults_of, _declared("Direction", "IN"), schema)
        assert schema.verdict_given.wait(WAIT)
        second = pool.submit(faults_of, _declared("Citizen/DocumentNumber", "C" * 21), schema)
        second.add_done_callback(lambda _: schema.other_done.set())
        paths = [[fault.path for fault in done.result(WAIT) or ()] for done in (first, second)]
    assert all(path.endswith("/Direction") for path in paths[0])
    assert all(path.endswith("/DocumentNumber") for path in paths[1])
    assert all(paths)


def test_reports_made_at_the_same_time_say_what_each_says_alone() -> None:
    wrong = [
        ("Direction", "IN"), ("Citizen/DocumentNumber", "C" * 21), ("Citizen/DateOfBirth", "1958-13-01"),
        ("Principal/TaxCode", "0100 109 106"), ("Gate", ""), ("FormNumber", "1" * 30),
    ]  # fmt: skip

    def told(place: tuple[str, str]) -> list[tuple[str, str]]:
        element = _declared(*place)
        faults = faults_of(element, SCHEMA)
        assert faults
        return [
            (each.name, each.pointer) for each in report(element, faults, FORM, limits=LIMITS, reporter=lambda _: SLOW)
        ]

    alone = [told(place) for place in wrong]
    assert len({str(each) for each in alone}) == len(wrong)
    with ThreadPoolExecutor(len(wrong)) as pool:
        assert list(pool.map(told, wrong * 20)) == alone * 20
