"""The pulse of a process: shared memory in which it shows its state to the supervisor and is told to stop."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing import parent_process
from typing import Any

_THINGS = (
    "broker",
    "database",
    "keys",
    "new_keys",
    "evidence",
    "certificates",
    "queues",
    "quarantine",
    "units",
    "room",
    "decisions",
)
_FIELDS = ("busy_since", "beat", "stop", *_THINGS, "in_hand", "suspect", "unanswered")
_IN_HAND, _SUSPECT = _FIELDS.index("in_hand"), _FIELDS.index("suspect")
_WELL_UNTIL_LOOKED_AT = ("new_keys", "evidence", "certificates", "queues", "quarantine", "units", "room")
"""Facts that are reported only when they are false: before the first check they are not known to be."""

TEXTS = ("units_without_key", "window")
_OF_A_TEXT, _OF_A_CELL = 64, 6
"""Cells after the fields hold texts: so many cells each, so many bytes a cell (a double is exact up to 2^53)."""


@dataclass
class Pulse:
    """Doubles shared between a process and its supervisor; times are monotonic seconds."""

    cells: Any
    """What `new_cells` gives, without a lock: each cell has one writer."""
    forked_by: int = field(default_factory=os.getppid)
    """The process that this part was forked from: when it ends, nobody can tell any more how the part ends."""

    def busy(self) -> None:
        """A unit of work begins; if it takes too long the supervisor ends the process."""
        now = time.monotonic()
        self.cells[0] = now
        self.cells[1] = now

    def idle(self, **has: bool) -> None:
        """Between two units of work: which facts are true; one that is not named is true."""
        self.cells[0] = 0.0
        self.cells[1] = time.monotonic()
        for at, thing in enumerate(_THINGS, start=_FIELDS.index(_THINGS[0])):
            self.cells[at] = float(has.pop(thing, True))
        if has:
            raise TypeError(f"no such thing: {', '.join(has)}")
        self.cells[_IN_HAND] = 0.0

    def note(self, thing: str, *, at_hand: bool) -> None:
        """Set one fact, also during a unit of work."""
        self.cells[_FIELDS.index(thing)] = float(at_hand)

    def hold(self, digest: str) -> None:
        """A message is being judged: if the process ends now, it ended in this message."""
        self.cells[_IN_HAND] = _mark(digest)

    @property
    def in_hand(self) -> float:
        """The mark of the message being judged, now or when the process ended; 0 for none."""
        return float(self.cells[_IN_HAND])

    def suspect(self, mark: float) -> None:
        """Tell the process which message another one has ended in."""
        self.cells[_SUSPECT] = mark

    def suspects(self, digest: str) -> bool:
        """Whether another process has ended in this message."""
        return bool(self.cells[_SUSPECT] == _mark(digest))

    def count_unanswered(self, many: int) -> None:
        """Store how many messages were taken from the broker and not answered."""
        self.cells[_FIELDS.index("unanswered")] = float(many)

    @property
    def unanswered(self) -> int:
        """The last count."""
        return int(self.cells[_FIELDS.index("unanswered")])

    def tell(self, name: str, text: str) -> None:
        """A text for the supervisor, cut to its room in the cells.

        `units_without_key`: the units whose keys cannot sign now. `window`: what the operator is told while it is down.
        """
        told, first = text.encode()[: _OF_A_TEXT * _OF_A_CELL].ljust(_OF_A_TEXT * _OF_A_CELL, b"\0"), _cell_of(name)
        for number in range(_OF_A_TEXT):
            cell = told[number * _OF_A_CELL : (number + 1) * _OF_A_CELL]
            self.cells[first + number] = float(int.from_bytes(cell, "big"))

    def told(self, name: str) -> str:
        """The current text of that name; empty where there is none."""
        first = _cell_of(name)
        cells = (int(cell).to_bytes(_OF_A_CELL, "big") for cell in self.cells[first : first + _OF_A_TEXT])
        return b"".join(cells).rstrip(b"\0").decode(errors="ignore")

    def stop(self) -> None:
        """Tell the process to finish its unit of work and end."""
        self.cells[_FIELDS.index("stop")] = 1.0

    @property
    def stopping(self) -> bool:
        """Told to stop, or without a supervisor: it has ended, or does not see this process any more."""
        parent = parent_process()
        alone = parent is not None and (not parent.is_alive() or os.getppid() != self.forked_by)
        return bool(self.cells[_FIELDS.index("stop")]) or alone

    @property
    def busy_for(self) -> float:
        """Seconds that the present unit of work has taken; 0 between two."""
        since = self.cells[0]
        return time.monotonic() - since if since else 0.0

    @property
    def silent_for(self) -> float:
        """Seconds since the last sign of life; 0 before the first."""
        beat = self.cells[1]
        return time.monotonic() - beat if beat else 0.0

    @property
    def ready(self) -> dict[str, bool]:
        """The facts as the process has set them."""
        has = {thing: bool(self.cells[_FIELDS.index(thing)]) for thing in _THINGS}
        return {"alive": bool(self.cells[1]), **has}

    def follow_signals(self) -> None:
        """SIGTERM to this process alone stops it too; the terminal's SIGINT is the supervisor's to handle."""
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def ask_for_reload(self) -> None:
        """Ask the supervisor to replace all parts, as SIGHUP does: they began with data that are not in force now."""
        parent = parent_process()
        if parent is not None and parent.pid is not None:
            os.kill(parent.pid, signal.SIGHUP)

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than until told to stop."""
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))


def _mark(digest: str) -> float:
    """As much of a digest (hexadecimal) as a double holds exactly."""
    return float(int(digest[:13], 16))


def _cell_of(text: str) -> int:
    return len(_FIELDS) + TEXTS.index(text) * _OF_A_TEXT


def new_cells(context: Any) -> Any:
    """New shared cells: no fact is true yet, and none is known to be false."""
    fields = [float(field in _WELL_UNTIL_LOOKED_AT) for field in _FIELDS]
    return context.Array("d", [*fields, *[0.0] * _OF_A_TEXT * len(TEXTS)], lock=False)
