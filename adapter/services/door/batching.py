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
        self._under_way = 0
        self._changed = threading.Condition()

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
        with self._changed:
            self._waiting.append(place)
            self._changed.wait_for(lambda: place.taken or not self._under_way, _PATIENCE_S)
            if place.taken:
                self._changed.wait_for(lambda: place.ended)
                return []
            # Its own work first: more may wait than fits into one group.
            group = [place, *(each for each in self._waiting if each is not place)][:_MOST]
            self._waiting = [each for each in self._waiting if each not in group]
            for each in group:
                each.taken = True
            self._under_way += 1
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
        with self._changed:
            for each in group:
                each.ended = True
            self._under_way -= 1
            self._changed.notify_all()
