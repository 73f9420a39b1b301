"""Repeated log lines: an outage is logged once, then once a minute with the number of repetitions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.model.events import Event

_AGAIN_S = 60.0
_MOST = 500
"""At most so many different lines are remembered."""
_REPEATED = {
    Event.UNAVAILABLE,
    Event.BROKER,
    Event.RETURNED,
    Event.NACKED,
    Event.UNCONFIRMED,
    Event.KEY_NOT_TAKEN,
    Event.REVOCATION_UNREACHABLE,
}
_COUNTS = ("tries", "again_in_s", "lasted_s")
"""Parts that differ between tries of one outage."""


@dataclass
class Folding:
    """The recent lines of one process. `monotonic` gives seconds."""

    monotonic: Callable[[], float] = time.monotonic
    _told: dict[str, tuple[float, int]] = field(default_factory=dict)

    def repeated(self, event: Event, fields: Mapping[str, Any]) -> int | None:
        """How many lines like this one were folded before it; None: this one is folded too."""
        if event is Event.AVAILABLE:
            folded = sum(count for _, count in self._told.values())
            self._told.clear()
            return folded
        if event not in _REPEATED or "reason" not in fields:
            return 0
        same = repr((event.value, sorted((name, repr(value)) for name, value in fields.items() if name not in _COUNTS)))
        now = self.monotonic()
        at, count = self._told.get(same, (now - _AGAIN_S, 0))
        if now - at < _AGAIN_S:
            self._told[same] = (at, count + 1)
            return None
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[same] = (now, 0)
        return count
