"""Names: the A–Z spelling of an accented name, and the key that it is found by."""

from __future__ import annotations

import unicodedata

import pytest

from adapter.pipeline.names import folded, same_name, transliterated


@pytest.mark.parametrize(
    ("accented", "plain"),
    [
        ("Nguyễn Thị Đào", "NGUYEN THI DAO"),
        ("ĐẶNG ƯỚC MƠ", "DANG UOC MO"),
        ("Trần Quốc Huỳnh", "TRAN QUOC HUYNH"),
        ("Müller-Lüdenscheidt", "MUELLER LUEDENSCHEIDT"),
        ("Søren Ærø Åkesson", "SOEREN AEROE AAKESSON"),
        ("Łukasz Żółć", "LUKASZ ZOLC"),
        ("Peña", "PENA"),
        ("Þórður Weiß", "THORDUR WEISS"),
        ("D'Arcy O’Brien", "DARCY OBRIEN"),
        ("ıŞIK", "ISIK"),
    ],
)
def test_an_accented_name_is_spelled_as_doc_9303_recommends(accented: str, plain: str) -> None:
    assert transliterated(accented) == plain
    assert same_name(plain, accented)


@pytest.mark.parametrize("plain", ["MUELLER", "MULLER", "MUXXLLER"])
def test_each_spelling_that_states_use_counts_as_right(plain: str) -> None:
    assert same_name(plain, "Müller")


@pytest.mark.parametrize("plain", ["NGUYEN VAN B", "NGUYEN VAN", "NGUYEN VAN AN", "VAN A NGUYEN", ""])
def test_another_name_is_another(plain: str) -> None:
    assert not same_name(plain, "Nguyễn Văn A")


def test_accents_written_apart_are_the_same_name() -> None:
    apart = unicodedata.normalize("NFD", "Nguyễn Thị Đào")

    assert same_name("NGUYEN THI DAO", apart)
    assert transliterated(apart) == "NGUYEN THI DAO"


def test_spaces_and_case_make_no_other_name() -> None:
    assert same_name(" nguyen  thi dao ", "  Nguyễn   Thị Đào")


def test_many_spellings_of_a_long_name_are_compared_at_once() -> None:
    assert same_name("UXX" * 100 + "A", "Ü" * 100 + "A")
    assert not same_name("U" * 100 + "B", "Ü" * 100 + "A")


@pytest.mark.parametrize("typed", ["Nguyễn Thị Đào", "nguyen thi dao", "NGUYỄN THỊ ĐÀO"])
def test_a_search_key_forgets_accents_and_case(typed: str) -> None:
    assert folded(typed) == "NGUYEN THI DAO"


def test_a_search_key_has_one_letter_for_one() -> None:
    assert folded("Müller Søren Łódź") == "MULLER SOREN LODZ"
