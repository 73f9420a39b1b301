"""Keeps alerts and sends them, in a thread of the clock's process: a webhook that hangs delays nothing else.

The clock passes its readings (`tell`, `away`); a clock that is not the active one passes none (`stand_by`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType

from adapter.gateways.alert_file import AlertFile
from adapter.model.ages import age
from adapter.model.errors import AdapterError, defect
from adapter.model.events import Event, Observe
from adapter.services.watch.alert_ways import Tell, as_rows, from_rows
from adapter.services.watch.alerts import STALE_S, Alert, Outlook, after, alarms, due, watched
from adapter.services.watch.readings import Readings

_PAUSES_S = (10.0, 30.0, 60.0, 300.0, 900.0)
"""Seconds until a failed channel is tried again."""


@dataclass
class AlertSender:
    """Checks every `every_s` seconds between `__enter__` and `__exit__`. `ways`: the channels by name."""

    ways: Mapping[str, Tell]
    file: AlertFile
    clock: Callable[[], datetime]
    observe: Observe
    repeat_s: float
    every_s: float = 5.0
    monotonic: Callable[[], float] = time.monotonic
    outlook: Outlook | None = None
    _kept: tuple[Alert, ...] = ()
    _failed: dict[str, int] = field(default_factory=dict)
    _again: dict[str, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> AlertSender:
        self._kept, self._over = from_rows(self.file.load()), threading.Event()
        threading.Thread(target=self._run, args=(self._over,), name="alert_sender", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def tell(self, readings: Readings, *, broker_away: bool, quarantined: int) -> None:
        """The active clock has read the store."""
        self.outlook = Outlook(readings.at, readings, broker_away=broker_away, quarantined=quarantined)

    def away(self, *, database: bool, broker: bool) -> None:
        """The clock cannot work: a server is away."""
        if database or broker:
            self.outlook = Outlook(self.clock(), None, database_away=database, broker_away=broker)

    def stand_by(self) -> None:
        """Another clock is active, and sends the alerts."""
        self.outlook = None

    def _run(self, over: threading.Event) -> None:
        while not over.wait(self.every_s):
            self.look()

    def look(self) -> None:
        """One check: find the alerts, and send them to each channel that does not have them."""
        outlook, now = self.outlook, self.clock()
        if outlook is None:
            return
        if outlook.readings is not None and age(now, outlook.at) > STALE_S:
            outlook = replace(outlook, readings=None)
        outlook = replace(outlook, at=now)
        before = self._kept
        self._kept = watched(before, alarms(outlook), outlook)
        for way, told in self.ways.items():
            self._tell(way, told, now)
        if not self.ways:  # operators read them on their page; nobody is to be sent an end
            self._kept = tuple(each for each in self._kept if each.ended_at is None)
        if self._kept != before:
            self.file.save(as_rows(self._kept))

    def _tell(self, way: str, tell: Tell, now: datetime) -> None:
        wanted = due(self._kept, way, now, self.repeat_s)
        if not wanted or self.monotonic() < self._again.get(way, 0.0):
            return
        try:
            tell(wanted, now)
        except Exception as error:  # noqa: BLE001  a defect in one way must not end all alerts
            reason = str(error) if isinstance(error, AdapterError) else defect(error)
            times = self._failed[way] = self._failed.get(way, 0) + 1
            pause = _PAUSES_S[min(times, len(_PAUSES_S)) - 1]
            self._again[way] = self.monotonic() + pause
            self.observe(Event.ALERT_UNSENT, way=way, reason=reason, again_in_s=pause)
            return
        self._failed.pop(way, None)
        self._again.pop(way, None)
        self._kept = after(self._kept, way, wanted, now, self.ways)
        self.observe(Event.ALERT_TOLD, way=way, alerts=sorted({each.name.value for each in wanted}))
