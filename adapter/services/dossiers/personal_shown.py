"""The journal's entry that values of persons of a dossier were shown, to whom and when."""

from __future__ import annotations

from datetime import datetime

from adapter.gateways.store import journal
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent


def note_personal_shown(
    connection: Connection,
    database: Database,
    key: DossierKey,
    actor: Actor,
    at: datetime,
    *,
    reply: str | None = None,
) -> None:
    """Note it in the transaction in which they are read. `reply`: the digest of the answer, where only that is shown.

    `at` is aware.
    """
    detail = {"dossier": str(key), **({"reply": reply} if reply is not None else {})}
    entry = Entry.by(JournalEvent.DOSSIER_PERSONAL_SHOWN, actor, at, detail)
    journal.append(connection, database, entry)
