"""Which procedures a customs officer may look up, where that is not the rule; how often he has searched by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import lookup_count, lookup_right


@dataclass(frozen=True, slots=True)
class LookupRight:
    """That an officer may look a procedure up, or may not; `ended_at` is None while it stands."""

    person: str
    procedure: str
    allowed: bool
    since: datetime
    by: str
    ended_at: datetime | None
    ended_by: str | None


def of(connection: Connection, person: str, *, ended: bool = False) -> list[LookupRight]:
    """What stands of somebody; with `ended` what stood before too. The oldest first."""
    return made_all(LookupRight, connection.execute(_EVER if ended else _NOW, {"person": person}))


_IN_ORDER = (lookup_right.c.since, lookup_right.c.id)
_EVER = select(lookup_right).where(lookup_right.c.person == bindparam("person")).order_by(*_IN_ORDER)
_NOW = _EVER.where(lookup_right.c.ended_at.is_(None))


def state(
    connection: Connection,
    database: Database,
    person: str,
    procedure: str,
    *,
    allowed: bool | None,
    by: str,
    at: datetime,
) -> None:
    """From now on so; None: as the rule is."""
    mine = (lookup_right.c.person == person, lookup_right.c.procedure == procedure, lookup_right.c.ended_at.is_(None))
    connection.execute(update(lookup_right).where(*mine).values(ended_at=at, ended_by=by))
    if allowed is not None:
        row = {"id": database.new_id(connection), "person": person, "procedure": procedure, "allowed": allowed}
        connection.execute(insert(lookup_right).values(**row, since=at, by=by))


def counted(connection: Connection, actor: str, hour: int) -> int:
    """How often somebody has searched by name in this hour (hours since 1970); this time is counted too."""
    mine = (lookup_count.c.actor == actor, lookup_count.c.hour == hour)
    done = connection.execute(update(lookup_count).where(*mine).values(count=lookup_count.c.count + 1))
    if not done.rowcount:
        connection.execute(delete(lookup_count).where(lookup_count.c.actor == actor, lookup_count.c.hour < hour))
        connection.execute(insert(lookup_count).values(actor=actor, hour=hour, count=1))
    return int(connection.execute(select(lookup_count.c.count).where(*mine)).scalar_one())
