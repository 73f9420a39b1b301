"""The phases of a run against the real daemon: warm-up, full speed, half of that; and what the processes used."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from tests.bench.load import Load, Measured, run
from tests.bench.machine import cores_spent, cpu_of, usage
from tests.bench.messages import Message
from tests.bench.processes import Adapter

IN_FLIGHT = 400
SAMPLE_EVERY_S = 2.0
SETTLED_AFTER = 1000
"""Answered messages after which memory must not grow any more."""


@dataclass(slots=True)
class Memory:
    """RSS and PSS of one process over a phase, in MiB, each with the number of messages answered then."""

    samples: list[tuple[int, float, float]] = field(default_factory=list)

    def early(self) -> float:
        """RSS when the first messages were through."""
        return next((rss for answered, rss, _ in self.samples if answered >= SETTLED_AFTER), self.last())

    def last(self) -> float:
        """RSS at the end."""
        return self.samples[-1][1] if self.samples else 0.0

    def last_pss(self) -> float:
        return self.samples[-1][2] if self.samples else 0.0


@dataclass(slots=True)
class Phase:
    """What one phase came to."""

    measured: Measured
    cpu_ms: dict[str, float]
    """CPU milliseconds per message, by kind of process."""
    memory: dict[str, Memory]
    shares: dict[str, float]
    """What the cores did meanwhile, in parts of 1: ours, others (programs that are no part of this), idle, ..."""


def drive(
    adapter: Adapter, url: str, messages: Iterator[Message], load: Load, others: Mapping[str, Sequence[int]]
) -> Phase:
    """One phase; `others` are the servers' processes, whose CPU is told too."""
    processes = adapter.processes()
    kinds = {**_kinds(processes), **others}
    memory: dict[str, Memory] = defaultdict(Memory)
    due = monotonic()

    def sample(answered: int) -> None:
        nonlocal due
        if monotonic() < due:
            return
        due = monotonic() + SAMPLE_EVERY_S
        for name, pid in processes.items():
            if used := usage(pid):
                memory[name].samples.append((answered, used.rss, used.pss))

    before, cores_before = {kind: cpu_of(pids) for kind, pids in kinds.items()}, cores_spent()
    measured = run(url, messages, load, sample)
    due = 0.0
    sample(load.count)
    cpu = {kind: cpu_of(pids) - before[kind] for kind, pids in kinds.items()}
    spent = {what: seconds - cores_before[what] for what, seconds in cores_spent().items()}
    per_message = {kind: seconds * 1000 / load.count for kind, seconds in cpu.items()}
    return Phase(measured, per_message, dict(memory), _shares(spent, sum(cpu.values())))


def _shares(spent: dict[str, float], ours: float) -> dict[str, float]:
    others = max(0.0, spent.pop("busy") - ours)
    whole = ours + others + sum(spent.values())
    return {what: seconds / whole for what, seconds in {"ours": ours, "others": others, **spent}.items()}


def _kinds(processes: dict[str, int]) -> dict[str, Sequence[int]]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for name, pid in processes.items():
        kinds[name.rpartition("-")[0] or name].append(pid)
    return dict(kinds)


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The value below which `percent` of 100 lie."""
    return statistics.quantiles(ascending, n=100, method="inclusive")[percent - 1]
