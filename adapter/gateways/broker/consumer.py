"""Takes deliveries from queues while a thread of its own keeps the connection alive.

Never acknowledges by itself: what is not settled by the caller goes back to its queue when the connection ends. Never
settles a delivery of an earlier connection: the broker has delivered that message again already.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from pika.channel import Channel

from adapter.gateways.broker.address import BrokerAddress
from adapter.gateways.broker.link import Link, OnEvent, ignore_event
from adapter.gateways.broker.messages import Delivery, Tag, delivery


class Consumer:
    """Competing consumer of `queues`, the earlier ones served first. At most `prefetch` deliveries of each are held."""

    def __init__(
        self,
        address: BrokerAddress,
        *,
        queues: Sequence[str],
        prefetch: int = 64,
        linger_s: float = 0.005,
        on_event: OnEvent = ignore_event,
    ) -> None:
        self._prefetch = prefetch
        self._linger_s = linger_s
        self._on_event = on_event
        self._arrived = threading.Condition()
        self._waiting: dict[str, deque[Delivery]] = {queue: deque() for queue in queues}
        self._paused = False
        # Of the link's thread alone: the open channel's generation, subscriptions and unsettled numbers, ascending.
        self._generation = 0
        self._subscribed: list[str] = []
        self._unsettled: dict[int, None] = {}
        self._link = Link(address, prepare=self._prepare, lost=self._forget, on_event=on_event)

    def __enter__(self) -> Consumer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def connected(self) -> bool:
        """Whether the broker can be heard now."""
        return self._link.connected

    @property
    def paused(self) -> bool:
        """Whether taking more is stopped."""
        return self._paused

    def gather(self, max_count: int, wait_s: float) -> list[Delivery]:
        """Waits for a first delivery, then a short time for more; empty if nothing came in time."""
        with self._arrived:
            if not self._arrived.wait_for(self._count, timeout=wait_s):
                return []
            self._arrived.wait_for(lambda: self._count() >= max_count, timeout=self._linger_s)
            gathered: list[Delivery] = []
            for waiting in self._waiting.values():
                while waiting and len(gathered) < max_count:
                    gathered.append(waiting.popleft())
            return gathered

    def acknowledge(self, tags: Iterable[Tag]) -> None:
        """Acknowledges these deliveries. Tags of earlier connections are ignored."""
        self._settle(tags, self._acknowledge)

    def reject(self, tag: Tag) -> None:
        """Sends one delivery to the quarantine."""
        self._settle((tag,), partial(self._give_back, requeue=False))

    def release(self, tag: Tag) -> None:
        """Requeues one delivery: it is delivered again. It counts towards the delivery limit."""
        self._settle((tag,), partial(self._give_back, requeue=True))

    def pause(self) -> None:
        """Stops taking deliveries. Connection and held deliveries stay: releasing them would count as deliveries."""
        self._turn(paused=True)

    def resume(self) -> None:
        """Takes more again."""
        self._turn(paused=False)

    def close(self) -> None:
        """Settles what was asked for, then disconnects; what is left goes back to its queue."""
        self._link.close()

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _settle(self, tags: Iterable[Tag], how: Callable[..., None]) -> None:
        by_generation: dict[int, set[int]] = {}
        for tag in tags:
            by_generation.setdefault(tag.generation, set()).add(tag.number)
        for generation, numbers in by_generation.items():
            self._link.call(partial(how, numbers=numbers), generation=generation)

    def _turn(self, *, paused: bool) -> None:
        if self._paused is not paused:
            self._paused = paused
            self._on_event("broker.paused" if paused else "broker.resumed")
            self._link.call(self._reconcile)

    # -- in the link's thread -------------------------------------------------------------------

    def _prepare(self, channel: Channel, generation: int, ready: Callable[[], None]) -> None:
        self._generation = generation
        self._subscribed = []
        self._unsettled = {}

        def subscribed(_: Any) -> None:
            ready()
            self._reconcile(channel)  # a pause or resume may have come while the channel was opening

        # The broker cancels a consumer when a queue is deleted or its leader moves: only a new channel works surely.
        channel.add_on_cancel_callback(lambda _: self._link.drop("the broker cancelled the subscription"))
        channel.basic_qos(prefetch_count=self._prefetch)
        if self._paused:
            ready()
            self._reconcile(channel)
        else:
            self._subscribe(channel, subscribed)

    def _subscribe(self, channel: Channel, subscribed: Callable[[Any], None]) -> None:
        """One subscription per queue; `subscribed` is called after the last: the broker answers in order."""
        last = len(self._waiting) - 1
        self._subscribed = [
            channel.basic_consume(queue, partial(self._take, queue), callback=subscribed if at == last else None)
            for at, queue in enumerate(self._waiting)
        ]

    def _reconcile(self, channel: Channel) -> None:
        if self._paused:
            for subscription in self._subscribed:
                channel.basic_cancel(subscription)
            self._subscribed = []
        elif not self._subscribed:
            self._subscribe(channel, lambda _: None)

    def _take(self, queue: str, _: Channel, method: Any, properties: Any, body: bytes) -> None:
        self._unsettled[method.delivery_tag] = None
        taken = delivery(Tag(self._generation, method.delivery_tag), method, properties, body, queue=queue)
        with self._arrived:
            self._waiting[queue].append(taken)
            self._arrived.notify()

    def _acknowledge(self, channel: Channel, numbers: set[int]) -> None:
        # One frame settles everything up to a number, so the longest prefix goes that way; never over one held back.
        prefix = 0
        for number in self._unsettled:
            if number not in numbers:
                break
            prefix = number
        if prefix:
            channel.basic_ack(prefix, multiple=True)
        for number in sorted(numbers & self._unsettled.keys()):
            if number > prefix:
                channel.basic_ack(number)
            del self._unsettled[number]

    def _give_back(self, channel: Channel, numbers: set[int], *, requeue: bool) -> None:
        for number in sorted(numbers & self._unsettled.keys()):
            channel.basic_nack(number, requeue=requeue)
            del self._unsettled[number]

    def _forget(self, reason: str) -> None:
        with self._arrived:
            for waiting in self._waiting.values():
                waiting.clear()
