"""Random values of statements in the store: only their hashes. Each counts once, for all processes."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.access_records import StoredStatementValue
from adapter.gateways.store.new_access_rows import NewStatementValue
from adapter.gateways.store.records import made_first
from adapter.gateways.store.tables import statement_value


def add(connection: Connection, **values: Unpack[NewStatementValue]) -> None:
    """A value that is given now."""
    connection.execute(insert(statement_value).values(**values))


def find(connection: Connection, digest: str) -> StoredStatementValue | None:
    """The value of that hash, or None."""
    query = select(statement_value).where(statement_value.c.hash == digest)
    return made_first(StoredStatementValue, connection.execute(query))


def use(connection: Connection, digest: str, *, at: datetime, number: str | None, body: str | None) -> bool:
    """Use it; False: it was used before. Of two at once the second waits for the first, and finds it used.

    `number` and `body`: who sends a file with it, and the digest of the file's Body.
    """
    mine = statement_value.c.hash == digest, statement_value.c.used_at.is_(None)
    values = {"used_at": at, "number": number, "digest": body}
    return connection.execute(update(statement_value).where(*mine).values(values)).rowcount == 1


def became(connection: Connection, digest: str, message: str) -> None:
    """The file that was sent with it has become this message."""
    connection.execute(update(statement_value).where(statement_value.c.hash == digest).values(message=message))


def sweep(connection: Connection, ended_before: datetime) -> int:
    """Remove what has ended before that time; gives how many there were."""
    return connection.execute(delete(statement_value).where(statement_value.c.ends_at < ended_before)).rowcount
