"""What was stated on links to the single window: procedure by gate, from when until when. Nothing here decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import window_link


def of(connection: Connection, procedure: str | None) -> Sequence[Row[Any]]:
    """What was ever stated of a procedure (None: of all): a dossier goes on as it was received."""
    query = select(window_link)
    return connection.execute(query if procedure is None else query.where(window_link.c.procedure == procedure)).all()


def every(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """What was stated, the newest first."""
    columns = window_link.c
    query = select(window_link).order_by(columns.stated_at.desc(), columns.id.desc())
    return connection.execute(query.limit(limit)).all()


def add(connection: Connection, database: Database, **values: Any) -> int:
    """State a link; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(window_link).values(id=row_id, **values))
    return row_id


def take_back(connection: Connection, row_id: int, *, at: datetime, by: str) -> Row[Any] | None:
    """What was stated stands no more; gives it, or None where nothing of that id stands."""
    stands = (window_link.c.id == row_id, window_link.c.ended_at.is_(None))
    found = connection.execute(select(window_link).where(*stands)).first()
    if found is not None:
        connection.execute(update(window_link).where(*stands).values(ended_at=at, ended_by=by))
    return found
