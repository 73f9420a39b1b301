"""Reads a queue of dead letters, and takes messages out of it.

Looking changes nothing but the `redelivered` flag and a count: what is fetched is not acknowledged and goes back when
the channel closes. Never acknowledge before the message was published again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel

from adapter.gateways.broker.address import BrokerAddress, opened
from adapter.gateways.broker.messages import Delivery, Tag, delivery

_BATCH = 100


def browse(
    address: BrokerAddress, *, queue: str, limit: int = 100, wanted: Callable[[Delivery], bool] = lambda _: True
) -> list[Delivery]:
    """The first messages of a queue that are wanted; all stay in it.

    Raises: BrokerUnavailable, BrokerRefused.
    """
    with opened(address) as connection:
        return list(islice(filter(wanted, _fetch(connection.channel(), queue)), limit))


def take(address: BrokerAddress, *, queue: str, digest: str, republish: Callable[[Delivery], None]) -> bool:
    """Republishes the message whose body has that SHA-256 (hex), then removes it; False where there is none.

    An exception of `republish` leaves the queue as it was.
    Raises: BrokerUnavailable, BrokerRefused.
    """
    with opened(address) as connection:
        channel = connection.channel()
        for found in _fetch(channel, queue):
            if hashlib.sha256(found.body).hexdigest() == digest.lower():
                republish(found)
                channel.basic_ack(found.tag.number)
                return True
        return False


def drain(
    address: BrokerAddress,
    *,
    queue: str,
    wanted: Callable[[Delivery], bool],
    republish: Callable[[Sequence[Delivery]], Sequence[bool]],
) -> None:
    """Republishes what is wanted of what lies in the queue now, oldest first, and removes each that was taken.

    `republish` says of each message whether it was; its exception leaves the rest as it was. The same message may be
    published twice where the connection ends between the two steps.
    Raises: BrokerUnavailable, BrokerRefused.
    """
    with opened(address) as connection:
        channel = connection.channel()
        count = channel.queue_declare(queue, passive=True).method.message_count or 0
        # Not more than there were: messages that are dead-lettered again meanwhile would be taken without end.
        found = filter(wanted, islice(_fetch(channel, queue), count))
        while batch := list(islice(found, _BATCH)):
            for each, taken in zip(batch, republish(batch), strict=True):
                if taken:
                    channel.basic_ack(each.tag.number)
            connection.process_data_events(0)  # heartbeats


def _fetch(channel: BlockingChannel, queue: str) -> Iterator[Delivery]:
    """Each message of the queue once: what is fetched and not acknowledged is not fetched again on this channel."""
    while True:
        fetched: Any = channel.basic_get(queue)  # the stubs give wrong types for the tuple
        method, properties, body = fetched
        if method is None:
            return
        yield delivery(Tag(0, method.delivery_tag), method, properties, body, queue=queue)
