"""The child process: XLSX from standard input to cells as JSON on standard output. Its bounds are set before it looks.

A file of 5 kB can ask for gigabytes: parts that inflate, and one cell far away.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import orjson

from adapter.gateways.bounded_child import bound
from adapter.pipeline.forms.sheet import MOST_COLUMNS, MOST_ROWS, CellKind, Unreadable

MEMORY = 600_000_000
CPU_SECONDS = 15
PARTS, INFLATED = 200, 50_000_000
"""Parts of the archive, and bytes of all of them together."""
LETTERS = 5_000_000
"""Of all cells together: many may show one shared text, and whoever started this process holds them all."""
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s([^>]*)>")
_AREA = re.compile(rb"\bref=\"([A-Z]+)(\d+):([A-Z]+)(\d+)\"")
_PIECE = 1 << 16


def main() -> int:
    """Read one file. Exit code 0 with the cells or the reason; anything else: a bound was met."""
    bound(MEMORY, CPU_SECONDS)
    raw = sys.stdin.buffer.read()
    try:
        told: dict[str, Any] = {"rows": _cells(raw)}
    except Unreadable as unreadable:
        told = {"why": unreadable.why}
    sys.stdout.buffer.write(orjson.dumps(told))
    return 0


def _cells(raw: bytes) -> list[list[tuple[str, str]]]:
    _bounded(raw)
    from openpyxl import load_workbook  # after the bounds: it is what they are for

    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
        if (sheet.max_row or 0) > MOST_ROWS or (sheet.max_column or 0) > MOST_COLUMNS:
            raise Unreadable("too_large")
        merged = frozenset(_merged(raw, sheet))
        rows, left = [], LETTERS
        for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS), start=1):
            rows.append([_cell(cell, (number, place) in merged) for place, cell in enumerate(row, start=1)])
            left -= sum(len(text) for text, _ in rows[-1])
            if left < 0:
                raise Unreadable("too_large")
    except (Unreadable, MemoryError):
        raise
    except Exception:  # noqa: BLE001  whatever a stranger's file brings out of the library: it cannot be read
        raise Unreadable("no_xlsx") from None
    while rows and not any(text or kind != CellKind.TEXT for text, kind in rows[-1]):
        rows.pop()
    return rows


def _bounded(raw: bytes) -> None:
    """The archive as it says of itself and as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS or sum(part.file_size for part in parts) > INFLATED:
                raise Unreadable("too_large")
            left = INFLATED
            for part in parts:
                with archive.open(part) as opened:
                    while piece := opened.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise Unreadable("too_large")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise Unreadable("no_xlsx") from None


def _merged(raw: bytes, sheet: Any) -> Iterator[tuple[int, int]]:
    """Places that stand under another one's cell: they read as empty, and are not."""
    from openpyxl.utils import column_index_from_string

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        text = archive.read(str(sheet._worksheet_path).lstrip("/"))
    for found in filter(None, map(_AREA.search, _MERGED.findall(text))):
        left, top, right, bottom = (part.decode() for part in found.groups())
        first, last = column_index_from_string(left), column_index_from_string(right)
        for row in range(int(top), min(int(bottom), MOST_ROWS) + 1):
            for column in range(first, min(last, MOST_COLUMNS) + 1):
                yield row, column


def _cell(cell: Any, merged: bool) -> tuple[str, str]:
    value = cell.value
    if merged:
        return "", CellKind.MERGED
    if value is None:
        return "", CellKind.TEXT
    if cell.data_type == "f":
        return "", CellKind.FORMULA
    if cell.data_type == "e":
        return "", CellKind.ERROR
    match value:
        case bool():
            return ("1" if value else "0"), CellKind.NUMBER
        case datetime() if value.time() != time():
            return f"{value:%d/%m/%Y %H:%M:%S}", CellKind.DATE
        case datetime() | date():
            return f"{value:%d/%m/%Y}", CellKind.DATE
        case int() | float():
            return (str(int(value)) if float(value).is_integer() else str(value)), CellKind.NUMBER
        case _:
            return str(value), CellKind.TEXT


if __name__ == "__main__":
    sys.exit(main())
