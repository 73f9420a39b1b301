"""The record of lookups, for the auditor: by officer, by the person looked up, by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Connection, String, bindparam, cast, func, insert, select, text

from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry, alone
from adapter.gateways.store.lists import among
from adapter.gateways.store.records import StoredEntry, made_all
from adapter.gateways.store.tables import journal, lookup_trace, search_key

_LOOKUPS: ColumnElement[bool] = text("journal.event IN ('lookup.dossiers', 'lookup.reply')")  # type: ignore[assignment]
"""In the same words as the index, so that it is used."""


_INSERT = insert(lookup_trace)
_SUBJECTS = func.unnest(bindparam("subjects", type_=ARRAY(String())))
_ENTRY = insert(journal).values(
    {each.name: bindparam(each.name, type_=each.type) for each in journal.c if each is not journal.c.seal}
)
_WITH_ENTRY = _INSERT.from_select(
    ["subject", "journal_id"], select(_SUBJECTS, cast(bindparam("about"), lookup_trace.c.journal_id.type))
).add_cte(_ENTRY.cte("entry"))
"""A page has 50 dossiers: one statement for all of them, and for the entry."""


def of_dossier(dossier_id: int) -> str:
    """The subject of a dossier."""
    return f"dossier:{dossier_id}"


def keep(connection: Connection, database: Database, entry: Entry, subjects: Iterable[str]) -> None:
    """Write a journal entry, and that it is about these subjects."""
    told = list(dict.fromkeys(subjects))
    row = alone(entry, database.new_id(connection))
    if told and not database.is_embedded:  # a search waits for each statement: both at once
        connection.execute(_WITH_ENTRY, {**row, "subjects": told, "about": row["id"]})
        return
    connection.execute(_ENTRY, row)
    if told:
        connection.execute(_INSERT, [{"subject": subject, "journal_id": row["id"]} for subject in told])


def looked(
    connection: Connection,
    *,
    actor: str | None,
    subjects: Sequence[str] | None,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[StoredEntry]:
    """Lookups of somebody by the journal's name for him (None: of everybody), the newest first.

    `subjects`: only those that were about one of these.
    """
    wanted: list[ColumnElement[bool]] = [journal.c.at >= since, journal.c.at < until]
    if actor is not None:
        wanted.append(journal.c.actor == actor)
    if subjects is None:
        wanted.append(_LOOKUPS)
    else:
        traced = select(lookup_trace.c.journal_id).where(among(connection, lookup_trace.c.subject, subjects)).distinct()
        # Asked first: as one statement the whole journal would be walked in its order.
        ids = connection.execute(traced).scalars().all()
        wanted.append(among(connection, journal.c.id, ids))
    query = select(journal).where(*wanted).order_by(journal.c.at.desc()).limit(limit)
    return made_all(StoredEntry, connection.execute(query))


def dossiers_with(connection: Connection, kind: str, value: str, limit: int) -> list[int]:
    """Ids of dossiers a version of which states a search key."""
    query = select(search_key.c.dossier_id).where(search_key.c.kind == kind, search_key.c.value == value)
    return list(connection.execute(query.distinct().limit(limit)).scalars())
