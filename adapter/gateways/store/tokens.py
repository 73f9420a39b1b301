"""Tokens in the store: only their hashes. What a token says cannot be read back from here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from adapter.gateways.store import people, suspensions
from adapter.gateways.store.access_records import StoredToken
from adapter.gateways.store.database import Database
from adapter.gateways.store.lists import Written
from adapter.gateways.store.new_access_rows import NewToken
from adapter.gateways.store.records import made, made_all
from adapter.gateways.store.suspensions import Suspension
from adapter.gateways.store.tables import person, suspension, token


def add(connection: Connection, database: Database, **values: Unpack[NewToken]) -> int:
    """A new token's row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(token).values(id=row_id, **values))
    return row_id


def active_label(connection: Connection, label: str, now: datetime) -> bool:
    """Whether a token of this label is valid now."""
    return connection.execute(select(token.c.id).where(token.c.label == label, *_valid(now))).first() is not None


def with_suspensions(
    connection: Connection, hashes: Sequence[str], now: datetime
) -> list[tuple[StoredToken, Suspension | None]]:
    """The tokens of these hashes that are valid now, each with a current suspension of its number, the oldest first.

    A token whose number has several of them stands there several times.
    """
    rows = connection.execute(_WITH_SUSPENSIONS.on(connection), {"hashes": list(hashes), "now": now})
    return [(made(StoredToken, row), suspensions.beside(row)) for row in rows]


def with_people(
    connection: Connection, hashes: Sequence[str], now: datetime
) -> list[tuple[StoredToken, people.Person | None]]:
    """The tokens of these hashes that are valid now, each with its person. The portal's role may not ask so."""
    rows = connection.execute(_WITH_PEOPLE.on(connection), {"hashes": list(hashes), "now": now})
    return [(made(StoredToken, row), people.beside(row)) for row in rows]


def of_office(connection: Connection, office: str, now: datetime) -> Sequence[int]:
    """The ids of the valid tokens of an office."""
    return connection.execute(select(token.c.id).where(token.c.office == office, *_valid(now))).scalars().all()


def revoke(connection: Connection, *, row_id: int | None, label: str, at: datetime) -> Sequence[int]:
    """Revoke what has this id or label and is not revoked yet; gives the ids."""
    named = token.c.label == label
    if row_id is not None:
        named = or_(named, token.c.id == row_id)
    query = update(token).where(named, token.c.revoked_at.is_(None)).values(revoked_at=at).returning(token.c.id)
    return [int(found) for found in connection.execute(query).scalars()]


def every(connection: Connection) -> list[StoredToken]:
    """All tokens, the revoked ones too, in the order they were issued."""
    return made_all(StoredToken, connection.execute(select(token).order_by(token.c.created_at, token.c.id)))


def _valid(now: Any) -> tuple[Any, ...]:
    return token.c.revoked_at.is_(None), func.coalesce(token.c.expires_at > now, True)


_WITH_SUSPENSIONS = Written(
    lambda among: (
        select(token, *suspensions.BESIDE)
        .outerjoin(suspension, and_(suspension.c.number == token.c.bound_to, suspension.c.lifted_at.is_(None)))
        .where(among(token.c.hash, "hashes"), *_valid(bindparam("now", type_=token.c.expires_at.type)))
        .order_by(suspension.c.since, suspension.c.id)
    )
)
_WITH_PEOPLE = Written(
    lambda among: (
        select(token, *people.BESIDE)
        .outerjoin(person, and_(person.c.code == token.c.person, person.c.ended_at.is_(None)))
        .where(among(token.c.hash, "hashes"), *_valid(bindparam("now", type_=token.c.expires_at.type)))
    )
)
