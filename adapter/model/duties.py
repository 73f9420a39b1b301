"""Duties and time limits of a procedure as data: who must do what, within how long, from when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The units of time limits; the value is the mapping's keyword."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` has `value`, written as an element's text: a flag is `1` or `0`."""

    field: str
    value: str

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether the condition holds for a record, as read or as stored; an absent value does not fulfil it."""
        found = values.get(self.field)
        return found is not None and str(int(found) if isinstance(found, bool) else found) == self.value


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time limit of the Decision.

    `declare_before` or `declare_within` of a field's time, `confirm_within` of reception, `bring_within` of a field's
    time (what the declarant brings later); the kinds that run with a dossier are in pipeline/terms. Of several of one
    kind the first counts whose conditions (`where`) all hold.
    """

    name: str
    kind: str
    amount: float
    field: str | None = None
    where: tuple[Condition, ...] = ()
    basis: str = ""
    unit: Unit = Unit.HOURS
    complete: bool = False
    """It runs from the reception of the version that is complete and valid by the rules ("đầy đủ, hợp lệ")."""

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it is the time limit of what was declared."""
        return all(condition.holds(values) for condition in self.where)


@dataclass(frozen=True, slots=True)
class OnceSpec:
    """A search key of this kind passes one gate in one dossier only within so many hours."""

    key: str
    hours: float
    basis: str = ""


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """An own discovery that comes over so many hours after the expected crossing of the dossier is flagged."""

    hours: float
    basis: str = ""
