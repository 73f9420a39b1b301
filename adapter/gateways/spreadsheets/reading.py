"""Reads an XLSX file of a user: a child process with bounds reads it, and a bad file ends only that process."""

from __future__ import annotations

import subprocess
import sys
import threading

import orjson

from adapter.model.errors import Unavailable
from adapter.pipeline.forms.sheet import Cell, CellKind, Cells, Unreadable

MOST_BYTES = 5_000_000
"""Of the file."""
SECONDS = 20.0
AT_ONCE = 2
"""Files that are read at the same time in each process: each may take `child.MEMORY`."""
_places = threading.BoundedSemaphore(AT_ONCE)
_CHILD = "adapter.gateways.spreadsheets.child"


def cells_of_xlsx(raw: bytes) -> Cells:
    """The cells of the first sheet.

    Raises:
        Unreadable: it is no XLSX file, or breaks a bound.
        Unavailable: the child process could not be started or did not end in time, or others are read all the time.
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_large")
    command = [sys.executable, "-I", "-m", _CHILD]
    if not _places.acquire(timeout=SECONDS):
        raise Unavailable("other spreadsheets are read now")
    try:
        run = subprocess.run(command, input=raw, capture_output=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        raise Unavailable("the process that reads spreadsheets did not answer") from None
    finally:
        _places.release()
    if run.returncode != 0:
        raise Unreadable("too_large")  # a bound of memory or time ended it
    told = orjson.loads(run.stdout)
    if "why" in told:
        raise Unreadable(told["why"])
    return [[Cell(text, CellKind(kind)) for text, kind in row] for row in told["rows"]]
