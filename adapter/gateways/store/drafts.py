"""Drafts in the store. A row belongs to one owner; every statement names the owner."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.access_records import StoredDraft
from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewDraft
from adapter.gateways.store.new_rows import DraftChange
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import draft


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
