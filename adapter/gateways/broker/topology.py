"""The broker's exchanges, queues and bindings: read from queues/topology.yaml, declared, compared, exported.

Never deletes, never changes an existing object: RabbitMQ refuses another shape under the same name, and so do we.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exchange_type import ExchangeType

from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.gateways.broker.address import BrokerAddress, opened
from adapter.model.errors import Misconfigured

Arguments = Mapping[str, str | int]
Attempt = Callable[[BlockingChannel], object]
_ACCESS_REFUSED, _NOT_FOUND = 403, 404
KINDS = tuple(kind.value for kind in ExchangeType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: str
    arguments: Arguments = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A durable queue; its arguments say that it is a quorum queue, and its limits."""

    name: str
    arguments: Arguments = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Binding:
    """Exchange to queue, by a routing key pattern."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The whole topology, in the order in which it can be declared."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


def load_topology(path: Path) -> Topology:
    """The topology of a YAML file.

    Raises: Misconfigured, naming all faults at once.
    """
    try:
        tree = read_yaml(path.read_bytes(), text_keys=True)
    except OSError as problem:
        raise Misconfigured(f"cannot read {path}: {problem.strerror}") from problem
    except NoYaml as problem:
        raise Misconfigured("\n".join(f"{path}: {fault}" for fault in problem.faults)) from problem
    if not isinstance(tree, dict) or any(not isinstance(tree.get(part), dict) for part in ("exchanges", "queues")):
        raise Misconfigured(f"{path}: needs the two maps exchanges and queues")
    faults = list(_misspelt(tree))
    if faults:
        raise Misconfigured(f"{path}: " + "; ".join(faults))
    topology = _topology(tree)
    faults = list(_faults(topology))
    if faults:
        raise Misconfigured(f"{path}: " + "; ".join(faults))
    return topology


def _topology(tree: Mapping[str, Any]) -> Topology:
    return Topology(
        exchanges=tuple(
            Exchange(name=name, kind=str(told.get("type")), arguments=_arguments(told))
            for name, told in tree["exchanges"].items()
        ),
        queues=tuple(Queue(name=name, arguments=_arguments(told)) for name, told in tree["queues"].items()),
        bindings=tuple(
            Binding(exchange=exchange, queue=queue, routing_key=key)
            for queue, told in tree["queues"].items()
            for exchange, keys in told.get("bindings", {}).items()
            for key in keys
        ),
    )


def _arguments(told: Mapping[str, Any]) -> Arguments:
    return MappingProxyType(dict(told.get("arguments", {})))


def _misspelt(tree: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"unknown key {key!r}" for key in tree.keys() - {"exchanges", "queues"})
    for part, own in (("exchanges", "type"), ("queues", "bindings")):
        known = {"purpose", "arguments", own}
        for name, told in tree[part].items():
            if not isinstance(told, dict):
                yield f"{name}: not a map"
                continue
            yield from (f"{name}: unknown key {key!r}" for key in told.keys() - known)
            for key in ("arguments", "bindings"):
                if not isinstance(told.get(key, {}), dict):
                    yield f"{name}: {key} is not a map"
            if isinstance(told.get("bindings"), dict):
                lists = told["bindings"].items()
                yield from (f"{name}: keys of {each} are not a list" for each, keys in lists if type(keys) is not list)


def _faults(topology: Topology) -> Iterator[str]:
    exchanges = {exchange.name for exchange in topology.exchanges}
    for exchange in topology.exchanges:
        if exchange.kind not in KINDS:
            yield f"{exchange.name}: type {exchange.kind!r} is none of {', '.join(KINDS)}"
        if exchange.arguments.get("alternate-exchange", exchange.name) not in exchanges:
            yield f"{exchange.name}: its alternate exchange is not declared"
    for queue in topology.queues:
        told = queue.arguments
        if "x-dead-letter-exchange" in told and told["x-dead-letter-exchange"] not in exchanges:
            yield f"{queue.name}: its dead-letter exchange is not declared"
        if told.get("x-dead-letter-strategy") == "at-least-once" and told.get("x-overflow") != "reject-publish":
            yield f"{queue.name}: dead-lettering at least once needs x-overflow reject-publish"
    for binding in topology.bindings:
        if binding.exchange not in exchanges:
            yield f"{binding.queue}: bound to {binding.exchange}, which is not declared"


def declare(address: BrokerAddress, topology: Topology) -> None:
    """Makes what is missing; what is there as told stays untouched, so that it can be repeated.

    Raises: BrokerUnavailable; BrokerRefused where an object is there in another shape, or a right is missing.
    """
    with opened(address) as connection:
        channel = connection.channel()
        for exchange in topology.exchanges:
            _declare_exchange(channel, exchange)
        for queue in topology.queues:
            _declare_queue(channel, queue)
        for binding in topology.bindings:
            channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a check: missing objects, and the number of messages in each queue."""

    missing: tuple[str, ...]
    messages: Mapping[str, int]


def look(address: BrokerAddress, topology: Topology) -> Seen:
    """Asks for every object without declaring any, which needs no right to configure.

    Raises: BrokerUnavailable.
    """
    missing: list[str] = []
    messages: dict[str, int] = {}
    with opened(address) as connection:
        for exchange in topology.exchanges:
            if _absent(connection, partial(BlockingChannel.exchange_declare, exchange=exchange.name, passive=True)):
                missing.append(f"exchange {exchange.name}")
        for queue in topology.queues:

            def count(channel: BlockingChannel, name: str = queue.name) -> None:
                messages[name] = channel.queue_declare(name, passive=True).method.message_count or 0

            if _absent(connection, count):
                missing.append(f"queue {queue.name}")
    return Seen(tuple(missing), messages)


def _absent(connection: BlockingConnection, attempt: Attempt) -> bool:
    channel = connection.channel()  # a refusal closes the channel, so each attempt has its own
    try:
        attempt(channel)
        channel.close()
    except pika.exceptions.ChannelClosedByBroker as refusal:
        return bool(refusal.reply_code == _NOT_FOUND)
    return False


def compare(address: BrokerAddress, topology: Topology) -> list[str]:
    """Where the broker differs from the topology; empty where it does not. Creates nothing.

    Bindings are not compared: AMQP offers no way to list them. `declare` adds those that are missing.
    Raises: BrokerUnavailable.
    """
    with opened(address) as connection:
        differences: list[str] = []
        for exchange in topology.exchanges:
            differences += _difference(
                connection,
                f"exchange {exchange.name}",
                partial(BlockingChannel.exchange_declare, exchange=exchange.name, passive=True),
                partial(_declare_exchange, exchange=exchange),
            )
        for queue in topology.queues:
            differences += _difference(
                connection,
                f"queue {queue.name}",
                partial(BlockingChannel.queue_declare, queue=queue.name, passive=True),
                partial(_declare_queue, queue=queue),
            )
        return differences


def _difference(connection: BlockingConnection, name: str, look: Attempt, declare_again: Attempt) -> list[str]:
    """Looks first, so that declaring again (which is what compares the shape) cannot create."""
    for attempt in (look, declare_again):
        channel = connection.channel()  # a refusal closes the channel, so each attempt has its own
        try:
            attempt(channel)
            channel.close()
        except pika.exceptions.ChannelClosedByBroker as refusal:
            if attempt is look and refusal.reply_code == _NOT_FOUND:
                return [f"{name}: missing"]
            if attempt is declare_again and refusal.reply_code == _ACCESS_REFUSED:
                return []  # it is there, and who may not configure it needs not to: its shape is not to be seen
            return [f"{name}: {refusal.reply_code} {refusal.reply_text}"]
    return []


def _declare_exchange(channel: BlockingChannel, exchange: Exchange) -> None:
    kind = ExchangeType(exchange.kind)
    channel.exchange_declare(exchange.name, kind, durable=True, arguments=dict(exchange.arguments))


def _declare_queue(channel: BlockingChannel, queue: Queue) -> None:
    channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))


def export_definitions(topology: Topology, *, vhost: str = "/") -> dict[str, Any]:
    """The topology in RabbitMQ's own definitions format, for `rabbitmqctl import_definitions`. No users, no rights."""
    return {
        "vhosts": [{"name": vhost}],
        "exchanges": [
            {
                "name": exchange.name,
                "vhost": vhost,
                "type": exchange.kind,
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": dict(exchange.arguments),
            }
            for exchange in topology.exchanges
        ],
        "queues": [
            {
                "name": queue.name,
                "vhost": vhost,
                "durable": True,
                "auto_delete": False,
                "arguments": dict(queue.arguments),
            }
            for queue in topology.queues
        ],
        "bindings": [
            {
                "source": binding.exchange,
                "vhost": vhost,
                "destination": binding.queue,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
            }
            for binding in topology.bindings
        ],
    }
