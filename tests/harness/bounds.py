"""Limits of the operating system for a process that judges strangers' files (bounded.py); nothing else is imported."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

CPU_SECONDS = 2
MEMORY_BYTES = 256 << 20


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_BYTES, resource.RLIM_INFINITY))


def limit_time() -> None:
    """From now: a timer of the CPU that the process uses. RLIMIT_CPU counts whole seconds, so it gave one to two."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
