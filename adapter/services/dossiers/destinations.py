"""Where a dossier may go: the gates for which its declarant may be asked to declare it anew, and where it has gone.

The gate is the declarant's to state (Article 11), so an officer changes none: he asks for it (form 13), the declarant
answers (form 14), and the approval of the unit that has the dossier moves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapter.gateways.store.records import StoredEntry
from adapter.model.catalogue import Code
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label, Procedure
from adapter.model.units import BorderUnits
from adapter.pipeline.forms.given import UNIT, gates_of

Lists = Mapping[str, Mapping[str, Code]]


@dataclass(frozen=True, slots=True)
class PlaceField:
    """A field of the form that states the place: what it states now, and with the other gate. `place` is its name."""

    place: str
    label: Label
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A gate, the name of its unit (empty where the installation states no units), and what its choice changes."""

    gate: str
    label: Label
    unit: str
    fields: tuple[PlaceField, ...]


@dataclass(frozen=True, slots=True)
class DossierMoved:
    """A dossier that another unit has since an amendment of it was approved; no value of a person."""

    number: str
    year: int
    at: datetime
    gate: Label | None
    unit: str
    telephone: str


def destinations(
    procedure: Procedure | None, lists: Lists, units: BorderUnits, gate: str | None, on: date
) -> tuple[Destination, ...]:
    """The gates of our units where the procedure is handled on that day, but the one that has the dossier."""
    field = procedure.field(procedure.place.get("gate", "")) if procedure else None
    has = lists.get(field.codes or "", {}).get(gate or "") if field else None
    if procedure is None or field is None or has is None:
        return ()
    found = []
    stated = procedure.field(procedure.place.get("unit", ""))
    known = lists.get(stated.codes or "", {}) if stated else {}
    for code in gates_of(procedure, lists, on):
        unit = units.of(code.code, None)
        if unit is not None and code.code != gate:
            fields = [PlaceField(field.name, field.label, _told(has), _told(code))]
            # The unit that the code list names for a gate: one without the other is refused.
            named = [each for gate in (has, code) if (each := known.get(str(gate.fact(UNIT, on)))) is not None]
            if stated is not None and len(named) == len((has, code)):
                fields.append(PlaceField(stated.name, stated.label, *map(_told, named)))
            name = unit.name if unit.is_stated else ""
            found.append(Destination(code.code, Label(code.vi, code.en), name, tuple(fields)))
    return tuple(found)


def let_go(entries: Iterable[StoredEntry], units: BorderUnits, unit: str | None) -> datetime | None:
    """When this unit let a dossier go to another one last; None: it never did."""
    found = None
    for entry in entries:
        before = entry.detail.get("moved_from")
        if entry.event == JournalEvent.DOSSIER_APPROVE and isinstance(before, list):
            gate, code = before
            had = units.of(gate, code)
            found = entry.at if had is not None and had.code == unit else found
    return found


def _told(code: Code) -> str:
    return f"{code.vi} ({code.code})"
