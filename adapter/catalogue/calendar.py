"""The calendar's file: years, each with its days off and the days worked in exchange; contradictions are reported.

A year is in the calendar only when the file has it: what is not there is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from adapter.model.calendar import Calendar

_SATURDAY = 5
_LONGEST = 31


def read_calendar(stated: Mapping[str, Any]) -> Calendar:
    """The calendar of a file's content.

    Raises:
        ValueError: with everything that cannot be meant.
    """
    years = stated.get("years")
    if not isinstance(years, Mapping):
        raise ValueError("years is missing; write the years, each with its holidays")
    faults, holidays, exchanged = [], set[date](), set[date]()
    for year, of_year in years.items():
        off = set(_days_off(of_year))
        worked = {day for item in of_year.get("worked", ()) for day in _days(item)}
        faults += [f"{year}: {fault}" for fault in _faults(year, off, worked)]
        holidays |= off
        exchanged |= worked
    if faults:
        raise ValueError("; ".join(faults))
    undecided = frozenset(int(year) for year, of_year in years.items() if not of_year.get("decided", False))
    return Calendar(frozenset(map(int, years)), undecided, frozenset(holidays), frozenset(exchanged))


def _days_off(of_year: Mapping[str, Any]) -> Iterator[date]:
    for item in of_year.get("holidays", ()):
        yield from _days(item)


def _days(item: Mapping[str, Any]) -> Iterator[date]:
    """The days of one line: `day`, or `from` with `to`."""
    first = item.get("day", item.get("from"))
    last = item.get("to", first)
    if not _is_day(first) or not _is_day(last) or not first <= last <= first + timedelta(days=_LONGEST):
        raise ValueError(f"{first} to {last} are no days; write day, or from and to, as yyyy-MM-dd")
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _faults(year: object, off: set[date], worked: set[date]) -> Iterator[str]:
    if not isinstance(year, int):
        yield "is no year; write it as a number"
        return
    for day in sorted(day for day in off | worked if day.year != year):
        yield f"{day} is of another year; move it there"
    for day in sorted(day for day in worked if day.weekday() < _SATURDAY):
        yield f"worked: {day} is a {day:%A} and worked anyway; only a weekend day is worked in exchange"
    for day in sorted(off & worked):
        yield f"{day} is under holidays and under worked; leave it out of one"
