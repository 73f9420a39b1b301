"""The figures as one JSON document, the targets beside them, and both as a table for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.floor import Floor
from tests.bench.phases import Phase, percentile

ADAPTER = ("worker", "dispatcher")
"""The processes whose CPU is set against the floor."""


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised, and what came of it."""

    name: str
    wanted: str
    measured: float
    met: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything one run has measured."""

    machine: dict[str, object]
    floor: Floor
    full: Phase
    half: Phase
    half_rate: float
    stages: dict[str, float]
    large: dict[str, float]
    large_persons: int
    persons: int
    notes: list[str]

    @property
    def own_cpu(self) -> float:
        """CPU milliseconds of workers and dispatcher for one message at full speed."""
        return sum(self.full.cpu_ms.get(kind, 0.0) for kind in ADAPTER)

    def targets(self) -> list[Target]:
        latencies = self.half.measured.latencies()
        speed, ratio = self.full.measured.per_second, self.own_cpu / self.floor.total
        p99 = percentile(latencies, 99)
        workers = [memory for name, memory in self.full.memory.items() if name.startswith("worker")]
        growth = max((memory.last() - memory.early() for memory in workers), default=0.0)
        size = max((memory.last() for memory in workers), default=0.0)
        cost, rows = sum(self.large.values()) / sum(self.stages.values()), self.large_persons / self.persons
        return [
            Target("messages per second, sustained", ">= 180", speed, speed >= 180),
            Target("own CPU / floor", "<= 1.6", ratio, ratio <= 1.6),
            Target("p99 at half rate, ms", "< 500", p99, p99 < 500),
            Target("worker memory, MiB", "< 150", size, size < 150),
            Target("worker growth after 1,000, MiB", "< 3", growth, growth < 3),
            Target(f"cost of {rows:g} times the persons", f"<= {rows:g}", cost, cost <= rows),
        ]

    def document(self) -> dict[str, Any]:
        """The same, for machines."""
        return {
            "machine": self.machine,
            "floor_ms": {**{name: getattr(self.floor, name) for name in Floor.__slots__}, "total": self.floor.total},
            "full_speed": _phase(self.full),
            "half_rate": {"per_second_wanted": self.half_rate, **_phase(self.half)},
            "stages_ms": self.stages,
            f"stages_ms_{self.large_persons}_persons": self.large,
            "own_cpu_ms": self.own_cpu,
            "targets": [{"name": t.name, "wanted": t.wanted, "measured": t.measured, "met": t.met} for t in self.targets()],
            "notes": self.notes,
        }


def _phase(phase: Phase) -> dict[str, Any]:
    latencies = phase.measured.latencies()
    return {
        "messages": len(latencies),
        "seconds": phase.measured.seconds,
        "per_second": phase.measured.per_second,
        "latency_ms": {f"p{percent}": percentile(latencies, percent) for percent in (50, 95, 99)},
        "cpu_ms_per_message": phase.cpu_ms,
        "memory_mib": {
            name: {"rss_early": memory.early(), "rss_end": memory.last(), "pss_end": memory.last_pss()}
            for name, memory in phase.memory.items()
        },
    }


def show(figures: Figures, console: Console) -> None:
    """Print it."""
    console.print(_table("Targets", ("", "wanted", "measured", ""), [
        (t.name, t.wanted, f"{t.measured:.2f}", "met" if t.met else "MISSED") for t in figures.targets()
    ]))  # fmt: skip
    phases = {"full speed": figures.full, f"{figures.half_rate:.0f}/s": figures.half}
    console.print(_table("Messages", ("", "per second", "p50 ms", "p95 ms", "p99 ms"), [
        (name, f"{phase.measured.per_second:.1f}", *(f"{percentile(phase.measured.latencies(), p):.1f}" for p in (50, 95, 99)))
        for name, phase in phases.items()
    ]))  # fmt: skip
    console.print(_table("CPU, ms a message, by process", ("", *phases), [
        (kind, *(f"{phase.cpu_ms.get(kind, 0.0):.2f}" for phase in phases.values())) for kind in figures.full.cpu_ms
    ]))  # fmt: skip
    console.print(_table("Memory at full speed, MiB", ("", "RSS after 1,000", "RSS at the end", "PSS at the end"), [
        (name, f"{memory.early():.1f}", f"{memory.last():.1f}", f"{memory.last_pss():.1f}")
        for name, memory in figures.full.memory.items()
    ]))  # fmt: skip
    console.print(_table("CPU by stage, ms a message", ("", f"{figures.persons} persons", f"{figures.large_persons} persons"), [
        *((name, f"{cost:.2f}", f"{figures.large.get(name, 0.0):.2f}") for name, cost in figures.stages.items()),
        ("total", f"{sum(figures.stages.values()):.2f}", f"{sum(figures.large.values()):.2f}"),
    ]))  # fmt: skip
    floor = figures.floor
    console.print(_table("Floor, ms a message", ("", "ms"), [
        *((name, f"{getattr(floor, name):.2f}") for name in Floor.__slots__), ("total", f"{floor.total:.2f}")
    ]))  # fmt: skip
    for note in figures.notes:
        console.print(f"note: {note}")


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    return table
