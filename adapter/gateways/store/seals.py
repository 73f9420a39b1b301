"""Seals of the journal: one chain, in which each seal covers the entries that no seal before it has covered.

Numbers order it, not ids (they are drawn in blocks) nor times (clocks are set). A lock and a unique number keep it one
chain, whatever two clocks try. A seal reads what is new, never the whole journal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import journal, journal_seal

_LOCK = "journal seal"


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal: its place in the chain, how many entries it covers, and the digest that proves all before it."""

    number: int
    entries: int
    digest: str


def seal(connection: Connection, database: Database, *, at: datetime, most: int) -> Seal:
    """Seal what is not sealed yet, at most so many entries, on top of the seal before."""
    database.lock(connection, [_LOCK])
    _number_those_without(connection)
    before = connection.execute(select(journal_seal).order_by(journal_seal.c.number.desc()).limit(1)).first()
    number = before.number + 1 if before else 1
    previous = before.digest if before else ""
    fresh = select(journal.c.id).where(journal.c.seal.is_(None)).order_by(journal.c.id).limit(most)
    # Marked and read in one statement: an entry that commits meanwhile is the next seal's.
    marked = update(journal).where(journal.c.id.in_(fresh)).values(seal=number).returning(journal.c.id, journal.c.hash)
    covered = sorted((int(row.id), str(row.hash)) for row in connection.execute(marked))
    digest = sealed_digest(previous, number, at, len(covered), content(covered))
    values = {
        "id": database.new_id(connection),
        "at": at,
        "heads": 0,
        "digest": digest,
        "previous": previous,
        "number": number,
        "entries": len(covered),
    }
    connection.execute(insert(journal_seal).values(values))
    return Seal(number, len(covered), digest)


def content(covered: Iterable[tuple[int, str]]) -> str:
    """SHA-256 (hexadecimal) over ids and hashes of entries, in the order of their ids."""
    heads = hashlib.sha256()
    for row_id, hashed in covered:
        heads.update(f"{row_id}:{hashed}\n".encode())
    return heads.hexdigest()


def sealed_digest(previous: str, number: int, at: datetime, entries: int, covered: str) -> str:
    """SHA-256 (hexadecimal) over a seal and the digest before it."""
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{previous}\n{number}\n{when}\n{entries}\n{covered}".encode()).hexdigest()


def newest_at(connection: Connection) -> datetime | None:
    """When the last seal was made."""
    return connection.execute(select(func.max(journal_seal.c.at))).scalar()


def _number_those_without(connection: Connection) -> None:
    """Seals of 0.1.0 come first, in the order of their times; one that works beside us is taken in the same way."""
    without = select(journal_seal.c.id).where(journal_seal.c.number.is_(None))
    found = connection.execute(without.order_by(journal_seal.c.at, journal_seal.c.id)).scalars().all()
    if not found:
        return
    last = connection.execute(select(func.max(journal_seal.c.number))).scalar() or 0
    for number, row_id in enumerate(found, start=last + 1):
        connection.execute(update(journal_seal).where(journal_seal.c.id == row_id).values(number=number))
