"""A worker's loop by itself: what it takes up and in which order, and when it counts a try."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from adapter.entrypoints import consumer
from adapter.entrypoints.consumer import Worker
from adapter.gateways.broker import Delivery
from adapter.gateways.broker.messages import Tag
from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.model.errors import Unavailable
from adapter.model.events import unobserved
from adapter.model.stages import Submission
from tests.harness.fixtures import CLOCK


def delivery(body: str, *, redelivered: bool = False) -> Delivery:
    return Delivery(
        tag=Tag(1, len(body)), queue="q", body=body.encode(), exchange="x", routing_key="k", redelivered=redelivered
    )


@dataclass
class Played:
    """Batches that the broker hands over one after the other, and what the worker did meanwhile."""

    batches: list[list[Delivery]]
    suspected: str = ""
    did: list[str] = field(default_factory=list)
    keys: list[Exception] = field(default_factory=list)
    outages: list[Exception] = field(default_factory=list)
    stopping: bool = False

    def gather(self, _: int, __: float) -> list[Delivery]:
        if self.batches:
            return self.batches.pop(0)
        self.stopping = True
        return []

    def receive(self, submissions: Sequence[Submission]) -> None:
        if self.outages:
            raise self.outages.pop()
        self.did += [submission.raw.decode() for submission in submissions]

    def keys_ready(self) -> None:
        if self.keys:
            raise self.keys.pop()

    def noting(self, what: str) -> Callable[..., bool]:
        def note(*_: object) -> bool:
            self.did.append(what)
            return True

        return note

    def worker(self) -> Worker:
        line: Any = SimpleNamespace(
            gather=self.gather, connected=True, close=lambda: None, pause=self.noting("pause"),
            resume=self.noting("resume"), acknowledge=self.noting("acknowledged"),
        )  # fmt: skip
        tries: Any = SimpleNamespace(
            begin=lambda _: SimpleNamespace(row_id=1, before=0), take_back=self.noting("taken back"),
            settle=self.noting("settled"), is_suspected=lambda _: False,
        )  # fmt: skip
        intake: Any = SimpleNamespace(receive=self.receive)
        pulse: Any = _Pulse(self)
        return Worker(line, intake, tries, lambda: CLOCK, unobserved, pulse, 8, self.keys_ready, 0.0)


@dataclass
class _Pulse:
    played: Played

    @property
    def stopping(self) -> bool:
        return self.played.stopping

    def suspects(self, digest: str) -> bool:
        return digest == hashlib.sha256(self.played.suspected.encode()).hexdigest()

    def idle(self, **_: object) -> None: ...

    def busy(self) -> None: ...

    def wait(self, _: float) -> None: ...


def test_while_our_keys_cannot_sign_nothing_is_taken_up() -> None:
    played = Played([[delivery("a")]], keys=[KeyUnavailable("away"), KeyUnavailable("away")])
    played.worker().run()
    assert played.did == ["pause", "resume", "a", "acknowledged"]


def test_a_message_in_which_a_worker_ended_waits_for_those_behind_it() -> None:
    poison = delivery("poison", redelivered=True)
    played = Played([[poison, delivery("a")], [delivery("b")], []], suspected="poison")
    played.worker().run()
    assert [what for what in played.did if what in ("poison", "a", "b")] == ["a", "b", "poison"]


def test_a_try_counts_only_where_the_worker_ends_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that went away says nothing of the message, which is acknowledged when it is stored."""
    monkeypatch.setattr(consumer.time, "sleep", lambda _: None)
    played = Played([[delivery("a", redelivered=True)]], outages=[Unavailable("away")])
    played.worker().run()
    assert played.did == ["taken back", "pause", "a", "settled", "resume", "acknowledged"]
