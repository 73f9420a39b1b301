"""A date of which only the year, or year and month, are known: some papers state no more of a birth.

ICAO Doc 9303 Part 3, 4.8: what is unknown of a date of birth is left out. Old Vietnamese papers state a year alone.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year (1 to 9999), or a month (1 to 12) of it."""

    year: int
    month: int | None = None

    @property
    def first(self) -> date:
        """The first possible day."""
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        """The last possible day."""
        month = self.month or 12
        return date(self.year, month, monthrange(self.year, month)[1])

    def __str__(self) -> str:
        return f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}"
