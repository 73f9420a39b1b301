"""Files that are written whole or not at all: who reads one meets the old bytes or the new ones, also after a crash."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, body: bytes, mode: int = 0o644) -> None:
    """Put the file in place, with this mode from its first byte on.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as opened:
        os.fchmod(opened.fileno(), mode)
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(beside, file)
