"""From the cells of a list to the rows of a form, with every fault by row and column, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapter.model.finding import Finding
from adapter.model.procedure import Label
from adapter.pipeline.forms.answers import Texts
from adapter.pipeline.forms.entry import entered, findings, is_needed
from adapter.pipeline.forms.layout import FormField, FormGroup
from adapter.pipeline.forms.sheet import Cell, CellKind, Cells, column_name
from adapter.pipeline.mapping import CodeLists
from adapter.pipeline.names import folded

_NUMBERS = ("integer", "year", "partial_date", "flag")
"""Types that may stand in a cell as a number; in any other a number has lost its zeros."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong in a cell, or with a column (row 0: the whole list). `what` is its name, for its words."""

    row: int
    column: str
    what: str
    label: Label | None = None
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """What was read. With faults, nothing of it is to be taken."""

    rows: tuple[Texts, ...]
    faults: tuple[CellFault, ...]


def heading(field: FormField) -> str:
    """What the template calls a column."""
    return f"{field.label.vi} / {field.label.en}"


def rows_of(group: FormGroup, cells: Cells, outside: Texts, lists: CodeLists) -> ImportedRows:
    """The rows of a list; `outside` are the values beside it, which conditions may look at."""
    at = _heading_at(group, cells)
    if at is None:
        return ImportedRows((), (CellFault(0, "", "no_heading"),))
    columns, faults = _columns(group, cells[at])
    found: list[Texts] = []
    for number, row in enumerate(cells[at + 1 :], start=at + 2):
        if not any(cell.text.strip() or cell.kind is not CellKind.TEXT for cell in row):
            continue  # an empty line is none
        texts, wrong = _row(group, columns, row, number, outside, lists)
        found.append(texts)
        faults += wrong
    if group.most is not None and len(found) > group.most:
        faults.append(CellFault(0, "", "too_many"))
    if not found:
        faults.append(CellFault(0, "", "no_rows"))
    return ImportedRows(tuple(found), tuple(faults))


def _heading_at(group: FormGroup, cells: Cells) -> int | None:
    """The first row that names two fields or more (or all there are)."""
    known, enough = _names(group), min(2, len(group.asked))
    for place, row in enumerate(cells):
        if sum(_key(cell.text) in known for cell in row) >= enough:
            return place
    return None


def _columns(group: FormGroup, row: Sequence[Cell]) -> tuple[dict[int, FormField], list[CellFault]]:
    known = _names(group)
    columns: dict[int, FormField] = {}
    faults = []
    for place, cell in enumerate(row):
        field = known.get(_key(cell.text))
        name = column_name(place + 1)
        if field is None:
            if cell.text.strip() and _key(cell.text) not in _given(group):
                faults.append(CellFault(0, name, "unknown_column", Label(cell.text[:40], cell.text[:40])))
        elif field in columns.values():
            faults.append(CellFault(0, name, "twice", field.label))
        else:
            columns[place] = field
    missing = (field for field in group.asked if field.required and field not in columns.values())
    return columns, faults + [CellFault(0, "", "missing_column", field.label) for field in missing]


def _row(
    group: FormGroup,
    columns: Mapping[int, FormField],
    row: Sequence[Cell],
    number: int,
    outside: Texts,
    lists: CodeLists,
) -> tuple[dict[str, str], list[CellFault]]:
    texts, faults = dict[str, str](), list[CellFault]()
    for place, field in columns.items():
        cell = row[place] if place < len(row) else Cell()
        faults += _cell(field, cell, number, column_name(place + 1), lists, texts)
    labels = {fault.label for fault in faults}
    for place, field in columns.items():
        lacks = not texts.get(field.name) and is_needed(field, texts, outside, group.asked)
        if lacks and field.label not in labels:
            faults.append(CellFault(number, column_name(place + 1), "missing", field.label))
    return texts, faults


def _cell(
    field: FormField, cell: Cell, number: int, column: str, lists: CodeLists, texts: dict[str, str]
) -> Iterator[CellFault]:
    if cell.kind in (CellKind.FORMULA, CellKind.ERROR, CellKind.MERGED):
        yield CellFault(number, column, cell.kind.value, field.label)
        return
    if cell.kind is CellKind.NUMBER and field.type not in _NUMBERS:
        yield CellFault(number, column, "number", field.label)
        return
    entry = entered(field, cell.text, lists)
    texts[field.name] = entry.text
    for finding in findings(field, entry, ""):
        yield CellFault(number, column, "finding", field.label, finding)


def _names(group: FormGroup) -> Mapping[str, FormField]:
    """The fields by everything that a heading may call them."""
    named = ((field, (field.label.vi, field.label.en, heading(field), field.name)) for field in group.asked)
    return {_key(name): field for field, names in named for name in names}


def _given(group: FormGroup) -> frozenset[str]:
    """Headings of what the program fills in, such as the number of a row: their columns are passed over."""
    given = (field for field in group.fields if field.given)
    return frozenset(_key(name) for field in given for name in (field.label.vi, field.label.en, heading(field)))


def _key(text: str) -> str:
    return " ".join(folded(text).replace("*", " ").split())
