"""The dispatcher's loop: what it tells of the broker, and how often it tries what came back. Its time is made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from adapter.entrypoints import dispatcher
from adapter.entrypoints.dispatcher import Dispatcher
from adapter.gateways.broker import BrokerUnavailable
from adapter.gateways.store.database import DatabaseUnavailable
from adapter.model.events import unobserved
from adapter.services.replies.dispatch import Round
from adapter.services.watch.mode import Mode

NOTHING = Round(sent=0, back=0)


@dataclass
class Days:
    """Time that passes only while the loop waits, or with a round."""

    now: float = 1000.0
    ends: float = 1000.0 + 60.0
    told: list[dict[str, bool]] = field(default_factory=list)

    @property
    def stopping(self) -> bool:
        return self.now >= self.ends

    def busy(self) -> None:
        self.now += 0.001

    def idle(self, **at_hand: bool) -> None:
        self.told.append(at_hand)

    def wait(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Rounds:
    """The rounds asked for: when, and whether what came back was to be tried."""

    days: Days
    answer: Callable[[bool], Round]
    asked: list[tuple[float, bool]] = field(default_factory=list)
    transfers: set[bool] = field(default_factory=set)

    def round(self, *, transfers: bool, returned: bool) -> Round:
        self.transfers.add(transfers)
        self.asked.append((self.days.now, returned))
        return self.answer(returned)

    @property
    def gaps(self) -> list[float]:
        """Seconds between the rounds that tried what came back."""
        tried = [at for at, returned in self.asked if returned]
        return [round(after - before, 1) for before, after in pairwise(tried)]


def run(
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[bool], Round],
    *,
    connected: bool = True,
    mode: Mode = Mode.NORMAL,
) -> tuple[Rounds, Days]:
    days = Days()
    monkeypatch.setattr(dispatcher, "time", SimpleNamespace(monotonic=lambda: days.now))
    rounds = Rounds(days, answer)
    parts: dict[str, Any] = {
        "dispatch": rounds,
        "publisher": SimpleNamespace(connected=connected, blocked=False, close=lambda: None),
        "window": SimpleNamespace(state=lambda: SimpleNamespace(mode=mode)),
        "pulse": days,
    }
    Dispatcher(observe=unobserved, **parts).run()
    return rounds, days


@pytest.mark.parametrize("connected", [True, False])
def test_with_an_empty_outbox_it_tells_whether_the_broker_is_there(
    monkeypatch: pytest.MonkeyPatch, connected: bool
) -> None:
    _, days = run(monkeypatch, lambda _: NOTHING, connected=connected)
    assert {told["broker"] for told in days.told} == {connected}
    assert {told.get("database", True) for told in days.told} == {True}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BrokerUnavailable("gone"), {"broker": False, "database": True}),
        (DatabaseUnavailable("gone"), {"broker": True, "database": False}),
    ],
)
def test_it_tells_which_of_the_two_is_away(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: dict[str, bool]
) -> None:
    def away(_: bool) -> Round:
        raise error

    _, days = run(monkeypatch, away)
    assert all(each == told for each in days.told)


def test_what_always_comes_back_is_tried_ever_more_seldom_and_at_least_every_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rounds, _ = run(monkeypatch, lambda returned: Round(0, 3) if returned else NOTHING)
    assert rounds.gaps == sorted(rounds.gaps)
    assert rounds.gaps[0] < 0.5
    assert rounds.gaps[-1] == pytest.approx(5.0, abs=0.1)
    assert max(rounds.gaps) < 5.2


def test_nothing_new_waits_for_what_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, _ = run(monkeypatch, lambda returned: Round(0, 3) if returned else NOTHING)
    between = [after - before for (before, _), (after, _) in pairwise(rounds.asked)]
    assert max(between) < 0.1


def test_new_ones_that_come_back_do_not_put_off_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, _ = run(monkeypatch, lambda _: Round(0, 1))
    assert max(rounds.gaps) < 5.2
    assert len(rounds.gaps) > 10


def test_once_they_leave_the_pause_is_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def mended_for_a_while(returned: bool) -> Round:
        nonlocal tries
        tries += returned
        return Round(0, 3) if returned and tries != 12 else NOTHING

    rounds, _ = run(monkeypatch, mended_for_a_while)
    assert rounds.gaps[10] == pytest.approx(5.0, abs=0.1)
    assert max(rounds.gaps[11:14]) < 0.5


@pytest.mark.parametrize(
    ("mode", "leaves"),
    [
        *((each, {True}) for each in (Mode.NEVER_HEARD, Mode.NORMAL, Mode.RECONCILING)),
        *((each, set()) for each in (Mode.SUSPECT, Mode.DIRECT, Mode.MAINTENANCE)),
        (Mode.UNKNOWN, {False}),
    ],
)
def test_replies_and_transfers_leave_as_the_mode_says(
    monkeypatch: pytest.MonkeyPatch, mode: Mode, leaves: set[bool]
) -> None:
    """Nothing is even claimed while all waits; where nobody looks, transfers alone stay."""
    rounds, _ = run(monkeypatch, lambda _: NOTHING, mode=mode)
    assert rounds.transfers == leaves
