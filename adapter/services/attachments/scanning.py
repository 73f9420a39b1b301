"""Asking the scanner about kept files. While it cannot be asked a file stays as it is, and staff see that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from adapter.gateways.store import attachments as store
from adapter.gateways.store.database import Database
from adapter.model.attachment import Scan
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe

_AT_ONCE = 10
"""Files of which the clock asks in one round: it has other work."""
_PAUSE = timedelta(minutes=1)
"""After the scanner could not be asked: the log would be full of it."""

_CLOCK = "clock"


class Scanner(Protocol):
    """Knows malicious software."""

    def threat(self, raw: bytes) -> str | None:
        """The name of what is in it; None: nothing is known of.

        Raises:
            Unavailable: it cannot be asked now.
        """


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """What is known of a file. `threat`: what the scanner calls it; `at`: when it was asked."""

    scan: Scan
    threat: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Scanning:
    """The use case. `scanner` None: there is none."""

    database: Database
    scanner: Scanner | None
    clock: Callable[[], datetime]
    observe: Observe
    _next: dict[str, datetime] = field(default_factory=dict, init=False, compare=False)
    """When the clock asks again."""

    def verdict(self, raw: bytes, digest: str) -> ScanVerdict:
        """What the scanner says of these bytes; that it was not scanned where it cannot be asked."""
        if self.scanner is None:
            return ScanVerdict(Scan.NOT_SCANNED)
        try:
            threat = self.scanner.threat(raw)
        except Unavailable as error:
            self.observe(Event.UNAVAILABLE, reason=str(error))
            return ScanVerdict(Scan.NOT_SCANNED)
        if threat is None:
            return ScanVerdict(Scan.CLEAN, None, self.clock())
        self.observe(Event.FILE_INFECTED, digest=digest, threat=threat[:100])
        return ScanVerdict(Scan.INFECTED, threat[:200], self.clock())

    def again(self, digest: str, raw: bytes) -> ScanVerdict:
        """Ask of a kept file, by the signatures that the scanner has now, and keep what it says."""
        verdict = self.verdict(raw, digest)
        if verdict.at is not None:
            with self.database.transaction() as connection:
                store.scanned(connection, digest, verdict.scan, verdict.threat, verdict.at)
        return verdict

    def catch_up(self) -> int:
        """The clock's: ask of files that were not scanned; gives how many were."""
        if self.scanner is None or self.clock() < self._next.get(_CLOCK, self.clock()):
            return 0
        with self.database.reading() as connection:
            digests = store.not_scanned(connection, _AT_ONCE)
        count = 0
        for digest in digests:
            with self.database.reading() as connection:
                raw = store.body(connection, digest)
            if raw is None:
                continue
            if self.again(digest, raw).at is None:
                self._next[_CLOCK] = self.clock() + _PAUSE
                break
            count += 1
        return count
