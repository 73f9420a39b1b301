"""What several threads bring at the same time is done together, and nobody waits for what another has broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from adapter.model.errors import Unavailable
from adapter.services.door.batching import _MOST, Batching

WAIT = 60.0


class Work:
    """Does numbers by doubling them. `held` is not done before it may be; the groups are noted."""

    def __init__(self, together: Callable[[Sequence[int]], Sequence[int] | None] | None = None, held: int = 0) -> None:
        self.groups: list[Sequence[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._together, self._held = together or (lambda brought: [2 * each for each in brought]), held
        self.gathering: Batching[int, int] = Batching(self._do, self._alone)

    def _do(self, brought: Sequence[int]) -> Sequence[int] | None:
        self.groups.append(sorted(brought))
        return self._together(brought)

    def _alone(self, one: int) -> int:
        self.groups.append([one])
        if one == self._held:
            self.begun.set()
            assert self.go_on.wait(WAIT)
        return 2 * one

    def waiting(self) -> int:
        return len(self.gathering._waiting)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that is under way is waited for, however long it takes."""
    monkeypatch.setattr("adapter.services.door.batching._PATIENCE_S", WAIT)


def _bring(work: Work, pool: ThreadPoolExecutor, count: int) -> list[Future[int]]:
    """One that is held, and `count` that come while it is under way."""
    first = pool.submit(work.gathering.put, 99)
    assert work.begun.wait(WAIT)
    others = [pool.submit(work.gathering.put, each) for each in range(1, count + 1)]
    until = threading.Event()
    while work.waiting() < count:
        until.wait(0.01)
    work.go_on.set()
    return [first, *others]


def test_one_is_done_at_once_and_alone() -> None:
    work = Work()
    assert work.gathering.put(4) == 8
    assert work.groups == [[4]]


def test_what_comes_while_one_is_under_way_is_done_together(patient: None) -> None:
    work = Work(held=99)
    with ThreadPoolExecutor(6) as pool:
        done = [each.result(WAIT) for each in _bring(work, pool, 5)]
    assert done == [198, 2, 4, 6, 8, 10]
    assert work.groups == [[99], [1, 2, 3, 4, 5]]


def test_a_group_takes_no_more_than_it_may(patient: None) -> None:
    count = _MOST + 3
    work = Work(held=99)
    with ThreadPoolExecutor(count + 1) as pool:
        done = [each.result(WAIT) for each in _bring(work, pool, count)]
    assert sorted(done) == sorted([198, *(2 * each for each in range(1, count + 1))])
    assert max(map(len, work.groups)) == _MOST


def test_a_group_that_stands_still_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.services.door.batching._PATIENCE_S", 0.01)
    work = Work(held=99)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(work.gathering.put, 99)
        assert work.begun.wait(WAIT)
        assert pool.submit(work.gathering.put, 1).result(WAIT) == 2
        assert not slow.done()
        monkeypatch.setattr("adapter.services.door.batching._PATIENCE_S", WAIT * 2)
        assert pool.submit(work.gathering.put, 2).result(WAIT) == 4, "nor a second time"
        work.go_on.set()
        assert slow.result(WAIT) == 198


def _nothing(_: Sequence[int]) -> None:
    return None


def _breaks(_: Sequence[int]) -> None:
    raise ValueError("broken")


def _down(_: Sequence[int]) -> None:
    raise Unavailable("database: down")


def test_where_nothing_was_done_together_each_does_his_own(patient: None) -> None:
    work = Work(_nothing, held=99)
    with ThreadPoolExecutor(4) as pool:
        done = [each.result(WAIT) for each in _bring(work, pool, 3)]
    assert done == [198, 2, 4, 6]
    assert sorted(work.groups) == [[1], [1, 2, 3], [2], [3], [99]]


def test_a_defect_in_a_group_is_told_once_and_the_others_do_their_own(patient: None) -> None:
    work = Work(_breaks, held=99)
    with ThreadPoolExecutor(4) as pool:
        came = _bring(work, pool, 3)
        broken = [each for each in came if isinstance(each.exception(WAIT), ValueError)]
        assert len(broken) == 1
        assert {each.result(WAIT) for each in came if each not in broken} < {198, 2, 4, 6}


def test_that_time_must_pass_is_told_to_all(patient: None) -> None:
    work = Work(_down, held=99)
    with ThreadPoolExecutor(4) as pool:
        first, *others = _bring(work, pool, 3)
        assert all(isinstance(each.exception(WAIT), Unavailable) for each in others)
        assert first.result(WAIT) == 198
    assert work.groups == [[99], [1, 2, 3]]
