"""Wrong configurations under the real daemon: each is told in lines of its own, none lets a message be judged by it.

What was sent meanwhile waits in the broker and is answered once the configuration is mended.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.partner import DECLARATIONS
from tests.harness.scene import Running, Scene
from tests.servers.process import wait_until

COUNT = 20
_PREFIX = "NSW_"
PATIENCE_S = 180.0

WRONG: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "a value that does not fit": ({"workers.batch": "many"}, {}, "workers.batch: "),
    "two of them": ({"workers.batch": 0, "log.level": "loud"}, {}, "log.level: "),
    "a misspelt key": ({"broker.hartbeat_s": 5}, {}, "did you mean broker.heartbeat_s?"),
    "a variable that does not fit": ({}, {"NSW_WORKERS__BATCH": "0"}, "environment: NSW_WORKERS__BATCH: "),
    "a misspelt variable": ({}, {_PREFIX + "WORKERS__BACH": "8"}, "did you mean NSW_WORKERS__BATCH?"),
    "a url that is none": ({"database.url": "mysql://host/nsw"}, {}, "database.url: "),
    "no certificate of the window": ({"trust.partners": {}}, {}, "partner"),
    "a digest that is none": ({"trust.stores.public.algorithms": {"digests": ["sha257"]}}, {}, "digests"),
    "limits that take no message": ({"limits.message_bytes": 0}, {}, "limits.message_bytes: "),
    "two prefixes of which one begins the other": ({"installation.confirmation_prefix": "SD"}, {}, "prefix"),
}
"""What is changed, in the file and in the environment, and what the log must say."""
OF_A_PART: dict[str, tuple[dict[str, Any], str]] = {
    "no folder of schemas": ({"folders.schemas": "nowhere"}, "nowhere"),
    "a key that is not there": ({"keys.system": {"key": "no.pem", "certificates": "no.pem"}}, "no.pem"),
}
"""What only a part finds at its start: the workers do not begin, the others serve."""


@contextlib.contextmanager
def _taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def _begun(scene: Scene, changes: Mapping[str, Any], environment: Mapping[str, str]) -> Running:
    scene.configure(changes)
    return scene.daemon(**environment)


def _given_up(daemon: Running) -> bool:
    return daemon.process.poll() is not None


def _lines(daemon: Running) -> list[str]:
    return daemon.log.read_text(errors="replace").splitlines()


def test_no_wrong_configuration_judges_a_message_and_each_is_told(scene: Scene) -> None:
    messages = declarations(0, COUNT)
    scene.partner.publish(messages)
    began = time.monotonic()
    for name, (changes, environment, says) in WRONG.items():
        daemon = _begun(scene, changes, environment)
        assert wait_until(lambda d=daemon: _given_up(d), seconds=PATIENCE_S), f"{name}: it goes on"  # type: ignore[misc]
        assert (daemon.ended(), _says(daemon, says)) == (2, True), f"{name}: {_lines(daemon)}"
    with _taken() as port:
        daemon = _begun(scene, {}, {"NSW_WEB__HEALTH_PORT": str(port)})
        assert wait_until(lambda: _given_up(daemon), seconds=PATIENCE_S), "the port of the health page: it goes on"
        assert (daemon.ended(), _says(daemon, "web.health_port")) == (2, True), _lines(daemon)
    for name, (changes, says) in OF_A_PART.items():
        daemon = _begun(scene, changes, {})
        scene.until(lambda: _is_left(scene), f"{name}: readiness names the worker")
        assert (daemon.stop(), _says(daemon, says)) == (0, True), f"{name}: {_lines(daemon)}"
    assert all(_is_told(line) for each in scene.running for line in _lines(each)), "no traceback, no line of a library"
    assert scene.store.settled() == 0
    scene.until(lambda: scene.partner.ready(DECLARATIONS) == COUNT, "every message is where it was")

    wrong, mended = len(scene.running), time.monotonic()
    daemon = _begun(scene, {}, {})
    scene.until_done(messages)
    print(
        f"\nDRILL {wrong} wrong configurations: all told within {mended - began:.1f} s, no traceback; sent {COUNT}, "
        f"judged meanwhile 0, stored {scene.store.settled()}, answered {time.monotonic() - mended:.1f} s after it was "
        "mended"
    )
    assert daemon.events(Event.PARKED) == []
    assert daemon.stop() == 0
    scene.partner.collect()
    scene.assert_whole(messages)


def _is_left(scene: Scene) -> bool:
    return any(each.startswith("worker-") and each.endswith(": configuration") for each in scene.readyz()[1])


def _says(daemon: Running, what: str) -> bool:
    return any(what in line for line in _lines(daemon))


def _is_told(line: str) -> bool:
    """An event, or a line of the command's own: never part of a traceback."""
    with contextlib.suppress(ValueError):
        return isinstance(json.loads(line), dict)
    return line.startswith("nsw-adapter: ")
