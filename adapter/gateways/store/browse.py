"""Messages as operators look for them: by a key that an index holds, or the newest first through a bounded stretch.

A message's bytes leave the store only when one message is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, cast, func, literal, select, tuple_

from adapter.gateways.store.browse_records import BrowsedMessage, BrowsedReply, ReplyWithMessage, StoredTry
from adapter.gateways.store.records import StoredMessage, StoredReply, made, made_all, made_first
from adapter.gateways.store.tables import amendment_request, attempt, confirmation, dossier, inbox, outbox

STRETCH = 5_000
"""So many messages are looked through for what no index holds (a code, an outcome, a sender); then the next stretch is
asked for. Else one rare code would go through three millions."""
_LISTED = (
    *(inbox.c[name] for name in ("id", "public_id", "sender", "message_id", "channel", "received_at", "state")),
    *(inbox.c[name] for name in ("outcome", "findings", "procedure", "pair", "reference", "year")),
)


@dataclass(frozen=True, slots=True)
class WantedMessages:
    """What is asked for; None: everything. `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    channel: str | None = None
    outcome: str | None = None
    state: str | None = None
    procedure: str | None = None
    code: str | None = None
    """Of a finding."""


@dataclass(frozen=True, slots=True)
class ListPlace:
    """A place in the list: it goes on behind it, with older ones."""

    received_at: datetime
    id: int


def newest(
    connection: Connection, wanted: WantedMessages, *, behind: ListPlace | None, limit: int
) -> tuple[list[BrowsedMessage], ListPlace | None]:
    """The newest that fit, of one stretch; and the place from which looking goes on, None where nothing is left."""
    stretch = _stretch(wanted, behind).subquery()
    query = select(stretch).where(*_fits(stretch.c, wanted)).order_by(stretch.c.received_at.desc(), stretch.c.id.desc())
    rows = made_all(BrowsedMessage, connection.execute(query.limit(limit + 1)))
    if len(rows) > limit:
        last = rows[limit - 1]
        return rows[:limit], ListPlace(last.received_at, last.id)
    return rows, _end_of(connection, wanted, behind)


def _stretch(wanted: WantedMessages, behind: ListPlace | None) -> Select[Any]:
    query = select(*_LISTED).where(*_in_time(wanted, behind))
    return query.order_by(inbox.c.received_at.desc(), inbox.c.id.desc()).limit(STRETCH)


def _end_of(connection: Connection, wanted: WantedMessages, behind: ListPlace | None) -> ListPlace | None:
    """The last message of the stretch, where it is full; by the index alone."""
    query = select(inbox.c.received_at, inbox.c.id).where(*_in_time(wanted, behind))
    last = query.order_by(inbox.c.received_at.desc(), inbox.c.id.desc()).offset(STRETCH - 1).limit(1)
    row = connection.execute(last).first()
    return ListPlace(row.received_at, row.id) if row is not None else None


def _in_time(wanted: WantedMessages, behind: ListPlace | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(inbox.c.received_at >= wanted.since)
    if wanted.until is not None:
        found.append(inbox.c.received_at < wanted.until)
    if behind is not None:
        place = literal(behind.received_at, inbox.c.received_at.type), literal(behind.id, inbox.c.id.type)
        found.append(tuple_(inbox.c.received_at, inbox.c.id) < tuple_(*place))
    return found


def _fits(column: Any, wanted: WantedMessages) -> list[ColumnElement[bool]]:
    names = ("sender", "channel", "outcome", "state", "procedure")
    found = [column[name] == value for name in names if (value := getattr(wanted, name)) is not None]
    if wanted.code is not None:
        found.append(cast(column.findings, String).like(f'%"{_literally(wanted.code)}"%', escape="\\"))
    return found


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def by_id(connection: Connection, name: str, limit: int) -> list[BrowsedMessage]:
    """Messages that are called so by us, by their sender, or by the SHA-256 of their bytes; each asked of its index."""
    for column in (inbox.c.public_id, inbox.c.message_id, inbox.c.digest):
        if found := _listed(connection, column == name, limit):
            return found
    return []


def of_dossiers(connection: Connection, dossier_ids: Sequence[int], limit: int) -> list[BrowsedMessage]:
    """Messages of these dossiers."""
    return _listed(connection, inbox.c.dossier_id.in_(dossier_ids), limit) if dossier_ids else []


def _listed(connection: Connection, which: ColumnElement[bool], limit: int) -> list[BrowsedMessage]:
    query = select(*_LISTED).where(which).order_by(inbox.c.received_at.desc(), inbox.c.id.desc())
    return made_all(BrowsedMessage, connection.execute(query.limit(limit)))


def dossiers_named(connection: Connection, number: str, year: int | None) -> list[int]:
    """Dossiers of that number, ours or the window's, of one year or of every one."""
    found: list[int] = []
    for column in (dossier.c.number, dossier.c.alias_number):
        query = select(dossier.c.id).where(column == number)
        if year is not None:
            query = query.where(dossier.c.year == year)
        found += connection.execute(query.limit(_DOSSIERS)).scalars()
    return found


def dossiers_confirmed_or_asked(connection: Connection, number: str) -> list[int]:
    """The dossier of a confirmation with that number, or of a request to amend with it; both are given once."""
    found: list[int] = []
    for table in (confirmation, amendment_request):
        found += connection.execute(select(table.c.dossier_id).where(table.c.number == number)).scalars()
    return found


_DOSSIERS = 100


def message(connection: Connection, public_id: str) -> StoredMessage | None:
    """One message, whole."""
    return made_first(StoredMessage, connection.execute(select(inbox).where(inbox.c.public_id == public_id)))


def beside(connection: Connection, dossier_id: int, place: ListPlace) -> tuple[str | None, str | None]:
    """Our ids of the message before and after one of the same dossier."""
    at = (literal(place.received_at, inbox.c.received_at.type), literal(place.id, inbox.c.id.type))
    here, mine = tuple_(inbox.c.received_at, inbox.c.id), inbox.c.dossier_id == dossier_id
    query = select(inbox.c.public_id)
    before = query.where(mine, here < tuple_(*at)).order_by(inbox.c.received_at.desc(), inbox.c.id.desc())
    after = query.where(mine, here > tuple_(*at)).order_by(inbox.c.received_at, inbox.c.id)
    return connection.execute(before.limit(1)).scalar(), connection.execute(after.limit(1)).scalar()


def tries(connection: Connection, digest: str, limit: int) -> list[StoredTry]:
    """How often these bytes were taken up, and when each try settled."""
    query = select(attempt.c.at, attempt.c.settled_at).where(attempt.c.digest == digest)
    return made_all(StoredTry, connection.execute(query.order_by(attempt.c.at).limit(limit)))


_REPLY = [column for column in outbox.c if column.name != "body"]


def answers(connection: Connection, inbox_id: int) -> list[BrowsedReply]:
    """What was said to a message, without its bytes; copies that were sent again too."""
    query = select(*_REPLY).where(outbox.c.inbox_id == inbox_id)
    return made_all(BrowsedReply, connection.execute(query.order_by(outbox.c.created_at, outbox.c.id)))


def reply(connection: Connection, message_id: str) -> ReplyWithMessage | None:
    """A reply of ours by its own id, with its bytes and our id of the message that it answers."""
    mine = and_(outbox.c.message_id == message_id, outbox.c.copy_of.is_(None))
    query = select(outbox, inbox.c.public_id.label("answers")).outerjoin(inbox, inbox.c.id == outbox.c.inbox_id)
    return made_first(ReplyWithMessage, connection.execute(query.where(mine)))


def original(connection: Connection, row_id: int) -> StoredReply:
    """A reply by its row, as it is now."""
    return made(StoredReply, connection.execute(select(outbox).where(outbox.c.id == row_id)).one())


def unsent_before(connection: Connection, dossier_id: int) -> int:
    """How many replies of a dossier have not left, though nothing took them back."""
    stays = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None))
    query = select(func.count()).select_from(outbox).where(outbox.c.dossier_id == dossier_id, *stays)
    return int(connection.execute(query).scalar_one())


def is_under_way(connection: Connection, message_id: str) -> bool:
    """Whether a copy of this reply waits to leave."""
    query = select(outbox.c.id).where(outbox.c.message_id == message_id, outbox.c.sent_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None
