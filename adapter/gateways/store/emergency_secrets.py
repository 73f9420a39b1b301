"""Secrets by which staff log in while their identity provider is away: only salted, slow hashes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from adapter.gateways.store.records import made_first
from adapter.gateways.store.tables import emergency_secret


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A stored secret. `failures`: wrong tries since the last right one."""

    person: str
    hash: str
    set_at: datetime
    failures: int
    locked_until: datetime | None


def of(connection: Connection, person: str) -> StoredSecret | None:
    """The secret of a person; None: not set."""
    query = select(emergency_secret).where(emergency_secret.c.person == person)
    return made_first(StoredSecret, connection.execute(query))


def keep(connection: Connection, person: str, hashed: str, at: datetime) -> None:
    """Replace a person's secret."""
    connection.execute(delete(emergency_secret).where(emergency_secret.c.person == person))
    values = {"person": person, "hash": hashed, "set_at": at, "failures": 0, "locked_until": None}
    connection.execute(insert(emergency_secret).values(values))


def locked(connection: Connection, now: datetime) -> int:
    """How many secrets have to wait now, after wrong tries."""
    query = select(func.count()).select_from(emergency_secret).where(emergency_secret.c.locked_until > now)
    return connection.execute(query).scalar_one()


def tried(connection: Connection, person: str, *, failures: int, locked_until: datetime | None) -> None:
    """Store the number of wrong tries, and until when no try is allowed."""
    values = {"failures": failures, "locked_until": locked_until}
    connection.execute(update(emergency_secret).where(emergency_secret.c.person == person).values(values))
