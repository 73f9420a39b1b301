"""The places of a declaration for a request to amend: the XPath of a field, by the name that pages use for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label, Meaning, MessageSpec, Procedure
from adapter.model.text import LONGEST
from adapter.services.dossiers.case_records import CaseFile

_ROW = re.compile(r"([A-Za-z]\w{0,39})\[(\d{1,4})\]\.([A-Za-z]\w{0,59})")


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """A field that may be asked for: its place, its label, and its current value."""

    place: str
    label: Label
    value: Label


def places(case: CaseFile) -> tuple[RequestPlace, ...]:
    """Every field that the version in force states, in the order of the page."""
    outside = [RequestPlace(each.place, each.label, each.values[-1]) for each in case.values]
    rows = [(group, row) for group in case.groups for row in group.rows]
    inside = [
        RequestPlace(cell.place, _in_row(group.label, row.ordinal, cell.label), cell.value)
        for group, row in rows
        for cell in (*row.cells, *row.rest)
        if cell is not None
    ]
    return (*outside, *inside)


def pointer(procedure: Procedure, spec: MessageSpec, place: str) -> str | None:
    """The XPath of a place in the message that declared it; None where the procedure has no such field."""
    root = f"/Envelope/Body/Content/{spec.root}"
    found = _ROW.fullmatch(place)
    if found is None:
        field = procedure.field(place)
        return f"{root}/{field.path}" if field is not None else None
    group = procedure.group(found[1])
    field = group.by_name.get(found[3]) if group is not None else None
    return f"{root}/{group.path}[{found[2]}]/{field.path}" if group is not None and field is not None else None


def items(
    catalogue: Catalogue, case: CaseFile, chosen: Sequence[tuple[RequestPlace, str, str]]
) -> list[dict[str, str | None]]:
    """Items of form 13 for the places chosen, each with what is wrong and what is asked, as the desk takes them.

    What is wrong names the field, so that a declarant without a program finds it too.
    """
    procedure = catalogue.version(case.mapping)
    spec = _declared(procedure) if procedure is not None else None
    return [
        {
            "wrong": f"{place.label.vi}: {wrong}"[:LONGEST],
            "asked": asked,
            "form": case.form,
            "pointer": pointer(procedure, spec, place.place) if procedure is not None and spec is not None else None,
        }
        for place, wrong, asked in chosen
    ]


def _declared(procedure: Procedure) -> MessageSpec | None:
    return next((spec for spec in procedure.messages.values() if spec.meaning is Meaning.DECLARATION), None)


def _in_row(group: Label, ordinal: int, field: Label) -> Label:
    return Label(f"{group.vi}, dòng {ordinal}, {field.vi}", f"{group.en}, row {ordinal}, {field.en}")
