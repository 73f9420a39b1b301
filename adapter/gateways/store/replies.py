"""The outbox: our replies. Bytes that were signed are never changed again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from adapter.gateways.store.dossier_records import TransferWithDossier
from adapter.gateways.store.lists import COUNTED
from adapter.gateways.store.new_rows import NewReply, NewRow
from adapter.gateways.store.records import AwaitingReply, StoredReply, made, made_all, made_first
from adapter.gateways.store.tables import UNRECEIVED, dossier, outbox
from adapter.model.outcomes import Route, SignedReply, UnsignedReply
from adapter.model.procedure import ReplyKind


def open_transfer(connection: Connection, dossier_id: int) -> bool:
    """Whether the window has not confirmed a transfer of this dossier: no answer yet, or an error."""
    query = select(outbox.c.id).where(outbox.c.dossier_id == dossier_id, UNRECEIVED)
    return connection.execute(query.limit(1)).first() is not None


def open_transfers(connection: Connection, limit: int) -> list[TransferWithDossier]:
    """Transfers that the window has not confirmed, the oldest first, each with its dossier's number and year."""
    columns = [outbox.c[name] for name in ("message_id", "created_at", "sent_at", "answer", "awaits_unit")]
    query = (
        select(*columns, dossier.c.number, dossier.c.year, dossier.c.procedure)
        .join(dossier, dossier.c.id == outbox.c.dossier_id)
        .where(UNRECEIVED, outbox.c.taken_back_at.is_(None))
        .order_by(outbox.c.created_at, outbox.c.id)
    )
    return made_all(TransferWithDossier, connection.execute(query.limit(limit)))


def count_open_transfers(connection: Connection) -> tuple[int, int]:
    """How many transfers the window has not confirmed, and how many of them have not left."""
    stays = func.count().filter(outbox.c.sent_at.is_(None))
    query = select(func.count(), stays).select_from(outbox).where(UNRECEIVED, outbox.c.taken_back_at.is_(None))
    whole, unsent = connection.execute(query).one()
    return int(whole), int(unsent)


def stuck_transfers(connection: Connection, *, sent_before: datetime) -> int:
    """How many transfers the window has refused, or was sent before that time and has not answered; at most `COUNTED`:
    a window that never answers leaves more every day.
    """
    stays = or_(outbox.c.answer.is_not(None), outbox.c.sent_at < sent_before)
    query = select(outbox.c.id).where(UNRECEIVED, outbox.c.taken_back_at.is_(None), stays)
    oldest = query.order_by(outbox.c.created_at).limit(COUNTED).subquery()  # the order of the index ix_outbox_transfer
    return int(connection.execute(select(func.count()).select_from(oldest)).scalar_one())


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
) -> NewReply:
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
"""Kinds that can be taken back before they are sent: confirmations by a newer version, requests by an officer."""


LEFT = or_(outbox.c.sent_at.is_not(None), outbox.c.readable_at.is_not(None), outbox.c.in_hand_at.is_not(None))


def copies(connection: Connection, inbox_ids: Sequence[int]) -> dict[int, list[StoredReply]]:
    """The stored answers of messages, to be sent again as they are.

    What may still be taken back is not among them: it leaves by itself; a copy would leave instead of it.
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
    found: dict[int, list[StoredReply]] = {}
    for row in connection.execute(query):
        found.setdefault(row.inbox_id, []).append(made(StoredReply, row))
    return found


def copy_row(original: StoredReply, *, row_id: int, at: datetime) -> NewReply:
    """An outbox row that sends a stored answer again; the bytes stay with the original."""
    return {
        "id": row_id,
        "dossier_id": None,
        "ordinal": original.ordinal,
        "inbox_id": original.inbox_id,
        "copy_of": original.id,
        "kind": original.kind,
        "message_id": original.message_id,
        "correlation_id": original.correlation_id,
        "document_type": original.document_type,
        "type": original.type,
        "function": original.function,
        "reference": original.reference,
        "body": None,
        "digest": original.digest,
        "route": original.route,
        "created_at": at,
        "sent_at": at if original.route == Route.PORTAL.value else None,
        "readable_at": None,
        "awaits_unit": None,
    }


SENT_AT = func.coalesce(outbox.c.readable_at, outbox.c.sent_at)
"""When a reply was sent in law: readable on the portal, or confirmed by the broker, whichever was first."""


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


def awaiting(connection: Connection) -> list[AwaitingReply]:
    """Replies that wait for the key of their unit, in the order of each dossier."""
    columns = (outbox.c.id, outbox.c.awaits_unit, outbox.c.created_at, dossier.c.number, dossier.c.year)
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    query = select(*columns).join(dossier, dossier.c.id == outbox.c.dossier_id).where(*waits)
    return made_all(AwaitingReply, connection.execute(query.order_by(outbox.c.dossier_id, outbox.c.ordinal)))


def still_awaiting(connection: Connection, row_id: int) -> StoredReply | None:
    """A reply that waits for the key of its unit; None where it was signed or taken back meanwhile."""
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    return made_first(StoredReply, connection.execute(select(outbox).where(outbox.c.id == row_id, *waits)))


def keep_signed(connection: Connection, row_id: int, signed: SignedReply, values: NewRow) -> None:
    """The key of its unit has signed a reply that waited: from now on its bytes are final."""
    final = {"body": signed.body, "digest": signed.digest, "awaits_unit": None, **values}
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**final))


def drop_awaiting(connection: Connection, dossier_id: int, kind: str, at: datetime, *, but: int = 0) -> None:
    """What waits for a key and has become void is never signed; `but`: not that row."""
    mine = (outbox.c.dossier_id == dossier_id, outbox.c.kind == kind, outbox.c.id != but)
    waits = (outbox.c.awaits_unit.is_not(None), outbox.c.taken_back_at.is_(None))
    connection.execute(update(outbox).where(*mine, *waits).values(taken_back_at=at))


def answered(
    connection: Connection, *, message_id: str | None, document_type: str, reply_type: str, reference: str
) -> StoredReply | None:
    """The reply of ours that a 99 or 00 answers: by correlation id, else the oldest unanswered of that subject."""
    mine = outbox.c.copy_of.is_(None)
    if message_id:
        named = select(outbox).where(outbox.c.message_id == message_id, mine)
        if (found := made_first(StoredReply, connection.execute(named))) is not None:
            return found
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
    return made_first(StoredReply, connection.execute(query))


def mark_answered(connection: Connection, row_id: int, answer: str, at: datetime) -> None:
    """Store the window's answer to a reply; a 99 is the best evidence that the declarant has it."""
    values: dict[str, Any] = {"answer": case((outbox.c.answer == "receipt", "receipt"), else_=answer)}
    if answer == "receipt":
        values["delivered_at"] = func.coalesce(outbox.c.delivered_at, literal(at, outbox.c.delivered_at.type))
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(values))


def is_delivered(connection: Connection, row_id: int) -> bool:
    """Whether the declarant has this reply."""
    query = select(outbox.c.delivered_at).where(outbox.c.id == row_id)
    return connection.execute(query).scalar() is not None


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
