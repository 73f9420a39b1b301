"""Persons and vehicles of a version as customs see them: the values that `customs.yaml` lists, and no other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapter.model.catalogue import Catalogue
from adapter.model.customs_view import OUTSIDE, Show, ShownColumn, ShownList
from adapter.model.procedure import FieldSpec, Label, Procedure
from adapter.model.stages import StoredRecord
from adapter.pipeline.search_keys import PAPER, search_value

Rows = Mapping[str, Sequence[StoredRecord]]
PAPER_NUMBER = "paper_number"
"""The column of `customs.yaml` with the number of a person's paper."""


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One value with its label; `meaning` is that of a code, or None."""

    name: str
    label: Label
    value: str
    meaning: Label | None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A person or a vehicle."""

    values: tuple[ShownValue, ...]

    def get(self, name: str) -> str | None:
        """The value of that name, or None."""
        found = self.find(name)
        return found.value if found is not None else None

    def find(self, name: str) -> ShownValue | None:
        """The value of that name with its meaning, or None."""
        return next((each for each in self.values if each.name == name), None)


def shown_rows(
    wanted: ShownList,
    procedure: Procedure,
    values: StoredRecord,
    rows: Rows,
    catalogue: Catalogue,
    papers: Collection[str] | None = None,
) -> tuple[ShownRow, ...]:
    """The rows of a version that state any of what is wanted; `papers`: only those with one of these, spelled as search
    keys: of many groups of forty one person each is asked for.
    """
    found = []
    paper = next((each for each in wanted.columns if each.name == PAPER_NUMBER), None) if papers is not None else None
    for specs, records in _places(wanted, procedure, values, rows):
        for record in records:
            if papers is not None and (paper is None or _paper(paper, record) not in papers):
                continue
            row = ShownRow(tuple(_values(wanted.columns, specs, record, catalogue)))
            if row.values:
                found.append(row)
    return tuple(found)


def shown_count(
    wanted: ShownList, procedure: Procedure, values: StoredRecord, counts: Mapping[str, int], catalogue: Catalogue
) -> int:
    """How many rows `shown_rows` gives, told by the number of rows of each group alone.

    A row of a group always states something that is wanted (tests/unit/test_people_shown.py holds it of every form).
    """
    outside = replace(wanted, groups=tuple(name for name in wanted.groups if name == OUTSIDE))
    alone = len(shown_rows(outside, procedure, values, {}, catalogue))
    return alone + sum(counts.get(name, 0) for name in wanted.groups if procedure.group(name) is not None)


def _paper(column: ShownColumn, record: StoredRecord) -> str:
    stated = next((record[name] for name in column.fields if record.get(name) not in (None, "")), "")
    return search_value(PAPER, str(stated))


def _places(
    wanted: ShownList, procedure: Procedure, values: StoredRecord, rows: Rows
) -> Iterator[tuple[Mapping[str, FieldSpec], Sequence[StoredRecord]]]:
    for name in wanted.groups:
        if name == OUTSIDE:
            yield {spec.name: spec for spec in procedure.fields}, (values,)
        elif (group := procedure.group(name)) is not None:
            yield group.by_name, rows.get(name, ())


def _values(
    columns: Sequence[ShownColumn],
    specs: Mapping[str, FieldSpec],
    record: StoredRecord,
    catalogue: Catalogue,
) -> Iterator[ShownValue]:
    for column in columns:
        stated = next((name for name in column.fields if record.get(name) not in (None, "")), None)
        if stated is None or stated not in specs:
            continue
        text = str(record[stated])
        if column.show is Show.YEAR:
            text = text[:4]  # a date that is known in part begins with its year too
        yield ShownValue(column.name, column.label, text, meaning(specs[stated], text, catalogue))


def meaning(spec: FieldSpec, text: str, catalogue: Catalogue) -> Label | None:
    """The meaning of a code; None where the field has no list, or the list does not have the code."""
    code = catalogue.codelists.get(spec.codes or "", {}).get(text)
    return Label(code.vi, code.en) if code is not None else None
