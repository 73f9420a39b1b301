"""What the clock looks at in the background, so that no page asks the broker, the machine or a growing table.

The broker's queues, the parts of each machine's daemon, certificates, figures of deadlines: each is kept as a snapshot
with its time. Messages are counted in stretches of five minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.broker.management import QueueCounts
from adapter.gateways.daemon_parts import PartsSeen
from adapter.gateways.store import deadline_figures, snapshots, throughput
from adapter.gateways.store.database import Database
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.snapshots import (
    CertificateSeen,
    CertificatesSeen,
    DeadlinesSeen,
    KeptFigures,
    Look,
    MachineSeen,
    PartSeen,
    QueueSeen,
    QueuesSeen,
    SeenContent,
)
from adapter.gateways.store.throughput import STRETCH, LastCount
from adapter.model.ages import age
from adapter.model.errors import Misconfigured, Unavailable
from adapter.services.registers.expiry import Expiry
from adapter.services.watch.queue_heads import head

DAYS = 30
"""Deadlines that began within so many days are counted."""
KEPT_DAYS = 31
"""So long counts of messages are kept."""
_FORGOTTEN = timedelta(days=1)
"""A machine that was not looked at for so long is none any more."""
_AGAIN_S = 55.0
_LATE = timedelta(minutes=10)
"""A stretch is counted for the last time so long after its end: until then most answers have left."""
_AT_ONCE = 24
_FIRST = timedelta(days=1)
"""Where nothing was counted yet, this much of the past is."""


@dataclass(frozen=True)
class Looks:
    """`clock` is the real time, `legal_clock` that of messages; `queues` gives what the broker tells, None: it is not
    asked; `named`: the queues of the topology; `parts`: those of the daemon of this `machine`.
    """

    database: Database
    clock: Callable[[], datetime]
    legal_clock: Callable[[], datetime]
    machine: str
    queues: Callable[[], Sequence[QueueCounts]] | None
    named: Callable[[], Sequence[str]]
    parts: Callable[[], PartsSeen]
    expiry: Expiry

    def look_at_queues(self) -> None:
        """The broker's queues; why they are not known, where it does not tell them.

        Raises:
            Unavailable: the store cannot be reached.
        """
        if self.queues is None:
            return
        try:
            counted = {each.name: each for each in self.queues()}
        except (Unavailable, Misconfigured) as error:
            self._fail(Look.QUEUES, str(error))
            return
        with self.database.reading() as connection:
            last = snapshots.read(connection, Look.QUEUES, QueuesSeen)
        before = {each.name: each for each in last[0].seen.queues} if last and last[0].seen else {}
        now = self.clock()
        rows = [_queue(name, counted.get(name), before.get(name), now) for name in self.named()]
        self._keep(Look.QUEUES, QueuesSeen(queues=tuple(rows)))

    def look_at_parts(self) -> None:
        """The parts of this machine's daemon.

        Raises:
            Unavailable: the store cannot be reached.
        """
        now = self.clock()
        try:
            told = self.parts()
        except Unavailable as error:
            self._fail(Look.PARTS, str(error), self.machine)
            return
        rows = [
            PartSeen(
                name=each.name,
                ready=each.ready,
                resident_bytes=each.resident_bytes,
                started_at=now - timedelta(seconds=each.age_s),
            )
            for each in told.parts
        ]
        self._keep(Look.PARTS, MachineSeen(parts=tuple(rows), missing=told.missing, notes=told.notes), self.machine)

    def look_at_certificates(self) -> None:
        """The certificates in use, and what stops when each ends.

        Raises:
            Unavailable: the store cannot be reached.
        """
        try:
            found = self.expiry.outlook()
        except Misconfigured as error:
            self._fail(Look.CERTIFICATES, str(error))
            return
        rows = [
            CertificateSeen(
                use=each.certificate.use.value,
                name=each.certificate.name,
                serial=each.certificate.serial,
                valid_from=each.certificate.valid_from,
                valid_to=each.certificate.valid_to,
                stops=each.stops if each.breaks else "",
            )
            for each in found
        ]
        self._keep(Look.CERTIFICATES, CertificatesSeen(certificates=tuple(rows)))

    def look_at_deadlines(self) -> None:
        """Figures of the deadlines that began in the last days.

        Raises:
            Unavailable: the store cannot be reached.
        """
        now = self.legal_clock()
        with self.database.reading() as connection:
            found = deadline_figures.figures(connection, Wanted(limit=1), since=now - timedelta(days=DAYS), now=now)
        rows = [
            KeptFigures(
                procedure=each.procedure,
                gate=each.gate,
                kind=each.kind,
                met=each.met,
                late=each.late,
                unknown=each.unknown,
                overdue=each.overdue,
                open=each.open,
            )
            for each in found
        ]
        self._keep(Look.DEADLINES, DeadlinesSeen(figures=tuple(rows)))

    def count_messages(self) -> None:
        """Count the stretches of which answers may have left since they were counted, and those that are new.

        Raises:
            Unavailable: the store cannot be reached.
        """
        now = self.legal_clock()
        with self.database.reading() as connection:
            last = throughput.last(connection, until=now, many=4)
        for minute in due(last, now):
            with self.database.transaction() as connection:
                throughput.count(connection, minute, now)
        with self.database.transaction() as connection:
            throughput.sweep(connection, now - timedelta(days=KEPT_DAYS))

    def _keep(self, look: Look, seen: SeenContent, machine: str = "") -> None:
        now = self.clock()
        with self.database.transaction() as connection:
            snapshots.keep(connection, look, seen, now, machine)
            snapshots.forget(connection, look, now - _FORGOTTEN)

    def _fail(self, look: Look, fault: str, machine: str = "") -> None:
        now = self.clock()
        with self.database.transaction() as connection:
            snapshots.fail(connection, look, fault, now, machine)
            snapshots.forget(connection, look, now - _FORGOTTEN)


def due(last: Sequence[LastCount], now: datetime) -> list[int]:
    """The first minutes of the stretches to be counted, the oldest first."""
    again = [each.minute for each in last if _again(each, now)]
    newest, here = max((each.minute for each in last), default=None), throughput.minute_of(now)
    first = throughput.minute_of(now - (timedelta(days=KEPT_DAYS) if last else _FIRST))
    fresh: Iterator[int] = iter(range(max(first, newest + STRETCH if newest is not None else first), here + 1, STRETCH))
    return sorted(again) + [minute for minute, _ in zip(fresh, range(_AT_ONCE), strict=False)]


def _again(counted: LastCount, now: datetime) -> bool:
    end = throughput.begin_of(counted.minute) + timedelta(minutes=STRETCH)
    if counted.counted_at > now:  # by a clock that ran ahead
        return True
    if now < end:
        return age(now, counted.counted_at) >= _AGAIN_S
    return counted.counted_at < end or (counted.counted_at < end + _LATE <= now)


def _queue(name: str, counted: QueueCounts | None, before: QueueSeen | None, now: datetime) -> QueueSeen:
    published, messages = (counted.published, counted.messages) if counted else (None, None)
    oldest = head(before.arrived if before else (), published, messages, now)
    return QueueSeen(
        name=name,
        messages=messages,
        ready=counted.ready if counted else None,
        unacknowledged=counted.unacknowledged if counted else None,
        consumers=counted.consumers if counted else None,
        in_rate=counted.in_rate if counted else 0.0,
        out_rate=counted.out_rate if counted else 0.0,
        redelivered=counted.redelivered if counted else 0,
        redelivery_rate=counted.redelivery_rate if counted else 0.0,
        oldest_at=oldest.at,
        at_latest=oldest.at_latest,
        is_missing=counted is None,
        arrived=oldest.arrived,
    )
