"""The list of what goes wrong on pages, and of what is tried and promised there, names, for each, tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import adapter
from tests.harness.source import names_of_tests

DECISIONS = Path(adapter.__file__).parents[1] / "docs" / "decisions"
PAGES = (DECISIONS / "0069-what-goes-wrong-on-pages.md", DECISIONS / "0073-what-operators-are-promised.md")
PITFALLS = [str(number) for number in range(1, 27)]
ATTACKS = [f"A{number}" for number in range(1, 13)]
PROMISES = [f"P{number}" for number in range(1, 25)]
OF_OPERATORS = [f"O{number}" for number in range(1, 19)]
OF_ADMINISTRATION = [f"M{number}" for number in range(1, 6)]
OF_WATCHING = [f"W{number}" for number in range(1, 6)]


def _rows() -> dict[str, set[str]]:
    """By number: the tests that are named."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    lines = re.findall(r"^\| (\w+) \|(?:[^|]*\|){1,2} (`test_.+) \|$", text, re.M)
    return {number: set(re.findall(r"`(test_\w+)`", named)) for number, named in lines}


def test_no_pitfall_is_missing() -> None:
    assert list(_rows()) == PITFALLS + ATTACKS + PROMISES + OF_OPERATORS + OF_ADMINISTRATION + OF_WATCHING


@pytest.mark.parametrize("number", _rows())
def test_each_pitfall_names_tests_that_exist(number: str) -> None:
    named = _rows()[number]
    assert named
    assert sorted(named - names_of_tests()) == []
