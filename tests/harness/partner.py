"""The window's side of the broker in the proofs: publishes with confirms, takes replies away, looks at queues."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel

from tests.harness.declarations import Message

DECLARATIONS, CONTROL, REPLIES, QUARANTINE = (
    "adapter.declarations", "adapter.control", "nsw.replies", "adapter.quarantine",
)  # fmt: skip
_LOST = (pika.exceptions.AMQPError, OSError)


@dataclass(frozen=True, slots=True)
class Reply:
    """One copy of an answer as the window got it."""

    correlation_id: str
    type: str
    body: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Partner:
    """The window: what it sent and what it got."""

    url: str
    got: list[Reply] = field(default_factory=list)
    _kept: BlockingChannel | None = None

    def publish(self, messages: Sequence[Message], *, pause_s: float = 0.0, patience_s: float = 180.0) -> None:
        """Publish each until the broker confirms it; a broker that goes away meanwhile is waited for."""
        waiting = list(messages)
        until = time.monotonic() + patience_s
        while waiting:
            try:
                with self._channel() as channel:
                    channel.confirm_delivery()
                    while waiting:
                        self._send(channel, waiting[0])
                        del waiting[0]
                        time.sleep(pause_s)
            except _LOST:
                # Not known whether it arrived: it is sent again, as the window would.
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def collect(self) -> list[Reply]:
        """Everything on nsw.replies so far, in the order it came; a broker that is away adds nothing."""
        if self._kept is None or not self._take_away():  # it may have been lost since: a restarted broker
            self._take_away()
        return self.got

    def _take_away(self) -> bool:
        """By one connection, which is kept: proofs ask ten times a second. Gives whether the broker was there."""
        try:
            if self._kept is None:
                self._kept = self._connection().channel()
            for tag, properties, body in _fetch(self._kept, REPLIES):
                self.got.append(Reply(properties.correlation_id or "", properties.type or "", body))
                self._kept.basic_ack(tag)
        except _LOST:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let go of the connection that is kept."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.connection.is_open:
            with suppress(*_LOST):
                kept.connection.close()

    def ready(self, queue: str) -> int:
        """How many messages of a queue nobody holds."""
        with self._channel() as channel:
            declared: Any = channel.queue_declare(queue, passive=True).method
            return int(declared.message_count)

    def bodies(self, queue: str) -> list[bytes]:
        """The messages of a queue, which stay in it."""
        with self._channel() as channel:
            return [body for _, _, body in _fetch(channel, queue)]

    def answers(self, message_id: str) -> list[Reply]:
        """All copies of all answers to a message."""
        return [reply for reply in self.got if reply.correlation_id == message_id]

    def publish_with(self, message: Message, properties: pika.BasicProperties) -> None:
        """Publish one message with properties of its own."""
        with self._channel() as channel:
            channel.confirm_delivery()
            channel.basic_publish("nsw.inbound", message.key, message.raw, properties, mandatory=True)

    def _send(self, channel: BlockingChannel, message: Message) -> None:
        properties = pika.BasicProperties(
            delivery_mode=2, message_id=message.message_id, content_type="application/xml"
        )
        channel.basic_publish("nsw.inbound", message.key, message.raw, properties, mandatory=True)

    def _connection(self) -> pika.BlockingConnection:
        parameters = pika.URLParameters(self.url)
        parameters.heartbeat = 0  # between two looks nobody answers for the one that is kept
        return pika.BlockingConnection(parameters)

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        connection = self._connection()
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()


def _fetch(channel: BlockingChannel, queue: str) -> Iterator[tuple[int, pika.BasicProperties, bytes]]:
    while True:
        fetched: Any = channel.basic_get(queue)  # the stubs have the tuple's types wrong
        method, properties, body = fetched
        if method is None:
            return
        yield method.delivery_tag, properties, body
