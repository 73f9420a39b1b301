"""What operators read of the background's looks: each with its age, none taken while somebody waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapter.gateways.store import snapshots, staying, throughput
from adapter.gateways.store.database import Database
from adapter.gateways.store.snapshots import (
    CertificatesSeen,
    DeadlinesSeen,
    Look,
    MachineSeen,
    QueuesSeen,
    Snapshot,
)
from adapter.gateways.store.staying import StayingReason, StayingReply, Stays
from adapter.gateways.store.throughput import ProcedureCounted, SpanCounted
from adapter.model.actor import Actor
from adapter.services.access.rights import Right, needs

SHOWN = 50


class TrafficSpan(StrEnum):
    """A stretch of the past that is shown, in how many parts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def length(self) -> timedelta:
        """All of it."""
        return _LENGTHS[self]

    @property
    def minutes(self) -> int:
        """Of one part."""
        return _MINUTES[self]


_LENGTHS = {
    TrafficSpan.DAY: timedelta(days=1),
    TrafficSpan.WEEK: timedelta(days=7),
    TrafficSpan.MONTH: timedelta(days=30),
}
_MINUTES = {TrafficSpan.DAY: 60, TrafficSpan.WEEK: 6 * 60, TrafficSpan.MONTH: 24 * 60}


@dataclass(frozen=True, slots=True)
class TrafficPart:
    """One part of a span, and what came in it; None: nothing was counted."""

    begins_at: datetime
    counted: SpanCounted | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Messages of a span by its parts, the oldest first, and by procedure."""

    span: TrafficSpan
    parts: tuple[TrafficPart, ...]
    procedures: tuple[ProcedureCounted, ...]


@dataclass(frozen=True, slots=True)
class Staying:
    """Why replies have not left, and the oldest of them. `more`: others are not looked at, there are too many."""

    reasons: tuple[StayingReason, ...]
    replies: tuple[StayingReply, ...]
    more: bool


@dataclass(frozen=True)
class Console:
    """Reads for operators and auditors. `clock` gives the legal time."""

    database: Database
    clock: Callable[[], datetime]

    def queues(self, *, actor: Actor) -> Snapshot[QueuesSeen] | None:
        """The broker's queues at the last look; None: nobody has looked.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            return next(iter(snapshots.read(connection, Look.QUEUES, QueuesSeen)), None)

    def machines(self, *, actor: Actor) -> tuple[Snapshot[MachineSeen], ...]:
        """The daemon of each machine with its parts.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            return tuple(snapshots.read(connection, Look.PARTS, MachineSeen))

    def certificates(self, *, actor: Actor) -> Snapshot[CertificatesSeen] | None:
        """The certificates in use; None: nobody has looked.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            return next(iter(snapshots.read(connection, Look.CERTIFICATES, CertificatesSeen)), None)

    def deadlines(self, *, actor: Actor) -> Snapshot[DeadlinesSeen] | None:
        """How the deadlines of the last days stand; None: nobody has looked.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            return next(iter(snapshots.read(connection, Look.DEADLINES, DeadlinesSeen)), None)

    def traffic(self, span: TrafficSpan, *, actor: Actor) -> Traffic:
        """Messages, outcomes and how long answers took.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        now = self.clock()
        last = throughput.span_of(now, span.minutes)
        first = last - round(span.length / timedelta(minutes=span.minutes)) + 1
        since = throughput.begin_of_span(first, span.minutes)
        with self.database.reading() as connection:
            counted = {each.span: each for each in throughput.spans(connection, since, span.minutes)}
            procedures = throughput.procedures(connection, since)
        parts = [
            TrafficPart(throughput.begin_of_span(number, span.minutes), counted.get(number))
            for number in range(first, last + 1)
        ]
        return Traffic(span, tuple(parts), tuple(procedures))

    def staying(self, reason: Stays | None, *, actor: Actor) -> Staying:
        """Replies that have not left, by reason, and the oldest of one reason (None: of any).

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            looked = [staying.reasons(connection, returned=returned) for returned in (True, False)]
            replies = [
                each
                for returned in (True, False)
                for each in staying.replies(connection, reason, returned=returned, limit=SHOWN)
            ]
        reasons = [*looked[0], *looked[1]]
        joined = tuple(_joined(each, reasons) for each in Stays if any(row.reason == each.value for row in reasons))
        more = any(sum(each.many for each in stretch) >= staying.STRETCH for stretch in looked)
        return Staying(joined, tuple(sorted(replies, key=lambda each: each.created_at)[:SHOWN]), more)


def _joined(reason: Stays, rows: list[StayingReason]) -> StayingReason:
    mine = [each for each in rows if each.reason == reason.value]
    return StayingReason(
        reason.value,
        sum(each.many for each in mine),
        min(each.oldest_at for each in mine),
        max(each.returns for each in mine),
    )
