"""The program as it is called, and its daemon as a process of its own; no process outlives `stop`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.harness.failure import CannotGoOn
from tests.harness.forked import Forked, begin_daemon
from tests.harness.pki import ROOT
from tests.harness.premises import Premises
from tests.servers.process import MARK, last_lines, marked, send, wait_until

READY_SECONDS = 300.0
STOP_SECONDS = 180.0


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


class Daemon:
    """`nsw-adapter run` as a process of its own, with its children; it logs into the folder."""

    def __init__(self, premises: Premises, program: Program = CHECKOUT, *, forked: bool = False) -> None:
        """`forked`: from a process that has imported the checkout, for proofs that ask nothing about its processes."""
        self._premises = premises
        self._program = program
        self._forked = forked
        self._child: subprocess.Popen[bytes] | Forked | None = None
        self.log = premises.folder / "daemon.log"

    @property
    def mark(self) -> str:
        """What its processes carry in their environment, so that those of a killed run are found again."""
        return str(self._premises.folder / "daemon")

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            CannotGoOn: it ended or did not become ready, with the end of its log.
        """
        send(marked(self.mark), signal.SIGKILL)  # left by a run that was killed
        child = self._child = self._begun(["run", "--config", str(self._premises.config)])
        if not wait_until(lambda: self.ready() or child.poll() is not None, seconds=READY_SECONDS) or child.poll():
            missing = ", ".join(self.missing())
            raise CannotGoOn(f"the adapter did not become ready ({missing})\n{last_lines(self.log, 15)}")

    def _begun(self, arguments: list[str]) -> subprocess.Popen[bytes] | Forked:
        folder, environment = self._program.folder, self._program.environment | {MARK: self.mark}
        if self._forked:
            return begin_daemon(arguments, cwd=folder, environment=environment, log=self.log)
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [*self._program.command, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
            )

    def ready(self) -> bool:
        """Whether every part has what it needs."""
        return not self.missing()

    def missing(self) -> list[str]:
        """What is not at hand, as /readyz says it."""
        try:
            with urllib.request.urlopen(f"{self._premises.health_url}/readyz", timeout=30) as answer:
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
            self._child.send_signal(signal.SIGTERM)
            try:
                code = self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
        send(marked(self.mark), signal.SIGKILL)
        return code
