"""Looks at things in the background, each at its own interval, in a thread of the clock.

A broker or a machine that hangs delays nothing else; what could not be seen is looked at again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from adapter.model.errors import Misconfigured, Unavailable, defect
from adapter.model.events import Event, Observe

_LOOKS_AGAIN_S = 1.0


@dataclass
class Survey:
    """`looks`: each with the seconds between two of it. Works between `__enter__` and `__exit__`."""

    looks: Sequence[tuple[float, Callable[[], None]]]
    observe: Observe
    _over: threading.Event = field(default_factory=threading.Event)
    _told: dict[int, str] = field(default_factory=dict)
    """The fault of each look, by its number."""

    def __enter__(self) -> Survey:
        self._over = threading.Event()
        threading.Thread(target=self._run, args=(self._over,), name="survey", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _run(self, over: threading.Event) -> None:
        due = [0.0] * len(self.looks)
        while not over.is_set():
            for number, (every_s, look) in enumerate(self.looks):
                if time.monotonic() >= due[number] and not over.is_set():
                    self._look(number, look)
                    due[number] = time.monotonic() + every_s
            over.wait(_LOOKS_AGAIN_S)

    def _look(self, number: int, look: Callable[[], None]) -> None:
        """A fault is logged once, also where several looks have it, until it is over."""
        try:
            look()
            told = ""
        except (Unavailable, Misconfigured) as error:
            told = str(error)
        except Exception as error:  # noqa: BLE001  a defect in one look must not end the others
            told = defect(error)
        if told and told not in self._told.values():
            self.observe(Event.UNAVAILABLE, reason=told)
        self._told[number] = told
