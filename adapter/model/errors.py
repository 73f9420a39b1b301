"""Errors, sorted by who must act. Third-party exceptions never leave the module that called the library.

AdapterError
  Fault           the sender must act   -> signed answer, normal commit
  Unavailable     time must pass        -> rollback, back off, nothing is acknowledged
  Misconfigured   we must act           -> parked for the operator, the sender is told nothing false
anything else     a defect              -> as Misconfigured, with its traceback
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.model.finding import Finding
    from adapter.model.header import Header
    from adapter.model.stages import Stage


class AdapterError(Exception):
    """Whatever this program raises on purpose."""


class Fault(AdapterError):
    """The sender must act: a stage stopped the message, for the findings given.

    `claims` is the header as it was written, where it could be read: enough to address the answer.
    """

    def __init__(self, stage: Stage, findings: tuple[Finding, ...], claims: Header | None = None) -> None:
        super().__init__(f"{stage.value}: " + ", ".join(finding.name for finding in findings))
        self.stage = stage
        self.findings = findings
        self.claims = claims


class Unavailable(AdapterError):
    """Time must pass: a server cannot be reached. "Cannot tell" is never "is bad"."""


class Misconfigured(AdapterError):
    """We must act: configuration, data or key of ours is wrong."""


class NotAllowed(AdapterError):
    """A caller at one of our own doors (officer, operator, API) asks for what the state or its rights forbid."""
