"""The broker gateway against a real RabbitMQ: topology, consuming, publishing, the quarantine, TLS, a restart."""

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pika.exceptions
import pytest

from adapter.gateways.broker import (
    BrokerAddress,
    BrokerRefused,
    BrokerUnavailable,
    Confirmed,
    Consumer,
    Delivery,
    Nacked,
    Outgoing,
    Publisher,
    Returned,
    TlsFiles,
    Unconfirmed,
    browse,
    probe,
    take,
)
from adapter.gateways.broker.topology import Topology, compare, declare, export_definitions, load_topology
from adapter.model.errors import Misconfigured
from tests.harness.pki import shared_tls
from tests.servers.process import free_ports
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

TOPOLOGY = load_topology(Path(__file__).parents[2] / "queues" / "topology.yaml")
DECLARATIONS, CONTROL, REPLIES, QUARANTINE = (
    "adapter.declarations", "adapter.control", "nsw.replies", "adapter.quarantine",
)  # fmt: skip
PATIENCE_S = 120.0
AT_ONCE_S = 8.0
"""Less than the ten seconds after which either gives up waiting, and enough beside other load."""


class Events:
    """What the gateway told its listener."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, /, **fields: Any) -> None:
        self.names.append(name)


@pytest.fixture
def address(vhost_url: str) -> BrokerAddress:
    found = BrokerAddress(url=vhost_url)
    declare(found, TOPOLOGY)
    return found


@pytest.fixture
def publisher(address: BrokerAddress) -> Iterator[Publisher]:
    with Publisher(address) as found:
        yield found


def nowhere() -> BrokerAddress:
    (port,) = free_ports(1)
    return BrokerAddress(url=f"amqp://guest:guest@127.0.0.1:{port}/%2F")


def outgoing(body: bytes | str, *, key: str = "BQP0100001.10.01", exchange: str = "nsw.inbound") -> Outgoing:
    return Outgoing(
        exchange=exchange, routing_key=key, body=body.encode() if isinstance(body, str) else body, type=key,
        message_id=f"id of {body!r}"[:36], correlation_id="asked", timestamp=1_772_410_500, app_id="test",
    )  # fmt: skip


def until(fact: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def gathered(consumer: Consumer, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    end = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < end:
        found += consumer.gather(count - len(found), 0.2)
    return found


def bodies(found: list[Delivery]) -> list[bytes]:
    return [each.body for each in found]


def in_queue(address: BrokerAddress, queue: str) -> list[bytes]:
    return bodies(browse(address, queue=queue, limit=10_000))


# -- topology -----------------------------------------------------------------------------------


def test_declaring_twice_changes_nothing_and_leaves_no_difference(address: BrokerAddress) -> None:
    declare(address, TOPOLOGY)
    assert compare(address, TOPOLOGY) == []


def test_an_empty_broker_differs_in_every_object_and_comparing_creates_none(vhost_url: str) -> None:
    address = BrokerAddress(url=vhost_url)
    wanted = [f"exchange {each.name}: missing" for each in TOPOLOGY.exchanges]
    wanted += [f"queue {each.name}: missing" for each in TOPOLOGY.queues]
    assert compare(address, TOPOLOGY) == wanted
    assert compare(address, TOPOLOGY) == wanted


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("x-delivery-limit", 20),
        ("x-dead-letter-exchange", "nsw.inbound"),
        ("x-dead-letter-strategy", "at-most-once"),
        ("x-overflow", "drop-head"),
    ],
)
def test_a_queue_of_another_shape_is_a_difference_and_is_not_declared_over(
    vhost_url: str, argument: str, value: str | int
) -> None:
    address = BrokerAddress(url=vhost_url)
    declared = dict(next(each.arguments for each in TOPOLOGY.queues if each.name == DECLARATIONS)) | {argument: value}
    connection = pika.BlockingConnection(pika.URLParameters(vhost_url))
    connection.channel().queue_declare(DECLARATIONS, durable=True, arguments=declared)
    connection.close()
    (difference,) = (each for each in compare(address, TOPOLOGY) if each.startswith(f"queue {DECLARATIONS}: "))
    assert "406" in difference
    assert argument in difference
    with pytest.raises(BrokerRefused, match="406"):
        declare(address, TOPOLOGY)


def test_the_exported_definitions_are_imported_by_rabbitmq_and_equal_the_declaration(
    rabbit: Rabbit, vhost: str, tmp_path: Path
) -> None:
    file = tmp_path / "definitions.json"
    file.write_text(json.dumps(export_definitions(TOPOLOGY, vhost=vhost)))
    rabbit.ctl("import_definitions", str(file))
    address = BrokerAddress(url=rabbit.vhost_url(vhost))
    assert compare(address, TOPOLOGY) == []
    with Publisher(address) as publisher:
        assert publisher.publish([outgoing("bound")]) == [Confirmed()]
    assert in_queue(address, DECLARATIONS) == [b"bound"]


def test_the_broker_routes_as_the_topology_says(address: BrokerAddress, publisher: Publisher) -> None:
    pairs = ["10.01", "11.02", "12.05", "20.99", "30.00", "40.99", "90.01", "90.99", "91.02", "50.01", "20.21"]
    publisher.publish([outgoing(pair, key=f"BQP0100001.{pair}") for pair in pairs])
    assert in_queue(address, DECLARATIONS) == [b"10.01", b"11.02", b"12.05", b"20.99", b"30.00", b"40.99"]
    assert in_queue(address, CONTROL) == [b"90.01", b"90.99", b"91.02"]
    assert until(lambda: in_queue(address, QUARANTINE) == [b"50.01", b"20.21"])


# -- publishing ---------------------------------------------------------------------------------


def test_a_batch_larger_than_the_window_is_confirmed_whole_and_in_order(address: BrokerAddress) -> None:
    batch = [outgoing(str(number), exchange="nsw.outbound") for number in range(500)]
    with Publisher(address, most_unconfirmed=32) as publisher:
        assert publisher.publish(batch) == [Confirmed()] * 500
    assert in_queue(address, REPLIES) == [each.body for each in batch]


def test_what_is_published_carries_the_properties_of_the_profile(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("x")])
    connection = pika.BlockingConnection(pika.URLParameters(address.url))
    _, properties, _ = connection.channel().basic_get(DECLARATIONS, auto_ack=True)
    connection.close()
    assert properties is not None
    assert properties.content_type == "application/xml"
    assert properties.delivery_mode == 2
    assert properties.correlation_id == "asked"
    assert (properties.type, properties.timestamp, properties.app_id) == ("BQP0100001.10.01", 1_772_410_500, "test")


def test_the_unroutable_is_returned_and_its_neighbours_are_confirmed(
    address: BrokerAddress, publisher: Publisher
) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(address.url))
    connection.channel().queue_unbind(REPLIES, "nsw.outbound", "#")
    connection.channel().queue_bind(REPLIES, "nsw.outbound", "*.20.*")
    connection.close()
    keys = ["a.20.21", "a.99.99", "a.20.22", "a.99.99"]
    first, second, third, fourth = publisher.publish([outgoing("same", key=k, exchange="nsw.outbound") for k in keys])
    assert (first, third) == (Confirmed(), Confirmed())
    assert isinstance(second, Returned)
    assert (second.code, second.reason) == (312, "NO_ROUTE")
    assert fourth == second


@contextmanager
def full_queue(address: BrokerAddress, publisher: Publisher) -> Iterator[Outgoing]:
    """Something to publish into a queue that takes no more; how soon the broker notices that is its own affair."""
    arguments = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    connection = pika.BlockingConnection(pika.URLParameters(address.url))
    channel = connection.channel()
    channel.queue_declare("full", durable=True, arguments=arguments)
    message = outgoing("one more", key="full", exchange="")
    for _ in range(20):
        if isinstance(publisher.publish([message])[0], Nacked):
            break
    else:
        pytest.fail("a full queue took everything")
    yield message
    connection.close()


def test_a_full_queue_nacks(address: BrokerAddress, publisher: Publisher) -> None:
    with full_queue(address, publisher) as message:
        assert isinstance(publisher.publish([message])[0], Nacked)


def test_where_everything_is_refused_again_a_new_channel_is_tried(address: BrokerAddress) -> None:
    """RabbitMQ 3.10: on a channel that was opened while a queue had no leader, some are refused for ever."""
    events = Events()
    with Publisher(address, on_event=events) as publisher, full_queue(address, publisher) as message:
        assert events.names == ["broker.connected"], "once may be once"
        assert isinstance(publisher.publish([message, message])[0], Nacked)
        assert until(lambda: events.names.count("broker.connected") == 2)
        assert until(lambda: publisher.connected)
        assert publisher.publish([message, outgoing("elsewhere")])[1] == Confirmed()
        publisher.publish([message])
        assert publisher.connected, "what is taken in between starts the count anew"


def test_what_cannot_be_encoded_is_nacked_and_its_neighbours_are_confirmed(publisher: Publisher) -> None:
    verdicts = publisher.publish([outgoing("a"), outgoing("b", key="k" * 300), outgoing("c")])
    assert verdicts[::2] == [Confirmed(), Confirmed()]
    assert isinstance(verdicts[1], Nacked)


def test_a_missing_exchange_leaves_the_batch_unconfirmed_and_the_next_one_passes(publisher: Publisher) -> None:
    (verdict,) = publisher.publish([outgoing("lost", exchange="no.such.exchange")])
    assert isinstance(verdict, Unconfirmed)
    assert until(lambda: publisher.connected)
    assert publisher.publish([outgoing("found")]) == [Confirmed()]


def test_publishing_to_no_broker_raises_at_once_and_again_at_once() -> None:
    with Publisher(nowhere()) as publisher:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(BrokerUnavailable):
                publisher.publish([outgoing("x")])
            assert time.monotonic() - began < AT_ONCE_S


# -- consuming ----------------------------------------------------------------------------------


def test_what_is_acknowledged_is_gone_and_what_is_not_comes_back(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing(str(number)) for number in range(10)])
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        found = gathered(consumer, 10)
        assert bodies(found) == [str(number).encode() for number in range(10)]
        # A prefix, a gap that is held back, and one beyond it.
        consumer.acknowledge(found[at].tag for at in (0, 1, 2, 5, 9))
    assert sorted(in_queue(address, DECLARATIONS)) == [b"3", b"4", b"6", b"7", b"8"]


def test_settling_one_delivery_twice_is_harmless(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("a"), outgoing("b")])
    events = Events()
    with Consumer(address, queues=[DECLARATIONS], on_event=events) as consumer:
        first, second = gathered(consumer, 2)
        consumer.acknowledge([first.tag])
        consumer.acknowledge([first.tag, second.tag])
        consumer.reject(first.tag)
        consumer.release(second.tag)
    assert events.names == ["broker.connected"]
    assert in_queue(address, DECLARATIONS) == []


def test_no_more_than_the_prefetch_is_held(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing(str(number)) for number in range(20)])
    with Consumer(address, queues=[DECLARATIONS], prefetch=5) as consumer:
        found = gathered(consumer, 5)
        assert consumer.gather(20, 0.5) == []
        consumer.acknowledge(each.tag for each in found)
        assert len(gathered(consumer, 5)) == 5


def test_control_overtakes_declarations(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("d"), outgoing("d"), outgoing("c", key="BQP0100000.90.01")])
    with Consumer(address, queues=[CONTROL, DECLARATIONS]) as consumer:
        assert until(lambda: consumer.connected)
        time.sleep(0.5)
        found = gathered(consumer, 3)
    assert [(each.queue, each.body) for each in found] == [(CONTROL, b"c"), (DECLARATIONS, b"d"), (DECLARATIONS, b"d")]


def test_heartbeats_are_kept_while_the_caller_works(address: BrokerAddress, publisher: Publisher) -> None:
    """RabbitMQ ends a connection after a few silent heartbeats, as it does the silent one beside ours."""
    publisher.publish([outgoing("slow")])
    events = Events()
    hasty = BrokerAddress(url=address.url, heartbeat_s=2)
    silent = pika.BlockingConnection(pika.URLParameters(f"{address.url}?heartbeat=2"))
    with (
        Consumer(hasty, queues=[DECLARATIONS], on_event=events) as consumer,
        Publisher(hasty, on_event=events) as other,
    ):
        (found,) = gathered(consumer, 1)
        time.sleep(9)
        consumer.acknowledge([found.tag])
        assert other.publish([outgoing("next")]) == [Confirmed()]
    assert events.names == ["broker.connected"] * 2
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        silent.channel().queue_declare(DECLARATIONS, passive=True)
    assert in_queue(address, DECLARATIONS) == [b"next"]


def test_a_message_delivered_too_often_is_dead_lettered(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("again")])
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        for _ in range(51):
            (found,) = gathered(consumer, 1)
            consumer.release(found.tag)
        assert consumer.gather(1, 0.5) == []
    assert until(lambda: browse(address, queue=QUARANTINE))
    (dead,) = browse(address, queue=QUARANTINE)
    assert (dead.body, dead.death_reason, dead.death_queue) == (b"again", "delivery_limit", DECLARATIONS)
    assert dead.routing_key == "BQP0100001.10.01"


def test_a_pause_takes_no_more_and_keeps_what_is_held(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("held")])
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        (held,) = gathered(consumer, 1)
        consumer.pause()
        time.sleep(0.3)
        publisher.publish([outgoing("later")])
        assert consumer.gather(1, 0.5) == []
        assert (consumer.connected, consumer.paused) == (True, True)
        with Consumer(address, queues=[DECLARATIONS]) as other:
            (taken,) = gathered(other, 1)
            assert taken.body == b"later"
        consumer.resume()
        (later,) = gathered(consumer, 1)
        assert later.body == b"later"
        consumer.acknowledge([held.tag, later.tag])
    assert in_queue(address, DECLARATIONS) == []


def test_pausing_and_resuming_at_once_still_consumes(address: BrokerAddress, publisher: Publisher) -> None:
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        for _ in range(20):
            consumer.pause()
            consumer.resume()
        publisher.publish([outgoing("x")])
        assert bodies(gathered(consumer, 1)) == [b"x"]


def test_a_consumer_made_paused_by_its_caller_takes_nothing_until_resumed(
    address: BrokerAddress, publisher: Publisher
) -> None:
    publisher.publish([outgoing("x")])
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        consumer.pause()  # most likely before the connection stands
        assert until(lambda: consumer.connected)
        assert consumer.gather(1, 0.5) == []
        assert in_queue(address, DECLARATIONS) == [b"x"]
        consumer.resume()
        assert bodies(gathered(consumer, 1)) == [b"x"]


def test_a_deleted_queue_that_comes_back_is_consumed_again(address: BrokerAddress, publisher: Publisher) -> None:
    """Consumers that the broker cancelled and that never came back: Graylog #4474, spring-cloud-stream #3070."""
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        assert until(lambda: consumer.connected)
        connection = pika.BlockingConnection(pika.URLParameters(address.url))
        connection.channel().queue_delete(DECLARATIONS)
        connection.close()
        assert until(lambda: not consumer.connected)
        declare(address, TOPOLOGY)
        publisher.publish([outgoing("x")])
        assert bodies(gathered(consumer, 1)) == [b"x"]


def test_a_tag_of_a_lost_connection_is_void_on_the_next(
    rabbit: Rabbit, address: BrokerAddress, publisher: Publisher
) -> None:
    """The next connection numbers from 1 again: an old tag would acknowledge somebody else's message."""
    publisher.publish([outgoing("a"), outgoing("b")])
    with Consumer(address, queues=[DECLARATIONS]) as consumer:
        old = gathered(consumer, 2)
        rabbit.ctl("close_all_connections", "--vhost", address.url.rsplit("/", 1)[1], "test")
        new = gathered(consumer, 2)
        assert sorted(bodies(new)) == [b"a", b"b"]
        consumer.acknowledge(each.tag for each in old)
        consumer.release(new[0].tag)
        assert bodies(gathered(consumer, 1)) == [new[0].body]
    assert sorted(in_queue(address, DECLARATIONS)) == [b"a", b"b"]


def test_a_consumer_with_no_broker_waits_and_closes_at_once() -> None:
    events = Events()
    consumer = Consumer(nowhere(), queues=[DECLARATIONS], on_event=events)
    assert consumer.gather(1, 1.0) == []
    assert not consumer.connected
    assert set(events.names) == {"broker.unreachable"}
    began = time.monotonic()
    consumer.close()
    assert time.monotonic() - began < AT_ONCE_S
    assert not any(thread.name.startswith("nsw-adapter-broker") for thread in threading.enumerate())


# -- quarantine and probe -----------------------------------------------------------------------


def test_looking_into_the_quarantine_leaves_everything_there(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing(str(number), key="nobody.wants.this") for number in range(5)])
    assert until(lambda: len(in_queue(address, QUARANTINE)) == 5)
    for _ in range(60):  # more often than any working queue's delivery limit
        assert len(browse(address, queue=QUARANTINE, limit=3)) == 3
    assert sorted(in_queue(address, QUARANTINE)) == [b"0", b"1", b"2", b"3", b"4"]


def test_replay_republishes_one_message_and_removes_it_alone(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing(body, key="nobody.wants.this") for body in ("a", "b", "c")])
    assert until(lambda: len(in_queue(address, QUARANTINE)) == 3)
    replayed: list[bytes] = []
    digest = hashlib.sha256(b"b").hexdigest()
    assert take(address, queue=QUARANTINE, digest=digest, republish=lambda found: replayed.append(found.body))
    assert replayed == [b"b"]
    assert sorted(in_queue(address, QUARANTINE)) == [b"a", b"c"]
    assert not take(address, queue=QUARANTINE, digest=digest, republish=lambda found: replayed.append(found.body))
    assert replayed == [b"b"]


def test_a_replay_that_fails_keeps_the_message(address: BrokerAddress, publisher: Publisher) -> None:
    publisher.publish([outgoing("kept", key="nobody.wants.this")])
    assert until(lambda: in_queue(address, QUARANTINE))

    def fails(_: Delivery) -> None:
        raise BrokerUnavailable("not now")

    with pytest.raises(BrokerUnavailable):
        take(address, queue=QUARANTINE, digest=hashlib.sha256(b"kept").hexdigest(), republish=fails)
    assert in_queue(address, QUARANTINE) == [b"kept"]


def test_a_missing_queue_is_refused_not_unavailable(address: BrokerAddress) -> None:
    with pytest.raises(BrokerRefused, match="404"):
        browse(address, queue="no.such.queue")


def test_a_probe_tells_a_broker_from_none(address: BrokerAddress) -> None:
    latency = probe(address)
    assert latency is not None
    assert 0 < latency < 3
    assert probe(nowhere(), timeout_s=1) is None


# -- TLS and a restart --------------------------------------------------------------------------


@pytest.fixture
def tls_address(rabbit: Rabbit, vhost: str) -> BrokerAddress:
    files = shared_tls()
    pem = TlsFiles(authorities=files.ca, certificate=files.client, key=files.client_key)
    return BrokerAddress(url=rabbit.tls_vhost_url(vhost), tls=pem)


def test_messages_pass_over_tls_with_client_certificates(tls_address: BrokerAddress) -> None:
    declare(tls_address, TOPOLOGY)
    with Publisher(tls_address) as publisher, Consumer(tls_address, queues=[DECLARATIONS]) as consumer:
        assert publisher.publish([outgoing("x" * 300_000)]) == [Confirmed()]
        (found,) = gathered(consumer, 1)
        assert len(found.body) == 300_000
        consumer.acknowledge([found.tag])


def test_a_broker_under_an_unknown_authority_is_not_talked_to(tls_address: BrokerAddress) -> None:
    assert tls_address.tls is not None
    assert tls_address.tls.certificate is not None
    stranger = TlsFiles(authorities=tls_address.tls.certificate)
    assert probe(BrokerAddress(url=tls_address.url, tls=stranger)) is None


def test_tls_without_files_files_without_tls_and_unreadable_files_are_misconfigured(tmp_path: Path) -> None:
    missing = TlsFiles(authorities=tmp_path / "missing.pem")
    for faulty in (
        BrokerAddress(url="amqps://localhost/"),
        BrokerAddress(url="amqp://localhost/", tls=missing),
        BrokerAddress(url="amqps://localhost/", tls=missing),
        BrokerAddress(url="http://localhost/"),
        BrokerAddress(url="amqp://guest:secret@localhost:port/"),
    ):
        with pytest.raises(Misconfigured) as caught:
            probe(faulty)
        assert "secret" not in str(caught.value)


def test_an_address_never_shows_its_password() -> None:
    address = BrokerAddress(url="amqp://border:secret@broker:5673/vhost")
    assert "secret" not in repr(address)
    assert address.place == "broker:5673/vhost"


def test_a_restart_of_the_broker_loses_nothing_and_both_sides_return(
    rabbit: Rabbit, tls_address: BrokerAddress
) -> None:
    declare(tls_address, TOPOLOGY)
    time.sleep(QUORUM_SETTLE_SECONDS)
    events = Events()
    numbers = itertools.count()
    confirmed: set[bytes] = set()
    received: set[bytes] = set()
    with (
        Publisher(tls_address, timeout_s=5) as publisher,
        Consumer(tls_address, queues=[DECLARATIONS], on_event=events) as consumer,
    ):

        def exchange() -> int:
            batch = [outgoing(f"restart {next(numbers)}") for _ in range(20)]
            try:
                verdicts = publisher.publish(batch)
            except BrokerUnavailable:
                time.sleep(0.1)
                verdicts = []
            confirmed.update(m.body for m, v in zip(batch, verdicts, strict=False) if isinstance(v, Confirmed))
            take()
            return len(confirmed & received)

        def take() -> bool:
            found = consumer.gather(100, 0.05)
            consumer.acknowledge(each.tag for each in found)
            received.update(bodies(found))
            return confirmed <= received

        assert until(lambda: exchange() > 100)
        restart = threading.Thread(target=rabbit.restart)
        restart.start()
        while restart.is_alive():
            exchange()
        before = exchange()
        assert until(lambda: exchange() > before + 100)
        assert until(take), "what was confirmed comes, among what was not"
    assert events.names[0] == "broker.connected"
    assert "broker.lost" in events.names
    assert events.names[-1] == "broker.connected"


def test_the_topology_is_the_same_value_however_often_it_is_read() -> None:
    assert load_topology(Path(__file__).parents[2] / "queues" / "topology.yaml") == TOPOLOGY
    assert isinstance(TOPOLOGY, Topology)
