"""A worker that judges files under limits of the operating system: `python -m tests.harness.bounded CONFIG AT FILE…`.

After its start, each file may cost so many seconds of CPU at most, and all of them together so much more address space
than the worker had; over that the kernel ends it (SIGPROF) or memory is refused (MemoryError), and the parent sees
which file was next. Prints one line a file: its name and the outcome.
"""

from __future__ import annotations

import hashlib
import resource
import signal
import sys
from datetime import datetime
from pathlib import Path

from adapter.bootstrap import assemble
from adapter.model.identifiers import Digest
from adapter.model.outcomes import word
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import judge

CPU_SECONDS = 2
MEMORY_BYTES = 256 << 20


def main(config: str, at: str, first: str, *files: str) -> None:
    ground = assemble(Path(config)).ground
    received = datetime.fromisoformat(at)
    # The first is genuine: with it everything is loaded that is loaded once (schemas, validators).
    for number, file in enumerate([first, *files]):
        if number == 1:
            limit_memory()
        limit_time()
        raw = Path(file).read_bytes()
        channel = Channel(Path(file).name.partition(".")[0])
        outcome = judge(Submission(raw, channel, received, Digest(hashlib.sha256(raw).hexdigest())), ground)
        print(Path(file).name, word(outcome), flush=True)


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_BYTES, resource.RLIM_INFINITY))


def limit_time() -> None:
    """From now: a timer of the CPU that the process uses. RLIMIT_CPU counts whole seconds, so it gave one to two."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
