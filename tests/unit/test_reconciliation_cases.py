"""The table of cases of reconciliation (Article 17(5)): every combination has one line, and the line that is meant."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import adapter
from adapter.model.stages import Channel
from adapter.services.watch.cases import TABLE, CameBy, Case, Departure, Settlement, new_answer, settlement

EVERY = [Case(*each) for each in product((True, False), CameBy, Departure, (True, False))]


def _wanted(case: Case) -> Settlement:
    """Written from the article and the profile, without the table."""
    if case.door is CameBy.PORTAL:
        return Settlement.TRANSFER if case.carried else Settlement.NOTHING
    if case.departure is Departure.CONFIRMED or (case.door is CameBy.TRANSFERRED and not case.carried):
        return Settlement.NOTHING
    if case.departure is Departure.IN_DOUBT:
        return Settlement.AGAIN
    return Settlement.INSTEAD if case.opened and case.door is CameBy.WINDOW else Settlement.ORIGINAL


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_each_combination_has_exactly_one_line(case: Case) -> None:
    assert len([row for row in TABLE if row.holds(case)]) == 1
    assert settlement(case) is _wanted(case)


def test_each_line_holds_for_some_case() -> None:
    assert [row for row in TABLE if not any(row.holds(case) for case in EVERY)] == []


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_no_answer_reaches_the_window_both_as_itself_and_in_a_transfer(case: Case) -> None:
    """What may have been published is never transferred, whatever was opened meanwhile."""
    if case.door is not CameBy.PORTAL and case.departure is not Departure.HELD:
        assert settlement(case) not in (Settlement.TRANSFER, Settlement.INSTEAD)


@pytest.mark.parametrize(
    ("channel", "transferred", "carried", "wanted"),
    [
        (Channel.WINDOW, False, True, Settlement.ORIGINAL),
        (Channel.WINDOW, True, False, Settlement.ORIGINAL),
        (Channel.PORTAL, False, True, Settlement.TRANSFER),
        (Channel.PORTAL, True, True, Settlement.ORIGINAL),
        (Channel.PORTAL, False, False, Settlement.NOTHING),
        (Channel.PORTAL, True, False, Settlement.NOTHING),
    ],
)
def test_a_new_answer_goes_by_the_window_once_that_has_its_message(
    channel: Channel, transferred: bool, carried: bool, wanted: Settlement
) -> None:
    assert settlement(new_answer(channel, transferred=transferred, carried=carried)) is wanted


def test_nothing_else_decides_how_an_answer_reaches_the_window() -> None:
    """Whoever makes a transfer or tells of one asks the table."""
    sources = {file: file.read_text(encoding="utf-8") for file in Path(adapter.__file__).parent.rglob("*.py")}
    makes = {str(file) for file, text in sources.items() if "Route.TRANSFER)" in text and ".reply(" in text}
    asks = {str(file) for file, text in sources.items() if "settlement(" in text or "way_of(" in text}
    assert len(makes) >= 4
    assert makes <= asks
