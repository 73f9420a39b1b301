"""The broker's topology as data: what it promises, what is refused, and that partners are told the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapter.gateways.broker.topology import Topology, export_definitions, load_topology
from adapter.model.errors import Misconfigured

QUEUES = Path(__file__).parents[2] / "queues"
DECLARATIONS, CONTROL, REPLIES, QUARANTINE = (
    "adapter.declarations", "adapter.control", "nsw.replies", "adapter.quarantine",
)  # fmt: skip


@pytest.fixture(scope="module")
def topology() -> Topology:
    return load_topology(QUEUES / "topology.yaml")


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((QUEUES / "asyncapi.yaml").read_text(encoding="utf-8"))
    return told


def matches(pattern: str, key: str) -> bool:
    """A topic exchange's rule, for patterns with `*` or a lone `#`."""
    if pattern == "#":
        return True
    wanted, given = pattern.split("."), key.split(".")
    return len(wanted) == len(given) and all(a in ("*", b) for a, b in zip(wanted, given, strict=True))


def queues_for(topology: Topology, exchange: str, key: str) -> list[str]:
    return [each.queue for each in topology.bindings if each.exchange == exchange and matches(each.routing_key, key)]


@pytest.mark.parametrize(
    ("pair", "queue"),
    [(pair, DECLARATIONS) for pair in ("10.01", "10.02", "11.01", "11.02", "12.05", "10.99", "10.00")]
    + [(f"{kind}.{receipt}", DECLARATIONS) for kind in ("20", "30", "40") for receipt in ("99", "00")]
    + [(pair, CONTROL) for pair in ("90.01", "90.99", "90.00", "91.01", "91.02", "91.99")],
)
def test_each_inbound_message_enters_exactly_one_queue(topology: Topology, pair: str, queue: str) -> None:
    assert queues_for(topology, "nsw.inbound", f"BQP0100001.{pair}") == [queue]


@pytest.mark.parametrize("pair", ["20.21", "30.23", "40.01", "50.01", "99.99"])
def test_what_only_we_send_is_unroutable_inbound(topology: Topology, pair: str) -> None:
    assert queues_for(topology, "nsw.inbound", f"BQP0100001.{pair}") == []


def test_the_unroutable_goes_to_the_dead_letters_inbound_and_is_returned_outbound(topology: Topology) -> None:
    alternate = {each.name: each.arguments.get("alternate-exchange") for each in topology.exchanges}
    assert alternate == {"nsw.inbound": "nsw.dead", "nsw.outbound": None, "nsw.dead": None}


def test_every_working_queue_is_a_quorum_queue_that_loses_nothing(topology: Topology) -> None:
    for queue in topology.queues:
        if queue.name != QUARANTINE:
            assert dict(queue.arguments) == {
                "x-queue-type": "quorum",
                "x-delivery-limit": 50,
                "x-dead-letter-exchange": "nsw.dead",
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            }


def test_the_quarantine_sends_nothing_on_and_outlasts_every_look(topology: Topology) -> None:
    (arguments,) = (queue.arguments for queue in topology.queues if queue.name == QUARANTINE)
    assert arguments["x-queue-type"] == "quorum"
    assert int(arguments["x-delivery-limit"]) >= 1_000_000
    assert "x-dead-letter-exchange" not in arguments


def test_the_export_holds_every_object_of_the_topology(topology: Topology) -> None:
    told = export_definitions(topology, vhost="border")
    assert [each["name"] for each in told["exchanges"]] == [each.name for each in topology.exchanges]
    assert [each["name"] for each in told["queues"]] == [each.name for each in topology.queues]
    assert len(told["bindings"]) == len(topology.bindings)
    assert {each["vhost"] for part in ("exchanges", "queues", "bindings") for each in told[part]} == {"border"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "needs the two maps"),
        ("exchanges: {", "topology.yaml"),
        ("exchanges: {a: {type: topik}}\nqueues: {}", "topik"),
        ("exchanges: {a: {type: topic, argument: {}}}\nqueues: {}", "unknown key 'argument'"),
        ("exchanges: {a: {type: topic, arguments: {alternate-exchange: b}}}\nqueues: {}", "alternate exchange"),
        ("exchanges: {}\nqueues: {q: {bindings: {a: ['#']}}}", "bound to a, which is not declared"),
        ("exchanges: {}\nqueues: {q: {arguments: {x-dead-letter-exchange: a}}}", "dead-letter exchange"),
        ("exchanges: {}\nqueues: {q: {arguments: {x-dead-letter-strategy: at-least-once}}}", "reject-publish"),
        ("exchanges: {}\nqueues: {q: {bindings: ['#']}}", "bindings is not a map"),
        ("exchanges: {}\nqueues: {q: {bindings: {a: '#'}}}", "keys of a are not a list"),
    ],
)
def test_a_faulty_topology_is_refused_with_its_fault(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "topology.yaml"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=fault):
        load_topology(file)


def test_a_missing_topology_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        load_topology(tmp_path / "topology.yaml")


# -- asyncapi.yaml ------------------------------------------------------------------------------


def test_partners_are_told_exactly_the_topology(topology: Topology, contract: dict[str, Any]) -> None:
    channels = contract["channels"].values()
    told = {
        (channel["bindings"]["amqp"]["exchange"]["name"], channel["x-queue"], key)
        for channel in channels
        for key in channel["x-routing-keys"]
    }
    assert told == {(each.exchange, each.queue, each.routing_key) for each in topology.bindings}
    assert {channel["x-queue"] for channel in channels} == {queue.name for queue in topology.queues}
    exchanges = {each["name"]: each["type"] for each in (c["bindings"]["amqp"]["exchange"] for c in channels)}
    assert exchanges == {each.name: each.kind for each in topology.exchanges}


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_of_the_partner_document_leads_somewhere(contract: dict[str, Any]) -> None:
    found = set(references(contract))
    assert any(each.startswith("#/") for each in found)
    assert any(not each.startswith("#/") for each in found)
    for reference in found:
        if reference.startswith("#/"):
            node: Any = contract
            for step in reference[2:].split("/"):
                node = node[step]
        else:
            assert (QUEUES / reference).is_file(), reference


def test_the_partner_document_has_the_shape_of_asyncapi_3(contract: dict[str, Any]) -> None:
    assert contract["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= contract["info"].keys()
    for channel in contract["channels"].values():
        assert set(channel.get("parameters", {})) == {
            part[1:-1] for part in channel["address"].split(".") if part.startswith("{")
        }
    for operation in contract["operations"].values():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        assert all(each["$ref"].startswith(f"{channel}/messages/") for each in operation["messages"])


def test_only_replies_are_sent_and_the_quarantine_is_nobodys(contract: dict[str, Any]) -> None:
    used = {(each["action"], each["channel"]["$ref"].rsplit("/", 1)[1]) for each in contract["operations"].values()}
    assert used == {("receive", "declarations"), ("receive", "control"), ("send", "replies")}
