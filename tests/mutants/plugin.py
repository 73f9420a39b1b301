"""A pytest session that collects once, looks which tests run which functions, and forks a child for each mutant.

A child gives the living functions their changed code, so nothing is imported twice and everybody who holds a function
has it changed. What a test starts as a process of its own runs the program as it is on disk: such tests notice nothing.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from adapter.gateways.store.database import Database
from tests.harness import compiled
from tests.mutants.changes import Mutant, codes, mutated

CAUGHT, SURVIVED, UNTOUCHED, ENDLESS, UNDECIDED = "caught", "survived", "untouched", "endless", "undecided"
"""What became of a mutant. Endless: its tests did not end, which is noticed; undecided: a busy machine had no time."""
_WALL = 200
"""How many times the bound of CPU time a child may take by the wall clock: a machine is shared with others."""
_TIMES = 4
"""How many times the CPU seconds of the map a test may take, beside the bound."""
_FAILED, _ENOUGH = 3, 4


class _Heard:
    """Whether a test has failed, and which."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


class _Session:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.heard = _Heard()

    def pytest_collection_modifyitems(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self.heard)

    def run(self, item: pytest.Item, following: pytest.Item) -> bool:
        """Run one test; shared fixtures stay for `following`. Gives whether it passed."""
        self.heard.failed = ""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.heard.failed


class Mapping(_Session):
    """Runs every test once; writes a line of JSON for each that passes: its CPU seconds, the functions it ran."""

    def __init__(self, root: Path, file: Path) -> None:
        super().__init__(root)
        self._file = file
        self._seen: set[CodeType] = set()
        self._known = {json.loads(line)["test"] for line in file.read_text().splitlines()} if file.exists() else set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        _settle_alone()
        items = [item for item in session.items if item.nodeid not in self._known]
        if len({item.path for item in items}) == 1:
            random.Random(0).shuffle(items)  # whoever stops early has seen some of everything
        with self._file.open("a", encoding="utf-8") as written:
            for item, following in zip(items, [*items[1:], items[-1]] if items else [], strict=True):
                self._seen, began = set(), time.process_time()
                threading.setprofile(self._look)
                sys.setprofile(self._look)
                passed = self.run(item, following)
                sys.setprofile(None)
                threading.setprofile(None)  # type: ignore[arg-type]
                line = {
                    "test": item.nodeid,
                    "passed": passed,
                    "cpu": round(time.process_time() - began, 3),
                    "ran": sorted({f"{_below(code, self.root)}::{code.co_qualname}" for code in self._seen}),
                }
                written.write(json.dumps(line) + "\n")
                written.flush()
        return True

    def _look(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code not in self._seen and "/adapter/" in frame.f_code.co_filename:
            self._seen.add(frame.f_code)


class Hunting(_Session):
    """Forks a child for each mutant and writes a line of JSON with what became of it."""

    def __init__(
        self, root: Path, mutants: Sequence[Mutant], ran: Path, file: Path, bound: float, until: float
    ) -> None:
        super().__init__(root)
        self._mutants, self._file, self._bound, self._until = mutants, file, bound, until
        lines = [json.loads(line) for line in ran.read_text().splitlines()]
        self._tests: dict[str, dict[str, float]] = defaultdict(dict)
        for line in lines:
            for function in line["ran"] if line["passed"] else ():
                self._tests[function][line["test"]] = line["cpu"]
        self._by_case: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
        self._breadth = {line["test"]: len(line["ran"]) for line in lines}
        self._cpu = {line["test"]: line["cpu"] for line in lines}
        self._done = {json.loads(line)["name"] for line in file.read_text().splitlines()} if file.exists() else set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        _settle_alone()
        items = {item.nodeid: item for item in session.items}
        with compiled.once():
            self._warm(items)
            alive = living(self.root)
            for each in [found for found in gc.get_objects() if isinstance(found, Database)]:
                each.close()  # a connection must not be carried over a fork, nor hold what a child needs
            gc.freeze()
            self._hunt(items, alive)
        return True

    def _hunt(self, items: dict[str, pytest.Item], living: dict[str, list[FunctionType]]) -> None:
        for mutant in self._mutants:
            if mutant.name in self._done or time.time() > self._until:
                continue
            tests = [item for name in self._order(mutant) for item in self._items(items, name)]
            result = {"name": mutant.name, "tests": len(tests), **asdict(mutant), **self._tried(mutant, tests, living)}
            with self._file.open("a", encoding="utf-8") as written:
                written.write(json.dumps(result) + "\n")

    def _warm(self, items: dict[str, pytest.Item]) -> None:
        """Let fixtures of the whole session be made before a function is changed; what was played so is not asked."""
        wanted = {"settling", "whole"}
        users = [each for each in items.values() if wanted & set(getattr(each, "fixturenames", ()))]
        users = [each for each in users if each.path.name == "test_fixtures.py" and "[" in each.name]
        for item in users[:1]:
            self.run(item, next(each for each in items.values() if each.path.parent != item.path.parent))
            for each in [name for name in items if name.endswith(f"[{item.name.partition('[')[2]}")]:
                del items[each]

    def _items(self, items: dict[str, pytest.Item], name: str) -> list[pytest.Item]:
        """A test of the map, or, in a suite of another form, those of the same file that look at the same case."""
        if name in items:
            return [items[name]]
        file, _, case = name.partition("::")[0], *name.partition("[")[1:]
        return self._cases(items).get((file, case), []) if case else []

    def _cases(self, items: dict[str, pytest.Item]) -> dict[tuple[str, str], list[pytest.Item]]:
        if not self._by_case:
            for name, item in items.items():
                self._by_case[name.partition("::")[0], name.partition("[")[2]].append(item)
        return self._by_case

    def _order(self, mutant: Mutant) -> list[str]:
        """The tests that run its function, those first that run least beside it, as long as the bound lasts."""
        found = self._tests.get(f"{mutant.module}::{mutant.function}", {})
        order = sorted(found, key=lambda test: (self._breadth[test] * (0.05 + found[test]), test))
        # Tests that look alike find alike: every other one comes from far away in the order.
        mixed = [test for pair in zip(order, order[len(order) // 2 :], strict=False) for test in pair]
        return list(dict.fromkeys([*order[:10], *mixed, *order]))

    def _tried(
        self, mutant: Mutant, tests: Sequence[pytest.Item], living: dict[str, list[FunctionType]]
    ) -> dict[str, Any]:
        if not tests:
            return {"became": UNTOUCHED, "by": "", "cpu": 0.0}
        reading, writing = os.pipe()
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._child(mutant, tests, living, writing)
        os.close(writing)
        status = _awaited(child, seconds=self._bound * _WALL)
        with os.fdopen(reading) as told:
            by = told.read()
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = spent.ru_utime + spent.ru_stime - began.ru_utime - began.ru_stime
        became = {0: SURVIVED, _ENOUGH: SURVIVED, _FAILED: CAUGHT, None: UNDECIDED}.get(status, ENDLESS)
        return {"became": became, "by": by, "cpu": round(cpu, 2), "all": status != _ENOUGH}

    def _child(
        self, mutant: Mutant, tests: Sequence[pytest.Item], living: dict[str, list[FunctionType]], writing: int
    ) -> None:
        code = _FAILED
        try:
            os.setpgid(0, 0)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            if not change(self.root, mutant, living):
                os._exit(0)
            code = self._all(tests, writing)
        finally:
            os._exit(code)

    def _all(self, tests: Sequence[pytest.Item], writing: int) -> int:
        tests[0].session.items = list(tests)
        for place, item in enumerate(tests):
            self._limit(item)
            if not self.run(item, tests[min(place + 1, len(tests) - 1)]):
                os.write(writing, self.heard.failed.encode())
                return _FAILED
            if time.process_time() > self._bound:
                return _ENOUGH
        return 0

    def _limit(self, item: pytest.Item) -> None:
        """Endless is a test that takes many times what it took when the map was made, not one that is long."""
        seconds = time.process_time() + self._bound + _TIMES * self._cpu.get(item.nodeid, 0.0)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def change(root: Path, mutant: Mutant, living: dict[str, list[FunctionType]]) -> bool:
    """Give every living function of that name its changed code."""
    filename = str(root / mutant.module)
    made = codes(mutated(root, mutant), filename).get(mutant.function)
    found = living.get(f"{mutant.module}::{mutant.function}", [])
    for function in found:
        if made is not None:
            function.__code__ = made
    return bool(found)


def living(root: Path) -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = defaultdict(list)
    gc.unfreeze()  # what a session has frozen after collecting is not among its objects
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and "/adapter/" in each.__code__.co_filename:
            found[f"{_below(each.__code__, root)}::{each.__code__.co_qualname}"].append(each)
    return found


def _below(code: CodeType, root: Path) -> str:
    return code.co_filename.removeprefix(f"{root}/")


def _settle_alone() -> None:
    """A fixture's message is played when it is asked for, not with those that follow: each test shows what it runs."""
    module = sys.modules.get("tests.procedures.settling")
    if module is not None:
        module._AT_ONCE = 1  # type: ignore[attr-defined]


def _awaited(child: int, *, seconds: float) -> int | None:
    """The child's exit code, negative where a signal ended it (its limit of CPU time); None where we ended it."""
    until = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            _end(child)
            os.waitpid(child, 0)
            return None
        time.sleep(0.01)


def _end(child: int) -> None:
    for target in (lambda: os.killpg(child, signal.SIGKILL), lambda: os.kill(child, signal.SIGKILL)):
        try:
            target()
            return
        except ProcessLookupError:
            continue
