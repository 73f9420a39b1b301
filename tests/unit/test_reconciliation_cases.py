"""The table of cases of reconciliation (Article 17(5)): every combination has one line, and the line that is meant."""

from __future__ import annotations

from itertools import product

import pytest

from adapter.services.watch.cases import TABLE, CameBy, Case, Departure, Settlement, settlement

EVERY = [Case(*each) for each in product((True, False), CameBy, Departure, (True, False))]


def _wanted(case: Case) -> Settlement:
    """Written from the article and the profile, without the table."""
    if not case.carried:
        return Settlement.NOTHING
    if case.door is CameBy.PORTAL:
        return Settlement.TRANSFER
    if case.departure is Departure.CONFIRMED:
        return Settlement.NOTHING
    if case.departure is Departure.IN_DOUBT:
        return Settlement.AGAIN
    return Settlement.INSTEAD if case.opened else Settlement.ORIGINAL


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_each_combination_has_exactly_one_line(case: Case) -> None:
    assert len([row for row in TABLE if row.holds(case)]) == 1
    assert settlement(case) is _wanted(case)


def test_each_line_holds_for_some_case() -> None:
    assert [row for row in TABLE if not any(row.holds(case) for case in EVERY)] == []


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_no_answer_reaches_the_window_both_as_itself_and_in_a_transfer(case: Case) -> None:
    """What may have been published is never transferred, whatever was opened meanwhile."""
    if case.door is CameBy.WINDOW and case.departure is not Departure.HELD:
        assert settlement(case) not in (Settlement.TRANSFER, Settlement.INSTEAD)
