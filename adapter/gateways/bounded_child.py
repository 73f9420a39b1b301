"""A module of ours run as a process of its own with bounds, for files of users: a bad one ends only that process."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson

from adapter.model.errors import Unavailable


class BoundMet(Exception):
    """A bound of memory or time has ended the process."""


@dataclass(frozen=True, slots=True)
class BoundedChild:
    """`module` reads standard input and writes one JSON document; its first act is `bound`.

    `seconds`: of one run; `at_once`: runs at the same time in each process of ours, each with the memory of its bound.
    """

    module: str
    seconds: float = 20.0
    at_once: int = 2
    _places: threading.BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", threading.BoundedSemaphore(self.at_once))

    def told(self, raw: bytes, *arguments: str) -> Any:
        """What the process says of these bytes.

        Raises:
            BoundMet: memory or time of the processor did not suffice.
            Unavailable: it could not be started or did not end in time, or others run all the time.
        """
        command = [sys.executable, "-I", "-m", self.module, *arguments]
        if not self._places.acquire(timeout=self.seconds):
            raise Unavailable(f"{self.module}: others run now")
        try:
            run = subprocess.run(command, input=raw, capture_output=True, check=False, timeout=self.seconds)
        except (OSError, subprocess.TimeoutExpired):
            raise Unavailable(f"{self.module} did not answer") from None
        finally:
            self._places.release()
        if run.returncode != 0:
            raise BoundMet
        return orjson.loads(run.stdout)


def bound(memory: int, cpu_seconds: int) -> None:
    """Bound this process: bytes of memory, seconds of the processor; it writes no file and leaves no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
