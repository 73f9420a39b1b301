"""Suspended e-ID accounts (QĐ 15/2019/QĐ-TTg Article 8) in the store: whose, where, why, by whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Unpack

from sqlalchemy import Connection, Row, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.lists import Written
from adapter.gateways.store.new_access_rows import NewSuspension
from adapter.gateways.store.tables import suspension


class SuspensionGround(StrEnum):
    """What a suspension rests on."""

    RISK = "risk"
    """A risk to the security of the data (Article 8, in force)."""
    PRINCIPAL = "principal"
    """The request of the body whose account it is (dự thảo): it concerns only what is done for that body."""


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
    ground: SuspensionGround = SuspensionGround.RISK
    document: str | None = None
    principal: str | None = None
    """Personal number or tax code of the body that has asked for it, or is told of it too."""
    decided_by: str | None = None
    """Who has decided it, as the declarant is told; None: of earlier versions, which kept the id alone."""
    lifted_document: str | None = None
    told: tuple[str, ...] = ()
    """The numbers of those who have got a notice of it."""

    @property
    def readers(self) -> tuple[str, ...]:
        """Who is told of its end: whoever was told of its beginning."""
        return self.told or (self.number,)

    def covers(self, unit: str | None) -> bool:
        """Whether it holds at that unit; None: everywhere."""
        return self.unit is None or self.unit == unit

    def concerns(self, numbers: Collection[str]) -> bool:
        """Whether it stops whoever uses these numbers."""
        asked_for = self.ground is SuspensionGround.PRINCIPAL
        return self.number in numbers and (not asked_for or self.principal in numbers)


_AS_STORED = tuple(each.name for each in fields(Suspension) if each.name not in ("ground", "told"))


def current(connection: Connection, numbers: Iterable[str]) -> list[Suspension]:
    """The current suspensions of these numbers (not lifted), the oldest first, in one query."""
    wanted = sorted(set(numbers))
    if not wanted:
        return []
    return [_suspension(row) for row in connection.execute(_CURRENT.on(connection), {"numbers": wanted})]


_CURRENT = Written(
    lambda among: (
        select(suspension)
        .where(among(suspension.c.number, "numbers"), suspension.c.lifted_at.is_(None))
        .order_by(suspension.c.since, suspension.c.id)
    )
)


def of_numbers(connection: Connection, numbers: Iterable[str]) -> list[Suspension]:
    """All suspensions of these numbers, lifted ones too, the oldest first, in one query."""
    wanted = sorted(set(numbers))
    if not wanted:
        return []
    query = select(suspension).where(suspension.c.number.in_(wanted))
    return [_suspension(row) for row in connection.execute(query.order_by(suspension.c.since, suspension.c.id))]


def stopping(found: Iterable[Suspension], numbers: Collection[str], unit: str | None) -> list[Suspension]:
    """Those among them that stop whoever uses these numbers at that unit; None: only what holds everywhere."""
    return [each for each in found if each.concerns(numbers) and each.covers(unit)]


def find(connection: Connection, row_id: int) -> Suspension | None:
    """One of them, lifted or not."""
    return next(map(_suspension, connection.execute(select(suspension).where(suspension.c.id == row_id))), None)


def add(connection: Connection, database: Database, **values: Unpack[NewSuspension]) -> int:
    """A new row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(suspension).values(id=row_id, **values))
    return row_id


def lift(
    connection: Connection, row_id: int, *, reason: str, officer: str, at: datetime, document: str | None = None
) -> None:
    """End a suspension."""
    values = {"lifted_at": at, "lifted_reason": reason, "lifted_officer": officer, "lifted_document": document}
    connection.execute(update(suspension).where(suspension.c.id == row_id).values(values))


def newest(connection: Connection, limit: int) -> list[Suspension]:
    """The newest, lifted ones too."""
    query = select(suspension).order_by(suspension.c.since.desc(), suspension.c.id.desc()).limit(limit)
    return [_suspension(row) for row in connection.execute(query)]


def every(connection: Connection, *, number: str | None = None, lifted: bool = True) -> list[Suspension]:
    """All of them, or one account's; without those that were lifted where that is asked for."""
    query = select(suspension).order_by(suspension.c.since, suspension.c.id)
    if number is not None:
        query = query.where(suspension.c.number == number)
    if not lifted:
        query = query.where(suspension.c.lifted_at.is_(None))
    return [_suspension(row) for row in connection.execute(query)]


_ITS = "suspension_"
BESIDE = tuple(column.label(f"{_ITS}{column.name}") for column in suspension.c)
"""The columns of a suspension for a query of another table, which has columns of the same names."""


def beside(row: Row[Any]) -> Suspension | None:
    """The suspension in a row that has the columns of BESIDE; None where there was none."""
    columns = row._mapping
    return _entry(columns, _ITS) if columns[f"{_ITS}id"] is not None else None


def _suspension(row: Row[Any]) -> Suspension:
    return _entry(row._mapping)


def _entry(columns: Mapping[Any, Any], named: str = "") -> Suspension:
    stated = {name: columns[f"{named}{name}"] for name in _AS_STORED}
    ground, told = SuspensionGround(columns[f"{named}ground"]), tuple(columns[f"{named}told"] or ())
    return Suspension(**stated, ground=ground, told=told)
