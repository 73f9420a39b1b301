"""Why replies have not left: each has one reason, and each reason asks for something else of an operator.

Looked at are the oldest that were never tried, and the oldest that came back, a bounded number of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import Connection, Subquery, and_, case, func, or_, select

from adapter.gateways.store.departures import BEHIND
from adapter.gateways.store.reconciliation import OPENED_FIRST
from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.outcomes import PublishFault, Route

STRETCH = 2_000
"""So many of each are looked at; an outage of hours leaves more."""


class Stays(StrEnum):
    """Why a reply has not left."""

    RETURNED = "returned"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    UNIT_KEY = "unit_key"
    """The key of its unit has to sign it first."""
    BEHIND = "behind"
    """An earlier one of its dossier has not left, or of a copy its original."""
    OPENED = "opened"
    """It was opened on the portal first: the window gets it in a transfer."""
    TRANSFER = "transfer"
    """A transfer, which waits until the window works again."""
    DUE = "due"
    """Nothing keeps it: it leaves with the next round."""


_OF_OUTBOX = ("message_id", "kind", "type", "function", "document_type", "created_at", "returns")
_SHOWN = [outbox.c[name] for name in (*_OF_OUTBOX, "awaits_unit", "id", "dossier_id", "inbox_id")]


@dataclass(frozen=True, slots=True)
class StayingReason:
    """A reason, how many replies stay for it, since when the oldest waits, and how often one was tried at most."""

    reason: str
    many: int
    oldest_at: datetime
    returns: int


@dataclass(frozen=True, slots=True)
class StayingReply:
    """A reply that has not left. `answers`: our id of the message that it answers."""

    message_id: str
    kind: str
    type: str
    function: str
    document_type: str
    number: str | None
    year: int | None
    created_at: datetime
    returns: int
    reason: str
    awaits_unit: str | None
    answers: str | None


def reasons(connection: Connection, *, returned: bool) -> list[StayingReason]:
    """Of those that came back, or of those that were not tried: how many stay for which reason."""
    stretch = _stretch(returned)
    query = select(
        stretch.c.reason,
        func.count().label("many"),
        func.min(stretch.c.created_at).label("oldest_at"),
        func.max(stretch.c.returns).label("returns"),
    )
    return made_all(StayingReason, connection.execute(query.group_by(stretch.c.reason)))


def replies(connection: Connection, reason: Stays | None, *, returned: bool, limit: int) -> list[StayingReply]:
    """The oldest that stay for a reason (None: for any)."""
    stretch = _stretch(returned)
    query = (
        select(
            *(stretch.c[name] for name in (*_OF_OUTBOX, "awaits_unit", "reason")),
            dossier.c.number,
            dossier.c.year,
            inbox.c.public_id.label("answers"),
        )
        .select_from(
            stretch.outerjoin(dossier, dossier.c.id == stretch.c.dossier_id).outerjoin(
                inbox, inbox.c.id == stretch.c.inbox_id
            )
        )
        .order_by(stretch.c.created_at, stretch.c.id)
    )
    if reason is not None:
        query = query.where(stretch.c.reason == reason.value)
    return made_all(StayingReply, connection.execute(query.limit(limit)))


@cache
def _stretch(returned: bool) -> Subquery:
    """In the order of the index ix_outbox_unsent; put together once."""
    original = outbox.alias("original")
    # A value, not `EXISTS`: for that a server that estimates much reads the whole table once.
    left = select(original.c.sent_at).where(original.c.id == outbox.c.copy_of).scalar_subquery()
    unsent_original = and_(outbox.c.copy_of.is_not(None), left.is_(None))
    reason = case(
        (outbox.c.awaits_unit.is_not(None), Stays.UNIT_KEY.value),
        (and_(outbox.c.delivered_at.is_not(None), OPENED_FIRST), Stays.OPENED.value),
        (or_(BEHIND, unsent_original), Stays.BEHIND.value),
        (outbox.c.fault.in_([each.value for each in PublishFault]), outbox.c.fault),
        (outbox.c.route == Route.TRANSFER.value, Stays.TRANSFER.value),
        else_=Stays.DUE.value,
    )
    tried = outbox.c.returns > 0 if returned else outbox.c.returns == 0
    query = select(*_SHOWN, reason.label("reason")).where(outbox.c.sent_at.is_(None), outbox.c.taken_back_at.is_(None))
    oldest = query.where(tried).order_by(outbox.c.returns, outbox.c.created_at, outbox.c.id)
    return oldest.limit(STRETCH).subquery()
