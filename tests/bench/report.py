"""The figures as one JSON document, the targets beside them, and both as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.floor import Floor
from tests.bench.phases import Phase, percentile

ADAPTER = ("worker", "dispatcher")
"""The processes whose CPU is set against the floor."""
CALLS = (*Floor.__slots__, "total")


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
    floor_alone: Floor
    floor: Floor
    """With every core busy, before and after the phase at full speed."""
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
            Target("own CPU / floor, both on busy cores", "<= 1.6", ratio, ratio <= 1.6),
            Target("p99 at half rate, ms", "< 500", p99, p99 < 500),
            Target("worker memory, MiB", "< 150", size, size < 150),
            Target("worker growth after 1,000, MiB", "< 3", growth, growth < 3),
            Target(f"cost of {rows:g} times the persons", f"<= {rows:g}", cost, cost <= rows),
        ]

    def document(self) -> dict[str, Any]:
        """The same, for machines."""
        return {
            "machine": self.machine,
            "floor_ms": _floor(self.floor),
            "floor_alone_ms": _floor(self.floor_alone),
            "full_speed": _phase(self.full),
            "half_rate": {"per_second_wanted": self.half_rate, **_phase(self.half)},
            "stages_ms": self.stages,
            f"stages_ms_{self.large_persons}_persons": self.large,
            "own_cpu_ms": self.own_cpu,
            "targets": [
                {"name": t.name, "wanted": t.wanted, "measured": t.measured, "met": t.met} for t in self.targets()
            ],
            "notes": self.notes,
        }


def _floor(floor: Floor) -> dict[str, float]:
    return {call: getattr(floor, call) for call in CALLS}


def _phase(phase: Phase) -> dict[str, Any]:
    latencies = phase.measured.latencies()
    return {
        "messages": len(latencies),
        "seconds": phase.measured.seconds,
        "per_second": phase.measured.per_second,
        "latency_ms": {f"p{percent}": percentile(latencies, percent) for percent in (50, 95, 99)},
        "cpu_ms_per_message": phase.cpu_ms,
        "cores": phase.shares,
        "memory_mib": {
            name: {"rss_early": memory.early(), "rss_end": memory.last(), "pss_end": memory.last_pss()}
            for name, memory in phase.memory.items()
        },
    }


def show(figures: Figures, console: Console) -> None:
    """Print it."""
    full, half, large = figures.full, figures.half, figures.large
    phases = {"full speed": full, f"{figures.half_rate:.0f}/s": half}
    targets = [(t.name, t.wanted, f"{t.measured:.2f}", "met" if t.met else "MISSED") for t in figures.targets()]
    stages = [(stage, cost, large.get(stage, 0.0)) for stage, cost in figures.stages.items()]
    stages.append(("total", sum(figures.stages.values()), sum(large.values())))
    shares = [(what, share * 100, half.shares[what] * 100) for what, share in full.shares.items()]
    tables = [
        table("Targets", ("", "wanted", "measured", ""), targets),
        _figures(
            "Messages", ("", "per second", "p50 ms", "p95 ms", "p99 ms"), [_speed(*each) for each in phases.items()]
        ),
        _figures(
            "CPU, ms a message, by process",
            ("", *phases),
            [(kind, cost, half.cpu_ms.get(kind, 0.0)) for kind, cost in full.cpu_ms.items()],
        ),
        _figures("What the cores did, %", ("", *phases), shares),
        _figures(
            "Memory at full speed, MiB",
            ("", "RSS after 1,000", "RSS at the end", "PSS at the end"),
            [(name, memory.early(), memory.last(), memory.last_pss()) for name, memory in full.memory.items()],
        ),
        _figures(
            "CPU by stage, ms a message", ("", f"{figures.persons} persons", f"{figures.large_persons} persons"), stages
        ),
        _figures(
            "Floor, ms a message",
            ("", "cores busy", "alone"),
            [(call, getattr(figures.floor, call), getattr(figures.floor_alone, call)) for call in CALLS],
        ),
    ]
    for each in tables:
        console.print(each)
    for note in figures.notes:
        console.print(f"note: {note}")


def _speed(name: str, phase: Phase) -> tuple[str, float, float, float, float]:
    latencies = phase.measured.latencies()
    p50, p95, p99 = (percentile(latencies, percent) for percent in (50, 95, 99))
    return name, phase.measured.per_second, p50, p95, p99


def _figures(title: str, heads: Sequence[str], rows: Iterable[tuple[str, *tuple[float, ...]]]) -> Table:
    return table(title, heads, [(name, *(f"{figure:.2f}" for figure in figures)) for name, *figures in rows])


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose first column are names and all others figures."""
    made = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        made.add_column(head, justify="left" if place == 0 else "right")
    for row in rows:
        made.add_row(*row)
    return made
