"""How declarations come in and answers leave, by the mode of the window and the link of the procedure. Pure.

Article 9(1): by the single window where the link is complete. Article 9(2): by the portal where it is not, or while
the window has an incident. Door, dispatcher and pages ask `way`, and nothing else decides it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.model.procedure import Procedure
from adapter.services.watch.mode import Mode


@dataclass(frozen=True, slots=True)
class WindowLink:
    """A statement about a procedure at a gate, from `since` (included) to `until` (excluded); times are aware."""

    procedure: str
    gate: str | None
    """None: at every gate of which nothing else is stated."""
    linked: bool
    since: datetime
    until: datetime | None

    def stands(self, at: datetime) -> bool:
        """Whether it is in force at that moment."""
        return self.since <= at and (self.until is None or at < self.until)


def is_linked(procedure: Procedure, gate: str | None, at: datetime, stated: Iterable[WindowLink]) -> bool:
    """Whether the window carries the procedure at the gate at that moment.

    What is stated of the gate goes before what is stated of all gates, and the newer before the older. Where nothing
    is stated, the mapping says it (`on_window`); what it calls `always_linked` nobody can state otherwise.
    """
    if not procedure.on_window or procedure.always_linked:
        return procedure.on_window
    about = [each for each in stated if each.procedure == procedure.code and each.gate in (None, gate)]
    in_force = [each for each in about if each.stands(at)]
    newest = max(in_force, key=lambda each: (each.gate is not None, each.since), default=None)
    return newest is None or newest.linked


class PortalTakes(StrEnum):
    """What the portal accepts of new declarations."""

    ALL = "all"
    BEGUN = "begun"
    """What was begun at the portal while it took all; new ones go to the window. About a dossier or a draft: it is one
    that was begun so, and is still taken."""
    SIGNED = "signed"
    """Drafts, also signed ones: they are sent when the portal opens."""
    DRAFTS = "drafts"
    """Drafts; they are declared by the window."""


class Leaves(StrEnum):
    """What happens with replies to the window. Replies of one dossier always leave in their order."""

    AT_ONCE = "at_once"
    WAIT = "wait"
    IN_ORDER = "in_order"
    """Waiting replies leave, the oldest first, before new ones."""
    NO_TRANSFERS = "no_transfers"
    """Replies leave; transfers wait until it is known that the window works."""
    NEVER = "never"
    """The window does not carry the procedure: there are none, and no transfers."""


@dataclass(frozen=True, slots=True)
class Way:
    """What the portal accepts, what happens with replies, and whether answers are shown."""

    takes: PortalTakes
    replies: Leaves
    shows: bool
    """An answer to a dossier of the window is shown at the portal before the broker has it: opened earlier, it would
    not leave by the window any more."""


_LINKED = {
    Mode.NEVER_HEARD: Way(PortalTakes.DRAFTS, Leaves.AT_ONCE, shows=False),
    Mode.NORMAL: Way(PortalTakes.DRAFTS, Leaves.AT_ONCE, shows=False),
    Mode.SUSPECT: Way(PortalTakes.SIGNED, Leaves.WAIT, shows=False),
    Mode.DIRECT: Way(PortalTakes.ALL, Leaves.WAIT, shows=True),
    Mode.MAINTENANCE: Way(PortalTakes.ALL, Leaves.WAIT, shows=True),
    Mode.RECONCILING: Way(PortalTakes.BEGUN, Leaves.IN_ORDER, shows=True),
    # The mode is unknown: declarations wait until it is known; replies may go to the broker, which keeps them.
    Mode.UNKNOWN: Way(PortalTakes.SIGNED, Leaves.NO_TRANSFERS, shows=False),
}
_UNLINKED = Way(PortalTakes.ALL, Leaves.NEVER, shows=True)


def way(mode: Mode, *, linked: bool) -> Way:
    """The way of a procedure at a gate. `linked`: as `is_linked` says."""
    return _LINKED[mode] if linked else _UNLINKED
