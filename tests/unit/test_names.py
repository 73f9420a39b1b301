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


@pytest.mark.parametrize("letter", ["\u0110", "\u00d0", "\u0189", "\u0111", "\u00f0", "\u0256"])
def test_every_letter_that_looks_like_a_d_with_stroke_is_a_d(letter: str) -> None:
    """Keyboards and copied texts bring eth and the African D for the Vietnamese letter."""
    assert same_name("DANG THI DAO", f"{letter}ặng Thị {letter}ào")
    assert folded(f"{letter}ào") == "DAO"


@pytest.mark.parametrize("mark", list("'`\u2019\u2018\u02bc\u02b9\u2032\u201b\uff07\u00b4"))
@pytest.mark.parametrize("plain", ["KSOR HBIA", "K SOR H BIA", "KSOR H BIA"])
def test_an_apostrophe_is_left_out_or_a_space(mark: str, plain: str) -> None:
    """Names of the highlands: passports have K SOR and KSOR for K'Sor."""
    assert same_name(plain, f"K{mark}Sor H{mark}Bia")
    assert not same_name(plain + "N", f"K{mark}Sor H{mark}Bia")


@pytest.mark.parametrize("unseen", ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"])
def test_what_nobody_sees_makes_no_other_name(unseen: str) -> None:
    assert same_name("LE VAN BA", f"Lê{unseen} Văn{unseen} Ba")


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
