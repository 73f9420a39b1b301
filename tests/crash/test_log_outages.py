"""The daemon with a stderr that cannot be written: what it serves is not touched by it."""

from __future__ import annotations

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


def _full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def _unread() -> int:
    """A pipe that is full already; its reader stays open and reads nothing."""
    _reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"\n" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    return writer


def _closed() -> int:
    return -1


@pytest.mark.parametrize("stderr", [_full, _unread, _closed])
def test_messages_are_answered_and_the_end_is_orderly(scene: Scene, stderr: Callable[[], int]) -> None:
    messages = declarations(0, 30)
    (scene.health_port,) = free_ports(1)
    number = stderr()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("nsw-adapter")), "run", "--config", str(scene.config)],
        env={**os.environ, "NSW_WEB__HEALTH_PORT": str(scene.health_port), "NSW_LOG__LEVEL": "debug"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if number < 0 else number,
        preexec_fn=(lambda: os.close(2)) if number < 0 else None,
    )
    daemon = Running(process, scene.folder / "nothing.log")
    daemon.log.touch()
    scene.running.append(daemon)
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until_done(messages)
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)
    assert len(scene.partner.got) == len(messages), "nobody was killed for a line of the log"
