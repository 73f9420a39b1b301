"""The calendar of working days: Monday to Friday less public holidays, plus the days worked in exchange.

Days only; times and time limits are in `pipeline/terms`. A year without its file is unknown, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_SATURDAY = 5


class YearUnknown(LookupError):
    """The calendar has no such year, so its working days are not known."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the calendar of working days has no year {year}")
        self.year = year


@dataclass(frozen=True, slots=True)
class Calendar:
    """Years that are known, with their days off and the weekend days worked in exchange for one."""

    years: frozenset[int] = frozenset()
    undecided: frozenset[int] = frozenset()
    """Known years whose yearly decision (Tết, exchanged days) is not in the file yet."""
    holidays: frozenset[date] = frozenset()
    exchanged: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether it is a working day.

        Raises:
            YearUnknown: the calendar does not have its year.
        """
        if day.year not in self.years:
            raise YearUnknown(day.year)
        if day in self.exchanged:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def after(self, day: date, count: int) -> date:
        """The working day number `count` after a day, which is itself not counted.

        Raises:
            YearUnknown: the way there leaves the years of the calendar.
        """
        return self._walk(day, count, timedelta(days=1))

    def before(self, day: date, count: int) -> date:
        """The working day number `count` before a day, which is itself not counted.

        Raises:
            YearUnknown: the way there leaves the years of the calendar.
        """
        return self._walk(day, count, timedelta(days=-1))

    def between(self, first: date, last: date) -> int:
        """How many working days come after `first`, up to and with `last`.

        Raises:
            YearUnknown: a day between them is in no year of the calendar.
        """
        days = (last - first).days
        return sum(self.is_working(first + timedelta(days=number)) for number in range(1, days + 1))

    def next_working(self, day: date) -> date:
        """The day itself where it is worked, else the next one that is.

        Raises:
            YearUnknown: the way there leaves the years of the calendar.
        """
        return day if self.is_working(day) else self.after(day, 1)

    def _walk(self, day: date, count: int, step: timedelta) -> date:
        while count > 0:
            day += step
            if self.is_working(day):
                count -= 1
        return day


NO_CALENDAR = Calendar()
"""A calendar without years: every question raises YearUnknown."""
