"""A request to amend points at the element that states the field (form 13, QĐ 15/2019/QĐ-TTg Article 17(3)(a))."""

from __future__ import annotations

import pytest
from lxml import etree

from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.services.dossiers.request_places import pointer
from tests.harness.drawn_forms import DAY, TOUR, catalogue
from tests.harness.fixtures import FIXTURES

DECLARED = FIXTURES / TOUR / "accepted-official-delegation-by-public-ca" / "message.xml"


@pytest.mark.parametrize(
    ("place", "stated"),
    [
        ("gate", "HUUNGHI"),
        ("persons[1].fullName", "NONG VAN HAI"),
        ("persons[2].fullName", "LE THU TRANG"),
        ("persons[2].documentNumber", "D0123452"),
    ],
)
def test_a_field_and_a_field_of_a_row_are_pointed_at(place: str, stated: str) -> None:
    at = pointer(*_declared(), place)
    assert at is not None
    (element,) = etree.parse(DECLARED).xpath(at)
    assert element.text == stated


@pytest.mark.parametrize("place", ["nothing", "nobody[1].fullName", "persons[1].nothing", "persons[x].fullName"])
def test_what_the_procedure_does_not_know_has_no_pointer(place: str) -> None:
    assert pointer(*_declared(), place) is None


def _declared() -> tuple[Procedure, MessageSpec]:
    procedure = catalogue().find(TOUR, DAY)
    assert procedure is not None
    (spec,) = (each for each in procedure.messages.values() if each.meaning is Meaning.DECLARATION)
    return procedure, spec
