"""The inbox: each message once; messages that wait; how often a message was tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)

from adapter.gateways.store.lists import Among, Written
from adapter.gateways.store.new_rows import NewMessage
from adapter.gateways.store.records import StoredMessage, made
from adapter.gateways.store.tables import attempt, declaration, dossier, inbox
from adapter.model.outcomes import MessageState


@dataclass(frozen=True, slots=True)
class MessageIdentity:
    """The identity of a message: verified sender and its id; for an unverified one, its raw bytes (wire profile 5)."""

    sender: str
    name: str

    @property
    def lock_name(self) -> str:
        return f"message:{self.sender}:{self.name}"


@dataclass(frozen=True, slots=True)
class Known:
    """A message that was stored before."""

    id: int
    public_id: str
    state: MessageState
    outcome: str | None
    content_digest: str | None
    digest: str


def known(connection: Connection, identities: Iterable[MessageIdentity]) -> dict[MessageIdentity, Known]:
    """Which of these messages are stored already."""
    wanted = set(identities)
    found = connection.execute(_KNOWN.on(connection), _named(wanted)) if wanted else ()
    return {identity: _known(row) for row in found if (identity := _identity(row)) in wanted}


def known_and_parked(
    connection: Connection, identities: Iterable[MessageIdentity], digests: Sequence[str]
) -> tuple[dict[MessageIdentity, Known], list[int]]:
    """Which of these messages are stored already, and the rows of parked ones with these digests: in one statement."""
    wanted = set(identities)
    if not wanted:
        return {}, []
    found, parked = {}, []
    for row in connection.execute(_KNOWN_AND_PARKED.on(connection), {**_named(wanted), "digests": list(digests)}):
        if row.is_copy:
            parked.append(row.id)
        elif (identity := _identity(row)) in wanted:
            found[identity] = _known(row)
    return found, parked


def _named(wanted: Collection[MessageIdentity]) -> dict[str, list[str]]:
    return {"senders": sorted({each.sender for each in wanted}), "names": sorted({each.name for each in wanted})}


def _identity(row: Row[Any]) -> MessageIdentity:
    return MessageIdentity(row.sender, row.identity)


def _known(row: Row[Any]) -> Known:
    return Known(row.id, row.public_id, MessageState(row.state), row.outcome, row.content_digest, row.digest)


def close_parked(connection: Connection, rows: Sequence[int]) -> None:
    """The same bytes were parked before and are judged now: nothing is left to do for the parked copy (pyas2 #33)."""
    if rows:
        settled = {"state": MessageState.SETTLED.value, "note": "judged when it came again"}
        connection.execute(update(inbox).where(inbox.c.id.in_(rows)).values(**settled))


def _known_by(is_copy: ColumnElement[bool], *where: ColumnElement[bool]) -> Select[Any]:
    names = ("sender", "identity", "id", "public_id", "state", "outcome", "content_digest", "digest")
    return select(*(inbox.c[name] for name in names), is_copy.label("is_copy")).where(*where)


def _by_name(among: Among) -> Select[Any]:
    # Two lists and not one of pairs: an index takes them at once. They find a few messages more.
    return _known_by(false(), among(inbox.c.sender, "senders"), among(inbox.c.identity, "names"))


def _parked_copies(among: Among) -> Select[Any]:
    is_parked = inbox.c.state == MessageState.PARKED.value
    return _known_by(true(), among(inbox.c.digest, "digests"), is_parked)


_KNOWN = Written(_by_name)
_KNOWN_AND_PARKED = Written(lambda among: _by_name(among).union_all(_parked_copies(among)))


def rewrite(connection: Connection, values: NewMessage) -> None:
    """Replace the row of a try that had not settled."""
    connection.execute(update(inbox).where(inbox.c.id == values["id"]).values(**values))


def request_of(connection: Connection, dossier_id: int, version: int) -> StoredMessage:
    """The message that brought a version of a dossier."""
    query = (
        select(inbox)
        .join(declaration, declaration.c.inbox_id == inbox.c.id)
        .where(declaration.c.dossier_id == dossier_id, declaration.c.version == version)
    )
    return made(StoredMessage, connection.execute(query).one())


def stored(connection: Connection, row_id: int) -> StoredMessage:
    """A message by its row."""
    return made(StoredMessage, connection.execute(select(inbox).where(inbox.c.id == row_id)).one())


def attempts(connection: Connection, digest: str) -> int:
    """The number of tries of this message that did not settle."""
    query = select(func.count()).select_from(attempt).where(attempt.c.digest == digest, attempt.c.settled_at.is_(None))
    return int(connection.execute(query).scalar_one())


def record_attempt(connection: Connection, digest: str, row_id: int, at: datetime) -> None:
    """Add a try."""
    connection.execute(insert(attempt).values(id=row_id, digest=digest, at=at))


def withdraw_attempt(connection: Connection, row_id: int) -> None:
    """Remove a try that failed for another reason than its message."""
    connection.execute(delete(attempt).where(attempt.c.id == row_id))


def settle_attempts(connection: Connection, digest: str, at: datetime) -> None:
    """The message settled: remove its tries."""
    open_tries = attempt.c.settled_at.is_(None)
    connection.execute(update(attempt).where(attempt.c.digest == digest, open_tries).values(settled_at=at))


def waiting(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """How many messages wait, and since when the oldest does, by what they wait for."""
    query = (
        select(inbox.c.waits_for, func.count().label("many"), func.min(inbox.c.received_at).label("since"))
        .where(inbox.c.state == MessageState.WAITING.value)
        .group_by(inbox.c.waits_for)
    )
    return {row.waits_for: (row.many, row.since) for row in connection.execute(query)}


def unanswered(connection: Connection) -> int:
    """How many messages are parked: what waits has had its receipt."""
    unsettled = text("state <> 'settled'")  # in the words of the partial index, so that SQLite uses it
    query = select(func.count()).select_from(inbox).where(unsettled, inbox.c.state == MessageState.PARKED.value)
    return int(connection.execute(query).scalar_one())


def dated_ahead(connection: Connection, now: datetime) -> int:
    """How many messages were received later than now."""
    query = select(func.count()).select_from(inbox).where(inbox.c.received_at > now)
    return int(connection.execute(query).scalar_one())


def woken(
    connection: Connection, now: datetime, latest: datetime
) -> tuple[list[tuple[StoredMessage, bool]], list[int]]:
    """Messages that wait no longer: their dossier has come (True), or their bounded wait is over (False).

    And the rows of those that would wait beyond `latest`, longer than anybody may: a clock was set back since.
    """
    named = or_(dossier.c.number == inbox.c.reference, dossier.c.alias_number == inbox.c.reference)
    arrived = exists().where(named, dossier.c.year == inbox.c.year)
    ahead = inbox.c.waits_until > latest
    due = or_(and_(inbox.c.waits_for == "predecessor", arrived), inbox.c.waits_until <= now)
    query = (
        select(inbox, arrived.label("arrived"), due.label("due"))
        .where(inbox.c.state == MessageState.WAITING.value, or_(due, ahead))
        .order_by(inbox.c.received_at, inbox.c.id)
        .limit(100)
    )
    rows = list(connection.execute(query))
    return [(made(StoredMessage, row), bool(row.arrived)) for row in rows if row.due], [
        row.id for row in rows if not row.due
    ]


def wait_from(connection: Connection, ids: Sequence[int], now: datetime, latest: datetime) -> None:
    """Let these wait from now on: how long they had waited is not known any more."""
    waiting = and_(inbox.c.id.in_(ids), inbox.c.state == MessageState.WAITING.value)
    connection.execute(update(inbox).where(waiting).values(waits_since=now, waits_until=latest))
