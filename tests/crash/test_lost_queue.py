"""A queue that is deleted: the running daemon declares it again and tells it; one command brings back what fell out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pika
import pytest
from typer.testing import CliRunner

from adapter.cli import app
from adapter.gateways.broker import BrokerAddress, BrokerRefused
from adapter.gateways.broker.topology import compare, declare
from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.partner import CONTROL, DECLARATIONS, QUARANTINE, REPLIES
from tests.harness.scene import Running, Scene
from tests.servers.rabbitmq import Rabbit

READER = "reader"


def delete(scene: Scene, *queues: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(scene.amqp_url))
    for queue in queues:
        connection.channel().queue_delete(queue)
    connection.close()


def kinds(process: Running, kind: str) -> list[dict[str, Any]]:
    return [each for each in process.events(Event.BROKER) if each["kind"] == kind]


def test_a_deleted_queue_is_declared_again_and_what_fell_out_is_replayed(scene: Scene) -> None:
    daemon = scene.daemon()
    scene.until_ready()
    before, meanwhile, after = declarations(0, 5), declarations(5, 115), declarations(200, 5)
    # Some go out while the queue is away; that there are more than one batch does not hang on how fast it is back.
    astray = [replace(message, key="bound.by.nothing") for message in meanwhile[15:]]
    scene.partner.publish(before)
    scene.until_done(before)

    part = daemon.events(Event.WORKER_STARTED)
    lost = time.monotonic()
    delete(scene, DECLARATIONS)
    scene.partner.publish([*meanwhile[:15], *astray])
    scene.until(lambda: bool(kinds(daemon, "broker.declared")), "the queue is declared again")
    declared_s = time.monotonic() - lost
    assert kinds(daemon, "broker.declared")[0]["objects"] == [f"queue {DECLARATIONS}"]
    scene.until(lambda: bool(kinds(daemon, "broker.quarantined")), "what fell out is told")
    scene.until(lambda: any("quarantine list" in note for note in scene.notes()), "and readiness notes it")
    scene.until_ready()
    scene.partner.publish(after)

    scene.until_done([*before, *after])
    went_on_s = time.monotonic() - lost
    fallen = scene.partner.ready(QUARANTINE)
    assert fallen > 100
    replay = ["quarantine", "replay", "--reason", "unroutable", "--config", str(scene.config)]
    asked = time.monotonic()
    done = CliRunner().invoke(app, replay)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"{fallen} of {fallen} message(s) replayed"
    everything = [*before, *meanwhile, *after]
    scene.until_done(everything)
    print(
        f"\nDRILL lost queue: sent {len(everything)}, astray {fallen}; declared again after {declared_s:.1f} s, what "
        f"came then answered {went_on_s:.1f} s, all answered {time.monotonic() - asked:.1f} s after the replay"
    )
    assert scene.partner.ready(QUARANTINE) == 0
    assert [each["part"] for each in daemon.events(Event.WORKER_STARTED)] == [each["part"] for each in part]
    scene.finish()
    scene.assert_whole(everything)


@pytest.mark.parametrize("queue", [CONTROL, REPLIES, QUARANTINE])
def test_any_queue_is_declared_again(scene: Scene, queue: str) -> None:
    scene.configure({"window.broker_down_s": 2.0, "window.suspect_s": 1.0})
    clock = scene.start("clock")
    scene.until(lambda: scene.components.window.state().refreshed_at is not None, "it has looked")
    delete(scene, queue)
    scene.until(lambda: bool(kinds(clock, "broker.declared")), "declared")
    assert compare(scene.components.broker, scene.components.topology) == []


# -- least rights ---------------------------------------------------------------------------------


@pytest.fixture
def least(rabbit: Rabbit, vhost: str, scene: Scene) -> Iterator[BrokerAddress]:
    """A user who may read and write what is there, and configure nothing."""
    rabbit.ctl("add_user", READER, READER)
    rabbit.ctl("set_permissions", "--vhost", vhost, READER, "^$", ".*", ".*")
    scene.configure({"broker.url": scene.amqp_url.replace("guest:guest", f"{READER}:{READER}")})
    yield BrokerAddress(url=scene.amqp_url.replace("guest:guest", f"{READER}:{READER}"))
    rabbit.ctl("delete_user", READER)


def test_least_rights_are_no_fault_and_a_queue_that_is_missing_then_is_told(scene: Scene, least: BrokerAddress) -> None:
    topology = scene.components.topology
    assert compare(least, topology) == []
    with pytest.raises(BrokerRefused):
        declare(least, topology)
    daemon = scene.daemon(NSW_WINDOW__BROKER_DOWN_S="2")
    scene.until_ready()
    messages = declarations(0, 5)
    scene.partner.publish(messages)
    scene.until_done(messages)
    assert daemon.events(Event.UNAVAILABLE) == [], "nothing is wrong"
    delete(scene, REPLIES)
    scene.until(lambda: bool(kinds(daemon, "broker.missing")), "told")
    assert kinds(daemon, "broker.missing")[0]["objects"] == [f"queue {REPLIES}"]
    scene.until(lambda: any("lacks a queue" in note for note in scene.notes()), "and noted")
    declare(BrokerAddress(url=scene.amqp_url), topology)
    scene.until(lambda: not any("lacks a queue" in note for note in scene.notes()), "and mended")
    assert daemon.stop() == 0
