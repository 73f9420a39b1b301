"""Published notices of changes of the window's mode, in the store. What was signed is never changed again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.notification_records import StoredModeNotice
from adapter.gateways.store.own_numbers import count_on
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import mode_notice
from adapter.pipeline.envelope import VIETNAM


def add(connection: Connection, database: Database, *, at: datetime, **values: Any) -> str:
    """A notice, which waits to be signed; gives its number: counted by the year, `0007/2026/TB`."""
    year = at.astimezone(VIETNAM).year
    number = f"{count_on(connection, f'mode_notice:{year}'):04d}/{year}/TB"
    connection.execute(insert(mode_notice).values(id=database.new_id(connection), number=number, at=at, **values))
    return number


def newest(connection: Connection, limit: int) -> list[StoredModeNotice]:
    """The newest notices first, signed or not."""
    query = select(mode_notice).order_by(mode_notice.c.at.desc(), mode_notice.c.id.desc())
    return made_all(StoredModeNotice, connection.execute(query.limit(limit)))


def unsigned(connection: Connection, limit: int) -> list[StoredModeNotice]:
    """Of the newest notices those that wait for the portal's key, the oldest first."""
    return [row for row in reversed(newest(connection, limit)) if row.body is None]


def sign(connection: Connection, row_id: int, *, body: bytes, digest: str, at: datetime) -> None:
    """Keep a notice's signed bytes; those that are there stay."""
    mine = (mode_notice.c.id == row_id, mode_notice.c.body.is_(None))
    connection.execute(update(mode_notice).where(*mine).values(body=body, digest=digest, signed_at=at))


def by_number(connection: Connection, number: str) -> StoredModeNotice | None:
    """The notice of that number."""
    query = select(mode_notice).where(mode_notice.c.number == number)
    return made_first(StoredModeNotice, connection.execute(query))
