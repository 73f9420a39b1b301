"""What an officer sees of a dossier that was done by hand: the numbers and times of the form, and who entered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import paper_records
from adapter.gateways.store.database import Connection
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.model.stages import Channel


@dataclass(frozen=True, slots=True)
class CasePaper:
    """What was done by hand: numbers and times as on the form, and who entered and who checked it."""

    number: str
    received_at: datetime
    confirmed_at: datetime | None
    confirmation: str | None
    entry: int
    entered_by: str
    entered_at: datetime
    checked_by: str
    checked_at: datetime


def paper_of(connection: Connection, row: StoredDossier, names: Mapping[str, str]) -> CasePaper | None:
    """The entry that has become this dossier; None where it was not done by hand. `names`: officers' by their ids."""
    found = paper_records.of_dossier(connection, row.id) if row.channel == Channel.MANUAL.value else None
    if found is None or found.checked_by is None or found.checked_at is None:
        return None
    return CasePaper(
        number=found.number,
        received_at=found.received_at,
        confirmed_at=found.confirmed_at,
        confirmation=found.confirmation,
        entry=found.id,
        entered_by=names.get(found.entered_by, found.entered_by),
        entered_at=found.entered_at,
        checked_by=names.get(found.checked_by, found.checked_by),
        checked_at=found.checked_at,
    )
