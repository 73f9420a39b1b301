"""A broker that takes TCP and never answers: the daemon's clock goes on, the mode is told, the portal opens."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.model.events import Event
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from tests.harness.declarations import for_the_second_door
from tests.harness.people import TESTER
from tests.harness.scene import Scene
from tests.harness.stores import ensure_tables
from tests.servers.process import free_ports

CITIZEN = "001085012345"


@pytest.fixture
def hung() -> Iterator[str]:
    """Its address: the kernel takes the connection, nobody ever reads from it."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield f"amqp://guest:guest@127.0.0.1:{listener.getsockname()[1]}/%2F"


@pytest.fixture
def scene(hung: str, tmp_path: Path, postgresql_url: str) -> Iterator[Scene]:
    made = Scene(tmp_path, hung, postgresql_url)
    try:
        ensure_tables(made.components.database)
        yield made
    finally:
        made.close()


def test_a_hung_broker_opens_the_second_door_and_ends_no_part(scene: Scene) -> None:
    (port,) = free_ports(1)
    changes = {
        "window.broker_down_s": 6.0,
        "window.suspect_s": 1.0,
        "window.stale_s": 10.0,
        "web.portal.enabled": True,
        "web.portal.port": port,
    }
    scene.configure({**changes, "clock.seal_s": 1.0})
    _, issued = scene.components.tokens.issue(Machine.DECLARANT, "proof", CITIZEN, actor=TESTER)
    daemon = scene.daemon()
    scene.until(lambda: scene.components.window.state().condition is Sight.DOWN, "the mode is down")
    status, missing = scene.readyz()
    assert (status, missing) == (503, ["worker-0: broker", "dispatcher-1: broker"])
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/declarations",
        data=for_the_second_door(1),
        headers={"Authorization": f"Bearer {issued}", "Content-Type": "application/xml"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.status == 202, json.load(answer)
    scene.until(lambda: daemon.told(Event.SEALED, 2), "seals do not wait for the probe")
    assert daemon.events(Event.WORKER_STOPPED) == [], "no part ends"
    assert daemon.stop() == 0
