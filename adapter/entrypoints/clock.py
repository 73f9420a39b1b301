"""The timers: window, waiting messages, deadlines, seals of the journal. One is active at a time, by a lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.entrypoints.probe import Probe
from adapter.entrypoints.pulse import Pulse
from adapter.gateways.collection import Collection
from adapter.gateways.database import Database
from adapter.gateways.keyring import KeyUnavailable
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.services.deadlines import Deadlines
from adapter.services.expiry import Expiry
from adapter.services.waiting import Waiting
from adapter.services.window import Window

_LOCK = "clock"
_ASK_AGAIN_S = 5.0


@dataclass
class Clock:
    """Ticks until told to stop. `started_at` aware; `tick_s`, `seal_s`, `look_s`, `expiry_s` in seconds."""

    database: Database
    window: Window
    waiting: Waiting
    deadlines: Deadlines
    expiry: Expiry
    probe: Probe
    started_at: datetime
    observe: Observe
    pulse: Pulse
    tick_s: float
    seal_s: float
    expiry_s: float
    evidence: Collection
    look_s: float = 10.0
    monotonic: Callable[[], float] = time.monotonic

    def run(self) -> None:
        """Be the active clock, or wait until the one that is active is gone."""
        while not self.pulse.stopping:
            self.pulse.idle()
            try:
                with self.database.alone(_LOCK) as mine:
                    if mine:
                        with self.probe:
                            self._tick_while_mine()
            except Unavailable as error:
                keys = not isinstance(error, KeyUnavailable)
                self.pulse.idle(database=not keys, keys=keys)
                self.observe(Event.UNAVAILABLE, reason=str(error))
            self.pulse.wait(_ASK_AGAIN_S if not self.database.is_embedded else self.tick_s)

    def _tick_while_mine(self) -> None:
        sealed = looked = told = -1e9
        in_time, lasting = True, True
        while not self.pulse.stopping:
            self.pulse.busy()
            now = self.monotonic()
            seen = self.probe
            if seen.up is not None:
                self.window.refresh(broker_up=seen.up, started_at=self.started_at)
            self.waiting.wake()
            self.deadlines.watch()
            if now - sealed >= self.seal_s:
                self.waiting.seal()
                sealed = now
            if now - looked >= self.look_s:
                in_time, looked = self.evidence.refresh(), now
            if now - told >= self.expiry_s:
                lasting, told = self.expiry.alert() == 0, now
            at_hand = {"evidence": in_time, "certificates": lasting}
            self.pulse.idle(broker=bool(seen.up), queues=seen.whole, quarantine=not seen.held, **at_hand)
            self.pulse.wait(self.tick_s)
