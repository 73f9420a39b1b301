"""What comes from the broker and what goes to it, as frozen values. Properties are claims of the publisher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pika
import pika.spec

from adapter.gateways.broker.property_decoder import GuardedProperties

_SHORT = 255
"""Bytes that a short string of AMQP holds: a routing key, or a property."""


@dataclass(frozen=True, slots=True)
class Tag:
    """Which delivery of which connection: a tag of an earlier connection is void, and settling it does nothing."""

    generation: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it came. `unreadable`: its properties could not be decoded, so they are all absent."""

    tag: Tag
    queue: str
    body: bytes
    exchange: str
    routing_key: str
    redelivered: bool
    unreadable: bool = False
    message_id: str | None = None
    correlation_id: str | None = None
    type: str | None = None
    app_id: str | None = None
    timestamp: int | None = None
    death_queue: str | None = None
    death_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to publish: always the same bytes, persistent and mandatory."""

    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    type: str
    timestamp: int
    app_id: str
    correlation_id: str | None = None

    def properties(self) -> pika.BasicProperties:
        """The properties as the wire profile has them."""
        return pika.BasicProperties(
            content_type="application/xml",
            delivery_mode=pika.spec.PERSISTENT_DELIVERY_MODE,
            message_id=self.message_id,
            correlation_id=self.correlation_id,
            type=self.type,
            timestamp=self.timestamp,
            app_id=self.app_id,
        )


def short(text: str) -> str:
    """A text cut to what a property can hold; a longer one could not be published."""
    return text.encode()[:_SHORT].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The broker has it, on a majority of its disks."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The broker has no queue for it: nobody got it."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Nacked:
    """The broker, or its client library, refused it: nobody got it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Not known whether the broker has it: publish the same bytes again."""

    reason: str


Verdict = Confirmed | Returned | Nacked | Unconfirmed


def delivery(
    tag: Tag,
    method: pika.spec.Basic.Deliver | pika.spec.Basic.GetOk,
    properties: pika.BasicProperties,
    body: bytes,
    *,
    queue: str,
) -> Delivery:
    """A delivery of pika as our own value."""
    headers = properties.headers or {}
    return Delivery(
        tag=tag,
        queue=queue,
        body=body,
        exchange=_text(method.exchange) or "",
        routing_key=_text(method.routing_key) or "",
        redelivered=bool(method.redelivered),
        unreadable=isinstance(properties, GuardedProperties) and properties.unreadable,
        message_id=_text(properties.message_id),
        correlation_id=_text(properties.correlation_id),
        type=_text(properties.type),
        app_id=_text(properties.app_id),
        timestamp=properties.timestamp,
        death_queue=_text(headers.get("x-first-death-queue")),
        death_reason=_text(headers.get("x-first-death-reason")),
    )


def _text(value: Any) -> str | None:  # pika gives bytes where text is not UTF-8, and headers hold anything
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else None
