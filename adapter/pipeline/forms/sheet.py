"""A list that was kept in a spreadsheet: its cells, and CSV text as cells. Nothing here knows a form."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

MOST_ROWS, MOST_COLUMNS = 1001, 60
"""Limits of a sheet, its heading included; more is a fault."""
_DELIMITERS = ",;\t"
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS = frozenset("aeiouyAEIOUY")
_IN_NO_WORD = re.compile(r"[^\W\d_][µ¸¹·¶¨©®«¬¡¢£¤¥¦§][^\W\d_]?")
_CAPITAL_INSIDE = re.compile(r"[a-z][À-ÖØ-Þ]")


class CellKind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FORMULA = "formula"
    ERROR = "error"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. `text` of a date is as people type one; of a formula or a merged cell nothing."""

    text: str = ""
    kind: CellKind = CellKind.TEXT


Cells = Sequence[Sequence[Cell]]
"""Rows of cells, the heading among them. The first row has number 1."""


class Unreadable(Exception):
    """The file is not a readable list; `why` is the reason's name, for its words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def column_name(number: int) -> str:
    """How a spreadsheet names its column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cells_of_csv(raw: bytes) -> Cells:
    """The cells of a CSV file in UTF-8, UTF-16 (with its mark) or Windows-1258.

    Raises:
        Unreadable: it is in an encoding that cannot be told apart (TCVN3), or too large.
    """
    text = _decoded(raw)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[Cell]] = []
    try:
        for row in reader:
            if len(rows) >= MOST_ROWS or len(row) > MOST_COLUMNS:
                raise Unreadable("too_large")
            rows.append([Cell(text) for text in row])
    except csv.Error:
        raise Unreadable("no_csv") from None
    return rows


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(raw, "utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    text = _strictly(raw, "cp1258")
    if _is_older(text, raw.decode("cp1252", errors="replace")):
        raise Unreadable("tcvn3")
    return unicodedata.normalize("NFC", text)


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("encoding") from None


def _is_older(text: str, western: str) -> bool:
    """Whether it is TCVN3, whose letters have the places of others: `NguyÔn ThÞ` is Nguyễn Thị there.

    In Windows-1258 a tone follows its vowel, and no capital letter with a mark stands within a word.
    """
    for before, letter in pairwise(text):
        if letter in _TONES and unicodedata.normalize("NFD", before)[0] not in _VOWELS:
            return True
    return bool(_CAPITAL_INSIDE.search(western) or _IN_NO_WORD.search(western))
