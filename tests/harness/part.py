"""A worker or dispatcher as production builds it, but for who watches it: at a chosen event the watcher ends it.

`python -m tests.harness.part --config FILE --part worker --die-at batch.inserted --nth 3`. The death is SIGKILL:
nothing is settled, nothing is closed. Must never change what the part does up to that moment. Most of a start is
importing, so `begin` runs a part in a process forked from one that has imported everything and done nothing else.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.bootstrap import assemble
from adapter.entrypoints.log import configure, observer
from adapter.entrypoints.parts import PARTS
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.model.events import Event, Observe
from adapter.model.stages import Submission
from adapter.services.messages.intake import Intake
from adapter.services.messages.item import Settled
from tests.harness import forked
from tests.harness.forked import Forked


@dataclass
class Killer:
    """Passes every event on, and ends its own process at the `nth` of one of them; 0 means only when armed."""

    observe: Observe
    event: Event | None
    nth: int
    after_s: float
    armed: bool = False
    seen: int = 0

    def __call__(self, event: Event, /, **fields: Any) -> None:
        self.observe(event, **fields)
        if event is Event.VERIFIED and self.armed:
            self._die()
        if event is self.event:
            self.seen += 1
            if self.seen == self.nth:
                time.sleep(self.after_s)
                self._die()

    def _die(self) -> None:
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Poisoned:
    """The intake, with messages in the world that end whoever judges them."""

    intake: Intake
    digests: frozenset[str]
    killer: Killer

    def receive(self, submissions: Sequence[Submission]) -> list[Settled]:
        self.killer.armed = any(submission.digest in self.digests for submission in submissions)
        return self.intake.receive(submissions)

    def park(self, submission: Submission, reason: str) -> Settled:
        return self.intake.park(submission, reason)


def begin(arguments: Sequence[str], log: Path) -> Forked:
    """Start a part in a process of its own that writes to `log`."""
    return forked.begin(_run, list(arguments), str(log))


def _run(arguments: list[str], log: str) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    main(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--part", choices=sorted(PARTS), required=True)
    parser.add_argument("--die-at", type=Event, default=None)
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--after", type=float, default=0.0, help="seconds between the event and the death")
    parser.add_argument("--poison", type=Path, default=None, help="a file of digests, one a line")
    stated = parser.parse_args(arguments)
    configure("debug")
    killer = Killer(observer(stated.part), stated.die_at, stated.nth, stated.after)
    part = assemble(stated.config, observe=killer)
    if stated.poison is not None:
        digests = frozenset(stated.poison.read_text().split())
        part.__dict__["intake"] = Poisoned(part.intake, digests, killer)
    pulse = Pulse(new_cells(multiprocessing))
    pulse.follow_signals()
    loop = PARTS[stated.part](part, pulse)
    print("up", flush=True)
    loop.run()
    part.database.close()


if __name__ == "__main__":
    main()
