"""The journal: append-only, for the law. Chained per dossier; `gateways/store/seals` seals new entries, in one chain.

One chain for everything would serialise every worker and every lookup; a chain a dossier costs nothing, since its row
is locked anyway. An entry without a dossier (a lookup, a switch of the window) stands alone and is caught by the seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.tables import journal
from adapter.model.actor import Actor
from adapter.model.dossier import Dossier
from adapter.model.journal_events import JournalEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: event (of `model/journal_events`), actor, details without personal values."""

    event: str
    actor: str
    at: datetime
    detail: Mapping[str, object]

    @classmethod
    def by(cls, event: str, actor: Actor, at: datetime, detail: Mapping[str, object]) -> Entry:
        """An entry for an act of this actor; the account or token is added to the details."""
        return cls(event, actor.journal_name, at, {**detail, **actor.came_by})


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


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
    return hashlib.sha256(_ENCODER.encode(words).encode()).hexdigest()


def chained(dossier: Dossier, entry: Entry, row_id: int) -> tuple[Dossier, NewRow]:
    """The next entry of a dossier's chain: the dossier with its new head, and the row to insert."""
    ordinal = dossier.journal + 1
    digest = entry_hash(dossier.journal_head, dossier.id, ordinal, entry)
    row = _row(row_id, dossier.id, ordinal, entry, dossier.journal_head, digest)
    return replace(dossier, journal=ordinal, journal_head=digest), row


def alone(entry: Entry, row_id: int) -> NewRow:
    """An entry that belongs to no dossier."""
    return _row(row_id, None, 0, entry, "", entry_hash("", None, 0, entry))


def _row(row_id: int, dossier_id: int | None, ordinal: int, entry: Entry, previous: str, digest: str) -> NewRow:
    """The row to insert. An event that is not in `model/journal_events` is a defect."""
    return {
        "id": row_id,
        "dossier_id": dossier_id,
        "ordinal": ordinal,
        "at": entry.at,
        "event": JournalEvent(entry.event).value,
        "actor": entry.actor,
        "detail": dict(entry.detail),
        "previous": previous,
        "hash": digest,
    }


_INSERT = insert(journal)


def append(connection: Connection, database: Database, entry: Entry) -> int:
    """Write one entry that belongs to no dossier; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(_INSERT, alone(entry, row_id))
    return row_id
