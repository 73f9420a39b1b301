"""Publishes with a bounded number of unconfirmed messages: persistent, mandatory, each with a verdict of its own.

A message counts as sent only when the broker has confirmed it. An unconfirmed message is not repeated here: the caller
sends the same bytes again.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any

import pika.exceptions
import pika.spec
from pika.channel import Channel

from adapter.gateways.broker.address import CONNECT_TIMEOUT_S, BrokerAddress
from adapter.gateways.broker.link import Link, OnEvent, ignore_event
from adapter.gateways.broker.messages import Confirmed, Nacked, Outgoing, Returned, Unconfirmed, Verdict

_UNWRITABLE = (pika.exceptions.ShortStringTooLong, pika.exceptions.ProtocolSyntaxError, struct.error,
               ValueError, TypeError, AssertionError)  # fmt: skip
"""What pika raises while it encodes a message: nothing was written then; the next message may be fine."""
_ALARM_S = 30.0
"""A broker in alarm takes nothing for now: leaving it would send the messages in its buffers twice."""
_LOOK_S = 0.5
_REFUSED = Nacked("refused by the broker")
_REFUSALS = 2
"""Refused batches in a row: a single one may come from a change of leaders."""


class _Flight:
    """One batch being published. All but `done` and the reading of `verdicts` happens in the link's thread."""

    def __init__(self, batch: Sequence[Outgoing], *, most_unconfirmed: int, written: Callable[[], None]) -> None:
        self.batch = batch
        self.written = written
        self.verdicts: list[Verdict | None] = [None] * len(batch)
        self.done = threading.Event()
        self.heard = 0
        self._most_unconfirmed = most_unconfirmed
        self._next = 0
        self._under_way: dict[int, int] = {}  # the channel's publish number -> place in the batch, ascending

    def fill(self, channel: Channel, number: Callable[[], int]) -> None:
        """Writes as many as may be unconfirmed."""
        while self._next < len(self.batch) and len(self._under_way) < self._most_unconfirmed:
            place, self._next = self._next, self._next + 1
            message = self.batch[place]
            try:
                channel.basic_publish(
                    message.exchange, message.routing_key, message.body, message.properties(), mandatory=True
                )
            except pika.exceptions.ShortStringTooLong:
                # The text of the client library would quote the message.
                self.verdicts[place] = Nacked("a property or the routing key is longer than 255 bytes")
                continue
            except _UNWRITABLE as problem:
                self.verdicts[place] = Nacked(f"its properties cannot be encoded: {type(problem).__name__}")
                continue
            self._under_way[number()] = place
        if not self._under_way:
            self.done.set()

    def settle(self, number: int, multiple: bool, verdict: Verdict) -> None:
        """The broker's answer for one message, or for all up to it. One that was returned stays returned."""
        self.heard += 1
        settled = [each for each in self._under_way if each <= number] if multiple else [number]
        for each in settled:
            place = self._under_way.pop(each, None)
            if place is not None and self.verdicts[place] is None:
                self.verdicts[place] = verdict

    def returned(self, exchange: str, routing_key: str, message_id: object, body: bytes, verdict: Returned) -> None:
        """Notes a return, which the broker sends before its acknowledgement and without a number."""
        wanted = (exchange, routing_key, message_id, body)
        for place in self._under_way.values():
            sent = self.batch[place]
            if self.verdicts[place] is None and wanted == (
                sent.exchange, sent.routing_key, sent.message_id, sent.body
            ):  # fmt: skip
                self.verdicts[place] = verdict
                return


class Publisher:
    """Publishes batches over one connection, which is kept alive between them.

    `timeout_s`: without one confirm for so long, the connection is given up. A node of a cluster whose leader of a
    queue has just frozen confirms nothing more on a channel of before, though the queue has another leader by then.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        most_unconfirmed: int = 256,
        timeout_s: float = 6.0,
        on_event: OnEvent = ignore_event,
    ) -> None:
        self._most_unconfirmed = most_unconfirmed
        self._timeout_s = timeout_s
        self._one_batch = threading.Lock()
        self._flight: _Flight | None = None
        self._published = 0
        self._refusals = 0
        self._link = Link(address, prepare=self._prepare, lost=self._land, on_event=on_event)

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        """Whether the broker can be heard now."""
        return self._link.connected

    @property
    def blocked(self) -> bool:
        """Whether the broker is in alarm, and takes nothing."""
        return self._link.blocked

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None] = lambda: None) -> list[Verdict]:
        """A verdict for each message, in the order given.

        `written` is called in the link's thread when the first of them have gone out to the socket, and before any
        answer to them is read.

        Raises: BrokerUnavailable, at once, where there is no connection; then nothing was written.
        """
        if not batch:
            return []
        with self._one_batch:
            generation = self._link.generation(wait_s=2 * CONNECT_TIMEOUT_S)
            # Set before the hand-over: whichever comes first, the flight begins or `_land` ends it.
            flight = self._flight = _Flight(batch, most_unconfirmed=self._most_unconfirmed, written=written)
            handed_over = self._link.call(self._begin, generation=generation)
            if handed_over and not self._landed(flight):
                # A new channel, so that a late answer cannot be taken for one to the next batch.
                self._link.drop("confirms are overdue")
            self._flight = None
            self._count_refusals(flight)
            return [verdict or Unconfirmed("no confirm before the connection or the time ended")
                    for verdict in list(flight.verdicts)]  # fmt: skip

    def _count_refusals(self, flight: _Flight) -> None:
        """Close the channel if several batches in a row were refused.

        RabbitMQ 3.10: a channel that sends into a queue which is between two leaders may have it refused for ever,
        though the queue takes what others send. Where it is full, a new channel does no harm.
        """
        if any(verdict == _REFUSED for verdict in flight.verdicts) and Confirmed() not in flight.verdicts:
            self._refusals += 1
        else:
            self._refusals = 0
        if self._refusals >= _REFUSALS:
            self._refusals = 0
            self._link.drop("everything is refused: a new channel is tried")

    def _landed(self, flight: _Flight) -> bool:
        """Waits until everything is answered; False once nothing has been for too long."""
        heard, waited_s = flight.heard, 0.0
        while not flight.done.wait(_LOOK_S):
            heard, waited_s = flight.heard, waited_s + _LOOK_S if flight.heard == heard else 0.0
            if waited_s >= (_ALARM_S if self._link.blocked else self._timeout_s):
                return False
        return True

    def close(self) -> None:
        """Ends the connection; a batch under way ends unconfirmed."""
        self._link.close()

    # -- in the link's thread -------------------------------------------------------------------

    def _prepare(self, channel: Channel, generation: int, ready: Callable[[], None]) -> None:
        self._published = 0
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(partial(self._answered, channel), callback=lambda _: ready())

    def _number(self) -> int:
        self._published += 1
        return self._published

    def _begin(self, channel: Channel) -> None:
        if self._flight is None:
            return
        self._advance(channel)
        written = self._flight.written
        # pika only buffers here and writes when the loop next comes round; what is handed in now runs after that.
        self._link.call(lambda _: written())

    def _advance(self, channel: Channel) -> None:
        if self._flight is not None:
            self._flight.fill(channel, self._number)

    def _answered(self, channel: Channel, frame: Any) -> None:
        method = frame.method
        verdict = _REFUSED if isinstance(method, pika.spec.Basic.Nack) else Confirmed()
        if self._flight is not None:
            self._flight.settle(method.delivery_tag, method.multiple, verdict)
            if channel.is_open:
                self._advance(channel)

    def _returned(self, _: Channel, method: Any, properties: Any, body: bytes) -> None:
        if self._flight is not None:
            verdict = Returned(method.reply_code, method.reply_text)
            self._flight.returned(method.exchange, method.routing_key, properties.message_id, body, verdict)

    def _land(self, reason: str) -> None:
        if self._flight is not None:
            self._flight.done.set()
