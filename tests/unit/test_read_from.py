"""A field is read from wherever its path leads: a child, two steps down, further, an attribute."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from adapter.model.finding import Finding
from adapter.model.procedure import FieldSpec, Label
from adapter.pipeline.mapping import _columns, _Reader

FORM = etree.fromstring('<Form><A>child</A><B><C>below</C><D><E unit="kg">further</E></D></B><F code="x"/></Form>')


@pytest.mark.parametrize(
    ("path", "stated"),
    [("A", "child"), ("B/C", "below"), ("B/D/E", "further"), ("B/D/E/@unit", "kg"), ("F/@code", "x")],
)
def test_a_field_is_read_from_where_its_path_leads(path: str, stated: str) -> None:
    assert read(field("one", path)) == {"one": stated}


def test_two_fields_of_one_place_are_both_read() -> None:
    assert read(field("one", "A"), field("other", "A")) == {"one": "child", "other": "child"}


def field(name: str, path: str) -> FieldSpec:
    return FieldSpec(name, path, "text", Label(name, name))


def read(*fields: FieldSpec) -> object:
    findings: list[Finding] = []
    day = date(2026, 3, 2)
    record = _Reader(day, {}, findings).record(FORM, _columns(fields, {}, (), day), "/Form")
    assert findings == []
    return record
