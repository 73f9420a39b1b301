"""A broker that hangs or talks something else; several addresses of which some are dead. Nothing of pika leaves."""

from __future__ import annotations

import importlib
import pkgutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pika
import pytest

from adapter.gateways.broker import (
    BrokerAddress,
    BrokerRefused,
    BrokerUnavailable,
    Confirmed,
    Consumer,
    Outgoing,
    Publisher,
    address,
    link,
    probe,
)
from adapter.gateways.broker.topology import declare
from adapter.model.errors import AdapterError
from tests.integration.test_broker import TOPOLOGY, nowhere, outgoing, until


def _classes(base: type[BaseException]) -> Iterator[type[BaseException]]:
    for each in base.__subclasses__():
        yield each
        yield from _classes(each)


def _all_of_pika() -> list[type[BaseException]]:
    for module in pkgutil.walk_packages(pika.__path__, "pika."):
        with suppress(ImportError):  # adapters for frameworks that are not installed
            importlib.import_module(module.name)
    return sorted({each for each in _classes(BaseException) if each.__module__.startswith("pika")}, key=str)


def _instance(kind: type[BaseException]) -> BaseException:
    for arguments in ((), (OSError("cause"),), (404, "gone"), ([],), ([], [])):
        with suppress(TypeError):
            return kind(*arguments)
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", _all_of_pika(), ids=lambda kind: kind.__name__)
def test_no_exception_of_the_client_library_leaves_the_gateway(
    kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opened:
        is_open = True

        def close(self) -> None:
            raise _instance(kind)

    def refuse(_: object) -> object:
        raise _instance(kind)

    monkeypatch.setattr(address, "BlockingConnection", refuse)
    with pytest.raises(BrokerUnavailable), address.opened(nowhere()):
        pass
    assert probe(nowhere()) is None
    monkeypatch.setattr(address, "BlockingConnection", lambda _: Opened())
    with pytest.raises((BrokerUnavailable, BrokerRefused)), address.opened(nowhere()):
        raise _instance(kind)
    with address.opened(nowhere()):
        pass  # a close that fails says nothing of what was done before


def test_the_walk_finds_the_exceptions_that_are_neither_amqp_nor_os_errors() -> None:
    names = {kind.__name__ for kind in _all_of_pika()}
    assert {"AMQPConnectorStackTimeout", "ChannelError", "ReentrancyError", "RxEndOfFile"} <= names


@contextmanager
def peer(says: bytes | None) -> Iterator[str]:
    """A server that takes every connection and says this to it; None: it never says anything."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listener.accept()
                    held.append(taken)
                    if says is not None:
                        taken.sendall(says)

        if says is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield f"amqp://guest:guest@127.0.0.1:{listener.getsockname()[1]}/%2F"
        listener.shutdown(socket.SHUT_RDWR)
    for each in held:
        each.close()


_ANSWERS = {
    "nothing": None,
    "http": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "another_protocol_version": b"AMQP\x00\x01\x00\x00",
    "a_frame_that_ends_wrongly": b"\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0a\x00",
    "a_method_that_is_none": b"\x01\x00\x00\x00\x00\x00\x04\xff\xff\xff\xff\xce",
    "a_start_cut_short": b"\x01\x00\x00\x00\x00\x00\x06\x00\x0a\x00\x0a\x00\x09\xce",
    "noise": bytes(range(255, 0, -1)) * 4,
}


@pytest.mark.parametrize("said", _ANSWERS.values(), ids=_ANSWERS.keys())
def test_a_peer_that_does_not_speak_amqp_is_a_broker_that_cannot_be_reached(said: bytes | None) -> None:
    with peer(said) as url:
        assert probe(BrokerAddress(url=url), timeout_s=1.0) is None
        with pytest.raises(AdapterError):
            declare(BrokerAddress(url=url), TOPOLOGY)


def test_a_publisher_on_a_hung_broker_says_that_it_cannot_be_reached() -> None:
    with peer(None) as url, Publisher(BrokerAddress(url=url)) as publisher, pytest.raises(BrokerUnavailable):
        publisher.publish([outgoing("1")])


# -- several addresses ---------------------------------------------------------------------------


def test_the_next_address_is_tried_where_the_first_are_dead_or_hung(vhost_url: str) -> None:
    with peer(None) as hung:
        several = BrokerAddress(url=nowhere().url, others=(hung, vhost_url))
        declare(several, TOPOLOGY)
        assert probe(several) is not None
        with Publisher(several) as publisher, Consumer(several, queues=["adapter.declarations"]) as consumer:
            assert until(lambda: publisher.connected and consumer.connected)
            assert publisher.publish([outgoing("by the third")]) == [Confirmed()]
            assert [each.body for each in consumer.gather(1, 30.0)] == [b"by the third"]


def test_each_address_that_fails_is_told_with_its_place(vhost_url: str) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    dead = nowhere()
    with Publisher(
        BrokerAddress(url=dead.url, others=(vhost_url,)), on_event=lambda name, **fields: told.append((name, fields))
    ) as publisher:
        assert until(lambda: publisher.connected)
    kinds = [(name, fields["place"]) for name, fields in told if "place" in fields]
    assert kinds[:2] == [
        ("broker.unreachable", dead.place),
        ("broker.connected", BrokerAddress(url=vhost_url).place),
    ]


HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"


class Relay:
    """A way to the broker that can freeze: connections stay, and nothing passes any more, or heartbeats alone."""

    def __init__(self, url: str, listener: socket.socket) -> None:
        self._to = pika.URLParameters(url)
        self._listener = listener
        self._passing = threading.Event()
        self._passing.set()
        self._heartbeats = False
        self.url = url.replace(str(self._to.port), str(listener.getsockname()[1]))
        threading.Thread(target=self._serve, daemon=True).start()

    def freeze(self, *, heartbeats: bool = False) -> None:
        self._heartbeats = heartbeats
        self._passing.clear()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._listener.accept()
                there = socket.create_connection((self._to.host, self._to.port))
                for each in ((taken, there), (there, taken)):
                    threading.Thread(target=self._carry, args=each, daemon=True).start()
                threading.Thread(target=self._beat, args=(taken,), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source, target:
            while found := source.recv(65_536):
                self._passing.wait()
                target.sendall(found)

    def _beat(self, taken: socket.socket) -> None:
        with suppress(OSError):
            while True:
                time.sleep(0.5)
                if self._heartbeats:
                    taken.sendall(HEARTBEAT)


@contextmanager
def relay(url: str) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield Relay(url, listener)
        listener.shutdown(socket.SHUT_RDWR)


def test_a_node_that_falls_silent_is_given_up_and_the_next_one_is_asked_at_once(
    vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SETTLED_AFTER_S", 0.0)
    told: list[tuple[str, dict[str, object]]] = []
    declare(BrokerAddress(url=vhost_url), TOPOLOGY)
    with relay(vhost_url) as node:
        several = BrokerAddress(url=node.url, others=(vhost_url,), heartbeat_s=2)
        with Consumer(
            several, queues=["adapter.declarations"], on_event=lambda name, **fields: told.append((name, fields))
        ) as consumer:
            assert until(lambda: consumer.connected)
            node.freeze()
            assert until(lambda: "broker.lost" in [name for name, _ in told])
            assert until(lambda: len(told) >= 3)
    first, second = BrokerAddress(url=node.url).place, BrokerAddress(url=vhost_url).place
    assert [(name, fields["place"]) for name, fields in told[:3]] == [
        ("broker.connected", first),
        ("broker.lost", first),
        ("broker.connected", second),
    ]
    assert told[1][1]["reason"] == "not heard for 4 s"


def test_a_node_that_confirms_nothing_more_is_left_without_waiting_for_its_farewell(
    vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SETTLED_AFTER_S", 0.0)
    told: list[tuple[str, dict[str, object]]] = []
    declare(BrokerAddress(url=vhost_url), TOPOLOGY)
    with relay(vhost_url) as node:
        several = BrokerAddress(url=node.url, others=(vhost_url,), heartbeat_s=2)
        with Publisher(
            several, timeout_s=1.0, on_event=lambda name, **fields: told.append((name, fields))
        ) as publisher:
            assert until(lambda: publisher.connected)
            assert publisher.publish([outgoing("before")]) == [Confirmed()]
            node.freeze(heartbeats=True)
            assert [type(each).__name__ for each in publisher.publish([outgoing("held")])] == ["Unconfirmed"]
            assert until(lambda: publisher.connected)
            assert publisher.publish([outgoing("after")]) == [Confirmed()]
    first, second = BrokerAddress(url=node.url).place, BrokerAddress(url=vhost_url).place
    assert [(name, fields["place"], fields.get("reason")) for name, fields in told] == [
        ("broker.connected", first, None),
        ("broker.lost", first, "confirms are overdue"),
        ("broker.connected", second, None),
    ]


def test_a_node_that_lets_us_in_and_sets_nothing_up_is_left_for_the_next(
    vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SET_UP_S", 1.0)
    told: list[tuple[str, dict[str, object]]] = []
    declare(BrokerAddress(url=vhost_url), TOPOLOGY)
    with relay(vhost_url) as node:
        several = BrokerAddress(url=node.url, others=(vhost_url,), heartbeat_s=2)
        opened = link.Link._opened

        def in_and_no_further(self: link.Link, connection: pika.SelectConnection) -> None:
            if connection.params.port != pika.URLParameters(vhost_url).port:
                node.freeze(heartbeats=True)
            opened(self, connection)

        monkeypatch.setattr(link.Link, "_opened", in_and_no_further)
        with Publisher(several, on_event=lambda name, **fields: told.append((name, fields))) as publisher:
            assert until(lambda: publisher.connected)
    first, second = BrokerAddress(url=node.url).place, BrokerAddress(url=vhost_url).place
    assert [(name, fields["place"], fields.get("reason")) for name, fields in told] == [
        ("broker.unreachable", first, "it let us in and answered nothing more for 1 s"),
        ("broker.connected", second, None),
    ]


def test_a_silent_line_is_kept_as_long_as_heartbeats_come(vhost_url: str) -> None:
    told: list[str] = []
    declare(BrokerAddress(url=vhost_url), TOPOLOGY)
    with Publisher(
        BrokerAddress(url=vhost_url, heartbeat_s=2), on_event=lambda name, **_: told.append(name)
    ) as publisher:
        assert until(lambda: publisher.connected)
        time.sleep(12.0)  # three times what a silent one would have
        assert publisher.connected
    assert told == ["broker.connected"]


def test_where_no_address_answers_all_are_named() -> None:
    first, second = nowhere(), nowhere()
    with pytest.raises(BrokerUnavailable) as raised, address.opened(BrokerAddress(url=first.url, others=(second.url,))):
        pass
    assert first.place in str(raised.value)
    assert second.place in str(raised.value)


def test_a_message_that_cannot_be_encoded_is_refused_alone(vhost_url: str) -> None:
    at = BrokerAddress(url=vhost_url)
    declare(at, TOPOLOGY)
    broken = Outgoing(
        exchange="nsw.inbound", routing_key="a.10.b", body=b"x", message_id="\ud800", type="t", timestamp=1, app_id="x"
    )
    with Publisher(at) as publisher:
        assert until(lambda: publisher.connected)
        verdicts = publisher.publish([outgoing("before"), broken, outgoing("after")])
    assert [type(each).__name__ for each in verdicts] == ["Confirmed", "Nacked", "Confirmed"]
