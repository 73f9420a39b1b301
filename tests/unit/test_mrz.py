"""The machine-readable zone: every shape, every check digit, and what it says of its holder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapter.pipeline import mrz
from adapter.pipeline.rules.papers import _said

TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
"""The specimen of ICAO Doc 9303 Part 4, appendix B."""
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
"""The specimen of Part 5, appendix B."""
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6"
"""The specimen of Part 6, appendix B."""
EMPTY_OPTIONAL = "P<VNMTRAN<<THI<BE<<<<<<<<<<<<<<<<<<<<<<<<<<<B1234567<3VNM8506151F3006140<<<<<<<<<<<<<<08"
VISA_A = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L8988901C4XXX4009078F96121096ZE184226B<<<<<<"
"""The specimen of Part 7, appendix B: no check digit for optional data, no composite."""
VISA_B = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<L8988901C4XXX4009078F9612109<<<<<<<<"


def read(text: str) -> mrz.Zone:
    zone = mrz.read(text)
    assert zone is not None
    return zone


@pytest.mark.parametrize("text", [TD3, TD1, TD2, EMPTY_OPTIONAL, VISA_A, VISA_B])
def test_the_specimens_of_doc_9303_have_right_check_digits(text: str) -> None:
    assert read(text).wrong == ()


def test_a_zone_says_what_stands_on_the_page() -> None:
    zone = read(TD3)

    assert (zone.number, zone.nationality, zone.issuer, zone.sex) == ("L898902C3", "UTO", "UTO", "F")
    assert (zone.birth, zone.expiry) == ("740812", "120415")
    assert zone.names == ("ERIKSSON", "ANNA", "MARIA")
    assert (read(TD1).number, read(TD1).names) == ("D23145890", ("ERIKSSON", "ANNA", "MARIA"))
    assert read(VISA_A).nationality == "XXX"


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (44 + 9, {"number", "composite"}),
        (44 + 19, {"birth", "composite"}),
        (44 + 27, {"expiry", "composite"}),
        (44 + 42, {"optional", "composite"}),
        (44 + 43, {"composite"}),
    ],
)
def test_each_of_the_five_check_digits_of_a_passport_is_checked(place: int, wrong: set[str]) -> None:
    other = str((int(TD3[place]) + 1) % 10)

    assert set(read(TD3[:place] + other + TD3[place + 1 :]).wrong) == wrong


@pytest.mark.parametrize("text", [TD1, TD2])
def test_each_digit_of_a_cards_number_birth_and_expiry_is_checked(text: str) -> None:
    for place, char in enumerate(text):
        if char.isdigit():
            assert read(text[:place] + str((int(char) + 1) % 10) + text[place + 1 :]).wrong, place


def test_the_check_digit_of_empty_optional_data_may_be_a_filler() -> None:
    second = "B1234567<3VNM8506151F3006140<<<<<<<<<<<<<<<8"

    assert read("P<VNMTRAN<<THI<BE".ljust(44, "<") + second).wrong == ()


def test_a_number_over_nine_characters_goes_on_in_the_optional_data() -> None:
    """Part 5, 4.2.2: the first nine, a filler for the check digit, the rest and its check digit."""
    number = "D23145890734"
    first = "I<UTO" + number[:9] + "<" + number[9:] + mrz.check_digit(number) + "<" * 11
    second = "7408122F1204159UTO<<<<<<<<<<<"
    second += mrz.check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    zone = read(first + second + TD1[60:])

    assert (zone.number, zone.wrong) == (number, ())


@pytest.mark.parametrize("text", ["", TD3[:-1], TD3 + "<", TD3.lower(), TD3.replace("ANNA", "ÄNNA"), "A" * 30])
def test_what_has_not_the_form_of_a_zone_is_none(text: str) -> None:
    assert mrz.read(text) is None


def test_lines_may_be_broken_by_white_space() -> None:
    assert mrz.read(f"{TD3[:44]}\n  {TD3[44:]}") == mrz.read(TD3)


def test_a_name_that_fills_its_line_may_be_cut_short_and_says_nothing() -> None:
    first = "P<UTO" + "PAPANDROPOULOUS<<JONATHON<ALEXANDER<TIMO"[:39]

    assert read(first + TD3[44:]).names == ()


def test_a_date_agrees_as_far_as_its_digits_are_known() -> None:
    assert mrz.says("740812", date(1974, 8, 12))
    assert mrz.says("74<<<<", date(1974, 8, 12))
    assert not mrz.says("740812", date(1974, 8, 13))
    assert not mrz.says("75<<<<", date(1974, 8, 12))


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        ("ERIKSSON ANNA MARIA", True),
        ("ANNA-MARIA ERIKSSON", True),
        ("ERIKSSON ANNA", False),
        ("ERIKSEN ANNA MARIA", False),
    ],
)
def test_a_name_is_that_of_the_zone_in_whatever_order(declared: str, same: bool) -> None:
    assert bool(_said(read(TD3), "name", declared)) is same


def test_a_zone_without_a_name_contradicts_none() -> None:
    assert _said(replace(read(TD3), names=()), "name", "ERIKSSON ANNA MARIA") is True
