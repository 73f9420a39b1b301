"""Counters of a minute in the store, so that all processes of the web count together."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, text

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import rate

_COUNT = text(
    "INSERT INTO rate (minute, rule, key, count) VALUES (:minute, :rule, :key, 1) "
    "ON CONFLICT (minute, rule, key) DO UPDATE SET count = rate.count + 1 RETURNING count"
)
_COUNT_UNSYNCED = text(
    "INSERT INTO rate (minute, rule, key, count) "
    "SELECT CAST(:minute AS bigint), CAST(:rule AS text), CAST(:key AS text), 1 "
    "FROM set_config('synchronous_commit', 'off', true) AS told WHERE told = 'off' "
    "ON CONFLICT (minute, rule, key) DO UPDATE SET count = rate.count + 1 RETURNING count"
)
"""A counter that a crash forgets does no harm: nobody waits for the disk. The setting ends with the statement."""


def count(database: Database, *, minute: int, rule: str, key: str) -> int:
    """Count once more, in a transaction of its own; gives how often it was asked for in that minute, this time
    included.
    """
    asked = {"minute": minute, "rule": rule, "key": key}
    with database.single(writes=True) as connection:
        statement = _COUNT if database.is_embedded else _COUNT_UNSYNCED
        return int(connection.execute(statement, asked).scalar_one())


_REFUSED = "assertion.refused"
"""Not limited, only counted: operators are told of it."""


def add_refused_assertion(database: Database, minute: int) -> None:
    """A program that asks for a customs officer was not believed, whoever it was."""
    count(database, minute=minute, rule=_REFUSED, key="")


def refused_assertions(connection: Connection, since: int) -> int:
    """How many were not believed in that minute and after it."""
    query = select(func.coalesce(func.sum(rate.c.count), 0)).where(rate.c.minute >= since, rate.c.rule == _REFUSED)
    return int(connection.execute(query).scalar_one())


def sweep(connection: Connection, before: int) -> int:
    """Forget minutes that are over; gives how many rows that were."""
    return connection.execute(delete(rate).where(rate.c.minute < before)).rowcount
