"""Customs offices in the store: a tree, each with the gates and border units whose dossiers it looks up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import customs_office


@dataclass(frozen=True, slots=True)
class CustomsOffice:
    """One office. `parent` is the code of the office above it; `places` are codes of gates and border units."""

    code: str
    name: str
    parent: str | None
    places: tuple[str, ...]


def every(connection: Connection) -> list[CustomsOffice]:
    """All offices, by code."""
    return [CustomsOffice(row.code, row.name, row.parent, tuple(row.places)) for row in connection.execute(_EVERY)]


_COLUMNS = (customs_office.c.code, customs_office.c.name, customs_office.c.parent, customs_office.c.places)
_EVERY = select(*_COLUMNS).order_by(customs_office.c.code)


def add(connection: Connection, database: Database, office: CustomsOffice, at: datetime) -> None:
    """A new office."""
    row = {"id": database.new_id(connection), "code": office.code, "created_at": at}
    connection.execute(insert(customs_office).values(**row, **_facts(office)))


def change(connection: Connection, office: CustomsOffice) -> None:
    """Change the office of that code."""
    connection.execute(update(customs_office).where(customs_office.c.code == office.code).values(_facts(office)))


def remove(connection: Connection, code: str) -> None:
    """Remove the office of that code."""
    connection.execute(delete(customs_office).where(customs_office.c.code == code))


def below(offices: Sequence[CustomsOffice], code: str) -> list[CustomsOffice]:
    """The office of that code, if there is one, and every office below it."""
    found = [office for office in offices if office.code == code]
    for above in found:  # the list grows during the loop: each level adds the next
        found += [office for office in offices if office.parent == above.code and office not in found]
    return found


def _facts(office: CustomsOffice) -> dict[str, Any]:
    return {"name": office.name, "parent": office.parent, "places": list(office.places)}
