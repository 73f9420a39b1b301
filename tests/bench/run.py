"""The frame of each benchmark: a folder for its servers, all of which end whatever happens, and a file of figures."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console


@contextmanager
def scratch() -> Iterator[tuple[Path, ExitStack]]:
    """A folder, and what ends the servers in it: at the end, at a fault and at SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as held:
        folder = Path(tempfile.mkdtemp(prefix="nsw-bench-"))
        folder.chmod(0o755)  # PostgreSQL's own user must reach its part of it
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder, held


def write(figures: object, file: Path, console: Console) -> None:
    """Keep the figures as JSON, and say where."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(f"written to {file}")
