"""Expiry alerts that were sent: one for each certificate and threshold, whichever process sends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select

from adapter.gateways.store.lists import among
from adapter.gateways.store.tables import expiry_alert


def sent(connection: Connection, fingerprints: Iterable[str]) -> set[tuple[str, int]]:
    """Fingerprint and days of the alerts that went out, in one query."""
    wanted = sorted(set(fingerprints))
    if not wanted:
        return set()
    mine = among(connection, expiry_alert.c.fingerprint, wanted)
    query = select(expiry_alert.c.fingerprint, expiry_alert.c.days).where(mine)
    return {(row.fingerprint, row.days) for row in connection.execute(query)}


def sent_after(connection: Connection, at: datetime) -> set[tuple[str, int]]:
    """Fingerprint and days of the alerts that went out later than that."""
    query = select(expiry_alert.c.fingerprint, expiry_alert.c.days).where(expiry_alert.c.at > at)
    return {(row.fingerprint, row.days) for row in connection.execute(query)}


def keep(connection: Connection, fingerprint: str, days: Sequence[int], at: datetime) -> None:
    """Remember alerts; the clock's lock keeps a second one away."""
    if days:
        rows = [{"fingerprint": fingerprint, "days": each, "at": at} for each in days]
        connection.execute(insert(expiry_alert), rows)


def forget(connection: Connection, fingerprint: str, days: Sequence[int]) -> None:
    """Remove alerts that were sent by a clock that ran ahead: they will be due again."""
    if days:
        mine = and_(expiry_alert.c.fingerprint == fingerprint, expiry_alert.c.days.in_(days))
        connection.execute(delete(expiry_alert).where(mine))
