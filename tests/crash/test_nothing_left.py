"""No file descriptor is left: the daemon does not end, tells it, and is whole again when there are some."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.scene import PATIENCE_S, Running, Scene
from tests.servers.process import alive, wait_until


def limit(daemon: Running, files: int) -> None:
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (files, hard))


def open_files(daemon: Running) -> int:
    return max(int(each.name) for each in Path(f"/proc/{daemon.process.pid}/fd").iterdir()) + 1


def end_a_worker(daemon: Running) -> int:
    pid = [each for each in daemon.events(Event.WORKER_STARTED) if each["part"] == "worker"][-1]["pid"]
    os.kill(int(pid), signal.SIGKILL)
    return int(pid)


def cannot_start(daemon: Running) -> list[str]:
    return [
        each["reason"] for each in daemon.events(Event.WORKER_STOPPED) if "cannot be started" in each.get("reason", "")
    ]


def test_a_supervisor_without_a_file_left_goes_on_starts_the_part_later_and_answers_sigterm(scene: Scene) -> None:
    daemon = scene.daemon()
    scene.until_ready()
    limit(daemon, open_files(daemon) - 4)  # fewer than are open: not one more is given
    end_a_worker(daemon)
    scene.until(lambda: bool(cannot_start(daemon)), "told")
    assert daemon.process.poll() is None
    limit(daemon, 1024)
    scene.until_ready()

    told = len(cannot_start(daemon))
    limit(daemon, open_files(daemon) - 4)
    end_a_worker(daemon)
    scene.until(lambda: len(cannot_start(daemon)) > told, "told again")
    assert daemon.stop() == 0, "and it answers SIGTERM"


def test_with_the_reader_of_the_log_gone_sigterm_still_ends_everything(scene: Scene) -> None:
    pipe = scene.folder / "pipe"
    os.mkfifo(pipe)
    daemon = scene.daemon(stderr=pipe)
    pids = [daemon.process.pid]
    with pipe.open() as reader:
        for line in reader:
            told = json.loads(line)
            if told["event"] == Event.WORKER_STARTED.value:
                pids.append(told["pid"])
            if told["event"] == Event.STARTED.value:
                break
    scene.partner.publish(declarations(0, 3))  # so that every part writes to it
    scene.until(lambda: scene.store.settled() == 3, "it works on")
    assert daemon.stop() == 0
    assert len(pids) > 3
    assert wait_until(lambda: not any(map(alive, pids)), seconds=PATIENCE_S)
