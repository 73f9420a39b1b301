"""A header table that pika cannot read costs neither the connection nor the other messages.

First against pinned pika's own decoder, so that another pika shows itself here; then raw, through a real broker.
"""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import pika.frame
import pika.spec
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from adapter.gateways.broker import BrokerAddress, Consumer, Delivery, browse
from adapter.gateways.broker.property_decoder import GuardedProperties, guard_decoder
from adapter.gateways.broker.topology import declare, load_topology

TOPOLOGY = load_topology(Path(__file__).parents[2] / "queues" / "topology.yaml")
ROUTING_KEY = "BQP0100001.10.01"
HEADERS, MESSAGE_ID = pika.BasicProperties.FLAG_HEADERS, pika.BasicProperties.FLAG_MESSAGE_ID


def nested(kind: bytes, levels: int) -> bytes:
    value = b"V"
    for _ in range(levels):
        inner = value if kind == b"A" else b"\x01k" + value
        value = kind + struct.pack(">I", len(inner)) + inner
    return value


# Field values that pika 1.4.4 cannot decode, and whether RabbitMQ lets them through.
PASSED_ON = {
    "timestamp past year 9999": b"T" + struct.pack(">Q", 2**53),
    "timestamp before 1970": b"T" + struct.pack(">Q", 2**64 - 1000),
    "arrays nested 3000 deep": nested(b"A", 3000),
    "tables nested 3000 deep": nested(b"F", 3000),
}
REFUSED_BY_THE_BROKER = {
    "NaN": b"d" + struct.pack(">d", float("nan")),
    "infinity": b"f" + struct.pack(">f", float("inf")),
    "unknown field type": b"Z1234",
    "table that ends within a number": b"l\x00",
}
HOSTILE = PASSED_ON | REFUSED_BY_THE_BROKER


class Raw(pika.BasicProperties):
    """Properties whose wire form is given: the header table has one entry, then what follows as it is."""

    def __init__(self, value: bytes, *, key: bytes = b"h", message_id: bytes | None = None) -> None:
        super().__init__()
        table = bytes([len(key)]) + key + value
        flags = HEADERS | (0 if message_id is None else MESSAGE_ID)
        tail = b"" if message_id is None else bytes([len(message_id)]) + message_id
        self._wire = struct.pack(">HI", flags, len(table)) + table + tail

    def encode(self) -> list[bytes]:
        return [self._wire]

    def frame(self) -> bytes:
        return pika.frame.Header(1, 0, self).marshal()


@pytest.fixture
def plain_pika(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pika.spec.props, 60, pika.BasicProperties)


@pytest.mark.usefixtures("plain_pika")
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_pinned_pika_cannot_decode_it(value: bytes) -> None:
    """When this fails, pika reads it now: take the case out, or the guard if none is left."""
    with pytest.raises((ValueError, OverflowError, RecursionError, struct.error, pika.exceptions.AMQPError)):
        pika.frame.decode_frame(Raw(value).frame())


@pytest.mark.usefixtures("plain_pika")
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_guard_reads_the_whole_frame_and_marks_it(value: bytes) -> None:
    guard_decoder()
    frame = Raw(value, message_id=b"m-1").frame()
    consumed, header = pika.frame.decode_frame(frame)
    assert consumed == len(frame)
    assert isinstance(header, pika.frame.Header)
    assert isinstance(header.properties, GuardedProperties)
    assert header.properties.unreadable
    assert (header.properties.headers, header.properties.message_id) == (None, None)


@pytest.mark.usefixtures("plain_pika")
def test_the_guard_changes_nothing_for_an_honest_message() -> None:
    guard_decoder()
    honest = pika.BasicProperties(message_id="m-1", type="a.b.c", headers={"x": [1, {"y": "z"}]}, timestamp=1)
    _, header = pika.frame.decode_frame(pika.frame.Header(1, 0, honest).marshal())
    assert isinstance(header, pika.frame.Header)
    assert header.properties == honest
    assert not getattr(header.properties, "unreadable", True)


# -- through a real broker ----------------------------------------------------------------------


@pytest.fixture
def address(vhost_url: str) -> BrokerAddress:
    found = BrokerAddress(url=vhost_url)
    declare(found, TOPOLOGY)
    return found


@pytest.fixture
def channel(address: BrokerAddress) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(address.url))
    opened = connection.channel()
    opened.confirm_delivery()
    yield opened
    if connection.is_open:
        connection.close()


def publish(channel: BlockingChannel, body: bytes, properties: pika.BasicProperties) -> None:
    channel.basic_publish("nsw.inbound", ROUTING_KEY, body, properties, mandatory=True)


def gathered(consumer: Consumer, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    end = time.monotonic() + 120
    while len(found) < count and time.monotonic() < end:
        found += consumer.gather(count, 0.5)
    return found


def quarantined(address: BrokerAddress, count: int) -> list[Delivery]:
    end = time.monotonic() + 120
    while len(found := browse(address, queue="adapter.quarantine")) < count and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_hostile_headers_arrive_marked_among_innocents_on_one_connection(
    address: BrokerAddress, channel: BlockingChannel
) -> None:
    for name, value in PASSED_ON.items():
        publish(channel, name.encode(), Raw(value))
        publish(channel, b"innocent", pika.BasicProperties(message_id="i"))
    events: list[str] = []
    with Consumer(address, queues=["adapter.declarations"], on_event=lambda name, **_: events.append(name)) as consumer:
        found = gathered(consumer, 2 * len(PASSED_ON))
        assert [each.body.decode() for each in found if each.unreadable] == list(PASSED_ON)
        innocents = [each for each in found if not each.unreadable]
        assert [(each.body, each.message_id) for each in innocents] == [(b"innocent", "i")] * len(PASSED_ON)
        consumer.acknowledge(each.tag for each in innocents)
        for each in found:
            if each.unreadable:
                consumer.reject(each.tag)
    assert events == ["broker.connected"]
    dead = quarantined(address, len(PASSED_ON))
    assert [(each.body.decode(), each.unreadable) for each in dead] == [(name, True) for name in PASSED_ON]


def test_an_unreadable_message_stays_readable_for_others_when_it_comes_again(
    address: BrokerAddress, channel: BlockingChannel
) -> None:
    """A redelivery adds a header of the broker's to the table: that must not break anything either."""
    publish(channel, b"hostile", Raw(PASSED_ON["timestamp past year 9999"]))
    for redelivered in (False, True, True):
        with Consumer(address, queues=["adapter.declarations"]) as consumer:
            (found,) = gathered(consumer, 1)
            assert (found.body, found.unreadable, found.redelivered) == (b"hostile", True, redelivered)


def test_text_that_is_not_utf8_is_a_claim_spelled_out_and_not_unreadable(
    address: BrokerAddress, channel: BlockingChannel
) -> None:
    publish(channel, b"body", Raw(b"S\x00\x00\x00\x02\xff\xfe", key=b"\xff", message_id=b"\xff\xfe"))
    with Consumer(address, queues=["adapter.declarations"]) as consumer:
        (found,) = gathered(consumer, 1)
    assert (found.unreadable, found.message_id, found.body) == (False, "\\xff\\xfe", b"body")


@pytest.mark.parametrize("value", REFUSED_BY_THE_BROKER.values(), ids=REFUSED_BY_THE_BROKER.keys())
def test_what_rabbitmq_cannot_parse_ends_the_publishers_connection_and_reaches_no_queue(
    address: BrokerAddress, channel: BlockingChannel, value: bytes
) -> None:
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker):
        publish(channel, b"never", Raw(value))
    assert browse(address, queue="adapter.declarations") == []
