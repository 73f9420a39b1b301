"""Dossiers with what their declarants stated in the version in force: how somebody is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import declaration, dossier, search_key
from adapter.gateways.store.version_keys import PARTY
from adapter.model.stages import StoredRecord

_OPEN = ("received", "accepted", "amendment_requested", "amended")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StatedDossier:
    """A dossier with what its version in force states."""

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


_COLUMNS = [dossier.c[name] for name in StatedDossier.__dataclass_fields__ if name not in ("mapping", "values")]
_WHOLE = select(*_COLUMNS, declaration.c.mapping, declaration.c["values"]).join(
    declaration, (declaration.c.dossier_id == dossier.c.id) & (declaration.c.version == dossier.c.version)
)


def open_dossiers(connection: Connection, since: datetime) -> Iterator[StatedDossier]:
    """Those that were received since then, in the order received within each state; read page by page."""
    place = tuple_(dossier.c.received_at, dossier.c.id)
    for state in _OPEN:
        last = (since, 0)
        while True:
            query = _WHOLE.where(dossier.c.state == state, dossier.c.received_at >= since, place > tuple_(*last))
            ordered = query.order_by(dossier.c.received_at, dossier.c.id).limit(_AT_ONCE)
            rows = made_all(StatedDossier, connection.execute(ordered))
            yield from rows
            if len(rows) < _AT_ONCE:
                break
            last = (rows[-1].received_at, rows[-1].id)


def of_party(connection: Connection, number: str, limit: int) -> list[StatedDossier]:
    """The newest of which the version in force names this personal number or tax code, those taken down last first."""
    named = select(search_key.c.dossier_id).where(search_key.c.kind == PARTY, search_key.c.value == number)
    ids = named.group_by(search_key.c.dossier_id).order_by(search_key.c.dossier_id.desc()).limit(limit).subquery()
    query = _WHOLE.join(ids, ids.c.dossier_id == dossier.c.id).order_by(dossier.c.id.desc())
    return [each for each in made_all(StatedDossier, connection.execute(query)) if number in each.identities]
