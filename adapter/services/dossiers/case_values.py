"""The values of a dossier through all its versions, in words: fields side by side, lists as tables.

A table has a column for what a person is found by and for the fields that say most; what every row says alike is told
once above it, and the rest stands at the end of its row. Nothing here knows a field by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.model.catalogue import Code
from adapter.model.procedure import FieldSpec, GroupSpec, Label, Procedure
from adapter.model.stages import StoredRecord
from adapter.pipeline.converters import write
from adapter.pipeline.forms.entry import spoken
from adapter.services.dossiers.case_records import CaseCell, CaseGroup, CaseRow, CaseValue
from adapter.services.dossiers.naming import MASK

COLUMNS = 8
"""Fields of a row that have a column of their own."""
_FEW = 3
"""Smallest number of rows for which shared values are shown once above the table."""
_FIRST = ("name", "paper", "plate")
"""Kinds of search keys whose fields come first."""
_NOTHING = Label("", "")

Lists = Mapping[str, Mapping[str, Code]]
Groups = Mapping[str, Sequence[StoredRecord]]


@dataclass(frozen=True, slots=True)
class VersionValues:
    """The values of one version, as stored."""

    values: StoredRecord
    groups: Groups


@dataclass(frozen=True, slots=True)
class Wording:
    """How values become words. `personal`: values of persons are shown."""

    lists: Lists
    personal: bool

    def of(self, spec: FieldSpec | None, value: str | int | bool | None) -> Label:
        """A stored value as people read it; nothing for one that is not stated."""
        if value is None or value == "":
            return _NOTHING
        if not self.personal and (spec is None or spec.personal):
            return Label(MASK, MASK)
        text = write(value)
        return spoken(spec, text, self.lists) if spec is not None else Label(text, text)


def side_by_side(procedure: Procedure | None, said: Sequence[VersionValues], wording: Wording) -> tuple[CaseValue, ...]:
    """Each field outside the lists, through all versions.

    Omitted: a field that no version states, and one that only repeats the header, which is shown at the top.
    """
    specs = {spec.name: spec for spec in procedure.fields} if procedure else {}
    given = {each.field for each in procedure.header_equal} if procedure else set()
    names = [*specs, *(name for version in said for name in version.values if name not in specs)]
    lines = []
    for name in dict.fromkeys(names):
        stated = [version.values.get(name) for version in said]
        changed = any(value != stated[0] for value in stated)
        if all(value in (None, "") for value in stated) or (name in given and not changed):
            continue
        spec = specs.get(name)
        label = spec.label if spec else Label(name, name)
        words = tuple(wording.of(spec, value) for value in stated)
        lines.append(CaseValue(name, label, words, changed))
    return tuple(lines)


def tables(procedure: Procedure | None, said: Sequence[VersionValues], wording: Wording) -> tuple[CaseGroup, ...]:
    """The lists of the newest version that is shown, each value with what stood in the version before it."""
    if procedure is None or not said:
        return ()
    newest, before = said[-1], said[-2] if len(said) > 1 else None
    found = []
    for group in procedure.groups:
        rows = newest.groups.get(group.name, ())
        earlier = before.groups.get(group.name, ()) if before is not None else None
        if rows or earlier:
            found.append(_table(procedure, group, rows, earlier, wording))
    return tuple(found)


def _table(
    procedure: Procedure,
    group: GroupSpec,
    rows: Sequence[StoredRecord],
    earlier: Sequence[StoredRecord] | None,
    wording: Wording,
) -> CaseGroup:
    stated = [spec for spec in group.fields if spec.name != group.ordinal and any(_has(row, spec) for row in rows)]
    alike = [spec for spec in stated if _is_alike(rows, earlier, spec)]
    columns, rest = _columns(procedure, group, [spec for spec in stated if spec not in alike], rows)
    made = []
    for ordinal in range(1, max(len(rows), len(earlier or ())) + 1):
        row = rows[ordinal - 1] if ordinal <= len(rows) else {}  # not stated in this version
        was = None if earlier is None else earlier[ordinal - 1] if ordinal <= len(earlier) else {}
        cells = {spec.name: _cell(group, ordinal, spec, row, was, wording) for spec in stated}
        others = tuple(cell for spec in rest if (cell := cells[spec.name]) is not None)
        made.append(CaseRow(ordinal, tuple(cells[spec.name] for spec in columns), others))
    same = [CaseCell("", spec.label, wording.of(spec, rows[0].get(spec.name)), None) for spec in alike]
    return CaseGroup(group.name, group.label, tuple(spec.label for spec in columns), tuple(same), tuple(made))


def _columns(
    procedure: Procedure, group: GroupSpec, stated: Sequence[FieldSpec], rows: Sequence[StoredRecord]
) -> tuple[list[FieldSpec], list[FieldSpec]]:
    """The fields that have a column, and the others; both in the order of the mapping, found keys first."""
    keys = {
        path.partition(".")[2]: _FIRST.index(kind)
        for kind, path in procedure.search
        if kind in _FIRST and path.partition(".")[0] == group.name
    }
    filled = {spec.name: sum(1 for row in rows if _has(row, spec)) for spec in stated}
    by_weight = sorted(stated, key=lambda spec: (spec.name not in keys, -filled[spec.name]))
    chosen = {spec.name for spec in by_weight[:COLUMNS]}
    first = sorted((spec for spec in stated if spec.name in keys), key=lambda spec: keys[spec.name])
    columns = [*first, *(spec for spec in stated if spec.name in chosen and spec.name not in keys)]
    return columns, [spec for spec in stated if spec not in columns]


def _cell(
    group: GroupSpec,
    ordinal: int,
    spec: FieldSpec,
    row: StoredRecord,
    was: StoredRecord | None,
    wording: Wording,
) -> CaseCell | None:
    value, before = row.get(spec.name), None if was is None else was.get(spec.name)
    changed = was is not None and value != before
    if value in (None, "") and not changed:
        return None
    place = f"{group.name}[{ordinal}].{spec.name}"
    return CaseCell(place, spec.label, wording.of(spec, value), wording.of(spec, before) if changed else None)


def _has(row: StoredRecord, spec: FieldSpec) -> bool:
    return row.get(spec.name) not in (None, "")


def _is_alike(rows: Sequence[StoredRecord], earlier: Sequence[StoredRecord] | None, spec: FieldSpec) -> bool:
    every = [*rows, *(earlier or ())]
    return len(rows) >= _FEW and all(row.get(spec.name) == rows[0].get(spec.name) for row in every)
