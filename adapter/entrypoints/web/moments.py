"""Times and time limits on pages: Vietnam's time, minutes and never seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.entrypoints.web.words import Language, word
from adapter.model.text import time_fault
from adapter.pipeline.envelope import VIETNAM

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
    minutes = int(length.total_seconds()) // 60
    if minutes < _HOUR:
        return word(language, "span.minutes", minutes=minutes)
    if minutes < _DAY:
        hours, left = divmod(minutes, _HOUR)
        return word(language, "span.hours" if left else "span.whole_hours", hours=hours, minutes=left)
    days, hours = divmod(minutes // _HOUR, _DAY // _HOUR)
    return word(language, "span.days" if hours else "span.whole_days", days=days, hours=hours)


def moment_of(text: str) -> datetime | None:
    """A time as a field of a page states it, in Vietnam's zone; None where it states none that is one."""
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time_fault(stated) else stated.replace(tzinfo=VIETNAM)
