"""Rules on dates, compared as days in Vietnam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from adapter.model.finding import Finding
from adapter.model.partial_date import PartialDate
from adapter.model.stages import Record, Value
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.view import Arguments, View, day, span


def _pairs(view: View, given: Arguments, other: str) -> Iterator[tuple[int, date, date]]:
    """Each date with the one it is held against."""
    group, _, name = str(given[other]).rpartition(".")
    outside = None if group else day(view.value(name))
    if not group and outside is None:
        return
    for ordinal, value, record in view.stated(str(given["field"]), given.get("where")):
        mine, theirs = day(value), day(record.get(name)) if group else outside
        if mine is not None and theirs is not None:
            yield ordinal, mine, theirs


def _other(view: View, name: object) -> dict[str, str]:
    return named(view.field(str(name)).label, "other")


def not_before(view: View, given: Arguments) -> Iterator[Finding]:
    """A date is not before another."""
    for ordinal, mine, theirs in _pairs(view, given, "than"):
        if mine < theirs:
            yield view.fault("date_order", str(given["field"]), ordinal, **_other(view, given["than"]))


def not_after(view: View, given: Arguments) -> Iterator[Finding]:
    """A date is not after another."""
    for ordinal, mine, theirs in _pairs(view, given, "than"):
        if mine > theirs:
            yield view.fault("date_too_late", str(given["field"]), ordinal, **_other(view, given["than"]))


def within_days(view: View, given: Arguments) -> Iterator[Finding]:
    """A date lies at most so many days after another: the original letter, the validity of a visa."""
    most = given["days"]
    assert isinstance(most, int)
    for ordinal, mine, theirs in _pairs(view, given, "after"):
        if mine - theirs > timedelta(days=most):
            words = {**_other(view, given["after"]), "days": str(most)}
            yield view.fault("too_many_days", str(given["field"]), ordinal, **words)


def _read(view: View, given: Arguments) -> Sequence[tuple[int, date]]:
    """Each date by the first day that it may be: none that may be right is at fault."""
    return view.days(str(given["field"]), given.get("where"))


def before_reception(view: View, given: Arguments) -> Iterator[Finding]:
    """A date lies before the day of reception."""
    today = view.today
    for ordinal, mine in _read(view, given):
        if mine >= today:
            yield view.fault("not_in_past", str(given["field"]), ordinal)


def not_after_reception(view: View, given: Arguments) -> Iterator[Finding]:
    """A date is the day of reception or lies before it: what was issued or decided is no promise."""
    today = view.today
    for ordinal, mine in _read(view, given):
        if mine > today:
            yield view.fault("in_future", str(given["field"]), ordinal)


def year_within(view: View, given: Arguments) -> Iterator[Finding]:
    """A year, or that of a date, lies at most `before` years before that of reception, and `after` years after it.

    Without `after` nothing is asked of later years: of a date other rules ask that.
    """
    before, after = given["before"], given.get("after")
    assert isinstance(before, int)
    first, last = view.today.year - before, view.today.year + (after if isinstance(after, int) else 0)
    for ordinal, value, _ in view.stated(str(given["field"]), given.get("where")):
        year = _year(value)
        if year is not None and (year < first or (after is not None and year > last)):
            yield view.fault("year_unlikely", str(given["field"]), ordinal, first=str(first), last=str(last))


def _year(value: Value) -> int | None:
    """The year that a value is or lies in; of a time, the year in Vietnam."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    days = span(value)
    return None if days is None else days[0].year


def near_reception(view: View, given: Arguments) -> Iterator[Finding]:
    """A time lies at most `past` hours before it was declared, and at most `ahead` days after.

    When it was declared is the earliest proven time: what an outage delayed was in time.
    """
    name, past, ahead = str(given["field"]), given["past"], given["ahead"]
    assert isinstance(past, int)
    assert isinstance(ahead, int)
    declared = view.declaration.declared_at
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if not isinstance(value, datetime):
            continue
        if declared - value > timedelta(hours=past):
            yield view.fault("time_long_past", name, ordinal, hours=str(past))
        elif value - declared > timedelta(days=ahead):
            yield view.fault("time_far_ahead", name, ordinal, days=str(ahead))


def whole_date(view: View, given: Arguments) -> Iterator[Finding]:
    """A date is known to the day; where only its month or year is stated, the paper is to be looked at."""
    name = str(given["field"])
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if isinstance(value, PartialDate):
            yield view.fault("day_unknown", name, ordinal)


def on_day(view: View, name: object, record: Record) -> date | None:
    """The day that an argument names: a field's, or `reception`; None where that field is empty."""
    return view.today if name in (None, RECEPTION) else day(view.beside(name, record))


RECEPTION = "reception"
"""The word for the day of reception, where a rule asks for a day."""
