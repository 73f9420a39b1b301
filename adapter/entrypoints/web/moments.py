"""Times and time limits on pages: Vietnam's time, minutes and never seconds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from adapter.entrypoints.web.words import Language, word
from adapter.model.text import time_fault
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.entry import day_of, time_of

_MINUTE = 60  # seconds
_HOUR, _DAY = 60, 24 * 60
"""In minutes."""


def iso(moment: datetime) -> str:
    """For `<time datetime=…>`: 2026-11-30T09:12+07:00."""
    return moment.astimezone(VIETNAM).isoformat(timespec="minutes")


def iso_seconds(moment: datetime) -> str:
    """For a feed (RFC 3339): 2026-11-30T09:12:05+07:00."""
    return moment.astimezone(VIETNAM).isoformat(timespec="seconds")


def remaining(due: datetime, now: datetime, language: Language) -> str:
    """How long a time limit still runs, or by how much it has passed: "còn 42 phút", "quá hạn 5 phút"."""
    key = "clock.left" if due >= now else "clock.over"
    return word(language, key, span=span(abs(due - now), language))


def span(length: timedelta, language: Language) -> str:
    """A length of time in words, rounded down to minutes, from a day on to hours."""
    minutes = int(length.total_seconds()) // _MINUTE
    if minutes < _HOUR:
        return word(language, "span.minutes", minutes=minutes)
    if minutes < _DAY:
        hours, left = divmod(minutes, _HOUR)
        return word(language, "span.hours" if left else "span.whole_hours", hours=hours, minutes=left)
    days, hours = divmod(minutes // _HOUR, _DAY // _HOUR)
    return word(language, "span.days" if hours else "span.whole_days", days=days, hours=hours)


def waited(length: timedelta, language: Language) -> str:
    """How long something has waited or how old it is: below a minute in seconds."""
    seconds = int(length.total_seconds())
    return word(language, "span.seconds", seconds=seconds) if seconds < _MINUTE else span(length, language)


def moment_of(text: str) -> datetime | None:
    """A time as it is typed into a page (30/11/2026 09:12, or as programs write it), in Vietnam's zone; None: it is
    none that can be meant."""
    stated = time_of(text)
    return None if stated is None or time_fault(stated) else stated


def begin_of(text: str) -> datetime | None:
    """The same, or the beginning of a day that is typed alone."""
    day = day_of(text)
    begin = moment_of(text) if day is None else datetime.combine(day, time(), VIETNAM)
    return None if begin is None or time_fault(begin) else begin


def end_of(text: str) -> datetime | None:
    """The same, or the end of a day that is typed alone."""
    begin = None if moment_of(text) else begin_of(text)
    return moment_of(text) if begin is None else begin + timedelta(days=1)


def as_typed(moment: datetime) -> str:
    """A time as `moment_of` reads it, for a field that is filled in: 30/11/2026 09:12."""
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def day_as_typed(day: date) -> str:
    """A day as it is typed: 30/11/2026."""
    return f"{day:%d/%m/%Y}"
