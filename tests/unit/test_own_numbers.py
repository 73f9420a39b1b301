"""The check character of the numbers that are given here."""

from __future__ import annotations

import pytest

from adapter.gateways.store.own_numbers import check_character


@pytest.mark.parametrize("body", ["A12425GABC1234002", "a12425gabc1234002"])
def test_it_is_that_of_iso_7064_mod_37_36(body: str) -> None:
    """The example of the Global Release Identifier's standard."""
    assert check_character(body) == "M"


@pytest.mark.parametrize("slipped", ["XNHN2026000010", "XNHN2026000002", "XNHN2062000001", "XNNH2026000001"])
def test_a_slip_and_a_transposition_change_it(slipped: str) -> None:
    assert check_character(slipped) != check_character("XNHN2026000001")
