"""Templates of lists: every column is text, so that no program takes a number's zeros or makes a day of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter

_ROWS = 500
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a program might run as a formula when a cell begins with it."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column: what it is called, how it is filled in, and which names may stand there."""

    heading: str
    hint: str
    names: tuple[str, ...]
    needed: bool


def xlsx_template(title: str, columns: Sequence[TemplateColumn]) -> bytes:
    """An XLSX file with one heading line; hints are notes, names are lists to choose from on a sheet of their own."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "text_wrap": True})
    needed = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#e3f2ea"})
    sheet, lists = book.add_worksheet(title[:31] or "1"), book.add_worksheet("Danh muc")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 22, text)
        marked = f"{column.heading} *" if column.needed else column.heading
        sheet.write_string(0, place, marked, needed if column.needed else bold)
        if column.hint:
            sheet.write_comment(0, place, column.hint)
        lists.write_string(0, place, column.heading, bold)
        for row, name in enumerate(column.names, start=1):
            lists.write_string(row, place, name)
        if column.names:
            letter = xlsxwriter.utility.xl_col_to_name(place)
            source = f"='Danh muc'!${letter}$2:${letter}${len(column.names) + 1}"
            choice = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(1, place, _ROWS, place, choice)
    book.close()
    return made.getvalue()


def csv_template(columns: Sequence[TemplateColumn]) -> bytes:
    """A CSV file with the heading line, in UTF-8 with its mark and with semicolons, as Excel opens it here."""
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=";").writerow([harmless(column.heading) for column in columns])
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text
