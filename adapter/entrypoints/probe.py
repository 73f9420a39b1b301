"""Checks regularly whether the broker answers and its objects exist, in a thread of its own.

Deadlines, waiting messages and seals do not wait for a broker that hangs. Missing objects are declared again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from adapter.gateways.broker import BrokerAddress, BrokerRefused
from adapter.gateways.broker.topology import Topology, declare, look
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.events import Event, Observe
from adapter.services.messages.quarantine import QUEUE

_ACCESS_REFUSED = 403
_AGAIN = "declared again; what came meanwhile and found no queue: nsw-adapter quarantine list --reason unroutable"
_NO_RIGHT = "missing, and this user may not declare: nsw-adapter declare, with the url of a user who may"
_HELD = "messages need a person: nsw-adapter quarantine list"


@dataclass
class Probe:
    """Checks every `every_s` seconds between `__enter__` and `__exit__`; the clock reads the last result."""

    address: BrokerAddress
    topology: Topology
    observe: Observe
    every_s: float
    answers: bool | None = None
    whole: bool = True
    """Whether every exchange and queue is there."""
    held: int = 0
    """How many messages lie in the broker's quarantine."""
    fault: str = ""
    """Why it did not answer at the last check."""
    _told: str = ""
    _ended: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def up(self) -> bool | None:
        """Whether the broker answers; None before the first look has ended.

        Raises: RuntimeError where nobody looks any more.
        """
        if self._ended:
            raise RuntimeError("the thread that looks at the broker has ended")
        return self.answers

    def __enter__(self) -> Probe:
        self.answers, self._over = None, threading.Event()
        threading.Thread(target=self._run, args=(self._over,), name="broker-probe", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _run(self, over: threading.Event) -> None:
        try:
            while not over.is_set():
                self.look()
                over.wait(self.every_s)
        finally:
            self._ended = not over.is_set()  # by a defect: then the clock must not use an old result

    def look(self) -> None:
        """One look. A broker that comes back may be a new one: everything is declared again, bindings too."""
        try:
            seen = look(self.address, self.topology)
            self.whole = not seen.missing
            if seen.missing or not self.answers:
                self._declare(seen.missing)
            else:
                self._told = ""
        except Unavailable as error:
            self.fault, self.answers = str(error), False
            return
        except Misconfigured as error:  # a TLS file is incomplete
            self._tell(Event.UNAVAILABLE, str(error))
            self.fault, self.answers = str(error), False
            return
        self.fault, self.answers = "", True
        self._count(seen.messages.get(QUEUE, 0))

    def _declare(self, missing: Sequence[str]) -> None:
        """A user without the right to configure is no fault while nothing is missing."""
        try:
            declare(self.address, self.topology)
        except BrokerRefused as error:
            if missing:
                reason = _NO_RIGHT if error.code == _ACCESS_REFUSED else str(error)
                self._tell(Event.BROKER, reason, kind="broker.missing", objects=list(missing))
            elif error.code != _ACCESS_REFUSED:
                self._tell(Event.UNAVAILABLE, str(error))
            return
        self.whole, self._told = True, ""
        if missing:
            self.observe(Event.BROKER, kind="broker.declared", objects=list(missing), reason=_AGAIN)

    def _count(self, held: int) -> None:
        if held > self.held:
            self.observe(Event.BROKER, kind="broker.quarantined", count=held, reason=_HELD)
        self.held = held

    def _tell(self, event: Event, reason: str, **fields: object) -> None:
        """Log once, until the result changes."""
        if reason != self._told:
            self.observe(event, reason=reason, **fields)
        self._told = reason
