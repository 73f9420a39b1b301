"""Drafts in the store. A row belongs to one owner; every statement names the owner."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import ColumnElement, Connection, Select, String, cast, delete, insert, literal, select, update

from adapter.gateways.store.access_records import StoredDraft
from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewDraft
from adapter.gateways.store.new_rows import DraftChange
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import draft, notification


def add(connection: Connection, database: Database, **values: Unpack[NewDraft]) -> None:
    """A new draft."""
    connection.execute(insert(draft).values(id=database.new_id(connection), **values))


def find(connection: Connection, owner: str, public_id: str) -> StoredDraft | None:
    """The draft of that id, if it is the owner's."""
    query = select(draft).where(draft.c.public_id == public_id, draft.c.owner == owner)
    return made_first(StoredDraft, connection.execute(query))


def unsent(connection: Connection, owner: str, limit: int) -> list[StoredDraft]:
    """The owner's drafts that were not sent, the one that was changed last first."""
    query = select(draft).where(draft.c.owner == owner, draft.c.sent_as.is_(None))
    ordered = query.order_by(draft.c.changed_at.desc(), draft.c.id.desc()).limit(limit)
    return made_all(StoredDraft, connection.execute(ordered))


def about(connection: Connection, owner: str, number: str, year: int) -> list[StoredDraft]:
    """The owner's drafts about a dossier that were not sent, the one that was changed last first."""
    query = select(draft).where(
        draft.c.owner == owner,
        draft.c.sent_as.is_(None),
        draft.c.base.is_not(None),
        draft.c.number == number,
        draft.c.year == year,
    )
    return made_all(StoredDraft, connection.execute(query.order_by(draft.c.changed_at.desc(), draft.c.id.desc())))


def waiting(connection: Connection, limit: int) -> list[StoredDraft]:
    """Drafts that wait for the portal to open, the first press first."""
    query = select(draft).where(draft.c.waits_since.is_not(None), draft.c.sent_as.is_(None))
    return made_all(StoredDraft, connection.execute(query.order_by(draft.c.waits_since, draft.c.id).limit(limit)))


def change(connection: Connection, owner: str, public_id: str, was: int, values: DraftChange) -> bool:
    """Change a draft that still has the version `was` and was not sent; gives whether it did."""
    query = update(draft).where(
        draft.c.public_id == public_id, draft.c.owner == owner, draft.c.version == was, draft.c.sent_as.is_(None)
    )
    return connection.execute(query.values(**values)).rowcount == 1


def remove(connection: Connection, owner: str, public_id: str) -> bool:
    """Remove a draft that was not sent and is not being sent; gives whether there was one."""
    mine = (draft.c.public_id == public_id, draft.c.owner == owner)
    query = delete(draft).where(*mine, draft.c.sent_as.is_(None), draft.c.leaves_at.is_(None))
    return connection.execute(query).rowcount == 1


def any_begun(connection: Connection, after: datetime, until: datetime) -> bool:
    """Whether a draft begun between these times is neither sent nor deleted."""
    begun = (draft.c.sent_as.is_(None), draft.c.created_at >= after, draft.c.created_at <= until)
    return connection.execute(select(draft.c.id).where(*begun).limit(1)).first() is not None


def end_of(public_id: str, version: int) -> str:
    """What a notification of a draft's end is about: a draft that is changed has another end."""
    return f"draft:{public_id}:{version}"


def untold(connection: Connection, changed_before: datetime, limit: int) -> list[StoredDraft]:
    """Drafts that nobody has changed since, and of whose end their owners were not told; the oldest first."""
    query = select(draft).where(*_lies(changed_before), ~_told().exists())
    return made_all(StoredDraft, connection.execute(query.order_by(draft.c.created_at).limit(limit)))


def remove_told(connection: Connection, changed_before: datetime, told_before: datetime, limit: int) -> int:
    """Remove drafts that nobody has changed since, and of whose end their owners were told by then; gives how many."""
    told = _told().where(notification.c.created_at <= told_before).exists()
    found = select(draft.c.id).where(*_lies(changed_before), told).order_by(draft.c.created_at).limit(limit)
    rows = connection.execute(found.with_for_update(skip_locked=True)).scalars().all()
    return connection.execute(delete(draft).where(draft.c.id.in_(rows), *_lies(changed_before))).rowcount if rows else 0


def _lies(changed_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Whatever was changed so long ago was begun so long ago, too: that is what the index knows."""
    idle = (draft.c.created_at <= changed_before, draft.c.changed_at <= changed_before)
    return (*idle, draft.c.sent_as.is_(None), draft.c.waits_since.is_(None), draft.c.leaves_at.is_(None))


def _told() -> Select[tuple[int]]:
    cause = literal("draft:") + draft.c.public_id + ":" + cast(draft.c.version, String)
    return select(notification.c.id).where(notification.c.number == draft.c.owner, notification.c.cause == cause)
