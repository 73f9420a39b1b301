"""The single window under load: publishes declarations with confirms, takes the replies, notes when each came.

One thread and one connection, so that measuring takes little of the machine that is measured. Must never judge a
reply beyond its type: an answer that is no acceptance is counted as a fault of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pika import BasicProperties, SelectConnection, URLParameters

from tests.bench.messages import Message

EXCHANGE, ROUTING_KEY, REPLIES = "nsw.inbound", "BQP0100001.10.01", "nsw.replies"
ACCEPTANCE = ".20.21"
_TICK_S = 0.004
_ACKNOWLEDGE_EVERY = 50


class LoadFailed(RuntimeError):
    """The run did not come to its end; the message says how far it came."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much and how fast: at most `in_flight` unanswered, at most `rate` a second (None: as fast as it goes)."""

    count: int
    in_flight: int
    rate: float | None = None
    seconds: float = 600.0


@dataclass(slots=True)
class Measured:
    """Times of every message, by its id."""

    sent: dict[str, float] = field(default_factory=dict)
    replied: dict[str, float] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """Types of replies that were no acceptance."""

    @property
    def seconds(self) -> float:
        return max(self.replied.values()) - min(self.sent.values())

    @property
    def per_second(self) -> float:
        return len(self.replied) / self.seconds

    def latencies(self) -> list[float]:
        """Milliseconds from publish to reply, ascending."""
        return sorted((at - self.sent[message]) * 1000 for message, at in self.replied.items())


def run(url: str, messages: Iterator[Message], load: Load, each_second: Callable[[int], None]) -> Measured:
    """Put the load on the broker at `url`, until every message is confirmed and answered.

    `each_second` is told how many are answered.

    Raises:
        LoadFailed: the connection ended or the time was over.
    """
    return _Window(url, messages, load, each_second).run()


class _Window:
    def __init__(self, url: str, messages: Iterator[Message], load: Load, each_second: Callable[[int], None]) -> None:
        self._messages, self._load, self._each_second = messages, load, each_second
        self._measured = Measured()
        self._unconfirmed: dict[int, None] = {}
        self._published = self._taken = 0
        self._problem = ""
        self._begun = 0.0
        self._connection = SelectConnection(
            URLParameters(url),
            on_open_callback=self._connected,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )

    def run(self) -> Measured:
        self._connection.ioloop.start()
        if self._problem:
            answered = len(self._measured.replied)
            raise LoadFailed(f"{self._problem}: {self._published} sent, {answered} of {self._load.count} answered")
        return self._measured

    def _connected(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._opened)

    def _opened(self, channel: Any) -> None:
        self._channel = channel
        channel.basic_qos(prefetch_count=500)
        channel.confirm_delivery(self._confirmed)
        channel.basic_consume(REPLIES, self._take, callback=lambda _: self._start())

    def _start(self) -> None:
        self._begun = perf_counter()
        self._tick()
        self._second()

    def _tick(self) -> None:
        if self._done():
            self._acknowledge()
            self._connection.close()
            return
        if perf_counter() - self._begun > self._load.seconds:
            self._problem = f"not done after {self._load.seconds:.0f} s"
            self._connection.close()
            return
        while self._may_send():
            self._send(next(self._messages))
        self._connection.ioloop.call_later(_TICK_S, self._tick)

    def _second(self) -> None:
        self._each_second(len(self._measured.replied))
        self._connection.ioloop.call_later(1.0, self._second)

    def _done(self) -> bool:
        return len(self._measured.replied) >= self._load.count and not self._unconfirmed

    def _may_send(self) -> bool:
        load = self._load
        if self._published >= load.count or self._published - len(self._measured.replied) >= load.in_flight:
            return False
        return load.rate is None or self._published < (perf_counter() - self._begun) * load.rate

    def _send(self, message: Message) -> None:
        properties = BasicProperties(
            content_type="application/xml", delivery_mode=2, message_id=message.message_id, type=ROUTING_KEY
        )
        self._published += 1
        self._unconfirmed[self._published] = None
        self._measured.sent[message.message_id] = perf_counter()
        self._channel.basic_publish(EXCHANGE, ROUTING_KEY, message.raw, properties, mandatory=True)

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        settled = (
            [each for each in self._unconfirmed if each <= method.delivery_tag]
            if method.multiple
            else [method.delivery_tag]
        )
        for each in settled:
            self._unconfirmed.pop(each, None)

    def _take(self, _: Any, method: Any, properties: Any, body: bytes) -> None:
        del body
        correlation = str(properties.correlation_id)
        if correlation in self._measured.sent:
            self._measured.replied.setdefault(correlation, perf_counter())
        if not str(properties.type).endswith(ACCEPTANCE):
            self._measured.others.append(str(properties.type))
        self._last, self._taken = method.delivery_tag, self._taken + 1
        if self._taken % _ACKNOWLEDGE_EVERY == 0:
            self._acknowledge()

    def _acknowledge(self) -> None:
        if self._taken:
            self._channel.basic_ack(self._last, multiple=True)

    def _ended(self, connection: Any, problem: object) -> None:
        if not self._problem and not self._done():
            self._problem = f"the connection ended ({type(problem).__name__})"
        connection.ioloop.stop()
