"""Which of two dossiers that declare the same ends: each combination has its line."""

from __future__ import annotations

from itertools import product

import pytest

from adapter.model.dossier import DossierState
from adapter.pipeline.pairs import TABLE, Ends, Standing, ends, standing


def test_each_combination_has_its_line_and_no_other_has() -> None:
    assert set(TABLE) == set(product(Standing, Standing))


@pytest.mark.parametrize("state", DossierState)
def test_a_confirmed_dossier_is_open_no_more_and_one_that_is_over_stays_so(state: DossierState) -> None:
    confirmed, not_yet = standing(state, confirmed=True), standing(state, confirmed=False)
    assert confirmed in (Standing.CONFIRMED, Standing.OVER)
    assert (confirmed is Standing.OVER) is (not_yet is Standing.OVER)


def test_what_was_confirmed_never_ends_and_nothing_that_is_over_ends_again() -> None:
    for (portal, window), found in TABLE.items():
        ended = {Ends.PORTAL: portal, Ends.WINDOW: window}.get(found) if found else None
        assert ended in (None, Standing.OPEN), (portal, window)


def test_one_of_two_that_are_open_goes_on_and_it_is_the_portal_s() -> None:
    assert ends(Standing.OPEN, Standing.OPEN) is Ends.WINDOW
    assert ends(Standing.CONFIRMED, Standing.OPEN) is Ends.WINDOW
    assert ends(Standing.OPEN, Standing.CONFIRMED) is Ends.PORTAL
    assert ends(Standing.CONFIRMED, Standing.CONFIRMED) is Ends.NEITHER


def test_nobody_is_left_with_a_request_for_a_dossier_that_has_ended() -> None:
    for (portal, window), found in TABLE.items():
        if {Ends.PORTAL: portal, Ends.WINDOW: window}.get(found or Ends.NEITHER) is Standing.ASKED:
            raise AssertionError((portal, window))
    assert ends(Standing.OPEN, Standing.ASKED) is None
    assert ends(Standing.ASKED, Standing.OPEN) is Ends.WINDOW
