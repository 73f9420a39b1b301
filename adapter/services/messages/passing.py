"""Other dossiers with the same people: declared twice, or one person in two groups at a gate at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.gateways.store import key_holders
from adapter.gateways.store.database import Connection
from adapter.gateways.store.dossier_records import KeyHolder
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Declaration
from adapter.pipeline.mapping import named, row_pointer
from adapter.pipeline.passing import Passing

Place = tuple[str, str | None, datetime | None]
"""Procedure, gate, expected time."""


@dataclass
class Passings:
    """Places of dossiers by search key, one per dossier: a newer version replaces the one before."""

    _known: dict[str, dict[DossierKey, Place]] = field(default_factory=dict)
    _keys: dict[DossierKey, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[KeyHolder]) -> Passings:
        """From the store: a row for each dossier and search key."""
        known = cls()
        for row in rows:
            known._keep(DossierKey(row.number, row.year), [row.value], (row.procedure, row.gate, row.crossing_at))
        return known

    def add(self, key: DossierKey, passing: Passing) -> None:
        """A dossier of this batch, which the store does not show yet."""
        for value in self._keys.pop(key, ()):
            self._known[value].pop(key, None)
        self._keep(key, passing.rows, (passing.procedure, passing.gate, passing.at))

    def _keep(self, key: DossierKey, values: Iterable[str], place: Place) -> None:
        for value in values:
            self._known.setdefault(value, {})[key] = place
        self._keys.setdefault(key, set()).update(values)

    def found(self, declaration: Declaration, passing: Passing, spared: Sequence[DossierKey]) -> list[Finding]:
        """One finding for all persons who are in another dossier too, at the first of them; `spared` dossiers are left
        out.
        """
        known = ((place, self._known.get(key)) for key, place in passing.rows.items())
        rows = [place for place, others in known if others and _is_elsewhere(others, passing, spared)]
        if not rows:
            return []
        envelope = declaration.verified.envelope
        name, first = min(rows, key=lambda each: each[1])
        group, _, field_name = name.rpartition(".")
        base, spec = f"/Envelope/Body/Content/{envelope.spec.root}", envelope.procedure.group(group)
        fields = spec.fields if spec else envelope.procedure.fields
        column = next(each for each in fields if each.name == field_name)
        if spec is not None:
            base = row_pointer(base, spec.path, first, len(declaration.rows[group]))
        words = {
            **named(column.label),
            "rows": ", ".join(str(ordinal or 1) for _, ordinal in sorted(rows, key=lambda each: each[1])),
            "hours": f"{passing.once.hours:g}",
        }
        pointer = f"{base}/{column.path}"
        return [Finding("stands_in_another_group", pointer, Severity.WARN, words=words, basis=passing.once.basis)]


def _is_elsewhere(known: Mapping[DossierKey, Place], passing: Passing, spared: Sequence[DossierKey]) -> bool:
    return any(passing.meets(*place) for other, place in known.items() if other not in spared)


def others(
    connection: Connection, same: Iterable[str], expected: Sequence[Passing]
) -> tuple[dict[str, list[KeyHolder]], Passings]:
    """One statement: dossiers that declare the same, by their common key; and who passes a gate by other dossiers."""
    keys = {(key_holders.SAME, each) for each in same}
    keys |= {(each.once.key, key) for each in expected for key in each.rows}
    found: dict[str, list[KeyHolder]] = {}
    passing = []
    for row in key_holders.holding(connection, keys, _around(expected) if expected else None):
        if row.kind == key_holders.SAME:
            found.setdefault(row.value, []).append(row)
        else:
            passing.append(row)
    return found, Passings.of(passing)


def _around(expected: Iterable[Passing]) -> tuple[datetime, datetime]:
    """The time range in which another dossier can be about the same crossing."""
    ends = [
        (each.at - timedelta(hours=each.once.hours), each.at + timedelta(hours=each.once.hours)) for each in expected
    ]
    return min(start for start, _ in ends), max(end for _, end in ends)
