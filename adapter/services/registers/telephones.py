"""By which telephone somebody is reached whom no notice of a suspension has reached: stated in his newest declarations.

The head of the post has to tell him (QĐ 15/2019/QĐ-TTg Article 8). Whoever may see persons of a dossier is shown its
telephone, and the journal keeps it; of another unit's dossier he learns which unit to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import contacts as store
from adapter.gateways.store.contacts import StatedDossier
from adapter.gateways.store.database import Connection, Database
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.identifiers import DossierKey
from adapter.model.portal_failure import ContactFields
from adapter.model.units import BorderUnit, BorderUnits
from adapter.services.access.rights import Right, has, is_its
from adapter.services.dossiers.personal_shown import note_personal_shown
from adapter.services.registers.party_numbers import PERSONAL

_NEWEST = 5
"""Dossiers of one number in which a telephone is looked for."""


@dataclass(frozen=True, slots=True)
class CallNumbers:
    """How somebody is reached. `telephones`: the newest first; `ask`: the units that know one, where he sees none."""

    telephones: Sequence[str] = ()
    ask: Sequence[BorderUnit] = ()


@dataclass(frozen=True)
class Telephones:
    """Finds them. `fields`: those of the forms that state a telephone."""

    database: Database
    catalogue: Callable[[], Catalogue]
    units: Callable[[], BorderUnits]
    fields: Callable[[], ContactFields]

    def of(self, connection: Connection, numbers: Iterable[str], actor: Actor, at: datetime) -> dict[str, CallNumbers]:
        """By personal number or tax code; nothing for whoever may see no persons.

        Noted in the journal in the caller's transaction, by the dossiers whose telephone is shown.
        """
        if not has(actor, Right.SEE_PERSONAL_VALUES):
            return {}
        fields = self.fields().telephone
        return {number: self._reach(connection, number, fields, actor, at) for number in sorted(set(numbers))}

    def _reach(
        self, connection: Connection, number: str, fields: Sequence[str], actor: Actor, at: datetime
    ) -> CallNumbers:
        shown: dict[str, StatedDossier] = {}
        ask: dict[str, BorderUnit] = {}
        for row, telephone in self._stated(store.of_party(connection, number, _NEWEST), number, fields):
            unit = self.units().by_code(row.unit)
            if is_its(actor, unit):
                shown.setdefault(telephone, row)
            elif unit is not None:
                ask[unit.code] = unit
        for row in shown.values():
            note_personal_shown(connection, self.database, DossierKey(row.number, row.year), actor, at)
        return CallNumbers(tuple(shown), () if shown else tuple(ask.values()))

    def _stated(
        self, rows: Iterable[StatedDossier], number: str, fields: Sequence[str]
    ) -> Iterator[tuple[StatedDossier, str]]:
        """Each with its telephone. A person's is that of a declaration which he has made himself."""
        for row in rows:
            procedure = self.catalogue().version(row.mapping)
            known = procedure.prefill if procedure else {}
            by = {str(row.values.get(name)) for name, source in known.items() if source == "number"}
            if PERSONAL.fullmatch(number) and number not in by:
                continue
            telephone = next((str(row.values[name]) for name in fields if row.values.get(name)), None)
            if telephone is not None:
                yield row, telephone
