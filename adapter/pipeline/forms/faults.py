"""Where on a form a finding stands: from its XPath to the name that a page gives the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapter.model.finding import ENGLISH, Finding
from adapter.model.procedure import Label
from adapter.pipeline.forms.answers import name_in_row
from adapter.pipeline.forms.layout import FormGroup, FormLayout

_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Seat:
    """The place on a form: a field, a field of a row, a row, a list, or a section."""

    name: str
    """As a page names it: `gate`, `persons.3.expiryDate`, `persons.3`, `persons`."""
    label: Label
    group: str | None = None
    ordinal: int | None = None


def seat_of(layout: FormLayout, pointer: str) -> Seat | None:
    """The place of an XPath of the message; None of what is no place of this form (the header, the envelope)."""
    path = pointer.removeprefix(layout.base).lstrip("/").replace("/@", "@")
    if not pointer.startswith(f"{layout.base}/"):
        return None
    plain = _INDEX.sub("", path)
    for group in layout.groups:
        if plain == group.path or plain.startswith((f"{group.path}/", f"{group.path}@")):
            return _in_row(group, path, plain)
        if group.path.startswith(f"{plain}/"):
            return Seat(group.name, group.label, group.name)
    for field in layout.fields.values():
        if field.path.replace("/@", "@") == plain:
            return Seat(field.name, field.label)
    return _in_section(layout, plain)


def seat_label(layout: FormLayout, seat: Seat) -> Label:
    """What a place is called: its own label, in a list with the list's and the number of its row before it."""
    group = layout.group(seat.group or "")
    if group is None or seat.ordinal is None:
        return seat.label
    row = Label(f"{group.label.vi}, dòng {seat.ordinal}", f"{group.label.en}, row {seat.ordinal}")
    if seat.name == f"{group.name}.{seat.ordinal}":
        return row
    return Label(f"{row.vi}: {seat.label.vi}", f"{row.en}: {seat.label.en}")


def _in_row(group: FormGroup, path: str, plain: str) -> Seat:
    found = _INDEX.search(path)
    ordinal = int(found[1]) if found else 1
    inner = plain.removeprefix(group.path).lstrip("/")
    if not inner and not found:
        return Seat(group.name, group.label, group.name)
    field = next((each for each in group.fields if each.path.replace("/@", "@") == inner), None)
    if field is None:
        return Seat(f"{group.name}.{ordinal}", group.label, group.name, ordinal)
    return Seat(name_in_row(group.name, ordinal, field.name), field.label, group.name, ordinal)


def _in_section(layout: FormLayout, plain: str) -> Seat | None:
    """What holds fields: the first of them that a person fills in."""
    section = layout.section(plain.partition("/")[0])
    asked = section.asked if section else ()
    below = [field for field in asked if field.path.startswith(f"{plain}/")] or list(asked)
    return Seat(below[0].name, below[0].label) if below else None


def in_words_of_form(layout: FormLayout, finding: Finding) -> Finding:
    """The finding with the label of its field where it has the element's name, as the XSD's own findings have it."""
    seat = seat_of(layout, finding.pointer)
    element = finding.pointer.rpartition("/")[2]
    if seat is None or finding.words.get("field") != element:
        return finding
    words: Mapping[str, str] = {"field": seat.label.vi, f"field{ENGLISH}": seat.label.en}
    return replace(finding, words={**finding.words, **words})
