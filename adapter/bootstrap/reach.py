"""Which keys and use cases a process of the daemon reaches: what it must not do it cannot, whatever code asks."""

from __future__ import annotations

from enum import StrEnum

from adapter.model.errors import Misconfigured


class Reach(StrEnum):
    """The reach of a process."""

    WHOLE = "whole"
    """Workers, dispatcher, clock, the part that decides, and commands: every key."""
    PORTAL = "portal"
    """The listener for the Internet: the portal's key alone, and no look-ups."""
    STAFF = "staff"
    """The listener for the inner network: no key at all."""


class OutOfReach(Misconfigured):
    """Something was asked of a process that is not its to do; a defect of ours or an attack, and never done."""

    def __init__(self, reach: Reach, what: str) -> None:
        super().__init__(f"the process of {reach} {what}")
