"""Does the work of several threads in one transaction, which is faster than one each.

No thread waits for others to come: work that comes while a group is being done makes the next group.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adapter.model.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")
_MOST = 32
_PATIENCE_S = 0.5
"""Seconds that a thread waits for the current group before it begins another: the group may wait for a lock.

Longer than a large group takes on a busy machine: groups side by side are small, and the smaller, the dearer each is.
"""


@dataclass(slots=True, eq=False)
class _Place(Generic[T, R]):
    """The work of one thread and its result or error; neither if nothing was done."""

    brought: T
    taken: bool = False
    ended: bool = False
    told: threading.Event = field(default_factory=threading.Event)
    """It has ended, or it is its turn to begin a group. Each thread is woken by itself: many wait, and few go on."""
    result: list[R] = field(default_factory=list)
    error: Unavailable | None = None


class Batching(Generic[T, R]):
    """Does the work of several threads by `together`, of one thread by `alone`.

    If `together` gives None or fails, nothing was done, and each thread does its own work alone: a fault of one does
    not stop the others. Unavailable is raised in all of them.
    """

    def __init__(self, together: Callable[[Sequence[T]], Sequence[R] | None], alone: Callable[[T], R]) -> None:
        self._together, self._alone = together, alone
        self._waiting: list[_Place[T, R]] = []
        self._newest: Sequence[_Place[T, R]] | None = None
        """The group under way that others wait for; one that stood still too long is not it any more."""
        self._lock = threading.Lock()

    def put(self, brought: T) -> R:
        """Do the work and give its result. Raises what `alone` raises, and Unavailable."""
        place: _Place[T, R] = _Place(brought)
        if group := self._group(place):
            try:
                self._do(group)
            finally:
                self._end(group)
        if place.error is not None:
            raise place.error
        return place.result[0] if place.result else self._alone(brought)

    def _group(self, place: _Place[T, R]) -> list[_Place[T, R]]:
        """The group that this thread has to do; empty where another thread has done it."""
        with self._lock:
            self._waiting.append(place)
            if self._newest is None:
                return self._begun(place)
        place.told.wait(_PATIENCE_S)
        with self._lock:
            if not place.taken:
                return self._begun(place)
            if not place.ended:
                place.told.clear()
        place.told.wait()
        return []

    def _begun(self, place: _Place[T, R]) -> list[_Place[T, R]]:
        # Its own work first: more may wait than fits into one group.
        group = [place, *(each for each in self._waiting if each is not place)][:_MOST]
        self._waiting = [each for each in self._waiting if each not in group]
        for each in group:
            each.taken = True
        self._newest = group
        return group

    def _do(self, group: Sequence[_Place[T, R]]) -> None:
        if len(group) == 1:
            group[0].result.append(self._alone(group[0].brought))
            return
        try:
            results = self._together([each.brought for each in group])
        except Unavailable as error:
            for each in group:
                each.error = error
            return
        for each, result in zip(group, results or (), strict=results is not None):
            each.result.append(result)

    def _end(self, group: Sequence[_Place[T, R]]) -> None:
        with self._lock:
            for each in group:
                each.ended = True
                each.told.set()
            if self._newest is group:
                self._newest = None
                if self._waiting:
                    self._waiting[0].told.set()
