"""Where the demonstration takes place: a folder, the test PKI, a configuration derived from config.yaml, the daemon.

Everything is written below one folder under var/; nothing outside it is touched, and no process outlives `close`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapter.settings import load_settings
from adapter.simulator.pki import Pki
from tests.harness.fixtures import CLOCK
from tests.harness.pki import ROOT
from tests.servers.process import MARK, free_ports, last_lines, marked, send, wait_until

READY_SECONDS = 120.0
STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """The adapter as it is called: this checkout, or what a wheel brought into a folder of its own (`site`)."""

    folder: Path = ROOT
    """Where it is called."""
    site: Path | None = None

    @property
    def data(self) -> Path:
        """The folder of the data that came with it."""
        return (self.site or ROOT) / "adapter" / "data"

    @property
    def command(self) -> list[str]:
        """What is typed before the name of a command."""
        return [sys.executable, "-m", "adapter.cli"] if self.site is None else [str(self.site / "bin" / "nsw-adapter")]

    @property
    def environment(self) -> dict[str, str]:
        """The configuration's file alone is to decide, so nothing of NSW_ comes in by the environment."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NSW_")}
        return kept if self.site is None else kept | {"PYTHONPATH": str(self.site)}

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """One command that ends by itself, whatever its exit code."""
        return subprocess.run(
            [*self.command, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


CHECKOUT = Program()


class DemonstrationFailed(RuntimeError):
    """The demonstration cannot go on; the text says what to look at."""


@dataclass(frozen=True, slots=True)
class Premises:
    """A furnished place: `config` is the file that the daemon and every command of the demonstration read."""

    folder: Path
    pki: Pki
    config: Path
    broker_url: str
    door_url: str
    health_url: str


def furnish(folder: Path, *, pki: Pki, broker_url: str, database_url: str | None = None, workers: int = 1) -> Premises:
    """Write the configuration: config.yaml with its own database, ports, keys, a short patience, a standing clock."""
    folder.mkdir(parents=True, exist_ok=True)
    door, health = free_ports(2)
    stated: dict[str, Any] = load_settings(ROOT / "config.yaml").model_dump(mode="json", by_alias=True)
    changes: dict[str, dict[str, Any]] = {
        "folders": {"state": str(folder)},
        "database": {"url": database_url or f"sqlite:///{folder / 'adapter.db'}"},
        "broker": {"url": broker_url},
        "workers": {"count": workers},
        "trust": _trust(pki, stated["trust"]),
        "keys": {name: _key(pki, name) for name in ("system", "unit", "portal")},
        # An outage of seconds is to be an incident, and its end is to be seen as soon.
        "window": {"broker_down_s": 2.0, "back_s": 1.0},
        # The fixtures are received at one instant, or their time limits would depend on the day.
        "clock": {"unsafe_frozen": CLOCK.isoformat(), "tick_s": 0.25},
        "web": {"port": door, "health_port": health, "enabled": True},
        "log": {"level": "info", "json": True},
    }
    for part, values in changes.items():
        stated[part] |= values
    config = folder / "config.yaml"
    config.touch(mode=0o600)
    config.write_text(yaml.safe_dump(stated, allow_unicode=True, sort_keys=False), encoding="utf-8")
    base = "http://127.0.0.1"
    return Premises(folder, pki, config, broker_url, f"{base}:{door}", f"{base}:{health}")


def _trust(pki: Pki, trust: dict[str, Any]) -> dict[str, Any]:
    """The shipped trust, with the test PKI's files."""

    def filed(world: str, stated: dict[str, Any], **files: str) -> dict[str, Any]:
        lists = stated["revocation"] | {"crls": str(pki.crls(world))}
        return stated | {"anchors": str(pki.anchors(world)), "revocation": lists} | files

    return {
        "partners": {
            "nsw": {"role": "window", "channel": "window", "certificates": [str(pki.certificate_file("nsw"))]},
            "portal": {"role": "portal", "channel": "portal", "certificates": [str(pki.certificate_file("portal"))]},
        },
        "stores": {
            world: filed(world, stated, intermediates=str(pki.intermediates(world)))
            for world, stated in trust["stores"].items()
        },
        "timestamping": filed("timestamping", trust["timestamping"]),
    }


def _key(pki: Pki, name: str) -> dict[str, str]:
    return {"key": str(pki.key_file(name)), "certificates": str(pki.folder / f"{name}.chain.pem")}


class Daemon:
    """`nsw-adapter run` as a process of its own, with its children; it logs into the folder."""

    def __init__(self, premises: Premises, program: Program = CHECKOUT) -> None:
        self._premises = premises
        self._program = program
        self._child: subprocess.Popen[bytes] | None = None
        self.log = premises.folder / "daemon.log"

    @property
    def mark(self) -> str:
        """What its processes carry in their environment, so that those of a killed run are found again."""
        return str(self._premises.folder / "daemon")

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            DemonstrationFailed: it ended or did not become ready, with the end of its log.
        """
        send(marked(self.mark), signal.SIGKILL)  # left by a run that was killed
        command = [*self._program.command, "run", "--config", str(self._premises.config)]
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                command,
                cwd=self._program.folder,
                env=self._program.environment | {MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
            )
        child = self._child
        if not wait_until(lambda: self.ready() or child.poll() is not None, seconds=READY_SECONDS) or child.poll():
            missing = ", ".join(self.missing())
            raise DemonstrationFailed(f"the adapter did not become ready ({missing})\n{last_lines(self.log, 15)}")

    def ready(self) -> bool:
        """Whether every part has what it needs."""
        return not self.missing()

    def missing(self) -> list[str]:
        """What is not at hand, as /readyz says it."""
        try:
            with urllib.request.urlopen(f"{self._premises.health_url}/readyz", timeout=2) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        except OSError:
            return ["it does not answer"]
        found: list[str] = json.loads(body)["missing"]
        return found

    def stop(self) -> int | None:
        """Stop it in order, and whatever of it is left by force; gives its exit code."""
        code: int | None = None
        if self._child is not None:
            self._child.terminate()
            try:
                code = self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
        send(marked(self.mark), signal.SIGKILL)
        return code


def clear(folder: Path) -> None:
    """Remove what an earlier demonstration left."""
    shutil.rmtree(folder, ignore_errors=True)
