"""The adapter as it runs in production, `nsw-adapter run`, against the benchmark's own servers.

Its processes are found by what its log says it started. Must leave nothing running, whatever happens in between.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adapter.settings import load_settings
from tests.bench.machine import cpu_of, cpu_of_family, descendants
from tests.harness import configuration
from tests.harness.pki import ROOT
from tests.servers.postgresql import Postgres
from tests.servers.process import alive, free_ports, last_lines, wait_until

START_SECONDS = 300.0
STOP_SECONDS = 60.0
LOAD = "callers (load)"
"""What the benchmark itself takes to ask: not the adapter's."""


class AdapterFailed(RuntimeError):
    """The adapter did not start or ended by itself; the message carries the end of its log."""


class Adapter:
    """One running daemon in `folder`; a context that ends it."""

    def __init__(
        self,
        folder: Path,
        *,
        amqp_url: str,
        database_url: str,
        workers: int,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        self._folder, self._workers = folder, workers
        self._environment = {**os.environ, "NSW_AMQP_URL": amqp_url, "NSW_DATABASE_URL": database_url}
        self.config = write_config(folder, changes)

    @property
    def log(self) -> Path:
        return self._folder / "adapter.log"

    @property
    def web_port(self) -> int:
        """Where the portal listens."""
        return int(load_settings(self.config).web.portal.port)

    @property
    def health_port(self) -> int:
        """Where the daemon's own pages and metrics are."""
        return int(load_settings(self.config).web.health_port)

    def __enter__(self) -> Adapter:
        command = [sys.executable, "-m", "adapter.cli", "run"]
        command += ["--config", str(self.config), "--workers", str(self._workers)]
        with self.log.open("wb") as log:
            self._daemon = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._pids = [self._daemon.pid]
        started = wait_until(self._started_or_ended, seconds=START_SECONDS, step=0.2)
        if not started or self._daemon.poll() is not None:
            self._end()
            raise AdapterFailed(f"the adapter did not start\n{last_lines(self.log)}")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def processes(self) -> dict[str, int]:
        """Living processes by part and number (worker-1, dispatcher-1, ...), the supervisor too."""
        found = {"supervisor": self._daemon.pid}
        for line in self._events("worker.started"):
            if alive(pid := int(line["pid"])):
                number = 1 + sum(name.startswith(f"{line['part']}-") for name in found)
                found[f"{line['part']}-{number}"] = pid
        return found

    def problems(self) -> list[str]:
        """Warnings and worse that it logged, each kind once."""
        return sorted({f"{line.get('level')}: {line['event']}" for line in self._lines() if line.get("level") in
                       ("warning", "error", "critical")})  # fmt: skip

    def _started_or_ended(self) -> bool:
        return self._daemon.poll() is not None or bool(self._events("adapter.started"))

    def _events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self._lines() if line["event"] == name]

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith('{"')]

    def _end(self) -> None:
        family = descendants(self._daemon.pid)
        self._daemon.terminate()
        try:
            self._daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        deadline = time.monotonic() + STOP_SECONDS
        while left := [pid for pid in family if alive(pid)]:
            if time.monotonic() > deadline:
                for pid in left:
                    os.kill(pid, 9)
            time.sleep(0.1)


def write_config(folder: Path, changes: Mapping[str, Any] | None = None) -> Path:
    """config.yaml as it is delivered, with the test PKI, ports of its own and no web process where there is none.

    A message was made on the day, long before it is sent: that it was underway so long is not to be flagged.
    """
    port, health_port = free_ports(2)
    own = {
        "web.portal.port": port,
        "web.health_port": health_port,
        "web.portal.enabled": _has_web(),
        "web.staff.enabled": False,
    }
    own |= {"window.underway_minutes": 24 * 60}
    return configuration.write(folder, own | dict(changes or {}))


def _has_web() -> bool:
    try:
        return find_spec("adapter.entrypoints.web.serve") is not None
    except ModuleNotFoundError:
        return False


@contextmanager
def database(url: str) -> Iterator[None]:
    """The environment names a database, until left."""
    os.environ["NSW_DATABASE_URL"] = url
    try:
        yield
    finally:
        del os.environ["NSW_DATABASE_URL"]


def spent(adapter: Adapter, postgres: Postgres) -> dict[str, float]:
    """CPU seconds by kind of process since its start, the load's own too; sessions of the database come and go."""
    used = {"postgresql": cpu_of_family(postgres.processes()[0]), LOAD: cpu_of([os.getpid()])}
    for name, pid in adapter.processes().items():
        kind = name.rpartition("-")[0] or name
        used[kind] = used.get(kind, 0.0) + cpu_of([pid])
    return used
