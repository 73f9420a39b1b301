"""What the machine is, and what its processes use: read from /proc, nothing is asked of the processes themselves."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.servers.postgresql import binaries

_TICK = os.sysconf("SC_CLK_TCK")
_PACKAGES = ("lxml", "signxml", "cryptography", "pika", "SQLAlchemy", "psycopg")


def machine() -> dict[str, object]:
    """The machine and the versions that the figures belong to."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model,
        "memory_mib": int(memory) // 1024,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": _first_line([str(binaries() / "postgres"), "--version"]),
        "rabbitmq": _first_line(["dpkg-query", "-W", "-f=${Version}", "rabbitmq-server"]),
        **{name: version(name) for name in _PACKAGES},
    }


def _first_line(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "?"
    return (done.stdout.splitlines() or ["?"])[0].strip()


@dataclass(frozen=True, slots=True)
class Usage:
    """One process at one moment. Memory in MiB, CPU in seconds since its start."""

    cpu: float
    rss: float
    pss: float


def usage(pid: int, *, memory: bool = True) -> Usage | None:
    """What a process has used; None if it is gone. Reading memory walks its page tables: not too often."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if memory else []
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup[1:]}
    return Usage((int(fields[11]) + int(fields[12])) / _TICK, sizes.get("Rss", 0.0), sizes.get("Pss", 0.0))


def cores_spent() -> dict[str, float]:
    """Seconds that all cores together have spent since the start: busy, idle, waiting for disks, taken by the host."""
    user, nice, system, idle, disk, irq, soft, stolen = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    spent = {"busy": user + nice + system + irq + soft, "idle": idle, "disk": disk, "stolen": stolen}
    return {what: ticks / _TICK for what, ticks in spent.items()}


def cpu_of(pids: Sequence[int]) -> float:
    """CPU seconds of several processes together."""
    return sum(used.cpu for pid in pids if (used := usage(pid, memory=False)))


def cpu_of_family(pid: int) -> float:
    """CPU seconds of a process and of all its children, those too that have ended."""
    ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    return sum(map(int, ended)) / _TICK + cpu_of(descendants(pid))


def descendants(pid: int) -> list[int]:
    """A process and all it started, itself first."""
    found = [pid]
    for each in found:
        try:
            listed = Path(f"/proc/{each}/task/{each}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.extend(int(child) for child in listed.split())
    return found
