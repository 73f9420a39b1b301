"""Statements about links to the single window: procedure by gate, from when until when. Decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewLink
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import window_link
from adapter.gateways.store.window_records import StoredLink

_ALL = select(window_link)


def of(connection: Connection, procedure: str | None) -> list[StoredLink]:
    """All statements on a procedure (None: on all), ended ones too: a dossier keeps the link of its reception."""
    query = _ALL
    if procedure is not None:
        query = query.where(window_link.c.procedure == procedure)
    return made_all(StoredLink, connection.execute(query))


def every(connection: Connection, limit: int) -> list[StoredLink]:
    """Statements, the newest first."""
    columns = window_link.c
    query = select(window_link).order_by(columns.stated_at.desc(), columns.id.desc())
    return made_all(StoredLink, connection.execute(query.limit(limit)))


def add(connection: Connection, database: Database, **values: Unpack[NewLink]) -> int:
    """Add a statement; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(window_link).values(id=row_id, **values))
    return row_id


def take_back(connection: Connection, row_id: int, *, at: datetime, by: str) -> StoredLink | None:
    """Withdraw a statement; gives it, or None if no statement of that id is in force."""
    stands = (window_link.c.id == row_id, window_link.c.ended_at.is_(None))
    found = made_first(StoredLink, connection.execute(select(window_link).where(*stands)))
    if found is not None:
        connection.execute(update(window_link).where(*stands).values(ended_at=at, ended_by=by))
    return found
