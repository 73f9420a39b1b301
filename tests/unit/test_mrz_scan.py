"""A machine-readable zone as scanners and people give it: what is forgiven, and what is not."""

from __future__ import annotations

import pytest

from adapter.pipeline.mrz_scan import looks_like_zone, scan

PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
"""The specimen of ICAO Doc 9303 Part 4, Appendix A."""
CARD = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
"""That of Part 5, Appendix A."""


@pytest.mark.parametrize(("zone", "number"), [(PASSPORT, "L898902C3"), (CARD, "D23145890")])
def test_a_zone_is_read_with_its_lines_broken_or_not_in_small_letters_or_with_other_fillers(
    zone: str, number: str
) -> None:
    for given in (zone, zone.replace("\n", ""), zone.lower(), zone.replace("\n", " \r\n "), zone.replace("<", "«")):
        scanned = scan(given)
        assert scanned is not None
        assert (scanned.numbers, scanned.zone.nationality, scanned.zone.wrong, scanned.changed) == (
            (number,),
            "UTO",
            (),
            False,
        )


@pytest.mark.parametrize(
    ("right", "given"),
    [
        ("L898902C3", "L8989O2C3"),  # 0 as O in the number
        ("7408122F", "74O8I22F"),  # in a date
        ("6UTO740", "6UT0740"),  # O as 0 in the State
        ("P<UTOERIKSSON", "P<UT0ER1KSS0N"),  # in the name
        ("<<<<<10", "<<<<<IO"),  # in check digits
    ],
)
def test_o_for_0_and_i_for_1_are_forgiven_where_the_check_digits_leave_one_reading(right: str, given: str) -> None:
    scanned = scan(PASSPORT.replace(right, given))
    assert scanned is not None
    assert (scanned.numbers, scanned.zone.nationality, scanned.zone.wrong) == (("L898902C3",), "UTO", ())
    assert scanned.changed


@pytest.mark.parametrize(("right", "given"), [("L898902C3", "L898903C3"), ("7408122", "7408132"), ("UTO7", "UTO8")])
def test_another_slip_is_not_mended_but_told(right: str, given: str) -> None:
    scanned = scan(PASSPORT.replace(right, given))
    assert scanned is not None
    assert scanned.zone.wrong
    assert not scanned.changed


def test_of_a_vietnamese_identity_card_the_twelve_digits_are_looked_for_too() -> None:
    card = "IDVNM0900018868040090001886<<2\n9001015M4001015VNM<<<<<<<<<<<0\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"
    scanned = scan(card)
    assert scanned is not None
    assert scanned.numbers[0] == "040090001886"


@pytest.mark.parametrize("given", ["", "C1234567", "P<UTO", PASSPORT[:-1], PASSPORT + "<", "Ä" * 88])
def test_what_has_not_the_form_of_a_zone_is_none(given: str) -> None:
    assert scan(given) is None
    assert not looks_like_zone(given)


def test_a_zone_is_known_by_its_length_and_fillers() -> None:
    assert looks_like_zone(PASSPORT)
    assert not looks_like_zone("A" * 88)
