"""Several processes of the portal on one port: each watched and replaced by itself, the door never shut."""

from __future__ import annotations

import os
import signal
import urllib.request

import pytest

from adapter.entrypoints.daemon import run
from adapter.model.errors import Misconfigured
from adapter.model.events import Event
from tests.harness.scene import PATIENCE_S, Running, Scene
from tests.servers.process import alive, free_ports

pytestmark = pytest.mark.slow
PARTS = 6
"""Worker, dispatcher, clock, what decides, two doors."""


def _doors(daemon: Running) -> list[int]:
    """The pids of the web processes that live."""
    started = [told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "portal"]
    return [pid for pid in started if alive(pid)]


def _answers(port: int, times: int) -> None:
    for _ in range(times):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert answer.status == 200


def test_several_web_processes_serve_one_port_and_one_that_dies_comes_again(scene: Scene) -> None:
    (port,) = free_ports(1)
    scene.configure({"web.portal.enabled": True, "web.portal.port": port, "web.portal.workers": 2})
    daemon = scene.daemon()
    scene.until_ready()
    first = _doors(daemon)
    assert len(first) == 2
    _answers(port, 20)

    os.kill(first[0], signal.SIGKILL)
    scene.until(lambda: scene.readyz()[0] == 503, "readiness names the one that died")
    scene.until(lambda: len(_doors(daemon)) == 2 and scene.readyz()[0] == 200, "it comes again")
    assert first[1] in _doors(daemon), "the other one served meanwhile"
    _answers(port, 20)

    before = _doors(daemon)
    daemon.process.send_signal(signal.SIGHUP)
    scene.until(
        lambda: len(_doors(daemon)) == 2 and not set(before) & set(_doors(daemon)),
        "a reload replaces each",
        PARTS * PATIENCE_S,  # the doors come last, and each part waits for the one before it
    )
    scene.until_ready()
    _answers(port, 20)
    assert daemon.stop() == 0
    assert _doors(daemon) == []


def test_several_web_processes_are_refused_on_sqlite(embedded_scene: Scene) -> None:
    (port,) = free_ports(1)
    embedded_scene.configure({"web.portal.enabled": True, "web.portal.workers": 2, "web.portal.port": port})
    with pytest.raises(Misconfigured, match=r"web\.portal\.workers is more than 1 on SQLite"):
        run(embedded_scene.config)
