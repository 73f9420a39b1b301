"""Reads for officers and operators: lists, and one dossier with everything. No writes, no locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection, bindparam, func, literal_column, select

from adapter.gateways.store.confirmation_ways import has_come_so_far
from adapter.gateways.store.dossier_records import (
    ParkedMessage,
    ReplyWithoutBody,
    StoredDossier,
    VersionWithMessage,
)
from adapter.gateways.store.lists import Written
from adapter.gateways.store.records import StoredEntry, StoredMessage, made_all, made_first
from adapter.gateways.store.tables import declaration, declaration_row, dossier, inbox, journal, outbox
from adapter.gateways.store.unit_dossiers import of_unit
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import MessageState
from adapter.model.stages import StoredRecord
from adapter.model.units import BorderUnit

_why = func.coalesce(inbox.c.note, literal_column("''"))
"""Why a message is parked; empty where nothing is stated."""


def dossiers(
    connection: Connection, *, state: str | None, way: str | None, unit: BorderUnit | None, limit: int
) -> list[StoredDossier]:
    """Dossiers of a unit (None: of all), the ones that were received last first.

    `state`: as it is stored; `way`: how far the confirmation has come. None: any.
    """
    query = select(dossier).where(*of_unit(unit))
    query = query.order_by(dossier.c.received_at.desc(), dossier.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(dossier.c.state == state)
    if way is not None:
        query = query.where(has_come_so_far())
    return made_all(StoredDossier, connection.execute(query, {"way": way} if way is not None else {}))


def dossier_row(connection: Connection, key: DossierKey) -> StoredDossier | None:
    """A dossier's row by its own number, or by the number the window gave it afterwards."""
    asked = {"number": key.number, "year": key.year}
    own = made_first(StoredDossier, connection.execute(_OWN_NUMBER, asked))
    return own if own is not None else made_first(StoredDossier, connection.execute(_ALIAS_NUMBER, asked))


_OWN_NUMBER, _ALIAS_NUMBER = (
    select(dossier).where(number == bindparam("number"), dossier.c.year == bindparam("year"))
    for number in (dossier.c.number, dossier.c.alias_number)
)


def versions(connection: Connection, dossier_id: int) -> list[VersionWithMessage]:
    """The versions of a dossier, each with the message that brought it, oldest first."""
    return versions_of(connection, [dossier_id]).get(dossier_id, [])


def versions_of(connection: Connection, dossier_ids: Sequence[int]) -> dict[int, list[VersionWithMessage]]:
    """The same of many dossiers."""
    found: dict[int, list[VersionWithMessage]] = {}
    rows = connection.execute(_VERSIONS_OF.on(connection), {"dossiers": list(dossier_ids)})
    for each in made_all(VersionWithMessage, rows):
        found.setdefault(each.dossier_id, []).append(each)
    return found


_VERSIONS_OF = Written(
    lambda among: (
        select(declaration, inbox.c.message_id, inbox.c.public_id, inbox.c.received_at)
        .join(inbox, inbox.c.id == declaration.c.inbox_id)
        .where(among(declaration.c.dossier_id, "dossiers"))
        .order_by(declaration.c.version)
    )
)


def rows_of(connection: Connection, declaration_ids: Sequence[int]) -> dict[int, dict[str, list[StoredRecord]]]:
    """The rows of these versions by group, in their order."""
    found: dict[int, dict[str, list[StoredRecord]]] = {}
    for row in connection.execute(_ROWS_OF.on(connection), {"versions": list(declaration_ids)}):
        found.setdefault(row.declaration_id, {}).setdefault(row.group, []).append(row.values)
    return found


_ROWS_OF = Written(
    lambda among: (
        select(declaration_row)
        .where(among(declaration_row.c.declaration_id, "versions"))
        .order_by(declaration_row.c.declaration_id, declaration_row.c.group, declaration_row.c.ordinal)
    )
)


def replies(connection: Connection, dossier_id: int) -> list[ReplyWithoutBody]:
    """The replies about a dossier, in order, without their bytes."""
    return made_all(ReplyWithoutBody, connection.execute(_REPLIES, {"dossier": dossier_id}))


_REPLIES = (
    select(*(column for column in outbox.c if column.name != "body"))
    .where(outbox.c.dossier_id == bindparam("dossier"))
    .order_by(outbox.c.ordinal)
)


def entries(connection: Connection, dossier_id: int) -> list[StoredEntry]:
    """The journal of a dossier, in order."""
    return made_all(StoredEntry, connection.execute(_ENTRIES, {"dossier": dossier_id}))


_ENTRIES = select(journal).where(journal.c.dossier_id == bindparam("dossier")).order_by(journal.c.ordinal)


_OF_PARKED = {each.name for each in fields(ParkedMessage)}


def parked(connection: Connection, *, limit: int, head: int, reason: str | None = None) -> list[ParkedMessage]:
    """Messages that wait for an operator, oldest first, of one reason (None: of any); of their bodies the first `head`
    bytes leave the store.
    """
    columns = [column for column in inbox.c if column.name in _OF_PARKED]
    size = func.length(inbox.c.raw).label("size")
    begins = func.substr(inbox.c.raw, 1, head, type_=inbox.c.raw.type).label("head")
    query = (
        select(*columns, size, begins)
        .where(inbox.c.state == MessageState.PARKED.value)
        .order_by(inbox.c.received_at, inbox.c.id)
    )
    if reason is not None:
        query = query.where(_why == reason)
    return made_all(ParkedMessage, connection.execute(query.limit(limit)))


def parked_reasons(connection: Connection, limit: int) -> list[tuple[str, int]]:
    """Why messages are parked, and how many for each reason, the most frequent first."""
    many = func.count()
    query = select(_why, many).where(inbox.c.state == MessageState.PARKED.value).group_by(_why)
    rows = connection.execute(query.order_by(many.desc(), _why).limit(limit))
    return [(reason, count) for reason, count in rows]


def parked_message(connection: Connection, public_id: str) -> StoredMessage | None:
    """One parked message with all its columns."""
    query = select(inbox).where(inbox.c.state == MessageState.PARKED.value, inbox.c.public_id == public_id)
    return made_first(StoredMessage, connection.execute(query))


def chains(connection: Connection) -> int:
    """How many dossiers have a journal of their own."""
    return int(connection.execute(select(func.count()).where(dossier.c.journal > 0)).scalar_one())
