"""Suspended e-ID accounts (QĐ 15/2019/QĐ-TTg Article 8) in the store: whose, where, why, by whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Connection, Row, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewSuspension
from adapter.gateways.store.tables import suspension


@dataclass(frozen=True, slots=True)
class Suspension:
    """One suspension. `number` is a personal number or tax code; `unit` None: at every unit. Times are aware."""

    id: int
    number: str
    unit: str | None
    reason: str
    officer: str
    since: datetime
    lifted_at: datetime | None
    lifted_reason: str | None
    lifted_officer: str | None


def current(connection: Connection, numbers: Iterable[str]) -> list[Suspension]:
    """The current suspensions of these numbers (not lifted), the oldest first, in one query."""
    wanted = sorted(set(numbers))
    if not wanted:
        return []
    query = select(suspension).where(suspension.c.number.in_(wanted), suspension.c.lifted_at.is_(None))
    return [_suspension(row) for row in connection.execute(query.order_by(suspension.c.since, suspension.c.id))]


def stopping(found: Iterable[Suspension], numbers: Collection[str], unit: str | None) -> list[Suspension]:
    """Those among them that stop whoever uses these numbers at that unit; None: only what holds everywhere."""
    return [each for each in found if each.number in numbers and each.unit in (None, unit)]


def add(connection: Connection, database: Database, **values: Unpack[NewSuspension]) -> int:
    """A new row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(suspension).values(id=row_id, **values))
    return row_id


def lift(connection: Connection, row_id: int, *, reason: str, officer: str, at: datetime) -> None:
    """End a suspension."""
    values = {"lifted_at": at, "lifted_reason": reason, "lifted_officer": officer}
    connection.execute(update(suspension).where(suspension.c.id == row_id).values(values))


def every(connection: Connection, *, number: str | None = None, lifted: bool = True) -> list[Suspension]:
    """All of them, or one account's; without those that were lifted where that is asked for."""
    query = select(suspension).order_by(suspension.c.since, suspension.c.id)
    if number is not None:
        query = query.where(suspension.c.number == number)
    if not lifted:
        query = query.where(suspension.c.lifted_at.is_(None))
    return [_suspension(row) for row in connection.execute(query)]


def _suspension(row: Row[Any]) -> Suspension:
    return Suspension(
        id=row.id,
        number=row.number,
        unit=row.unit,
        reason=row.reason,
        officer=row.officer,
        since=row.since,
        lifted_at=row.lifted_at,
        lifted_reason=row.lifted_reason,
        lifted_officer=row.lifted_officer,
    )
