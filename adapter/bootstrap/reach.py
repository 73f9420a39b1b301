"""The keys and use cases that a process of the daemon can reach; the rest it cannot use, whatever code asks."""

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
    """A process was asked for something outside its reach: a defect of ours or an attack. It is never done."""

    def __init__(self, reach: Reach, what: str) -> None:
        super().__init__(f"the process of {reach} {what}")
