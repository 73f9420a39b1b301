"""What was done by hand, in the store: entered by one officer, checked by another, reported to the window's manager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, func, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.records import made, made_all, made_first
from adapter.gateways.store.tables import paper_record
from adapter.gateways.store.unit_dossiers import of_unit
from adapter.model.units import BorderUnit

_AT_ONCE = 200
"""Rows that are fetched at a time."""

Texts = Mapping[str, str]
"""What stands in the fields of a form, as it was typed."""


@dataclass(frozen=True, slots=True)
class StoredPaperRecord:
    """An entry as it was kept."""

    id: int
    number: str
    year: int
    procedure: str
    mapping: str
    gate: str | None
    unit: str | None
    values: Texts
    rows: Mapping[str, Sequence[Texts]]
    received_at: datetime
    confirmed_at: datetime | None
    confirmation: str | None
    entered_by: str
    entered_at: datetime
    checked_by: str | None
    checked_at: datetime | None
    returned_by: str | None
    returned_at: datetime | None
    reason: str | None
    dossier_id: int | None
    reported_at: datetime | None


class NewPaperRecord(TypedDict):
    """An entry as an officer makes it."""

    number: str
    year: int
    procedure: str
    mapping: str
    gate: str | None
    unit: str | None
    values: Texts
    rows: Mapping[str, Sequence[Texts]]
    received_at: datetime
    confirmed_at: datetime | None
    confirmation: str | None
    entered_by: str
    entered_at: datetime


def add(connection: Connection, database: Database, values: NewPaperRecord) -> int:
    """A new entry; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(paper_record).values({"id": row_id, **values}))
    return row_id


def find(connection: Connection, row_id: int) -> StoredPaperRecord | None:
    """The entry of that id, or None."""
    return made_first(StoredPaperRecord, connection.execute(select(paper_record).where(paper_record.c.id == row_id)))


def is_waiting(connection: Connection, row_id: int) -> bool:
    """Whether the entry of that id was neither checked nor sent back."""
    row = find(connection, row_id)
    return row is not None and row.checked_at is None and row.returned_at is None


def numbered(connection: Connection, number: str, year: int) -> list[StoredPaperRecord]:
    """Entries of this number that stand: those that were sent back do not."""
    same = (paper_record.c.number == number, paper_record.c.year == year, paper_record.c.returned_at.is_(None))
    return made_all(StoredPaperRecord, connection.execute(select(paper_record).where(*same)))


def unchecked(connection: Connection) -> Iterator[StoredPaperRecord]:
    """Entries that wait for a second officer, the oldest first.

    They are read as they are asked for: after a long outage many wait, and a page shows a few.
    """
    query = select(paper_record).where(*_WAITING).order_by(paper_record.c.entered_at, paper_record.c.id)
    for row in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield made(StoredPaperRecord, row)


def count_unchecked(connection: Connection, *, unit: BorderUnit | None, not_by: str, most: int) -> int:
    """How many entries of a unit (None: of all) wait for somebody else than who has entered them; `most`: or more."""
    others = paper_record.c.entered_by != not_by
    query = select(paper_record.c.id).where(*_WAITING, others, *of_unit(unit, paper_record)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(query)).scalar_one())


_WAITING = (paper_record.c.checked_at.is_(None), paper_record.c.returned_at.is_(None))


def sent_back(connection: Connection, since: datetime) -> list[StoredPaperRecord]:
    """Entries of forms received since then that were sent back and not entered anew, the newest first."""
    anew = paper_record.alias("anew")
    same = (anew.c.number == paper_record.c.number, anew.c.year == paper_record.c.year, anew.c.returned_at.is_(None))
    stands = select(anew.c.id).where(*same).exists()
    returned = (paper_record.c.received_at >= since, paper_record.c.returned_at.is_not(None), ~stands)
    query = select(paper_record).where(*returned).order_by(paper_record.c.received_at.desc(), paper_record.c.id.desc())
    return made_all(StoredPaperRecord, connection.execute(query))


def of_dossier(connection: Connection, dossier_id: int) -> StoredPaperRecord | None:
    """The entry that has become this dossier, or None."""
    query = select(paper_record).where(paper_record.c.dossier_id == dossier_id)
    return made_first(StoredPaperRecord, connection.execute(query))


def received_in(connection: Connection, start: datetime, end: datetime) -> list[StoredPaperRecord]:
    """Entries that stand of what was received by hand from `start` to `end`, in the order received."""
    then = (paper_record.c.received_at.between(start, end), paper_record.c.returned_at.is_(None))
    query = select(paper_record).where(*then).order_by(paper_record.c.received_at, paper_record.c.id)
    return made_all(StoredPaperRecord, connection.execute(query))


def change(connection: Connection, row_id: int, values: NewRow) -> None:
    """It was checked or sent back."""
    connection.execute(update(paper_record).where(paper_record.c.id == row_id).values(values))


def report(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """They stand in a report to the window's manager; the first one counts."""
    fresh = (paper_record.c.id.in_(ids), paper_record.c.reported_at.is_(None))
    connection.execute(update(paper_record).where(*fresh).values(reported_at=at))
