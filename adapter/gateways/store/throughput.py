"""How many messages came, what became of them, and how long their answers took: counted in stretches of five minutes.

The clock counts a stretch through the index of reception times; pages add stretches up and never count messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Double, Label, and_, case, cast, delete, extract, func, insert, select

from adapter.gateways.store.records import made_all
from adapter.gateways.store.tables import inbox, outbox, throughput
from adapter.model.outcomes import Word

STRETCH = 5
"""Minutes of one row."""
BOUNDS_S = {"within_1s": 1.0, "within_5s": 5.0, "within_30s": 30.0, "within_300s": 300.0}
_VIETNAM = 7 * 60
"""Minutes that the day begins earlier in Vietnam than in UTC."""
_COUNTS = ("messages", *(word.value for word in Word), "answered", "unsent", *BOUNDS_S)


@dataclass(frozen=True, slots=True)
class Counted:
    """Messages of a span of time. `within_…`: whose first answer had left by then; `slowest_s`: of the slowest one."""

    messages: int
    accepted: int
    refused: int
    rejected: int
    parked: int
    answered: int
    unsent: int
    within_1s: int
    within_5s: int
    within_30s: int
    within_300s: int
    slowest_s: float


@dataclass(frozen=True, slots=True)
class SpanCounted(Counted):
    """`span`: its number since 1970, in Vietnam's zone."""

    span: int


@dataclass(frozen=True, slots=True)
class ProcedureCounted(Counted):
    """Of one procedure; empty where it is not known."""

    procedure: str


@dataclass(frozen=True, slots=True)
class LastCount:
    """A stretch that was counted: its first minute since 1970, and when."""

    minute: int
    counted_at: datetime


def minute_of(moment: datetime) -> int:
    """The first minute of the stretch in which it lies."""
    minutes = int(moment.timestamp()) // 60
    return minutes - minutes % STRETCH


def begin_of(minute: int) -> datetime:
    """When it began."""
    return datetime.fromtimestamp(minute * 60, UTC)


def last(connection: Connection, *, until: datetime, many: int) -> list[LastCount]:
    """The newest stretches until then that were counted, the newest first."""
    query = select(throughput.c.minute, func.max(throughput.c.counted_at).label("counted_at"))
    query = (
        query.where(throughput.c.minute <= minute_of(until))
        .group_by(throughput.c.minute)
        .order_by(throughput.c.minute.desc())
    )
    return made_all(LastCount, connection.execute(query.limit(many)))


def count(connection: Connection, minute: int, now: datetime) -> None:
    """Count one stretch, anew if it was counted before. One without messages has a row too: it was counted."""
    begins = begin_of(minute)
    mine = and_(inbox.c.received_at >= begins, inbox.c.received_at < begins + timedelta(minutes=STRETCH))
    first = (
        select(func.min(outbox.c.sent_at))
        .where(outbox.c.inbox_id == inbox.c.id, outbox.c.copy_of.is_(None))
        .scalar_subquery()
    )
    made = select(outbox.c.id).where(outbox.c.inbox_id == inbox.c.id, outbox.c.copy_of.is_(None)).exists()
    each = (
        select(
            func.coalesce(inbox.c.procedure, "").label("procedure"),
            inbox.c.outcome,
            _seconds(connection, inbox.c.received_at, first).label("took"),
            made.label("has_answer"),
        )
        .where(mine)
        .subquery()
    )
    took = each.c.took
    counted: list[Label[int] | Label[float]] = [
        func.count().label("messages"),
        *(_many(each.c.outcome == word.value).label(word.value) for word in Word),
        _many(took.is_not(None)).label("answered"),
        _many(and_(took.is_(None), each.c.has_answer)).label("unsent"),
        *(_many(took <= bound).label(name) for name, bound in BOUNDS_S.items()),
        func.coalesce(func.max(took), 0.0).label("slowest_s"),
    ]
    query = select(each.c.procedure, *counted).group_by(each.c.procedure)
    rows = [dict(row._mapping) for row in connection.execute(query)] or [_nothing()]
    connection.execute(delete(throughput).where(throughput.c.minute == minute))
    connection.execute(insert(throughput), [{**row, "minute": minute, "counted_at": now} for row in rows])


def spans(connection: Connection, since: datetime, minutes: int) -> list[SpanCounted]:
    """What was counted since then, by spans of so many minutes that begin with the day in Vietnam."""
    span = ((throughput.c.minute + _VIETNAM) // minutes).label("span")
    query = select(span, *_sums())
    query = query.where(throughput.c.minute >= minute_of(since)).group_by(span).order_by(span)
    return made_all(SpanCounted, connection.execute(query))


def procedures(connection: Connection, since: datetime) -> list[ProcedureCounted]:
    """What was counted since then, by procedure, the most frequent first."""
    query = select(throughput.c.procedure, *_sums()).where(throughput.c.minute >= minute_of(since))
    query = query.where(throughput.c.messages > 0).group_by(throughput.c.procedure)
    rows = made_all(ProcedureCounted, connection.execute(query))
    return sorted(rows, key=lambda row: (-row.messages, row.procedure))


def span_of(moment: datetime, minutes: int) -> int:
    """The span in which it lies."""
    return (int(moment.timestamp()) // 60 + _VIETNAM) // minutes


def begin_of_span(span: int, minutes: int) -> datetime:
    """When a span began."""
    return begin_of(span * minutes - _VIETNAM)


def sweep(connection: Connection, before: datetime) -> None:
    """Forget what is older."""
    connection.execute(delete(throughput).where(throughput.c.minute < minute_of(before)))


def _nothing() -> dict[str, object]:
    return {"procedure": "", **dict.fromkeys(_COUNTS, 0), "slowest_s": 0.0}


def _sums() -> list[ColumnElement[int] | ColumnElement[float]]:
    sums: list[ColumnElement[int] | ColumnElement[float]] = [
        func.sum(throughput.c[name]).label(name) for name in _COUNTS
    ]
    return [*sums, func.max(throughput.c.slowest_s).label("slowest_s")]


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _seconds(
    connection: Connection, begin: ColumnElement[datetime], end: ColumnElement[datetime]
) -> ColumnElement[float]:
    if connection.dialect.name == "sqlite":
        return (func.julianday(end, type_=Double) - func.julianday(begin, type_=Double)) * 86400
    return cast(extract("epoch", end - begin), Double)
