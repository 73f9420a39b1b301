"""Working days: what is counted, what is skipped, and that an unknown year is told and never guessed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapter.catalogue.calendar import read_calendar
from adapter.cli import inspection
from adapter.model.calendar import NO_CALENDAR, Calendar, YearUnknown
from adapter.model.duties import Deadline, Unit
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import Terms, end, is_late, with_pauses
from tests.harness.pki import ROOT

FILE = ROOT / "mappings" / "calendar.yaml"
SHIPPED = read_calendar(yaml.safe_load(FILE.read_text(encoding="utf-8")))
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def close_of(text: str) -> datetime:
    return at(f"{text}T23:59:59.999999")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-03-02", True),  # a Monday
        ("2026-03-07", False),  # a Saturday
        ("2026-02-17", False),  # the first day of Tết Bính Ngọ
        ("2026-01-10", True),  # a Saturday worked for 2 January
        ("2026-01-02", False),  # the Friday it was worked for
        ("2026-04-27", False),  # the Monday for Giỗ Tổ, which fell on a Sunday
        ("2025-04-26", True),  # a Saturday worked for 2 May
    ],
)
def test_a_day_is_worked_or_not(day: str, works: bool) -> None:
    assert SHIPPED.is_working(date.fromisoformat(day)) is works


@given(DAYS, st.integers(1, 40))
def test_counting_finds_the_days_that_adding_went(day: date, count: int) -> None:
    there = SHIPPED.after(day, count)

    assert SHIPPED.is_working(there)
    assert SHIPPED.between(day, there) == count
    assert SHIPPED.between(day, there - timedelta(days=1)) == count - 1


@given(DAYS.filter(SHIPPED.is_working), st.integers(1, 40))
def test_going_back_from_a_working_day_undoes_going_there(day: date, count: int) -> None:
    assert SHIPPED.before(SHIPPED.after(day, count), count) == day


@given(DAYS, st.integers(0, 20), st.integers(0, 20))
def test_two_steps_are_one(day: date, first: int, second: int) -> None:
    assert SHIPPED.after(SHIPPED.after(day, first), second) == SHIPPED.after(day, first + second)


@pytest.mark.parametrize(
    ("begin", "count", "last"),
    [
        ("2026-03-06T16:00", 1, "2026-03-09"),  # Friday: the weekend does not count
        ("2026-02-13T23:00", 1, "2026-02-23"),  # the Friday before Tết: nine days without work
        ("2025-12-31T09:00", 1, "2026-01-05"),  # New Year, and the Friday exchanged for 10 January
        ("2026-01-09T09:00", 1, "2026-01-10"),  # the Saturday worked in exchange
        ("2026-03-07T10:00", 2, "2026-03-10"),  # begun on a Saturday
    ],
)
def test_working_days_end_with_the_last_one_in_vietnam(begin: str, count: int, last: str) -> None:
    assert end(count, Unit.WORKING_DAYS, at(begin), SHIPPED) == close_of(last)


def test_the_day_it_begins_is_the_day_in_vietnam() -> None:
    sunday_in_greenwich = datetime.fromisoformat("2026-03-01T18:00:00+00:00")  # Monday 01:00 in Vietnam
    assert end(1, Unit.WORKING_DAYS, sunday_in_greenwich, SHIPPED) == close_of("2026-03-03")


def test_days_count_every_day_but_do_not_end_on_one_that_is_not_worked() -> None:
    assert end(3, Unit.DAYS, at("2026-03-02T08:00"), SHIPPED) == close_of("2026-03-05")
    assert end(3, Unit.DAYS, at("2026-03-04T08:00"), SHIPPED) == close_of("2026-03-09")


def test_hours_run_through_nights_and_holidays() -> None:
    assert end(3, Unit.HOURS, at("2026-02-16T23:00"), NO_CALENDAR) == at("2026-02-17T02:00")


def test_a_year_that_is_not_there_is_told() -> None:
    with pytest.raises(YearUnknown, match="2028"):
        end(1, Unit.WORKING_DAYS, at("2027-12-31T09:00"), SHIPPED)


def test_a_term_that_the_calendar_cannot_tell_has_no_end_and_is_not_guessed() -> None:
    limit = Deadline("reconcile", "confirm_within", 1, unit=Unit.WORKING_DAYS)
    term = Terms(NO_CALENDAR, 0.75).term(limit, noticed_at=at("2026-03-02T09:00"), started_at=at("2026-03-02T09:00"))

    assert (term.alert_due_at, term.warn_at, term.due_at) == (None, None, None)


def test_an_alert_goes_out_at_its_share_of_the_time_by_law() -> None:
    limit = Deadline("confirm", "confirm_within", 4)
    term = Terms(SHIPPED, 0.75).term(limit, noticed_at=at("2026-03-02T08:00"), started_at=at("2026-03-02T09:30"))

    assert (term.warn_at, term.alert_due_at) == (at("2026-03-02T12:30"), at("2026-03-02T13:30"))
    assert term.due_at == at("2026-03-02T13:30")


def test_until_the_law_s_clock_runs_alerts_count_from_what_was_noticed() -> None:
    limit = Deadline("answer", "amend_within", 4)
    term = Terms(SHIPPED, 0.75).term(limit, noticed_at=at("2026-03-02T08:00"), started_at=None)
    assert (term.warn_at, term.alert_due_at) == (at("2026-03-02T11:00"), at("2026-03-02T12:00"))
    assert term.due_at is None


@pytest.mark.parametrize(("came", "late"), [("2026-02-13T23:59", False), ("2026-02-14T00:00", True)])
def test_one_working_day_before_is_the_last_one_before_tet(came: str, late: bool) -> None:
    limit = Deadline("declare", "declare_before", 1, "crossing", unit=Unit.WORKING_DAYS)
    assert is_late(limit, at(came), at("2026-02-21T08:00"), SHIPPED) is late


@pytest.mark.parametrize(
    ("year", "told"),
    [
        ({"holidays": [{"day": date(2025, 1, 1)}]}, "2025-01-01 is of another year"),
        ({"worked": [{"day": date(2026, 3, 2)}]}, "2026-03-02 is a Monday and worked anyway"),
        (
            {"holidays": [{"day": date(2026, 3, 7)}], "worked": [{"day": date(2026, 3, 7)}]},
            "2026-03-07 is under holidays and under worked",
        ),
        ({"holidays": [{"from": date(2026, 3, 9), "to": date(2026, 3, 2)}]}, "are no days"),
        ({"holidays": [{"day": "7/3/2026"}]}, "are no days"),
    ],
)
def test_what_a_calendar_cannot_mean_is_told(year: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_calendar({"years": {2026: year}})


def test_a_year_without_its_decision_is_known_as_such() -> None:
    read = read_calendar({"years": {2026: {"decided": True}, 2027: {"holidays": []}}})
    assert (read.years, read.undecided) == (frozenset({2026, 2027}), frozenset({2027}))


def test_a_calendar_without_years_is_empty_of_answers() -> None:
    with pytest.raises(YearUnknown):
        Calendar().is_working(date(2026, 3, 2))


# What the operator is told ----------------------------------------------------------------------


def told_on(today: str, calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(inspection, "now", lambda: at(f"{today}T08:00"))
    return [(remark.weight.value, remark.text) for remark in inspection._calendar(calendar, FILE)]


def test_the_year_that_has_begun_without_its_days_is_told_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    ((weight, text),) = told_on("2026-03-02", Calendar(years=frozenset({2025})), monkeypatch)
    assert weight == "warning"
    assert "the year 2026 is missing" in text


def test_the_next_year_is_asked_for_in_december_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Calendar(years=frozenset({2026}))
    assert told_on("2026-11-30", known, monkeypatch) == []
    ((weight, text),) = told_on("2026-12-01", known, monkeypatch)
    assert weight == "warning"
    assert "the year 2027 is missing" in text


def test_a_year_whose_decision_is_awaited_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    ((weight, text),) = told_on("2026-12-15", SHIPPED, monkeypatch)
    assert weight == "warning"
    assert "2027: decided: false" in text


MINUTES = st.integers(0, 300)
PAUSES = st.lists(st.tuples(MINUTES, st.one_of(st.none(), MINUTES)), max_size=5)


@given(pauses=PAUSES, length=st.integers(1, 120), passed=MINUTES)
def test_a_time_limit_with_pauses_ends_when_its_free_minutes_are_used(
    pauses: list[tuple[int, int | None]], length: int, passed: int
) -> None:
    """Whatever the pauses: overlapping, in any order, before it began, after its end, or still going on."""
    begin = at("2026-03-02T07:15:00")

    def moment(minutes: int) -> datetime:
        return begin + timedelta(minutes=minutes)

    stated = [(moment(since), None if until is None else moment(max(since, until))) for since, until in pauses]
    due = with_pauses(begin, moment(length), stated, moment(passed))

    def is_free(minute: int) -> bool:
        return not any(since <= minute and (until is None or minute < until) for since, until in pauses)

    used = [minute for minute in range(passed) if is_free(minute)]
    over = used[length - 1] + 1 if len(used) >= length else passed + length - len(used)
    assert due == moment(over)
