"""One person in two groups: who passes a gate in another dossier at the same time, by store and batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.gateways import dossiers
from adapter.gateways.database import Connection
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Declaration
from adapter.pipeline.mapping import named, row_pointer
from adapter.pipeline.passing import Passing

Place = tuple[str, str | None, datetime | None]
"""Procedure, gate, expected time."""


@dataclass
class Passings:
    """Places of dossiers by search key, one a dossier: a newer version takes the place of the one before."""

    _known: dict[str, dict[DossierKey, Place]] = field(default_factory=dict)
    _keys: dict[DossierKey, set[str]] = field(default_factory=dict)

    @classmethod
    def ask(cls, connection: Connection, expected: Iterable[Passing | None]) -> Passings:
        """What the store knows of whoever passes by a batch, in one statement."""
        asked, known = [each for each in expected if each is not None], cls()
        if not asked:
            return known
        around = timedelta(hours=max(each.once.hours for each in asked))
        since, until = min(each.at for each in asked) - around, max(each.at for each in asked) + around
        kinds, keys = {each.once.key for each in asked}, {key for each in asked for key in each.rows}
        for key, row in dossiers.passing(connection, kinds, keys, since, until):
            known._keep(DossierKey(row.number, row.year), key, (row.procedure, row.gate, row.crossing_at))
        return known

    def add(self, key: DossierKey, passing: Passing) -> None:
        """A dossier of this batch, which the store does not show yet."""
        for value in self._keys.pop(key, ()):
            self._known[value].pop(key, None)
        for value in passing.rows:
            self._keep(key, value, (passing.procedure, passing.gate, passing.at))

    def _keep(self, key: DossierKey, value: str, place: Place) -> None:
        self._known.setdefault(value, {})[key] = place
        self._keys.setdefault(key, set()).add(value)

    def found(self, declaration: Declaration, passing: Passing, spared: Sequence[DossierKey]) -> list[Finding]:
        """One finding for all who pass by another dossier too, at the first of them; `spared` are not asked."""
        rows = [place for key, place in passing.rows.items() if self._is_elsewhere(key, passing, spared)]
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

    def _is_elsewhere(self, key: str, passing: Passing, spared: Sequence[DossierKey]) -> bool:
        places = self._known.get(key, {})
        return any(passing.meets(*place) for other, place in places.items() if other not in spared)
