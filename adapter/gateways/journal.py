"""The journal: append-only, for the law. Chained per dossier; the heads are sealed together by the clock.

One chain for everything would serialise every worker and every lookup; a chain a dossier costs nothing, since its row
is locked anyway. An entry without a dossier (a lookup, a switch of the window) stands alone and is caught by the seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from adapter.gateways.database import Database
from adapter.gateways.tables import dossier as dossiers
from adapter.gateways.tables import journal, journal_seal
from adapter.model.dossier import Dossier


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened: event, who did it, details that hold no personal value."""

    event: str
    actor: str
    at: datetime
    detail: Mapping[str, Any]


def entry_hash(previous: str, dossier_id: int | None, ordinal: int, entry: Entry) -> str:
    """SHA-256 (hexadecimal) over the entry and the hash before it."""
    words = {
        "previous": previous,
        "dossier": dossier_id,
        "ordinal": ordinal,
        "event": entry.event,
        "actor": entry.actor,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "detail": entry.detail,
    }
    return hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def chained(dossier: Dossier, entry: Entry, row_id: int) -> tuple[Dossier, dict[str, Any]]:
    """The next entry of a dossier's chain: the dossier with its new head, and the row to insert."""
    ordinal = dossier.journal + 1
    digest = entry_hash(dossier.journal_head, dossier.id, ordinal, entry)
    row = _row(row_id, dossier.id, ordinal, entry, dossier.journal_head, digest)
    return replace(dossier, journal=ordinal, journal_head=digest), row


def alone(entry: Entry, row_id: int) -> dict[str, Any]:
    """An entry that belongs to no dossier."""
    return _row(row_id, None, 0, entry, "", entry_hash("", None, 0, entry))


def _row(row_id: int, dossier_id: int | None, ordinal: int, entry: Entry, previous: str, digest: str) -> dict[str, Any]:
    return {
        "id": row_id,
        "dossier_id": dossier_id,
        "ordinal": ordinal,
        "at": entry.at,
        "event": entry.event,
        "actor": entry.actor,
        "detail": dict(entry.detail),
        "previous": previous,
        "hash": digest,
    }


def append(connection: Connection, database: Database, entry: Entry) -> None:
    """Write one entry that belongs to no dossier."""
    connection.execute(insert(journal).values(alone(entry, database.new_id(connection))))


def broken(connection: Connection) -> list[str]:
    """Every place where a chain does not hold: altered, missing or added entries."""
    faults = []
    heads = {row.id: (row.journal, row.journal_head) for row in connection.execute(select(dossiers)).all()}
    last: dict[int, tuple[int, str]] = {}
    query = select(journal).where(journal.c.dossier_id.is_not(None)).order_by(journal.c.dossier_id, journal.c.ordinal)
    for row in connection.execute(query):
        ordinal, head = last.get(row.dossier_id, (0, ""))
        entry = Entry(row.event, row.actor, row.at, row.detail)
        expected = entry_hash(head, row.dossier_id, ordinal + 1, entry)
        if row.ordinal != ordinal + 1 or row.previous != head or row.hash != expected:
            faults.append(f"dossier {row.dossier_id}, entry {row.ordinal}")
        last[row.dossier_id] = (row.ordinal, row.hash)
    faults.extend(f"dossier {key}: head" for key, head in heads.items() if head[0] and last.get(key) != head)
    return faults


def seal(connection: Connection, database: Database, *, at: datetime) -> str:
    """Seal the heads of all chains together, on top of the seal before; gives the digest."""
    heads = hashlib.sha256()
    count = 0
    for row in connection.execute(select(dossiers.c.id, dossiers.c.journal_head).order_by(dossiers.c.id)):
        heads.update(f"{row.id}:{row.journal_head}\n".encode())
        count += 1
    for hashed in connection.execute(
        select(journal.c.hash).where(journal.c.dossier_id.is_(None)).order_by(journal.c.id)
    ).scalars():
        heads.update(f"{hashed}\n".encode())
    newest = select(func.max(journal_seal.c.id)).scalar_subquery()
    previous = connection.execute(select(journal_seal.c.digest).where(journal_seal.c.id == newest)).scalar() or ""
    digest = hashlib.sha256(f"{previous}{heads.hexdigest()}".encode()).hexdigest()
    values = {
        "id": database.new_id(connection),
        "at": at,
        "heads": count,
        "digest": digest,
        "previous": previous,
    }
    connection.execute(insert(journal_seal).values(values))
    return digest
