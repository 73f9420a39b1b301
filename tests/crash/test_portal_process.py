"""The portal's process on a real daemon: it opens the portal's key alone, and needs no other key to serve."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapter.model.events import Event
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.registered import register_declarants
from tests.harness.scene import Running, Scene
from tests.harness.website import CITIZEN, citizen_message
from tests.servers.process import alive, free_ports

pytestmark = pytest.mark.slow
_OPENED, _NO_WAIT = 0x20, os.O_NONBLOCK
_HEAD = struct.Struct("iIII")
KEYS = ("system", "unit", "portal")


@contextmanager
def opened(files: list[Path]) -> Iterator[list[Path]]:
    """Collects which of the files anybody on this machine opens, from now until left (inotify(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(_NO_WAIT)
    names = {libc.inotify_add_watch(watch, os.fsencode(file), _OPENED): file for file in files}
    assert min(watch, *names) >= 0, os.strerror(ctypes.get_errno())
    told: list[Path] = []
    try:
        yield told
        try:
            events = os.read(watch, 65536)
        except BlockingIOError:
            events = b""
        while events:
            number, _, _, length = _HEAD.unpack_from(events)
            told.append(names[number])
            events = events[_HEAD.size + length :]
    finally:
        os.close(watch)


def _own_keys(scene: Scene) -> dict[str, Path]:
    """Copies of the keys that are this installation's alone."""
    kept = {name: scene.folder / f"{name}.key.pem" for name in KEYS}
    for name, file in kept.items():
        shutil.copyfile(shared_pki().folder / f"{name}.key.pem", file)
        file.chmod(0o600)
    return kept


def _settings(keys: dict[str, Path], port: int) -> dict[str, Any]:
    certificates = {name: str(shared_pki().folder / f"{name}.chain.pem") for name in KEYS}
    stated = {f"keys.{name}": {"key": str(file), "certificates": certificates[name]} for name, file in keys.items()}
    return {**stated, "web.portal.enabled": True, "web.portal.port": port}


def _portal(daemon: Running) -> int:
    """The pid of the portal's process."""
    pids = [told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "portal"]
    return int(next((pid for pid in reversed(pids) if alive(pid)), 0))


def _restarted(scene: Scene, daemon: Running) -> None:
    """Kill the portal's process, and wait for another one that serves."""
    before = _portal(daemon)
    os.kill(before, signal.SIGKILL)
    scene.until(lambda: _portal(daemon) not in (0, before), "another one is started")
    scene.until_ready()


def _asked(url: str, token: str, body: bytes | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_portal_s_process_opens_its_own_key_alone_and_serves_where_no_other_can_be_read(
    embedded_scene: Scene,
) -> None:
    scene = embedded_scene
    (port,) = free_ports(1)
    keys = _own_keys(scene)
    scene.configure(_settings(keys, port))
    register_declarants(scene.components, shared_pki())
    _, token = scene.components.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    _, customs = scene.components.tokens.issue(Machine.CUSTOMS, "customs", office="*", actor=TESTER)
    scene.components.window.override(Sight.DOWN, reason="a test", actor=TESTER)
    daemon = scene.daemon()
    scene.until_ready()

    with opened(list(keys.values())) as told:
        _restarted(scene, daemon)
    assert set(told) == {keys["portal"]}, "of our keys its start opens the portal's, and no other"

    for name in ("system", "unit"):
        keys[name].rename(keys[name].with_suffix(".away"))
    _restarted(scene, daemon)
    url = f"http://127.0.0.1:{port}/api/v1"
    assert _asked(f"{url}/declarations", token, citizen_message()) == 202, "judged and signed behind the socket"
    assert _asked(f"{url}/lookup/dossiers?plate=29B-1", customs) == 404
    assert daemon.stop() == 0


def test_while_what_decides_is_being_replaced_the_portal_says_so_and_nothing_is_lost(embedded_scene: Scene) -> None:
    scene = embedded_scene
    (port,) = free_ports(1)
    scene.configure({"web.portal.enabled": True, "web.portal.port": port})
    register_declarants(scene.components, shared_pki())
    _, token = scene.components.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    scene.components.window.override(Sight.DOWN, reason="a test", actor=TESTER)
    daemon = scene.daemon()
    scene.until_ready()
    url = f"http://127.0.0.1:{port}/api/v1/declarations"
    (pid,) = [told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "decisions"]
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    scene.until(lambda: any("decisions" in each for each in scene.readyz()[1]), "readiness names what is missing")
    scene.until(lambda: _asked(url, token, citizen_message()) == 202, "it comes again, and the same is sent again")
    assert len(scene.store.states()) >= 1
    assert daemon.stop() == 0
