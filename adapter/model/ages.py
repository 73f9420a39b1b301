"""Ages. A clock may have been set back: a time in the future counts as now, so no wait gets longer by it.

Two kinds of stored times. One that only measures an age (a mode, a back-off, a cache) is rewritten when it lies in the
future. One that is evidence (received, sent, delivered, signed, journal, deadline) is never rewritten; it is told.
"""

from __future__ import annotations

from datetime import datetime


def age(now: datetime, stamp: datetime) -> float:
    """Seconds since then; 0 for a time in the future."""
    return max(0.0, (now - stamp).total_seconds())


def not_after(now: datetime, stamp: datetime | None) -> datetime | None:
    """The time, or now where it lies in the future: to be written back for a time that measures an age."""
    return None if stamp is None else min(stamp, now)
