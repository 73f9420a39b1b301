"""What the supervisor makes of a part that ends: when it ends with it, and what readiness says meanwhile."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapter.entrypoints import parts
from adapter.entrypoints.health import Health
from adapter.entrypoints.notify import Notifier
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.entrypoints.supervisor import Child, Supervisor
from adapter.model.events import Event

Told = list[tuple[Event, dict[str, Any]]]


@dataclass
class Process:
    """A part's process, as much of it as the supervisor asks for."""

    pid: int
    exitcode: int | None = None

    def is_alive(self) -> bool:
        return self.exitcode is None

    def join(self, timeout: float | None = None) -> None:
        del timeout
        self.exitcode = 0


class Stage(Supervisor):
    """A supervisor whose parts are none: they begin at once, and end when the test says so."""

    def _start(self, name: str, failures: int) -> Child:
        pulse = Pulse(new_cells(multiprocessing))
        pulse.idle()
        process: Any = Process(len(self.children))
        self.children.append(Child(name, process, pulse, 0.0, failures))
        return self.children[-1]


class Listener(Notifier):
    """systemd, and what happens between two rounds."""

    def __init__(self, each_round: Callable[[], None]) -> None:
        super().__init__()
        self.each_round = each_round
        self.heard: list[str] = []

    def ready(self) -> None:
        self.heard.append("ready")

    def alive(self) -> None:
        self.each_round()

    def stopping(self) -> None:
        self.heard.append("stopping")


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def supervisor(told: Told) -> Stage:
    def observe(event: Event, /, **fields: Any) -> None:
        told.append((event, fields))

    return Stage(None, ["worker", "portal"], observe, batch_s=60.0, memory=1 << 40)


@pytest.fixture
def health() -> Any:
    made = Health("127.0.0.1", 0)
    yield made
    made._server.server_close()


def _end(supervisor: Supervisor, name: str, code: int, *, failures: int = 0) -> None:
    """That part ends; after some failures it is not started again at once."""
    (child,) = [child for child in supervisor.children if child.name == name]
    child.started, child.failures = float("inf"), failures
    child.process.exitcode = code  # type: ignore[misc]


def _wrongly(supervisor: Stage, *names: str) -> list[str]:
    """From now on parts of these names end at their start with a wrong configuration; gives who was started."""
    begin, started = supervisor._start, list[str]()

    def begin_wrongly(name: str, failures: int) -> Child:
        started.append(name)
        child = begin(name, failures)
        child.started = float("inf")
        if name in names:
            child.process.exitcode = 2  # type: ignore[misc]
        return child

    supervisor._start = begin_wrongly  # type: ignore[method-assign]
    return started


def _at_once(supervisor: Stage) -> None:
    supervisor.waiting = [(0.0, name, failures) for _, name, failures in supervisor.waiting]


def test_where_no_part_can_begin_the_daemon_ends(supervisor: Stage, health: Health, told: Told) -> None:
    started = _wrongly(supervisor, "worker", "portal")
    systemd = Listener(lambda: _at_once(supervisor))
    assert supervisor.run(health, systemd) == 2
    assert systemd.heard == ["stopping"]
    assert started.count("portal") == started.count("worker") == 4
    assert {fields["code"] for event, fields in told if event is Event.WORKER_STOPPED} == {2}


def test_a_part_that_cannot_begin_is_left_after_a_few_tries_and_the_others_go_on(
    supervisor: Stage, health: Health, told: Told
) -> None:
    started, rounds = _wrongly(supervisor, "portal"), iter(range(20))

    def each_round() -> None:
        at = next(rounds)
        if at > 10:
            assert [child.name for child in supervisor.children] == ["worker"]
            assert health.missing() == ["portal-1: configuration"]
        _at_once(supervisor)
        supervisor.stopping = at == 19

    systemd = Listener(each_round)
    assert supervisor.run(health, systemd) == 0
    assert systemd.heard == ["ready", "stopping"], "what can begin is ready"
    assert started.count("portal") == 4
    stopped = [fields for event, fields in told if event is Event.WORKER_STOPPED]
    assert [each.get("again_in_s") for each in stopped] == [1.0, 5.0, 15.0, None]
    assert all(each["reason"].startswith("it cannot begin as it is configured") for each in stopped)


def test_a_reload_starts_what_was_left(supervisor: Stage, health: Health) -> None:
    supervisor.left, supervisor.plan, supervisor.announced = ["portal"], ["worker"], True
    rounds = iter(range(3))

    def each_round() -> None:
        match next(rounds):
            case 0:
                assert health.missing() == ["portal-1: configuration"]
                supervisor.reload = True
            case 1:
                names = [child.name for child in supervisor.children if child.leaves_by is None]
                assert (sorted(set(names)), supervisor.left) == (["portal", "worker"], [])
                assert names.count("portal") == 1
            case _:
                supervisor.stopping = True

    assert supervisor.run(health, Listener(each_round)) == 0


def test_once_ready_a_wrong_configuration_is_told_and_the_others_go_on(
    supervisor: Stage, health: Health, told: Told
) -> None:
    rounds = iter(range(3))

    def each_round() -> None:
        match next(rounds):
            case 0:
                _end(supervisor, "portal", 2)
            case 1:
                assert [child.name for child in supervisor.children] == ["worker"]
                assert health.missing() == ["portal-1: configuration"]
                _at_once(supervisor)
            case _:
                assert health.missing() == []
                supervisor.stopping = True

    assert supervisor.run(health, Listener(each_round)) == 0
    ((_, stopped),) = [each for each in told if each[0] is Event.WORKER_STOPPED]
    assert (stopped["part"], stopped["code"], stopped["again_in_s"]) == ("portal", 2, 1.0)
    assert stopped["reason"].startswith("it cannot begin")


def test_systemd_is_not_told_ready_while_a_part_waits_to_be_started_again(supervisor: Stage, health: Health) -> None:
    supervisor.waiting = [(float("inf"), "clock", 1)]
    rounds = iter(range(2))

    def each_round() -> None:
        if next(rounds) == 0:
            assert (systemd.heard, health.missing()) == ([], ["clock-2: alive"])
            supervisor.waiting.clear()
        else:
            supervisor.stopping = True

    systemd = Listener(each_round)
    assert supervisor.run(health, systemd) == 0
    assert systemd.heard == ["ready", "stopping"]


def test_a_part_that_ended_without_a_reason_has_none(supervisor: Stage, told: Told) -> None:
    supervisor.announced = True
    supervisor._start("worker", 0)
    _end(supervisor, "worker", -9)
    assert supervisor._round() == 0
    ((event, fields),) = told
    assert event is Event.WORKER_STOPPED
    assert "reason" not in fields


def test_while_a_new_worker_takes_over_one_of_the_two_counts(supervisor: Stage) -> None:
    old, new = (supervisor._start("worker", 0) for _ in range(2))
    supervisor.exchange = (old, new)
    assert list(supervisor.readiness()) == ["worker-0"]
    old.process.exitcode = -9  # type: ignore[misc]
    supervisor._round()
    assert list(supervisor.readiness()) == ["worker-0"]


def test_a_part_with_a_broken_configuration_says_so_in_one_line_and_ends_with_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("log: {level: loud, json: true}\n", encoding="utf-8")
    process = multiprocessing.get_context("spawn").Process(
        target=parts.main, args=("worker", config, new_cells(multiprocessing.get_context("spawn")))
    )
    process.start()
    process.join(180)
    assert process.exitcode == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert '"event": "worker.stopped"' in line
    assert '"level": "warning"' in line


def test_a_part_that_was_killed_or_has_not_shown_itself_is_named_as_that(supervisor: Stage, health: Health) -> None:
    rounds = iter(range(3))

    def each_round() -> None:
        match next(rounds):
            case 0:
                _end(supervisor, "portal", -9, failures=5)
            case 1:
                assert health.missing() == ["portal-1: killed"]
                supervisor.waiting = [(0.0, name, failures) for _, name, failures in supervisor.waiting]
            case _:
                fresh = supervisor._start("clock", 0)
                fresh.pulse.cells[1] = 0.0
                health.parts = supervisor.readiness()
                assert health.missing() == ["clock-2: starting"]
                supervisor.stopping = True

    assert supervisor.run(health, Listener(each_round)) == 0


def test_messages_that_nobody_has_answered_are_counted_in_the_notes(supervisor: Stage, health: Health) -> None:
    supervisor.plan.append("clock")
    rounds = iter(range(2))

    def each_round() -> None:
        if next(rounds) == 0:
            assert health.notes() == []
            supervisor.children[-1].pulse.count_unanswered(3)
        else:
            assert health.notes() == ["3 message(s) were taken and are not answered: nsw-adapter quarantine list"]
            supervisor.stopping = True

    assert supervisor.run(health, Listener(each_round)) == 0
