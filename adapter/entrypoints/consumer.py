"""A worker: gathers a batch from the broker, hands it to intake, acknowledges what has committed. Decides nothing.

One of several competing processes. Unacknowledged deliveries of a worker that ends go back to the queue.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.entrypoints.pulse import Pulse
from adapter.gateways.broker import Consumer, Delivery
from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.messages.intake import Intake
from adapter.services.messages.tries import RecordedTry, Tries

_BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_MUTE_S = 1.0
_ASIDE_S = 60.0
"""Longest time (seconds) that a message in which a worker ended waits for the messages behind it."""


@dataclass(frozen=True, slots=True)
class _Aside:
    """A message in which a worker ended, held until those behind it are done; `until` is monotonic."""

    delivery: Delivery
    submission: Submission
    until: float


@dataclass
class Worker:
    """The loop. `batch` messages at most at once, `tries` of one that does not settle, `clock` the legal time.

    `keys_ready` raises KeyUnavailable while our keys cannot sign; it is asked every `look_s` seconds. `new_keys_taken`:
    whether no key is offered that is not taken.
    """

    consumer: Consumer
    intake: Intake
    tries: Tries
    clock: Callable[[], datetime]
    observe: Observe
    pulse: Pulse
    batch: int
    keys_ready: Callable[[], None]
    look_s: float
    new_keys_taken: Callable[[], bool] = lambda: True
    _asked: float = -1e9
    _mute: bool = False
    _aside: list[_Aside] = field(default_factory=list)

    def run(self) -> None:
        """Work until told to stop; the batch in hand is finished first."""
        while not self.pulse.stopping:
            if not self._signs():
                self.pulse.idle(broker=self.consumer.connected, keys=False, new_keys=self.new_keys_taken())
                self.pulse.wait(_MUTE_S)
                continue
            self.pulse.idle(broker=self.consumer.connected, new_keys=self.new_keys_taken())
            deliveries = self.consumer.gather(self.batch, 0.5)
            if deliveries:
                self.pulse.busy()
                self.observe(Event.GATHERED, count=len(deliveries))
                self._take(deliveries)
            if self._aside and (not deliveries or time.monotonic() > self._aside[0].until):
                first = self._aside.pop(0)
                self._alone(first.delivery, first.submission)
        # Nothing is rejected at shutdown: unacknowledged deliveries go to another worker (dapr docs #5245).
        self.consumer.close()

    def _signs(self) -> bool:
        """Whether our keys can sign. While they cannot, no message is taken, because none could be answered."""
        now = time.monotonic()
        if not self._mute and now - self._asked < self.look_s:
            return True
        self._asked = now
        try:
            self.keys_ready()
        except Unavailable as error:
            if not self._mute:
                self.consumer.pause()
                self.observe(Event.UNAVAILABLE, reason=str(error))
            self._mute = True
        else:
            if self._mute:
                self.consumer.resume()
                self.observe(Event.AVAILABLE)
            self._mute = False
        return not self._mute

    def _take(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.unreadable:
                # It cannot be answered: its properties cannot be decoded (wire profile 3).
                self.consumer.reject(delivery.tag)
        readable = [delivery for delivery in deliveries if not delivery.unreadable]
        fresh = [delivery for delivery in readable if not delivery.redelivered]
        if fresh:
            self._settle(fresh, lambda: self.intake.receive([self._submission(d) for d in fresh]))
        # A redelivered message may have ended the process that had it first. It is taken alone; each try is recorded
        # before it begins, so that other messages of the same prefetch are not blamed for it. A message that is
        # known to have ended a process is taken when no other message would wait for it.
        self._aside = [each for each in self._aside if each.delivery.tag.generation == deliveries[-1].tag.generation]
        for delivery in (each for each in readable if each.redelivered):
            submission = self._submission(delivery)
            if self._is_suspected(submission.digest):
                self._aside.append(_Aside(delivery, submission, time.monotonic() + _ASIDE_S))
            else:
                self._alone(delivery, submission)

    def _alone(self, delivery: Delivery, submission: Submission) -> None:
        self.pulse.busy()
        self._settle([delivery], self._again(submission))

    def _is_suspected(self, digest: Digest) -> bool:
        """Whether a worker ended in this message: this daemon's last one, or any that had taken the message alone."""
        if self.pulse.suspects(digest):
            return True
        try:
            return self.tries.is_suspected(digest)
        except Unavailable:
            return False  # taking it waits for the store

    def _again(self, submission: Submission) -> Callable[[], None]:
        """A try counts only if the worker ends in it: an unavailable server is no fault of the message.

        While a server is unavailable the try is removed again, or later tries of the delivery would be counted with it.
        """
        this: RecordedTry | None = None

        def take() -> None:
            nonlocal this
            this = this or self.tries.begin(submission)
            try:
                if this.row_id is None:
                    reason = f"taken up {this.before} times, and each time its worker ended"
                    self.intake.park(submission, reason)
                else:
                    self.intake.receive([submission])
            except Unavailable:
                if self.tries.take_back(this):
                    this = None
                raise
            self.tries.settle(submission)

        return take

    def _settle(self, deliveries: Sequence[Delivery], settle: Callable[[], object]) -> None:
        """Store and acknowledge a batch; while a server is away, wait with it and acknowledge nothing."""
        tries = 0
        while True:
            try:
                settle()
                break
            except Unavailable as error:
                self.consumer.pause()
                keys = not isinstance(error, KeyUnavailable)
                self.pulse.idle(broker=self.consumer.connected, database=not keys, keys=keys)
                self.observe(Event.UNAVAILABLE, reason=str(error))
                if self.pulse.stopping:
                    return
                time.sleep(_BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)])
                tries += 1
                self.pulse.busy()
        if tries:
            self.consumer.resume()
            self.observe(Event.AVAILABLE, tries=tries)
        self.consumer.acknowledge([delivery.tag for delivery in deliveries])
        self.observe(Event.ACKNOWLEDGED, count=len(deliveries))

    def _submission(self, delivery: Delivery) -> Submission:
        return Submission(
            raw=delivery.body,
            channel=Channel.WINDOW,
            received_at=self.clock(),
            digest=Digest(hashlib.sha256(delivery.body).hexdigest()),
            correlation_id=delivery.correlation_id,
            redelivered=delivery.redelivered,
        )
