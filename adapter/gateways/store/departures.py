"""How replies leave: claimed in the order of each dossier, taken in hand, sent, returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    exists,
    func,
    or_,
    select,
    update,
)

from adapter.gateways.store.lists import among
from adapter.gateways.store.reconciliation import OPENED_FIRST
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import outbox
from adapter.model.identifiers import Digest
from adapter.model.outcomes import PublishFault, Route

_earlier = outbox.alias("earlier")
BEHIND: ColumnElement[bool] = exists().where(
    _earlier.c.dossier_id == outbox.c.dossier_id,
    _earlier.c.ordinal < outbox.c.ordinal,
    _earlier.c.sent_at.is_(None),
    _earlier.c.taken_back_at.is_(None),
    _earlier.c.awaits_unit.is_(None),  # not made before its key signs it: what is about another version goes on
)
"""That an earlier reply of its dossier has not left."""


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


@dataclass(frozen=True, slots=True)
class WaitingReplies:
    """Replies of one route that have not left: how many, since when the oldest waits, how many of them came back."""

    route: str
    many: int
    since: datetime
    returned: int


def claim(connection: Connection, *, limit: int, transfers: bool, returned: bool) -> list[DueReply]:
    """Replies that may leave, locked for this transaction; with `returned` those too that came back before.

    A lock makes transactions run one after another, but not in the right order: a reply leaves only when its dossier
    has no earlier one unsent, and nothing is paged by "id greater than the last" (a transaction that commits late has
    a low id). Two dispatchers skip each other's rows. Replies that were returned often come last: otherwise those that
    can never leave would fill every batch. Within a dossier this changes no order, since only its first unsent reply
    may leave. What was opened on the portal first leaves in a transfer instead (`services/replies/settling`). A copy
    waits until its original has left: one that left first would tell the window what is then transferred to it.
    """
    original = outbox.alias("original")
    routes = [Route.WINDOW.value, *([Route.TRANSFER.value] if transfers else [])]
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
        .where(outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None), outbox.c.route.in_(routes), ~BEHIND)
        .where(outbox.c.awaits_unit.is_(None), or_(outbox.c.delivered_at.is_(None), ~OPENED_FIRST))
        .where(or_(outbox.c.copy_of.is_(None), original.c.sent_at.is_not(None)))
        .order_by(outbox.c.returns, outbox.c.created_at, outbox.c.id)
        .limit(limit)
    )
    if not returned:
        query = query.where(outbox.c.returns == 0)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update(skip_locked=True, of=outbox)
    return [_due(row) for row in connection.execute(query)]


def _due(row: Row[*tuple[Any, ...]]) -> DueReply:
    return DueReply(
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


def hold(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these claimed replies that still have not left, locked for this transaction (PostgreSQL).

    What another dispatcher has locked meanwhile is its own to send.
    """
    stays = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None))
    query = select(outbox.c.id).where(among(connection, outbox.c.id, ids), *stays)
    return set(connection.execute(query.with_for_update(skip_locked=True)).scalars())


def take_in_hand(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """A dispatcher is about to publish these: from now on nobody takes them back, even if it dies on the way."""
    if ids:
        connection.execute(update(outbox).where(among(connection, outbox.c.id, ids)).values(in_hand_at=at))


def make_readable(connection: Connection, at: datetime) -> list[int]:
    """What waits for the window can be read on the portal from now on: it is sent with that; gives the replies."""
    waits = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None), outbox.c.awaits_unit.is_(None))
    mine = (outbox.c.route == Route.WINDOW.value, outbox.c.dossier_id.is_not(None), outbox.c.copy_of.is_(None))
    query = update(outbox).where(*waits, *mine, outbox.c.readable_at.is_(None)).values(readable_at=at)
    return list(connection.execute(query.returning(outbox.c.id)).scalars())


def mark_sent(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """These left and the broker has confirmed them."""
    if ids:
        connection.execute(update(outbox).where(among(connection, outbox.c.id, ids)).values(sent_at=at))


def mark_returned(connection: Connection, ids: Sequence[int], fault: PublishFault) -> None:
    """These were tried and did not leave, for that reason. They stay and are tried again."""
    if ids:
        again = {"returns": outbox.c.returns + 1, "fault": fault.value}
        connection.execute(update(outbox).where(among(connection, outbox.c.id, ids)).values(again))


def any_before(connection: Connection, moment: datetime) -> bool:
    """Whether a reply or transfer to the window that was made by then has not left, though nothing else keeps it."""
    stays = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None), outbox.c.awaits_unit.is_(None))
    to_window = outbox.c.route.in_((Route.WINDOW.value, Route.TRANSFER.value))
    query = select(outbox.c.id).where(*stays, to_window, outbox.c.created_at <= moment).limit(1)
    return connection.execute(query).first() is not None


def unsent(connection: Connection) -> dict[str, WaitingReplies]:
    """Replies that wait, by route; asked as one statement, since all of them are looked at."""
    stays = (outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None))
    query = select(
        outbox.c.route,
        func.count().label("many"),
        func.min(outbox.c.created_at).label("since"),
        func.count().filter(outbox.c.returns > 0).label("returned"),
    )
    found = made_all(WaitingReplies, connection.execute(query.where(*stays).group_by(outbox.c.route)))
    return {each.route: each for each in found}
