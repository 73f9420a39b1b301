"""A remark of `check`: a fault that forbids a start, or a warning, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """What a remark does to the answer."""

    FAULT = "fault"
    CANNOT_TELL = "cannot tell"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at."""

    part: str
    weight: Weight
    text: str

    @property
    def counts(self) -> bool:
        """Whether it is a fault: "cannot tell" is one, a warning is not."""
        return self.weight is not Weight.WARNING


def unsaid(step: str) -> None:
    """The default: progress is not shown."""
    del step


def fault_at(part: str, text: str) -> Remark:
    return Remark(part, Weight.FAULT, text)


def warning_at(part: str, text: str) -> Remark:
    return Remark(part, Weight.WARNING, text)
