"""Files that are written whole or not at all: who reads one meets the old bytes or the new ones, also after a crash."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, body: bytes, mode: int = 0o644) -> None:
    """Put the file in place, with this mode from its first byte on. Several processes and threads may write it.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            os.fchmod(opened.fileno(), mode)
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        Path(beside).replace(file)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise
