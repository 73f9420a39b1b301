"""The timers: window, waiting messages, deadlines, seals of the journal. One is active at a time, by a lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.entrypoints.alert_sender import AlertSender
from adapter.entrypoints.probe import Probe
from adapter.entrypoints.pulse import Pulse
from adapter.gateways.broker import BrokerUnavailable
from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.revocation.refresh import EvidenceRefresh
from adapter.gateways.store.database import Database
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.services.messages.waiting import Waiting
from adapter.services.registers.expiry import Expiry
from adapter.services.replies.settling import Settling
from adapter.services.replies.signing import Signing
from adapter.services.watch.deadlines import Deadlines
from adapter.services.watch.readings import Readings
from adapter.services.watch.window import Window

_LOCK = "clock"
_ASK_AGAIN_S = 5.0
_SET_S = 5.0
"""Seconds: a clock that moves further than this against the monotonic one within a tick was set by hand."""


@dataclass
class Clock:
    """Ticks until told to stop. `tick_s`, `seal_s`, `look_s`, `expiry_s` in seconds."""

    database: Database
    window: Window
    waiting: Waiting
    signing: Signing
    send_pressed: Callable[[], None]
    """Sends what waits for the portal to open."""
    settling: Settling
    deadlines: Deadlines
    expiry: Expiry
    probe: Probe
    observe: Observe
    pulse: Pulse
    tick_s: float
    seal_s: float
    expiry_s: float
    evidence: EvidenceRefresh
    tell: Callable[[Mapping[str, float]], Readings]
    """Reads what the store holds, and tells the metrics; given the days that certificates have left, by use."""
    alert_sender: AlertSender
    new_keys_taken: Callable[[], bool] = lambda: True
    mailer: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Sends e-mail in a thread of its own while this clock is the active one."""
    here: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Looks at this machine and keeps its code lists, in a thread of its own, active or not."""
    survey: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Looks at what there is once, in a thread of its own while this clock is the active one."""
    chores: Sequence[Callable[[], object]] = ()
    """Further work every `look_s`: notices to sign, late notifications, expired counters."""
    look_s: float = 10.0
    monotonic: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.monotonic()

    def run(self) -> None:
        """Be the active clock process, or wait until the active one has ended."""
        with self.alert_sender, self.here:
            self._run()

    def _run(self) -> None:
        while not self.pulse.stopping:
            self.pulse.idle()
            try:
                with self.database.alone(_LOCK) as held:
                    if held is not None:
                        with self.probe, self.mailer, self.survey:
                            self._tick_while(held)
                self.alert_sender.stand_by()
            except Unavailable as error:
                keys, broker = not isinstance(error, KeyUnavailable), not isinstance(error, BrokerUnavailable)
                self.alert_sender.away(database=keys and broker, broker=not broker)
                self.pulse.idle(broker=broker, database=not (keys and broker), keys=keys)
                self.observe(Event.UNAVAILABLE, reason=str(error))
            self.pulse.wait(_ASK_AGAIN_S if not self.database.is_embedded else self.tick_s)

    def _tick_while(self, held: Callable[[], None]) -> None:
        """`held` raises once the lock's session is gone: another clock may be active by then, so this one stops."""
        looked = told = -1e9
        in_time, lasting, signs = True, True, True
        steps, drift, days = self._sealing(), self._drift(None), dict[str, float]()
        while not self.pulse.stopping:
            self.pulse.busy()
            now = self.monotonic()
            drift = self._drift(drift)
            seen = self.probe
            held()
            if seen.up is not None:
                self.window.refresh(broker_up=seen.up, started_at=self._started_at(), broker_fault=seen.fault)
            held()
            self.waiting.wake()
            held()
            self.signing.sign()
            held()
            self.send_pressed()
            held()
            self.settling.settle()
            held()
            self.deadlines.watch()
            held()
            next(steps)
            if now - told >= self.expiry_s:
                days = self.expiry.days_left()
            if now - looked >= self.look_s:
                self.alert_sender.tell(self.tell(days), broker_away=seen.up is False, quarantined=seen.held)
                for chore in self.chores:
                    held()
                    chore()
                in_time, looked = self.evidence.refresh(), now
                signs = self._look_at_units()
                self.pulse.tell("window", self.window.note())
                self.pulse.count_unanswered(self.waiting.unanswered())
            if now - told >= self.expiry_s:
                held()
                lasting, told = self.expiry.alert() == 0, now
            at_hand = {"evidence": in_time, "certificates": lasting, "units": signs}
            at_hand["new_keys"] = self.new_keys_taken()
            self.pulse.idle(broker=bool(seen.up), queues=seen.whole, quarantine=not seen.held, **at_hand)
            self.pulse.wait(self.tick_s)

    def _look_at_units(self) -> bool:
        """Whether at least one unit can sign; those that cannot are reported."""
        unready = self.signing.unready()
        self.pulse.tell("units_without_key", ", ".join(code or "the unit" for code in unready))
        return len(unready) < self.signing.units

    def _drift(self, before: float | None) -> float:
        """The distance of the wall clock to the monotonic one; a clock that was set, or times ahead, are logged."""
        drift = self.window.clock().timestamp() - self.monotonic()
        by = 0.0 if before is None else drift - before
        if before is not None and abs(by) < _SET_S:
            return drift
        ahead = self.waiting.dated_ahead()
        if by or any(ahead.values()):
            self.observe(Event.CLOCK_SET, by_s=round(by), **ahead)
        return drift

    def _started_at(self) -> datetime:
        """The start of this process, by the clock as it is now: the clock may have been set since."""
        return self.window.clock() - timedelta(seconds=self.monotonic() - self.began)

    def _sealing(self) -> Iterator[None]:
        """One bounded part of a seal per tick: the mode never waits for a long journal; due by the last seal."""
        since = self.waiting.seconds_since_seal()
        due = self.monotonic() + (0.0 if since is None else self.seal_s - since)
        while True:
            now = self.monotonic()
            if now >= due:
                due = now if self.waiting.seal() else now + self.seal_s
            yield
