"""Time limits (thời hạn) as moments: when one ends that begins now, and whether something came too late for one.

Hours run through day and night (Article 5: 24/24, holidays too). Days and working days begin with the day after, end
with the last day's end in Vietnam, and never on a day that is not worked (Civil Code 2015 Articles 147 and 148).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from adapter.model.calendar import Calendar, YearUnknown
from adapter.model.catalogue import Catalogue
from adapter.model.duties import Deadline, Unit
from adapter.model.procedure import Procedure
from adapter.pipeline.envelope import VIETNAM, read_time

CONFIRM_WITHIN, AMEND_WITHIN = "confirm_within", "amend_within"
DECLARE_BEFORE, DECLARE_WITHIN = "declare_before", "declare_within"
"""Time limits that a message keeps or misses when it comes: so long before a time it states, or after it."""
BRING_WITHIN = "bring_within"
RUNNING_KINDS = {
    CONFIRM_WITHIN: "border_guard",
    AMEND_WITHIN: "declarant",
    "confirm_amendment_within": "border_guard",
    BRING_WITHIN: "declarant",
}
"""Time limits that begin with something that happened to a dossier, each with whom it binds.

- `confirm_within`: from the version's reception until the confirmation (30/23) was sent (Articles 10, 13, 16);
- `amend_within`: from the moment the declarant has the request to amend (20/25), to his amendment;
- `confirm_amendment_within`: from the amendment's reception until its confirmation (30/28) was sent;
- `bring_within`: from a time that the form states, watched from the confirmation on, to when it was brought.
"""
TIMED_KINDS = (DECLARE_BEFORE, DECLARE_WITHIN, BRING_WITHIN)
"""Those that count to or from a time that the form states."""


def end(amount: float, unit: Unit, begin: datetime, calendar: Calendar) -> datetime:
    """When a time limit that begins at `begin` ends.

    Raises:
        YearUnknown: it is counted in days, and the calendar lacks a year that it touches.
    """
    match unit:
        case Unit.HOURS:
            return begin + timedelta(hours=amount)
        case Unit.DAYS:
            last = begin.astimezone(VIETNAM).date() + timedelta(days=int(amount))
            return _close_of(calendar.next_working(last))
        case Unit.WORKING_DAYS:
            return _close_of(calendar.after(begin.astimezone(VIETNAM).date(), int(amount)))


def is_late(limit: Deadline, came_at: datetime, moment: datetime, calendar: Calendar) -> bool:
    """Whether what had to come so long before `moment`, or within so long after it (`declare_within`), came too late.

    Not so where the calendar cannot tell.
    """
    day, came = moment.astimezone(VIETNAM).date(), came_at.astimezone(VIETNAM).date()
    try:
        if limit.kind == DECLARE_WITHIN:
            return came_at > end(limit.amount, limit.unit, moment, calendar)
        match limit.unit:
            case Unit.HOURS:
                return came_at + timedelta(hours=limit.amount) > moment
            case Unit.DAYS:
                return came > day - timedelta(days=int(limit.amount))
            case Unit.WORKING_DAYS:
                return came > calendar.before(day, int(limit.amount))
    except YearUnknown:
        return False


def late_by(limit: Deadline, came_at: datetime, moment: datetime) -> timedelta | None:
    """How much too late it came, of what had to come so many hours before `moment`; None where it came in time, or
    where the limit is counted otherwise.
    """
    if limit.kind != DECLARE_BEFORE or limit.unit is not Unit.HOURS:
        return None
    late = came_at + timedelta(hours=limit.amount) - moment
    return late if late > timedelta() else None


def to_bring(procedure: Procedure, values: Mapping[str, object]) -> Iterator[tuple[Deadline, datetime]]:
    """What the declarant brings later, by values as they are stored: each limit, and the time from which it counts."""
    for limit in procedure.deadlines:
        start = read_time(str(values.get(limit.field or "", "")))
        if limit.kind == BRING_WITHIN and start is not None and limit.holds(values):
            yield limit, start


def _close_of(day: date) -> datetime:
    return datetime.combine(day, time.max, VIETNAM)


Pause = tuple[datetime, datetime | None]
"""From when until when (None: still) a time limit stands still."""


def with_pauses(begin: datetime, due: datetime, pauses: Iterable[Pause], now: datetime) -> datetime:
    """When a time limit ends that would run from `begin` to `due` and stands still in these pauses.

    A pause that goes on counts up to now, so that what is left stays the same. What begins at its end or later changes
    nothing: what is over does not run again.
    """
    seen = begin
    for since, until in sorted(pauses, key=lambda each: each[0]):
        stops, goes_on = max(since, seen), min(until or now, now)
        if stops >= due:
            break
        if goes_on > stops:
            due, seen = due + (goes_on - stops), goes_on
    return due


@dataclass(frozen=True, slots=True)
class Term:
    """A deadline that runs.

    The law's clock runs from `started_at` to `due_at`. `noticed_at` is when there was first something to watch: the
    dossier's first reception, or the making of a request to amend. Until the law's clock runs, alerts count from then.
    A time that the calendar cannot tell is None.
    """

    limit: Deadline
    noticed_at: datetime
    alert_due_at: datetime | None
    warn_at: datetime | None
    started_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What terms are made with. `warn_share`: at which share of the time an alert goes out, between 0 and 1.

    `hour_stands`: the hour to amend stands still while the declarant is suspended.
    """

    calendar: Calendar
    warn_share: float
    hour_stands: bool = False

    @classmethod
    def of(cls, catalogue: Catalogue) -> Terms:
        """With the calendar and the share that the catalogue holds."""
        return cls(catalogue.calendar, catalogue.warn_share, catalogue.hour_stands)

    def term(self, limit: Deadline, *, noticed_at: datetime, started_at: datetime | None) -> Term:
        """A deadline that begins to run; `started_at` None: the law's clock does not run yet."""
        begin = started_at or noticed_at
        alert_due = self.due(limit.amount, limit.unit, begin)
        warn = None if alert_due is None else self.warn_at(begin, alert_due)
        return Term(limit, noticed_at, alert_due, warn, started_at, None if started_at is None else alert_due)

    def warn_at(self, begin: datetime, alert_due: datetime) -> datetime:
        """When an alert goes out of what runs from `begin` to `alert_due`."""
        return begin + (alert_due - begin) * self.warn_share

    def due(self, amount: float, unit: Unit, begin: datetime) -> datetime | None:
        """When it ends, or None where the calendar cannot tell (which `check` has told the operator)."""
        try:
            return end(amount, unit, begin, self.calendar)
        except YearUnknown:
            return None
