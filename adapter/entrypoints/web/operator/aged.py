"""Pages that tell how old something is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.model.ages import age

_OLD_S = 120.0
"""Seconds after which what was seen is marked as old."""


@dataclass(frozen=True, slots=True)
class Aged:
    """A part of a page. `now` is the real time."""

    now: datetime

    def ago(self, moment: datetime) -> timedelta:
        """How long ago it was."""
        return timedelta(seconds=age(self.now, moment))

    def is_old(self, taken_at: datetime, every_s: float) -> bool:
        """Whether it was seen longer ago than it should have been."""
        return age(self.now, taken_at) > max(_OLD_S, 2 * every_s)
