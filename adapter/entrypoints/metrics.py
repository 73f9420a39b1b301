"""Metrics for Prometheus: each process counts its events, and the health server exports the sum.

The counts of a process are kept in files of the folder of `keep_in`, so that those of a process that has ended stay
counted. Labels are of closed sets: text of a message never becomes a label.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from adapter.model.events import Event, Observe
from adapter.services.watch.readings import Readings

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by the library at import: set before any part is started."""
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 500)
_UNAVAILABLE = "unavailable"
_TROUBLE = {"broker.lost", "broker.unreachable", "broker.blocked", "broker.missing", "broker.quarantined"}
_OUTCOMES = {Event.SENT: "sent", Event.RETURNED: "returned", Event.NACKED: "refused", Event.UNCONFIRMED: "unconfirmed"}
OTHER = "other"
"""The label of a message of an unknown procedure."""


def keep_in(folder: Path) -> None:
    """Start this daemon's counts anew in that folder; its parts inherit the location."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ[_FOLDER] = str(folder)


class Metrics:
    """The counters of one process. Each event is also passed on to `observe`."""

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self._messages = Counter(
            "nsw_messages", "Messages that were kept", ("procedure", "channel", "outcome", "state"), registry=None
        )
        self._duplicates = Counter("nsw_duplicates", "Messages that were known already", (), registry=None)
        self._stages = Histogram(
            "nsw_stage_seconds", "Time of judging by stage", ("stage",), buckets=_SECONDS, registry=None
        )
        self._batches = Histogram("nsw_batch", "Messages of one transaction", (), buckets=_BATCHES, registry=None)
        self._replies = Counter(
            "nsw_replies", "Replies that were published, by what became of it", ("result",), registry=None
        )
        self._security = Counter(
            "nsw_security_events", "Messages with a finding about their signature", (), registry=None
        )
        self._troubles = Counter("nsw_troubles", "Broker or database away, by what was seen", ("kind",), registry=None)
        self._requests = Counter("nsw_web_requests", "Requests answered", ("method", "status"), registry=None)
        self._logins = Counter("nsw_logins", "Log-ins by outcome", ("outcome",), registry=None)
        self._emergencies = Counter(
            "nsw_emergency_logins", "Log-ins of staff without the identity provider", ("outcome",), registry=None
        )
        self._assertions = Counter(
            "nsw_assertions_refused", "Programs that asked for an officer and were not believed", (), registry=None
        )
        self._begin_at_zero()
        self._gauges = _Gauges()
        self._counted: dict[Event, Callable[[Mapping[str, Any]], None]] = {
            Event.SETTLED: self._message,
            Event.PARKED: self._message,
            Event.COMMITTED: lambda told: self._batches.observe(told["count"]),
            Event.SECURITY: lambda _: self._security.inc(),
            Event.UNAVAILABLE: lambda _: self._troubles.labels(_UNAVAILABLE).inc(),
            Event.BROKER: self._broker,
            Event.REQUEST: lambda told: self._requests.labels(told["method"], str(told["status"])).inc(),
            Event.REQUEST_FAILED: lambda _: self._requests.labels("", "500").inc(),
            Event.EMERGENCY: lambda told: self._emergencies.labels(told["outcome"]).inc(),
            Event.ASSERTION_REFUSED: lambda _: self._assertions.inc(),
            Event.LOGIN: lambda told: self._logins.labels(told["outcome"]).inc(),
            **{event: self._reply(result) for event, result in _OUTCOMES.items()},
        }

    def _begin_at_zero(self) -> None:
        """A rate needs a first value: each counter starts at 0."""
        for outcome in ("opened", "wrong", "locked", "unit"):
            self._emergencies.labels(outcome)
        for result in _OUTCOMES.values():
            self._replies.labels(result)
        self._logins.labels("logged-in")
        for kind in (_UNAVAILABLE, *_TROUBLE):
            self._troubles.labels(kind)

    def __call__(self, event: Event, /, **fields: Any) -> None:
        counted = self._counted.get(event)
        if counted is not None:
            counted(fields)
        self._observe(event, **fields)

    def read(self, readings: Readings, *, quarantined: int) -> None:
        """Set the figures of the store, and of the broker's quarantine; only the active clock does so."""
        self._gauges.set(readings, quarantined)

    def _message(self, told: Mapping[str, Any]) -> None:
        if told.get("outcome") is None:  # messages in the broker's own quarantine
            return
        if told["duplicate"]:  # a repeated answer; it was counted when the message was stored
            self._duplicates.inc()
            return
        labels = (told.get("procedure") or OTHER, told.get("channel") or OTHER, told["outcome"], told["state"])
        self._messages.labels(*labels).inc()
        for stage, spent in (told.get("ms") or {}).items():
            self._stages.labels(str(stage)).observe(spent / 1000)

    def _broker(self, told: Mapping[str, Any]) -> None:
        if told.get("kind") in _TROUBLE:
            self._troubles.labels(str(told["kind"])).inc()

    def _reply(self, result: str) -> Callable[[Mapping[str, Any]], None]:
        return lambda told: self._replies.labels(result).inc(told["count"])


class _Gauges:
    """Figures of the store; the value set last counts."""

    def __init__(self) -> None:
        self._waiting = self._of("nsw_replies_waiting", "Replies that have not left, by route", "route")
        self._oldest = self._of("nsw_oldest_reply_seconds", "Age of the oldest of them", "route")
        self._stuck = self._of("nsw_transfers_stuck", "Transfers that the window has refused, or does not confirm")
        self._held = self._of("nsw_messages_held", "Messages that wait or are parked", "state")
        self._deadlines = self._of(
            "nsw_deadlines", "Deadlines that run: near their end, or broken", "party", "standing"
        )
        self._expiry = self._of("nsw_certificate_days", "Days until the first certificate of a use ends", "use")
        self._mode = self._of("nsw_window_mode", "1 for the window's mode", "mode")
        self._sessions = self._of("nsw_sessions", "Sessions of people that are valid, by listener", "area")
        self._quarantine = self._of("nsw_quarantine_messages", "Messages in the broker's quarantine")
        self._at = Gauge(
            "nsw_read_at_seconds", "When the store was read", (), registry=None, multiprocess_mode="mostrecent"
        )

    def _of(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, labels, registry=None, multiprocess_mode="mostrecent")

    def set(self, read: Readings, quarantined: int) -> None:
        for route, many in read.waiting.items():
            self._waiting.labels(route).set(many)
            self._oldest.labels(route).set(read.oldest_s.get(route, 0.0))
        self._stuck.set(read.transfers_stay)
        for state, many in read.held.items():
            self._held.labels(state).set(many)
        for (party, standing), many in read.deadlines.items():
            self._deadlines.labels(party, standing).set(many)
        for use, days in read.certificate_days.items():
            self._expiry.labels(use).set(days)
        for mode, now in read.modes.items():
            self._mode.labels(mode).set(float(now))
        for area, many in read.sessions.items():
            self._sessions.labels(area).set(many)
        self._quarantine.set(quarantined)
        self._at.set(read.at.timestamp())


class Parts(Collector):
    """The daemon's processes as the supervisor sees them: (name, ready, resident bytes, age in seconds)."""

    def __init__(self, seen: Iterable[tuple[str, bool, int, float]]) -> None:
        self._seen = list(seen)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        ready = GaugeMetricFamily("nsw_part_ready", "1 where a part has what it needs", labels=["part"])
        memory = GaugeMetricFamily("nsw_part_resident_bytes", "Resident memory of a part", labels=["part"])
        age = GaugeMetricFamily("nsw_part_age_seconds", "How long a part has run", labels=["part"])
        for name, is_ready, resident, seconds in self._seen:
            ready.add_metric([name], float(is_ready))
            memory.add_metric([name], resident)
            age.add_metric([name], seconds)
        return ready, memory, age


def exposition(seen: Iterable[tuple[str, bool, int, float]]) -> bytes:
    """Everything that is counted, as Prometheus reads it (text format 0.0.4)."""
    registry = CollectorRegistry()
    if os.environ.get(_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Parts(seen))
    return generate_latest(registry)
