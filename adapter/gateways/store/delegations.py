"""Delegations in the store: which deputy decides on accounts for the head of his unit, from when, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewDelegation
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import delegation


@dataclass(frozen=True, slots=True)
class Delegation:
    """One delegation. `person` is an id of the register; times are aware."""

    id: int
    person: str
    unit: str
    document: str
    valid_from: datetime
    valid_to: datetime
    granted_by: str
    granted_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    def is_in_force(self, at: datetime) -> bool:
        """Whether it counts at that time."""
        return self.ended_at is None and self.valid_from <= at <= self.valid_to


def add(connection: Connection, database: Database, **values: Unpack[NewDelegation]) -> int:
    """A new row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(delegation).values(id=row_id, **values))
    return row_id


def of(connection: Connection, person: str) -> list[Delegation]:
    """Those of a deputy, the newest first."""
    query = select(delegation).where(delegation.c.person == person).order_by(delegation.c.granted_at.desc())
    return made_all(Delegation, connection.execute(query))


def every(connection: Connection, unit: str | None) -> list[Delegation]:
    """Those of a unit (None: of all), the newest first."""
    query = select(delegation).order_by(delegation.c.granted_at.desc(), delegation.c.id.desc())
    if unit is not None:
        query = query.where(delegation.c.unit == unit)
    return made_all(Delegation, connection.execute(query))


def end(connection: Connection, row_id: int, *, by: str, at: datetime) -> None:
    """It counts no more."""
    connection.execute(update(delegation).where(delegation.c.id == row_id).values(ended_at=at, ended_by=by))
