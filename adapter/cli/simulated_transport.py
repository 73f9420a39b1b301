"""Carries the test window's messages over the broker: publishes to nsw.inbound, takes from nsw.replies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from adapter.gateways.broker import (
    BrokerAddress,
    Confirmed,
    Consumer,
    Outgoing,
    Publisher,
    Returned,
    Unconfirmed,
    Verdict,
)
from adapter.services.replies.dispatch import routing_key
from adapter.simulator.window import CarriedMessage, Letter

INBOUND = "nsw.inbound"
REPLIES = "nsw.replies"
APP_ID = "nsw-test-window"
_AT_ONCE = 200


class BrokerCarrier:
    """A publisher, and a consumer that starts with the first `take`. Acknowledges what it hands over."""

    def __init__(self, address: BrokerAddress) -> None:
        self._address = address
        self._publisher = Publisher(address)
        self._consumer: Consumer | None = None

    def __enter__(self) -> BrokerCarrier:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._publisher.close()
        if self._consumer is not None:
            self._consumer.close()

    def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """Publish with confirms.

        Raises:
            BrokerUnavailable: there is no connection.
        """
        return [_trouble(verdict) for verdict in self._publisher.publish([_outgoing(letter) for letter in letters])]

    def take(self, seconds: float) -> list[CarriedMessage]:
        """What has come within that time."""
        if self._consumer is None:
            self._consumer = Consumer(self._address, queues=[REPLIES], prefetch=_AT_ONCE)
        deliveries = self._consumer.gather(_AT_ONCE, seconds)
        self._consumer.acknowledge([delivery.tag for delivery in deliveries])
        return [CarriedMessage(delivery.body, delivery.message_id, delivery.correlation_id) for delivery in deliveries]


def _outgoing(letter: Letter) -> Outgoing:
    return Outgoing(
        exchange=INBOUND,
        routing_key=routing_key(*letter.address),
        body=letter.body,
        message_id=letter.message_id,
        correlation_id=letter.correlation_id,
        type=".".join(letter.address)[:255],
        timestamp=int(time.time()),
        app_id=APP_ID,
    )


def _trouble(verdict: Verdict) -> str | None:
    match verdict:
        case Confirmed():
            return None
        case Returned(reason=reason):
            return f"no queue takes it ({reason}): was the topology declared?"
        case Unconfirmed(reason=reason):
            return reason
        case _:
            return "refused by the broker"
