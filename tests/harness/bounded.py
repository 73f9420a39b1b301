"""A worker that judges files under limits of the operating system: `python -m tests.harness.bounded CONFIG AT FILE…`.

After its start, each file may cost so many seconds of CPU at most, and all of them together so much more address space
than the worker had; over that the kernel ends it (SIGPROF) or memory is refused (MemoryError), and the parent sees
which file was next. Prints one line a file: its name and the outcome.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import datetime
from pathlib import Path

from adapter.bootstrap import assemble
from adapter.model.identifiers import Digest
from adapter.model.outcomes import word
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import judge
from tests.harness.bounds import limit_memory, limit_time


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


if __name__ == "__main__":
    main(*sys.argv[1:])
