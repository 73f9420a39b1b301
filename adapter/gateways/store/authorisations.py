"""Authorisations (giấy ủy quyền, Articles 3(4), 7(3)) in the store: who may act for whom, from when, until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import NewAuthorisation
from adapter.gateways.store.tables import authorisation

Pair = tuple[str, str]
"""Holder and principal, as numbers."""


class Grant(NamedTuple):
    """That a holder may speak for a principal; `procedure` None: in every procedure."""

    holder: str
    principal: str
    procedure: str | None

    def covers(self, procedure: str | None) -> bool:
        """Whether it applies to this procedure; None: to all."""
        return self.procedure is None or self.procedure == procedure


class GrantedBy(StrEnum):
    """Who entered an authorisation."""

    OFFICER = "officer"
    """An operator, with the letter at hand."""
    PRINCIPAL = "principal"
    """The principal himself, at the portal."""
    SIGNED = "signed"
    """The principal, by a statement that his registered certificate signs."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One letter of authorisation. Times are aware; `valid_to` None: until it is revoked."""

    id: int
    holder: str
    principal: str
    document: str
    valid_from: datetime
    valid_to: datetime | None
    granted_at: datetime
    revoked_at: datetime | None
    reason: str | None
    procedure: str | None
    granted_by: GrantedBy
    file_digest: str | None = None
    """SHA-256 of the scanned letter, where an officer has entered it with one."""
    file_name: str | None = None
    unit: str | None = None
    """Of the officer who has entered it."""
    entered_by: str | None = None


def grants(connection: Connection, holders: Iterable[str], at: datetime) -> set[Grant]:
    """The principals that these holders may act for at that time, in one query."""
    wanted = sorted(set(holders))
    if not wanted:
        return set()
    query = select(authorisation.c.holder, authorisation.c.principal, authorisation.c.procedure).where(
        authorisation.c.holder.in_(wanted), _in_force(at)
    )
    return {Grant(row.holder, row.principal, row.procedure) for row in connection.execute(query)}


def add(connection: Connection, database: Database, **values: Unpack[NewAuthorisation]) -> int:
    """A new row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(authorisation).values(id=row_id, **values))
    return row_id


def same(connection: Connection, grant: Grant, document: str) -> bool:
    """Whether this letter is registered already for that procedure and not revoked."""
    table = authorisation.c
    procedure = table.procedure.is_(None) if grant.procedure is None else table.procedure == grant.procedure
    query = select(table.id).where(
        table.holder == grant.holder,
        table.principal == grant.principal,
        table.document == document,
        table.revoked_at.is_(None),
        procedure,
    )
    return connection.execute(query).first() is not None


def revoke(connection: Connection, row_id: int, *, reason: str, at: datetime) -> bool:
    """Revoke one; whether there was one to revoke."""
    query = update(authorisation).where(authorisation.c.id == row_id, authorisation.c.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=at, reason=reason)).rowcount > 0


def count(connection: Connection, principal: str, at: datetime) -> int:
    """How many letters of a principal are in force."""
    query = select(func.count()).select_from(authorisation)
    return int(connection.execute(query.where(authorisation.c.principal == principal, _in_force(at))).scalar_one())


def find(connection: Connection, row_id: int) -> Authorisation | None:
    """The letter of that id, or None."""
    row = connection.execute(select(authorisation).where(authorisation.c.id == row_id)).first()
    return _authorisation(row) if row is not None else None


def every(connection: Connection, *, number: str | None = None, at: datetime | None = None) -> list[Authorisation]:
    """All, or those of a holder or principal; with `at` only those in force then."""
    query = select(authorisation).order_by(authorisation.c.granted_at, authorisation.c.id)
    if number is not None:
        query = query.where(or_(authorisation.c.holder == number, authorisation.c.principal == number))
    if at is not None:
        query = query.where(_in_force(at))
    return [_authorisation(row) for row in connection.execute(query)]


def entered(connection: Connection, unit: str | None, most: int) -> list[Authorisation]:
    """The newest that officers of a unit have entered; None: of every unit."""
    query = select(authorisation).where(authorisation.c.granted_by == GrantedBy.OFFICER.value)
    if unit is not None:
        query = query.where(authorisation.c.unit == unit)
    newest = query.order_by(authorisation.c.granted_at.desc(), authorisation.c.id.desc()).limit(most)
    return [_authorisation(row) for row in connection.execute(newest)]


def _in_force(at: datetime) -> ColumnElement[bool]:
    table = authorisation.c
    return and_(table.revoked_at.is_(None), table.valid_from <= at, or_(table.valid_to.is_(None), table.valid_to >= at))


def _authorisation(row: Row[Any]) -> Authorisation:
    return Authorisation(
        id=row.id,
        holder=row.holder,
        principal=row.principal,
        document=row.document,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        granted_at=row.granted_at,
        revoked_at=row.revoked_at,
        reason=row.reason,
        procedure=row.procedure,
        granted_by=GrantedBy(row.granted_by),
        file_digest=row.file_digest,
        file_name=row.file_name,
        unit=row.unit,
        entered_by=row.entered_by,
    )
