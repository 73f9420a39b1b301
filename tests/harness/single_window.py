"""The single window as the demonstration plays it: publishes, takes what comes back, notes when, and judges nothing."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from adapter.gateways.broker import BrokerAddress, Confirmed, Consumer, Outgoing, Publisher, browse
from adapter.services.replies.dispatch import routing_key
from adapter.simulator.window import CarriedMessage, Letter
from tests.harness.failure import CannotGoOn

INBOUND, REPLIES = "nsw.inbound", "nsw.replies"
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as it came, with the moment (monotonic seconds)."""

    body: bytes
    correlation_id: str | None
    at: float


def letter(unsigned: bytes, body: bytes) -> Letter:
    """A message to send: the unsigned one tells its header, whatever was done to the one that travels."""
    root = etree.fromstring(unsigned)
    subject = {str(child.tag): child.text or "" for child in root.iterfind("Header/Subject/*")}
    identifier = root.findtext("Header/Reference/messageId") or ""
    return Letter(body, (subject["documentType"], subject["type"], subject["function"]), identifier)


def must_be_empty(broker_url: str) -> None:
    """Answers that somebody else waits for must not be taken.

    Raises:
        CannotGoOn: there are such.
    """
    if browse(BrokerAddress(url=broker_url), queue=REPLIES, limit=1):
        raise CannotGoOn(f"{REPLIES} is not empty: give the demonstration a virtual host of its own")


class SingleWindow:
    """One connection to publish, one to take replies, which a thread acknowledges and stamps as they come."""

    def __init__(self, broker_url: str) -> None:
        address = BrokerAddress(url=broker_url, client_name="demonstration")
        self._publisher = Publisher(address)
        self._consumer = Consumer(address, queues=[REPLIES])
        self._arrived: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="demonstration-replies", daemon=True)
        self._thread.start()

    def publish(self, letter: Letter) -> float:
        """Publish one message, confirmed by the broker; gives the moment it left.

        Raises:
            CannotGoOn: nobody took it.
        """
        left = time.monotonic()
        trouble = self.send([letter])[0]
        if trouble is not None:
            raise CannotGoOn(f"the broker did not take a message: {trouble}")
        return left

    def send(self, letters: Sequence[Letter]) -> list[str | None]:
        """Publish messages; for each None if the broker has it, else why not."""
        verdicts = self._publisher.publish([_outgoing(letter) for letter in letters])
        return [None if isinstance(verdict, Confirmed) else str(verdict) for verdict in verdicts]

    def take(self, seconds: float) -> list[CarriedMessage]:
        """What has come within that time."""
        return [CarriedMessage(each.body, None, each.correlation_id) for each in self.more(seconds=seconds)]

    def collect(self, count: int, *, seconds: float) -> list[Received]:
        """Wait for so many replies, but no longer than that; gives those that came."""
        found: list[Received] = []
        until = time.monotonic() + seconds
        while len(found) < count and (left := until - time.monotonic()) > 0:
            try:
                found.append(self._arrived.get(timeout=left))
            except queue.Empty:
                break
        return found

    def more(self, *, seconds: float) -> list[Received]:
        """Whatever else comes in a quiet time."""
        time.sleep(seconds)
        found = []
        while not self._arrived.empty():
            found.append(self._arrived.get())
        return found

    def close(self) -> None:
        """Leave the broker."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join()
        self._consumer.close()
        self._publisher.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            deliveries = self._consumer.gather(_AT_ONCE, 0.2)
            now = time.monotonic()
            for each in deliveries:
                self._arrived.put(Received(each.body, each.correlation_id, now))
            self._consumer.acknowledge(each.tag for each in deliveries)


def _outgoing(letter: Letter) -> Outgoing:
    return Outgoing(
        exchange=INBOUND,
        routing_key=routing_key(*letter.address),
        body=letter.body,
        message_id=letter.message_id,
        correlation_id=letter.correlation_id,
        type=".".join(letter.address),
        timestamp=int(time.time()),
        app_id="demonstration",
    )
