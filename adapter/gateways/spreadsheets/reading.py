"""Reads an XLSX file of a user: a child process with bounds reads it, and a bad file ends only that process."""

from __future__ import annotations

from adapter.gateways.bounded_child import BoundedChild, BoundMet
from adapter.pipeline.forms.sheet import Cell, CellKind, Cells, Unreadable

MOST_BYTES = 5_000_000
"""Of the file."""
CHILD = BoundedChild("adapter.gateways.spreadsheets.child")


def cells_of_xlsx(raw: bytes) -> Cells:
    """The cells of the first sheet.

    Raises:
        Unreadable: it is no XLSX file, or breaks a bound.
        Unavailable: the child process could not be started or did not end in time, or others are read all the time.
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        told = CHILD.told(raw)
    except BoundMet:
        raise Unreadable("too_large") from None
    if "why" in told:
        raise Unreadable(told["why"])
    return [[Cell(text, CellKind(kind)) for text, kind in row] for row in told["rows"]]
