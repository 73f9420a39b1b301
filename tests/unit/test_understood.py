"""The one box of customs: what a text is taken for that is typed without saying what it is."""

from __future__ import annotations

import pytest

from adapter.model.catalogue import Code
from adapter.services.customs.search import Key
from adapter.services.customs.understood import said_to_be, understood
from tests.unit.test_mrz_scan import PASSPORT

STATES = {code: Code(code, code, code) for code in ("VNM", "CHN", "LAO")}


@pytest.mark.parametrize(
    ("typed", "key", "value", "year", "nationality"),
    [
        ("BP26-1002/2026", None, "BP26-1002/2026", 0, None),  # no number of a dossier has a hyphen
        ("BP261002/2026", Key.NUMBER, "BP261002", 2026, None),
        ("  BP261002  2026 ", Key.NUMBER, "BP261002", 2026, None),
        ("XN-08-123", Key.CONFIRMATION, "XN-08-123", 0, None),
        ("xnHN2600001", Key.CONFIRMATION, "xnHN2600001", 0, None),
        ("C1234567", Key.PAPER, "C1234567", 0, None),
        ("c1234567 chn", Key.PAPER, "C1234567", 0, "CHN"),
        ("001085012345", Key.PAPER, "001085012345", 0, None),  # an identity card's number is the personal one
        ("0100109106", Key.PARTY, "0100109106", 0, None),
        ("0100109106-001", Key.PARTY, "0100109106-001", 0, None),
        ("0100109107", Key.PAPER, "0100109107", 0, None),  # its check digit does not hold
        ("9074729", Key.SHIP, "9074729", 0, None),
        ("IMO 9074729", Key.SHIP, "9074729", 0, None),
        ("29B-123.45", Key.PLATE, "29B-123.45", 0, None),
        ("29b12345", Key.PLATE, "29b12345", 0, None),
        ("Nguyễn Văn An", Key.NAME, "Nguyễn Văn An", 0, None),
        ("AN", None, "AN", 0, None),
        ("K'Sor H'Bia", Key.NAME, "K'Sor H'Bia", 0, None),
        ("", None, "", 0, None),
    ],
)
def test_what_a_text_is_taken_for(typed: str, key: Key | None, value: str, year: int, nationality: str | None) -> None:
    found = understood(typed, "XN", STATES)
    assert (found.key, found.value, found.year, found.nationality) == (key, value, year, nationality)


def test_a_scanned_zone_is_known_by_its_form() -> None:
    assert understood(PASSPORT, "XN", STATES).key is Key.MRZ


def test_what_is_said_goes_before_what_it_looks_like() -> None:
    assert said_to_be(Key.PARTY, "001085012345", STATES).key is Key.PARTY
    assert said_to_be(Key.PAPER, "AB 12 LAO", STATES).nationality == "LAO"
    assert said_to_be(Key.NUMBER, "A1/2026", STATES).year == 2026
