"""Names as search keys: found by all their words in any order, or by their two ends, with accents or without."""

from __future__ import annotations

from itertools import permutations

import pytest

from adapter.pipeline.search_keys import name_ranges, name_values, name_words, search_value


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ("NGUYEN VAN AN", "AN NGUYEN VAN"),
        ("Nguyễn  Văn An", "AN NGUYEN VAN"),
        ("ĐẶNG THỊ NGỌC ÁNH", "ANH DANG NGOC THI"),
        ("Đặng Ngọc Thị Ánh", "ANH DANG NGOC THI"),
        ("K'SOR H'BIA", "HBIA KSOR"),
        ("Anne-Marie Dupont", "DUPONT ANNE MARIE"),
        ("ERIKSSON", "ERIKSSON"),
        ("", ""),
        ("A " * 300, ("A " * 300)[:255]),
    ],
)
def test_a_name_is_stored_as_its_last_word_its_first_and_the_others_by_the_alphabet(declared: str, stored: str) -> None:
    assert search_value("name", declared) == stored


@pytest.mark.parametrize("name", ["NGUYEN AN", "NGUYEN VAN AN", "DANG THI NGOC ANH", "A B C D E", "LE LE LE"])
def test_a_whole_name_is_found_by_its_words_in_any_order(name: str) -> None:
    for order in permutations(name.split()):
        assert search_value("name", name) in name_values(list(order))


def test_two_words_find_the_names_that_begin_and_end_so_whatever_stands_between() -> None:
    for asked in ("Nguyễn Ánh", "anh nguyen"):
        starts = [start for start, _ in name_ranges(name_words(asked))]
        found = [
            name
            for name in ("NGUYEN THI ANH", "NGUYEN NGOC ANH", "NGUYEN ANH THI", "TRAN THI ANH")
            if any(search_value("name", name).startswith(f"{start} ") for start in starts)
        ]
        assert found == ["NGUYEN THI ANH", "NGUYEN NGOC ANH"]


def test_a_middle_word_that_is_given_must_be_there() -> None:
    assert name_ranges(["DANG", "THI", "ANH"]) == [("ANH DANG", ("THI",)), ("DANG ANH", ("THI",))]
