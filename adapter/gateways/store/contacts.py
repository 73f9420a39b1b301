"""Dossiers that are not finished, with what their declarants stated in the version in force: who is to be reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import declaration, dossier
from adapter.model.stages import StoredRecord

_OPEN = ("received", "accepted", "amendment_requested", "amended")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OpenDossier:
    """A dossier that is not finished."""

    id: int
    number: str
    year: int
    procedure: str
    state: str
    channel: str
    gate: str | None
    unit: str | None
    declarant: str | None
    identities: list[str]
    crossing_at: datetime | None
    confirm_due_at: datetime | None
    received_at: datetime
    mapping: str
    values: StoredRecord


def open_dossiers(connection: Connection, since: datetime) -> Iterator[OpenDossier]:
    """Those that were received since then, in the order received within each state; read page by page."""
    in_force = (declaration.c.dossier_id == dossier.c.id, declaration.c.version == dossier.c.version)
    columns = [dossier.c[name] for name in OpenDossier.__dataclass_fields__ if name not in ("mapping", "values")]
    whole = select(*columns, declaration.c.mapping, declaration.c["values"]).join(
        declaration, in_force[0] & in_force[1]
    )
    place = tuple_(dossier.c.received_at, dossier.c.id)
    for state in _OPEN:
        last = (since, 0)
        while True:
            query = whole.where(dossier.c.state == state, dossier.c.received_at >= since, place > tuple_(*last))
            ordered = query.order_by(dossier.c.received_at, dossier.c.id).limit(_AT_ONCE)
            rows = made_all(OpenDossier, connection.execute(ordered))
            yield from rows
            if len(rows) < _AT_ONCE:
                break
            last = (rows[-1].received_at, rows[-1].id)
