"""Counters of a minute in the store, so that all processes of the web count together."""

from __future__ import annotations

from sqlalchemy import Connection, delete, text

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import rate

_COUNT = text(
    "INSERT INTO rate (minute, rule, key, count) VALUES (:minute, :rule, :key, 1) "
    "ON CONFLICT (minute, rule, key) DO UPDATE SET count = rate.count + 1 RETURNING count"
)


def count(connection: Connection, database: Database, *, minute: int, rule: str, key: str) -> int:
    """Count once more; gives how often it was asked for in that minute, this time included."""
    if not database.is_embedded:  # a counter that a crash forgets does no harm, and nobody waits for the disk
        connection.execute(text("SET LOCAL synchronous_commit TO off"))
    return int(connection.execute(_COUNT, {"minute": minute, "rule": rule, "key": key}).scalar_one())


def sweep(connection: Connection, before: int) -> int:
    """Forget minutes that are over; gives how many rows that were."""
    return connection.execute(delete(rate).where(rate.c.minute < before)).rowcount
