"""`python -m tests.measured FILE COMMAND…`: run a command, and write as JSON what it cost, with all that it started.

Servers that a test starts go their own way (they are not waited for by who started them): this process is their reaper,
so their CPU counts too. Linux alone has this; elsewhere they are left out.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

_PR_SET_CHILD_SUBREAPER = 36
_ORPHANS_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost: seconds of wall clock, and of CPU of all its processes, its servers' too."""

    code: int
    wall: float
    cpu: float


def run(command: list[str]) -> Cost:
    """Run it to its end, and wait for what it left behind."""
    _adopt_orphans()
    began = time.monotonic()
    child = subprocess.Popen(command)

    def pass_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    code = child.wait()
    wall = time.monotonic() - began
    _collect_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(code, round(wall, 1), round(used.ru_utime + used.ru_stime, 1))


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _collect_orphans() -> None:
    until = time.monotonic() + _ORPHANS_SECONDS
    while time.monotonic() < until:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            time.sleep(0.1)


def main(file: str, *command: str) -> int:
    cost = run(list(command))
    Path(file).write_text(json.dumps(asdict(cost)), encoding="utf-8")
    return cost.code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
