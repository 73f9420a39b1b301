"""Sessions of people in the store: only the hash of what their browsers hold, so that nobody can log in from a copy."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from adapter.gateways.store.access_records import StoredSession
from adapter.gateways.store.new_access_rows import NewSession
from adapter.gateways.store.records import made_first
from adapter.gateways.store.tables import session


def add(connection: Connection, **values: Unpack[NewSession]) -> None:
    """A new session."""
    connection.execute(insert(session).values(**values))


def find(
    connection: Connection, digest: str, *, area: str, seen_after: datetime, now: datetime
) -> StoredSession | None:
    """The session of that hash in this area, if it has not ended and was used since `seen_after`."""
    mine = session.c.hash == digest, session.c.area == area
    query = select(session).where(*mine, session.c.ends_at > now, session.c.seen_at > seen_after)
    return made_first(StoredSession, connection.execute(query))


def seen(connection: Connection, digest: str, at: datetime) -> None:
    """It is used now."""
    connection.execute(update(session).where(session.c.hash == digest).values(seen_at=at))


def act_for(connection: Connection, digest: str, principal: str | None) -> None:
    """Whom its person acts for from now on."""
    connection.execute(update(session).where(session.c.hash == digest).values(acts_for=principal))


def end(connection: Connection, digest: str) -> None:
    """It is over."""
    connection.execute(delete(session).where(session.c.hash == digest))


def end_of_number(connection: Connection, number: str) -> int:
    """All sessions of a personal number or tax code are over; gives how many there were."""
    mine = or_(session.c.number == number, session.c.tax_code == number)
    return connection.execute(delete(session).where(mine)).rowcount


def end_of_account(connection: Connection, area: str, account: str | None, provider_session: str | None) -> int:
    """The provider ends one of its sessions, or all of an account's where it names none; gives how many there were."""
    named = {session.c.account: account, session.c.provider_session: provider_session}
    mine = [column == value for column, value in named.items() if value is not None]
    if not mine:
        return 0
    return connection.execute(delete(session).where(session.c.area == area, *mine)).rowcount


def logged_in(connection: Connection, now: datetime) -> dict[str, int]:
    """How many sessions of people are valid, by area; log-ins under way are not counted."""
    mine = or_(session.c.account.is_not(None), session.c.person.is_not(None)), session.c.ends_at > now
    query = select(session.c.area, func.count()).where(*mine).group_by(session.c.area)
    return {row[0]: row[1] for row in connection.execute(query)}


def by_emergency(connection: Connection, now: datetime) -> int:
    """How many valid sessions of staff were opened without an account at the identity provider."""
    mine = session.c.account.is_(None), session.c.person.is_not(None), session.c.ends_at > now
    return connection.execute(select(func.count()).select_from(session).where(*mine)).scalar_one()


def sweep(connection: Connection, *, area: str, seen_before: datetime, now: datetime) -> int:
    """Remove what has ended, and of this area what nobody has used since; gives how many there were."""
    over = or_(session.c.ends_at <= now, and_(session.c.area == area, session.c.seen_at <= seen_before))
    return connection.execute(delete(session).where(over)).rowcount
