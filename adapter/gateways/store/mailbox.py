"""Inbox and outbox: what came, and what leaves, once each. Bytes that were signed are never changed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)

from adapter.gateways.store.tables import UNRECEIVED, attempt, declaration, dossier, inbox, outbox
from adapter.model.identifiers import Digest
from adapter.model.outcomes import MessageState, Route, SignedReply, UnsignedReply
from adapter.model.procedure import ReplyKind


@dataclass(frozen=True, slots=True)
class MessageIdentity:
    """Who sent a message and what he called it; for what cannot be verified, its raw bytes (wire profile 5)."""

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
    wanted = {(identity.sender, identity.name) for identity in identities}
    if not wanted:
        return {}
    columns = (inbox.c.sender, inbox.c.identity, inbox.c.id, inbox.c.public_id, inbox.c.state, inbox.c.outcome)
    query = select(*columns, inbox.c.content_digest, inbox.c.digest).where(
        tuple_(inbox.c.sender, inbox.c.identity).in_(sorted(wanted))
    )
    return {
        MessageIdentity(row.sender, row.identity): Known(
            row.id, row.public_id, MessageState(row.state), row.outcome, row.content_digest, row.digest
        )
        for row in connection.execute(query)
    }


def close_parked(connection: Connection, digests: Sequence[str]) -> None:
    """The same bytes were parked before and are judged now: nothing is left to do for the parked copy (pyas2 #33)."""
    if digests:
        query = update(inbox).where(inbox.c.digest.in_(digests), inbox.c.state == MessageState.PARKED.value)
        connection.execute(query.values(state=MessageState.SETTLED.value, note="judged when it came again"))


def rewrite(connection: Connection, values: dict[str, Any]) -> None:
    """Replace the row of a try that had not settled."""
    connection.execute(update(inbox).where(inbox.c.id == values["id"]).values(**values))


def request_of(connection: Connection, dossier_id: int, version: int) -> Row[Any]:
    """The message that brought a version of a dossier."""
    query = (
        select(inbox)
        .join(declaration, declaration.c.inbox_id == inbox.c.id)
        .where(declaration.c.dossier_id == dossier_id, declaration.c.version == version)
    )
    return connection.execute(query).one()


def stored(connection: Connection, row_id: int) -> Row[Any]:
    """A message by its row."""
    return connection.execute(select(inbox).where(inbox.c.id == row_id)).one()


def open_transfer(connection: Connection, dossier_id: int) -> bool:
    """Whether the window has not confirmed a transfer of this dossier: no answer yet, or an error."""
    query = select(outbox.c.id).where(outbox.c.dossier_id == dossier_id, UNRECEIVED)
    return connection.execute(query.limit(1)).first() is not None


def open_transfers(connection: Connection, limit: int) -> list[Row[Any]]:
    """Transfers that the window has not confirmed, the oldest first, each with its dossier's number and year."""
    columns = [outbox.c[name] for name in ("message_id", "created_at", "sent_at", "answer", "awaits_unit")]
    query = (
        select(*columns, dossier.c.number, dossier.c.year, dossier.c.procedure)
        .join(dossier, dossier.c.id == outbox.c.dossier_id)
        .where(UNRECEIVED, outbox.c.taken_back_at.is_(None))
        .order_by(outbox.c.created_at, outbox.c.id)
    )
    return list(connection.execute(query.limit(limit)))


def count_open_transfers(connection: Connection) -> tuple[int, int]:
    """How many transfers the window has not confirmed, and how many of them have not left."""
    stays = func.count().filter(outbox.c.sent_at.is_(None))
    query = select(func.count(), stays).select_from(outbox).where(UNRECEIVED, outbox.c.taken_back_at.is_(None))
    whole, unsent = connection.execute(query).one()
    return int(whole), int(unsent)


def reply_row(
    made: SignedReply | UnsignedReply,
    *,
    row_id: int,
    inbox_id: int | None,
    dossier_id: int | None,
    ordinal: int,
    route: Route,
    readable: bool,
    at: datetime,
) -> dict[str, Any]:
    """An outbox row. A reply on the portal's route is sent by being readable; one on another may be readable too."""
    reply, signed = made.reply, made if isinstance(made, SignedReply) else None
    return {
        "id": row_id,
        "dossier_id": dossier_id,
        "ordinal": ordinal,
        "inbox_id": inbox_id,
        "copy_of": None,
        "kind": reply.kind.value,
        "message_id": reply.message_id,
        "correlation_id": reply.correlation_id,
        "document_type": reply.document_type,
        "type": reply.type,
        "function": reply.function,
        "reference": reply.key.number if reply.key else "",
        "body": signed.body if signed else reply.xml,
        "digest": signed.digest if signed else "",
        "route": (route if signed else Route.AWAITING_KEY).value,
        "created_at": at,
        "sent_at": at if route is Route.PORTAL and signed else None,
        "readable_at": at if readable and signed else None,
        "awaits_unit": made.unit if isinstance(made, UnsignedReply) else None,
    }


TAKEN_BACK = tuple(
    kind.value for kind in (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION, ReplyKind.AMENDMENT_REQUEST)
)
"""Kinds that are taken back while they wait: a confirmation by a newer version, a request by its officer."""
LEFT = or_(outbox.c.sent_at.is_not(None), outbox.c.readable_at.is_not(None), outbox.c.in_hand_at.is_not(None))


def copies(connection: Connection, inbox_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The stored answers of messages, to be sent again as they are.

    What may still be taken back is not among them: it leaves by itself, and a copy would leave in its stead.
    """
    if not inbox_ids:
        return {}
    query = (
        select(outbox)
        .where(outbox.c.inbox_id.in_(inbox_ids), outbox.c.copy_of.is_(None), outbox.c.route != Route.TRANSFER.value)
        .where(outbox.c.taken_back_at.is_(None), outbox.c.awaits_unit.is_(None))
        .where(or_(outbox.c.kind.not_in(TAKEN_BACK), LEFT))
        .order_by(outbox.c.ordinal, outbox.c.created_at, outbox.c.id)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.inbox_id, []).append(row)
    return found


def copy_row(original: Row[Any], *, row_id: int, at: datetime) -> dict[str, Any]:
    """An outbox row that sends a stored answer again; the bytes stay with the original."""
    values = dict(original._mapping)
    values.pop("readable_at", None)
    values.pop("delivered_at", None)
    values.pop("answer", None)
    values.pop("returns", None)
    return {
        **values,
        "id": row_id,
        "dossier_id": None,
        "body": None,
        "copy_of": original.id,
        "created_at": at,
        "sent_at": at if original.route == Route.PORTAL.value else None,
    }


@dataclass(frozen=True, slots=True)
class DueReply:
    """A reply that may leave now."""

    id: int
    body: bytes
    digest: Digest
    document_type: str
    type: str
    function: str
    message_id: str
    correlation_id: str | None
    dossier_id: int | None
    kind: str
    in_hand: bool
    """A dispatcher has said that it takes it to publish it."""


def claim(connection: Connection, *, limit: int, transfers: bool, returned: bool) -> list[DueReply]:
    """Replies that may leave, locked for this transaction; with `returned` those too that came back before.

    A lock serialises but does not order: a reply leaves only when its dossier has no earlier one unsent, and nothing
    is paged by "id greater than the last" (a transaction that commits late has a low id). Two dispatchers skip each
    other's rows. What came back often stands behind the others, or replies that can never leave would fill every batch
    for ever; within a dossier nothing is overtaken by that, since of each dossier only the first may leave.
    """
    earlier, original = outbox.alias("earlier"), outbox.alias("original")
    routes = [Route.WINDOW.value, *([Route.TRANSFER.value] if transfers else [])]
    blocked: ColumnElement[bool] = exists().where(
        and_(
            earlier.c.dossier_id == outbox.c.dossier_id,
            earlier.c.ordinal < outbox.c.ordinal,
            earlier.c.sent_at.is_(None),
            earlier.c.taken_back_at.is_(None),
            earlier.c.awaits_unit.is_(None),  # not made before its key signs it: what is about another version goes on
        )
    )
    query = (
        select(
            outbox.c.id,
            func.coalesce(outbox.c.body, original.c.body).label("body"),
            outbox.c.digest,
            outbox.c.document_type,
            outbox.c.type,
            outbox.c.function,
            outbox.c.message_id,
            outbox.c.correlation_id,
            outbox.c.dossier_id,
            outbox.c.kind,
            outbox.c.in_hand_at,
        )
        .select_from(outbox.outerjoin(original, original.c.id == outbox.c.copy_of))
        .where(outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None), outbox.c.route.in_(routes), ~blocked)
        .where(outbox.c.awaits_unit.is_(None))
        .order_by(outbox.c.returns, outbox.c.created_at, outbox.c.id)
        .limit(limit)
    )
    if not returned:
        query = query.where(outbox.c.returns == 0)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update(skip_locked=True, of=outbox)
    return [
        DueReply(
            id=row.id,
            body=row.body,
            digest=Digest(row.digest),
            document_type=row.document_type,
            type=row.type,
            function=row.function,
            message_id=row.message_id,
            correlation_id=row.correlation_id,
            dossier_id=row.dossier_id,
            kind=row.kind,
            in_hand=row.in_hand_at is not None,
        )
        for row in connection.execute(query)
    ]


SENT_AT = func.coalesce(outbox.c.readable_at, outbox.c.sent_at)
"""When a reply was sent in law: readable on the portal, or confirmed by the broker, whichever was first."""


def take_in_hand(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """A dispatcher is about to publish these: from now on nobody takes them back, even if it dies on the way."""
    if ids:
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(in_hand_at=at))


def take_back(connection: Connection, dossier_id: int, kind: str, at: datetime) -> int | None:
    """The newest reply of a kind to a dossier, if it has not left, never leaves; gives its id."""
    newest = (
        select(outbox.c.id)
        .where(outbox.c.dossier_id == dossier_id, outbox.c.kind == kind, outbox.c.copy_of.is_(None))
        .order_by(outbox.c.ordinal.desc())
        .limit(1)
    )
    row_id = connection.execute(newest).scalar()
    return row_id if row_id is not None and hold_back(connection, row_id, at) else None


def hold_back(connection: Connection, row_id: int, at: datetime) -> bool:
    """A reply never leaves; whether it had not left before."""
    query = update(outbox).where(outbox.c.id == row_id, ~LEFT, outbox.c.taken_back_at.is_(None))
    return connection.execute(query.values(taken_back_at=at)).rowcount > 0


def awaiting(connection: Connection) -> list[Row[Any]]:
    """Replies that wait for the key of their unit, in the order of each dossier."""
    columns = (outbox.c.id, outbox.c.awaits_unit, outbox.c.created_at, dossier.c.number, dossier.c.year)
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    query = select(*columns).join(dossier, dossier.c.id == outbox.c.dossier_id).where(*waits)
    return list(connection.execute(query.order_by(outbox.c.dossier_id, outbox.c.ordinal)))


def still_awaiting(connection: Connection, row_id: int) -> Row[Any] | None:
    """A reply that waits for the key of its unit; None where it was signed or taken back meanwhile."""
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    return connection.execute(select(outbox).where(outbox.c.id == row_id, *waits)).first()


def keep_signed(connection: Connection, row_id: int, signed: SignedReply, values: dict[str, Any]) -> None:
    """The key of its unit has signed a reply that waited: from now on its bytes are final."""
    final = {"body": signed.body, "digest": signed.digest, "awaits_unit": None, **values}
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**final))


def drop_awaiting(connection: Connection, dossier_id: int, kind: str, at: datetime, *, but: int = 0) -> None:
    """What waits for a key and has become void is never signed; `but`: not that row."""
    mine = (outbox.c.dossier_id == dossier_id, outbox.c.kind == kind, outbox.c.id != but)
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    connection.execute(update(outbox).where(*mine, *waits).values(taken_back_at=at))


def mark_sent(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """These left and the broker has confirmed them."""
    if ids:
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=at))


def mark_returned(connection: Connection, ids: Sequence[int]) -> None:
    """These were tried and did not leave: given back, refused, or never confirmed. They stay and are tried again."""
    if ids:
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(returns=outbox.c.returns + 1))


def unsent(connection: Connection) -> dict[str, int]:
    """How many replies wait, by route."""
    waiting = func.count().label("waiting")
    stays = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None))
    query = select(outbox.c.route, waiting).where(*stays).group_by(outbox.c.route)
    return {row.route: row.waiting for row in connection.execute(query)}


def answered(
    connection: Connection, *, message_id: str | None, document_type: str, reply_type: str, reference: str
) -> Row[Any] | None:
    """The reply of ours that a 99 or 00 answers: by correlation id, else the oldest unanswered of that subject."""
    mine = outbox.c.copy_of.is_(None)
    if message_id:
        row = connection.execute(select(outbox).where(outbox.c.message_id == message_id, mine)).first()
        if row is not None:
            return row
    query = (
        select(outbox)
        .where(
            outbox.c.document_type == document_type,
            outbox.c.type == reply_type,
            outbox.c.reference == reference,
            outbox.c.answer.is_(None),
            outbox.c.route.in_([Route.WINDOW.value, Route.TRANSFER.value]),
            mine,
        )
        .order_by(outbox.c.created_at, outbox.c.ordinal)
        .limit(1)
    )
    return connection.execute(query).first()


def mark_answered(connection: Connection, row_id: int, answer: str, at: datetime) -> None:
    """Keep what the window said to a reply; its 99 is the nearest evidence that the declarant has it."""
    values: dict[str, Any] = {"answer": case((outbox.c.answer == "receipt", "receipt"), else_=answer)}
    if answer == "receipt":
        values["delivered_at"] = func.coalesce(outbox.c.delivered_at, literal(at, outbox.c.delivered_at.type))
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(values))


def mark_read(connection: Connection, row_ids: Sequence[int], at: datetime) -> set[int]:
    """The declarant reads these on the portal: he has them, and what was not sent otherwise is sent with that.

    The first time counts (Article 10). Gives those of them: not what was taken back a moment before.
    """
    if not row_ids:
        return set()
    mine = outbox.c.id.in_(row_ids), outbox.c.taken_back_at.is_(None), outbox.c.delivered_at.is_(None)
    read = (
        update(outbox)
        .where(*mine)
        .values(
            delivered_at=at,
            readable_at=case((~LEFT, literal(at, outbox.c.readable_at.type)), else_=outbox.c.readable_at),
        )
    )
    return set(connection.execute(read.returning(outbox.c.id)).scalars())


def attempts(connection: Connection, digest: str) -> int:
    """How often this message was taken up without settling."""
    query = select(func.count()).select_from(attempt).where(attempt.c.digest == digest, attempt.c.settled_at.is_(None))
    return int(connection.execute(query).scalar_one())


def record_attempt(connection: Connection, digest: str, row_id: int, at: datetime) -> None:
    """One more try."""
    connection.execute(insert(attempt).values(id=row_id, digest=digest, at=at))


def withdraw_attempt(connection: Connection, row_id: int) -> None:
    """That try says nothing of its message: something else was away."""
    connection.execute(delete(attempt).where(attempt.c.id == row_id))


def settle_attempts(connection: Connection, digest: str, at: datetime) -> None:
    """The message settled: its earlier tries count no more."""
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
    unsettled = text("state <> 'settled'")  # as the partial index says it, so that SQLite finds that
    query = select(func.count()).select_from(inbox).where(unsettled, inbox.c.state == MessageState.PARKED.value)
    return int(connection.execute(query).scalar_one())


def dated_ahead(connection: Connection, now: datetime) -> int:
    """How many messages were received later than now."""
    query = select(func.count()).select_from(inbox).where(inbox.c.received_at > now)
    return int(connection.execute(query).scalar_one())


def woken(connection: Connection, now: datetime, latest: datetime) -> tuple[list[tuple[Row[Any], bool]], list[int]]:
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
    return [(row, bool(row.arrived)) for row in rows if row.due], [row.id for row in rows if not row.due]


def wait_from(connection: Connection, ids: Sequence[int], now: datetime, latest: datetime) -> None:
    """These begin to wait now: what they had waited is not known any more."""
    waiting = and_(inbox.c.id.in_(ids), inbox.c.state == MessageState.WAITING.value)
    connection.execute(update(inbox).where(waiting).values(waits_since=now, waits_until=latest))
