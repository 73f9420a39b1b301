"""Where a dossier may go: the gates for which its declarant may be asked to declare it anew, and where it has gone.

The gate is the declarant's to state (Article 11), so an officer changes none: he asks for it (form 13), the declarant
answers (form 14), and the approval of the unit that has the dossier moves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapter.gateways.store.records import StoredEntry
from adapter.model.catalogue import Code
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label, Procedure
from adapter.model.units import BorderUnits
from adapter.pipeline.forms.given import gates_of, unit_of_gate

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
    if procedure is None or has is None:
        return ()
    found = []
    for code in gates_of(procedure, lists, on):
        unit = units.of(code.code, None)
        if unit is not None and code.code != gate:
            fields = tuple(_fields(procedure, lists, (has, code), on))
            found.append(Destination(code.code, Label(code.vi, code.en), unit.name if unit.is_stated else "", fields))
    return tuple(found)


def _fields(procedure: Procedure, lists: Lists, gates: tuple[Code, Code], on: date) -> Iterator[PlaceField]:
    """The gate itself, and the unit that the code list names for it: one without the other is refused."""
    gate, unit = (procedure.field(procedure.place.get(column, "")) for column in ("gate", "unit"))
    if gate is not None:
        yield PlaceField(gate.name, gate.label, *(_told(code) for code in gates))
    if gate is not None and unit is not None:
        codes = [unit_of_gate(procedure, {gate.name: code.code}, lists, on) for code in gates]
        named = [lists.get(unit.codes or "", {}).get(code or "") for code in codes]
        if all(each is not None for each in named):
            yield PlaceField(unit.name, unit.label, *(_told(each) for each in named if each is not None))


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
