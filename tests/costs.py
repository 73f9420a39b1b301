"""A plugin of pytest (`-p tests.costs`): CPU seconds of each file of tests, with the processes and servers it started.

The dearest stand first. What a session shares, a server or a store, counts for the file that asks for it first.
Under `python -m tests.measured` what a test left to itself counts too; without Linux nothing is told.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

_TOLD = 25
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


class _Costs:
    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._file = "collecting"
        self._since = 0.0

    def _turn_to(self, file: str) -> None:
        if file != self._file:
            now = spent()
            self.seconds[self._file] += now - self._since
            self._file, self._since = file, now

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        self._turn_to(item.nodeid.partition("::")[0])
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        self._turn_to("")
        terminalreporter.section("CPU seconds of files")
        for file, seconds in self.seconds.most_common(_TOLD):
            terminalreporter.write_line(f"{seconds:8.1f}  {file}")
        left = sum(seconds for _, seconds in self.seconds.most_common()[_TOLD:])
        terminalreporter.write_line(f"{left:8.1f}  others")


def spent() -> float:
    """CPU seconds so far of this process, of what started it to measure it, and of all that they started."""
    table = dict(filter(None, map(_read, _PROC.glob("[0-9]*"))))
    root = os.getppid() if _measured() else os.getpid()
    ours, found = [root], {root}
    while ours:
        parent = ours.pop()
        children = [pid for pid, (above, _) in table.items() if above == parent and pid not in found]
        found.update(children)
        ours.extend(children)
    return sum(table[pid][1] for pid in found if pid in table) / _TICKS


def _read(process: Path) -> tuple[int, tuple[int, int]] | None:
    """Its number, its parent's, and ticks of its own and of those children that it has waited for."""
    try:
        fields = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(process.name), (int(fields[1]), sum(map(int, fields[11:15])))


def _measured() -> bool:
    try:
        return "tests.measured" in (_PROC / str(os.getppid()) / "cmdline").read_text()
    except OSError:
        return False


def pytest_configure(config: pytest.Config) -> None:
    if _PROC.joinpath("self", "stat").exists():
        config.pluginmanager.register(_Costs())
