"""The journal's entry that a register of declarants was shown, with whose numbers, to whom and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import journal
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.journal_events import JournalEvent

MOST_NAMED = 500
"""So many rows are named in an entry; of more, how many: then it was the whole register."""


class NamingRegister(StrEnum):
    """The registers whose rows name declarants."""

    ACCOUNTS = "accounts"
    AUTHORISATIONS = "authorisations"
    CERTIFICATES = "certificates"


def note_register_shown(
    connection: Connection, database: Database, register: NamingRegister, ids: Iterable[int], actor: Actor, at: datetime
) -> None:
    """Note it in the transaction in which the rows are read: by their ids, never by a number of a person.

    Where no row was shown, nothing is noted. `at` is aware.
    """
    rows = sorted(set(ids))
    if not rows:
        return
    named = {"rows": rows} if len(rows) <= MOST_NAMED else {"many": len(rows)}
    entry = Entry.by(JournalEvent.REGISTER_SHOWN, actor, at, {"register": register.value, **named})
    journal.append(connection, database, entry)
