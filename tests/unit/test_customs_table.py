"""What customs take home for a spreadsheet: nothing that somebody has declared runs there."""

from __future__ import annotations

import csv
import io

import pytest

from adapter.services.customs.table import HEADS, table
from tests.harness.customs_samples import answer
from tests.harness.fixtures import CLOCK

RISKY = ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize("begins", RISKY)
def test_no_cell_of_the_table_begins_as_a_formula(begins: str) -> None:
    text = f"{begins}HYPERLINK(1)"
    heads, line = csv.reader(io.StringIO(table([answer(text, CLOCK)]).decode("utf-8-sig"), newline=""), delimiter=";")
    assert tuple(heads) == HEADS
    assert [cell for cell in line if cell.startswith(RISKY)] == []
    assert f"'{text}" in line, "it is there, and is a text"
