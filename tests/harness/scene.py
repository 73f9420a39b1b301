"""One proof's scene: a configuration file, a fresh database, a virtual host, and the processes that work in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

from adapter.bootstrap import Components, assemble, now
from adapter.cli import inspection
from adapter.entrypoints.log import silence
from adapter.gateways.broker import BrokerUnavailable
from adapter.gateways.broker.topology import declare
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from tests.harness import configuration
from tests.harness.auditor import Store
from tests.harness.declarations import Message
from tests.harness.forked import Forked, begin_daemon
from tests.harness.part import begin
from tests.harness.partner import DECLARATIONS, Partner
from tests.harness.pki import ROOT
from tests.harness.stores import ensure_tables
from tests.servers.process import free_ports, wait_until

PATIENCE_S = 180.0
"""A bound for what must happen, not a measure: beside other load it takes longer."""
_ANSWERS_S = 30.0


@dataclass
class Running:
    """A process of the scene with its log."""

    process: subprocess.Popen[bytes] | Forked
    log: Path
    _events: list[dict[str, Any]] = field(default_factory=list)
    _read_bytes: int = 0
    """So many bytes of the log are read: proofs ask ten times a second."""

    def events(self, event: Event | None = None) -> list[dict[str, Any]]:
        """What it has told so far, one event or all."""
        with self.log.open("rb") as log:
            log.seek(self._read_bytes)
            whole, end, _ = log.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(end)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                if isinstance(told, dict):
                    self._events.append(told)
        return [told for told in self._events if event is None or told.get("event") == event.value]

    def told(self, event: Event, count: int = 1) -> bool:
        return len(self.events(event)) >= count

    @property
    def killed(self) -> bool:
        return self.process.poll() == -signal.SIGKILL

    def ended(self, seconds: float = PATIENCE_S) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(timeout=seconds)

    def told_anything_of_work(self) -> bool:
        """Whether it has taken up at least one message."""
        return self.told(Event.GATHERED) or self.told(Event.CLAIMED)

    def die(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to finish, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()


@dataclass
class Scene:
    """Everything one proof needs; `close` leaves nothing running."""

    folder: Path
    amqp_url: str
    database_url: str
    running: list[Running] = field(default_factory=list)
    health_port: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def __post_init__(self) -> None:
        self.configure({})

    def configure(self, changes: Mapping[str, Any]) -> None:
        """config.yaml of the repository with this scene's servers and keys, and `changes` ("part.key": value).

        Processes that start afterwards go by it; `components` goes by the one it was first asked under.
        """
        own = {"broker.url": self.amqp_url, "web.portal.enabled": False, "web.staff.enabled": False}
        configuration.write(self.folder, own | dict(changes), database_url=self.database_url)

    @cached_property
    def components(self) -> Components:
        """The adapter's parts in this process, for what a proof looks at or does by hand."""
        return assemble(self.config)

    @cached_property
    def store(self) -> Store:
        return Store(self.components.database)

    @cached_property
    def partner(self) -> Partner:
        return Partner(self.amqp_url)

    def prepare(self) -> None:
        """Tables and topology."""
        ensure_tables(self.components.database)
        self.declare()

    def declare(self) -> None:
        """Declare the topology; a broker that has just come up refuses for a moment."""

        def done() -> bool:
            try:
                declare(self.components.broker, self.components.topology)
            except BrokerUnavailable:
                return False
            return True

        assert wait_until(done, seconds=PATIENCE_S, step=0.3), "the broker does not answer"

    def start(self, part: str, *, die_at: Event | None = None, nth: int = 1, **options: object) -> Running:
        """A worker or dispatcher process; see tests.harness.part for its options."""
        command = ["--config", str(self.config), "--part", part]
        if die_at is not None:
            command += ["--die-at", die_at.value, "--nth", str(nth)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        log = self._new_log()
        self.running.append(Running(begin(command, log), log))
        return self.running[-1]

    def daemon(self, *, stderr: Path | None = None, **environment: str) -> Running:
        """The real daemon, forked from a process that has imported the program; its health page is at `health_port`.

        `stderr`: what it writes to instead of its log.
        """
        log = self._new_log()
        given = {**os.environ, **self._health(), **environment}
        process = begin_daemon(["run", "--config", self.config], cwd=ROOT, environment=given, log=stderr or log)
        self.running.append(Running(process, log))
        return self.running[-1]

    def daemon_from_nothing(self, **environment: str) -> Running:
        """The same as its unit file starts it: for proofs about its processes, and about what they import."""
        command = Path(sys.executable).with_name("nsw-adapter")
        return self.run([str(command), "run", "--config", str(self.config)], {**self._health(), **environment})

    def _health(self) -> dict[str, str]:
        (self.health_port,) = free_ports(1)
        return {"NSW_WEB__HEALTH_PORT": str(self.health_port)}

    def readyz(self) -> tuple[int, list[str]]:
        """Status and what is missing; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=_ANSWERS_S) as answer:
                return int(answer.status), list(json.load(answer)["missing"])
        except urllib.error.HTTPError as error:
            return error.code, list(json.load(error)["missing"])
        except OSError:
            return 0, []

    def notes(self) -> list[str]:
        """What readiness notes besides."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=_ANSWERS_S) as answer:
                return list(json.load(answer)["notes"])
        except urllib.error.HTTPError as error:
            return list(json.load(error)["notes"])

    def remarks(self) -> list[str]:
        """What `check --offline` remarks now; the shipped data, which no scene changes, is not proved once more."""
        with mock.patch.object(inspection, "check", return_value=[]):
            made = assemble(self.config)
            try:
                return [remark.text for remark in inspection.inspect(made, offline=True)]
            finally:
                made.database.close()

    def until_ready(self) -> None:
        self.until(lambda: self.readyz()[0] == 200, "ready")

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Running:
        log = self._new_log()
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self.running.append(Running(process, log))
        return self.running[-1]

    def _new_log(self) -> Path:
        log = self.folder / f"process-{len(self.running)}.log"
        log.touch()
        return log

    def until(self, fact: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait for a fact, or fail with what the processes said last."""
        if not wait_until(fact, seconds=seconds, step=0.1):
            said = "\n".join(
                f"{each.log.name}: {each.log.read_text(errors='replace')[-2500:]}" for each in self.running
            )
            raise AssertionError(f"not within {seconds:g} s: {what}\n{self.store.states()}\n{said}")

    def until_quiet(self, fact: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """The same while the database is away."""
        assert wait_until(fact, seconds=seconds, step=0.1), f"not within {seconds:g} s: {what}"

    def take_in(self, messages: Sequence[Message]) -> None:
        """Settle messages in this process, for a proof that is about what comes after."""
        for at in range(0, len(messages), 100):
            self.components.intake.receive([submission(message) for message in messages[at : at + 100]])

    def until_done(self, messages: Sequence[Message], seconds: float = PATIENCE_S) -> None:
        """Wait until each message is settled, answered and nothing waits any more."""
        wanted = {message.message_id for message in messages}

        def done() -> bool:
            if self.store.settled() < len(wanted) or self.store.unsent():
                return False
            return wanted <= {reply.correlation_id for reply in self.partner.collect()}

        self.until(done, f"{len(wanted)} messages answered, {self.store.settled()} settled", seconds)

    def finish(self) -> None:
        """Stop every process in order; what they held and did not settle would be back in the queue."""
        self.ask_to_end()
        codes = [each.ended() for each in self.running if not each.killed]
        self.partner.collect()
        assert set(codes) <= {0}, f"a process did not end in order: {codes}"

    def ask_to_end(self) -> None:
        for each in self.running:
            if each.process.poll() is None:
                each.process.send_signal(signal.SIGTERM)

    def assert_whole(self, messages: Sequence[Message]) -> None:
        """After `finish`: every message one effect, answered at least once and always with the same bytes."""
        self.store.assert_one_effect_each(messages)
        self.assert_answered(messages)

    def assert_answered(self, messages: Sequence[Message]) -> None:
        """The queue is empty, and every message was accepted, always in the same bytes."""
        assert self.partner.ready(DECLARATIONS) == 0
        for message in messages:
            copies = self.partner.answers(message.message_id)
            assert copies, f"{message.reference} was never answered"
            assert len({copy.digest for copy in copies}) == 1, f"{message.reference} was answered differently"
            assert {copy.type for copy in copies} == {"BQP0100002.20.21"}

    def close(self) -> None:
        self.ask_to_end()
        for each in self.running:
            try:
                each.process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                each.die()
        if "partner" in self.__dict__:
            self.partner.close()
        if "components" in self.__dict__:
            self.components.database.close()


@contextlib.contextmanager
def opened(scene: Scene) -> Iterator[Scene]:
    """The scene prepared, and closed whatever happens."""
    silence()  # pika tells at length of a broker that a proof has ended
    try:
        scene.prepare()
        yield scene
    finally:
        scene.close()


def submission(message: Message, channel: Channel = Channel.WINDOW) -> Submission:
    """A message as a door hands it in."""
    return Submission(raw=message.raw, channel=channel, received_at=now(), digest=Digest(message.digest))
