"""The daemon with a stderr that cannot be written: what it serves is not touched by it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.declarations import declarations
from tests.harness.scene import Running, Scene
from tests.servers.process import free_ports

pytestmark = pytest.mark.slow


DEBUG = {"NSW_LOG__LEVEL": "debug"}


def _full(scene: Scene) -> Running:
    return scene.daemon(stderr=Path("/dev/full"), **DEBUG)


def _unread(scene: Scene) -> Running:
    """A pipe that is full already; its reader stays open and reads nothing."""
    pipe = scene.folder / "pipe"
    os.mkfifo(pipe)
    os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while os.write(writer, b"\n" * 4096):
            pass
    os.close(writer)
    return scene.daemon(stderr=pipe, **DEBUG)


def _closed(scene: Scene) -> Running:
    """From nothing: what an interpreter makes of it at its start counts too."""
    (scene.health_port,) = free_ports(1)
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("nsw-adapter")), "run", "--config", str(scene.config)],
        env={**os.environ, "NSW_WEB__HEALTH_PORT": str(scene.health_port), **DEBUG},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.close(2),
    )
    daemon = Running(process, scene.folder / "nothing.log")
    daemon.log.touch()
    scene.running.append(daemon)
    return daemon


@pytest.mark.parametrize("begin", [_full, _unread, _closed])
def test_messages_are_answered_and_the_end_is_orderly(scene: Scene, begin: Callable[[Scene], Running]) -> None:
    messages = declarations(0, 30)
    daemon = begin(scene)
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until_done(messages)
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)
    assert len(scene.partner.got) == len(messages), "nobody was killed for a line of the log"
