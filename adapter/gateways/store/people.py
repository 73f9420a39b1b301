"""The register of people in the store: who is registered with which roles, and who was, from when to when.

A change ends the row that stood and adds another, so the rights of everybody on any day of the past are known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.lists import Written
from adapter.gateways.store.new_access_rows import NewPerson
from adapter.gateways.store.tables import person
from adapter.model.actor import Role

_IN_ORDER = (person.c.since, person.c.ended_at.is_(None), person.c.ended_at, person.c.id)


@dataclass(frozen=True, slots=True)
class Person:
    """One entry of the register. Times are aware; `ended_at` None: it is current."""

    id: str
    name: str
    rank: str
    roles: tuple[Role, ...]
    unit: str | None
    office: str | None
    since: datetime
    granted_by: str
    """Who entered it, as the journal names him."""
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    """Why it ended."""
    login: str | None = None
    """What the identity provider of staff calls him; None: he cannot log in there."""


def current(connection: Connection, codes: Collection[str]) -> dict[str, Person]:
    """The current entries of these ids (not ended), by id, in one query."""
    if not codes:
        return {}
    rows = connection.execute(_CURRENT.on(connection), {"codes": sorted(codes)})
    return {row.code: _person(row) for row in rows}


_CURRENT = Written(lambda among: select(person).where(among(person.c.code, "codes"), person.c.ended_at.is_(None)))


def of_login(connection: Connection, login: str) -> tuple[Person | None, bool]:
    """The current entry with this login, and whether any entry ever had it."""
    query = select(person).where(person.c.login == login).order_by(person.c.ended_at.is_not(None), person.c.id)
    row = connection.execute(query.limit(1)).first()
    found = _person(row) if row is not None else None
    return (found, True) if found is not None and found.ended_at is None else (None, found is not None)


def history(connection: Connection, code: str) -> list[Person]:
    """Every entry under this id, the oldest first."""
    query = select(person).where(person.c.code == code).order_by(*_IN_ORDER)
    return [_person(row) for row in connection.execute(query)]


def every(connection: Connection, *, ended: bool = False) -> list[Person]:
    """The entries that stand, by id; with `ended` those too that stood once."""
    query = select(person).order_by(person.c.code, *_IN_ORDER)
    return [_person(row) for row in connection.execute(query if ended else query.where(person.c.ended_at.is_(None)))]


def of_office(connection: Connection, office: str) -> list[Person]:
    """The current entries of an office, by id."""
    query = select(person).where(person.c.office == office, person.c.ended_at.is_(None))
    return [_person(row) for row in connection.execute(query.order_by(person.c.code))]


def is_empty(connection: Connection) -> bool:
    """Whether nobody was ever registered."""
    return not connection.execute(select(exists().select_from(person))).scalar_one()


def add(connection: Connection, database: Database, values: NewPerson) -> None:
    """A new entry, with the columns of the table but its id."""
    connection.execute(insert(person).values(id=database.new_id(connection), **values))


def end(connection: Connection, code: str, *, at: datetime, by: str, reason: str | None) -> None:
    """End the current entry."""
    values = {"ended_at": at, "ended_by": by, "reason": reason}
    connection.execute(update(person).where(person.c.code == code, person.c.ended_at.is_(None)).values(values))


_HIS = "person_"
BESIDE = tuple(column.label(f"{_HIS}{column.name}") for column in person.c)
"""The columns of an entry for a query of another table, which has columns of the same names."""


def beside(row: Row[Any]) -> Person | None:
    """The entry in a row that has the columns of BESIDE; None where there was none."""
    columns = row._mapping
    return _entry(columns, _HIS) if columns[f"{_HIS}code"] is not None else None


def _person(row: Row[Any]) -> Person:
    return _entry(row._mapping)


def _entry(columns: Mapping[Any, Any], named: str = "") -> Person:
    stated = {name: columns[f"{named}{name}"] for name in _AS_STORED}
    roles = tuple(Role(role) for role in columns[f"{named}roles"])
    return Person(id=columns[f"{named}code"], roles=roles, **stated)


_AS_STORED = tuple(each.name for each in fields(Person) if each.name not in ("id", "roles"))
