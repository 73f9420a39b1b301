"""Errors, sorted by who must act. Third-party exceptions never leave the module that called the library.

AdapterError
  Fault           the sender must act   -> signed answer, normal commit
  Unavailable     time must pass        -> rollback, back off, nothing is acknowledged
  Misconfigured   we must act           -> parked for the operator, the sender is told nothing false
anything else     a defect              -> as Misconfigured, with the places that it came through
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.model.finding import Finding
    from adapter.model.header import Header
    from adapter.model.stages import Stage


class AdapterError(Exception):
    """Base of all errors that this program raises on purpose."""


class Fault(AdapterError):
    """The sender must act: a stage stopped the message for these findings.

    `claims` is the header as it was written, where it could be read: enough to address the answer.
    """

    def __init__(self, stage: Stage, findings: tuple[Finding, ...], claims: Header | None = None) -> None:
        super().__init__(f"{stage.value}: " + ", ".join(finding.name for finding in findings))
        self.stage = stage
        self.findings = findings
        self.claims = claims


class Unavailable(AdapterError):
    """Time must pass: a server cannot be reached. Unknown is never treated as bad."""


class Misconfigured(AdapterError):
    """We must act: our configuration, data or key is wrong."""


class NotAllowed(AdapterError):
    """An officer, operator or API caller asks for something that the state or the rights forbid."""


class NoRight(NotAllowed):
    """None of the caller's roles grants it, or not for data of that unit, office or declarant."""


def defect(error: BaseException) -> str:
    """An unexpected error in one line: its type and the places in the code, the innermost first.

    Never its text: a driver's or a parser's may quote values.
    """
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
