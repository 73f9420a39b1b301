"""A dossier (hồ sơ) and its life, as one transition table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning
from adapter.model.stages import Channel


class DossierState(StrEnum):
    """Where a dossier stands. Completion says that the declaration is complete, never that one may cross."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What can happen to a dossier."""

    DECLARE = "declare"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    COMPLETE = "complete"
    REFUSE = "refuse"


TRANSITIONS: dict[tuple[DossierState | None, Act], DossierState] = {
    (None, Act.DECLARE): DossierState.RECEIVED,
    (DossierState.RECEIVED, Act.REPLACE): DossierState.RECEIVED,
    (DossierState.RECEIVED, Act.WITHDRAW): DossierState.WITHDRAWN,
    (DossierState.RECEIVED, Act.ACCEPT): DossierState.ACCEPTED,
    # A refusal needs no acceptance before it: NĐ 85/2019 Article 19(2)(b) names it beside acceptance, not after it.
    (None, Act.REFUSE): DossierState.REFUSED,
    (DossierState.RECEIVED, Act.REFUSE): DossierState.REFUSED,
    (DossierState.ACCEPTED, Act.COMPLETE): DossierState.COMPLETED,
}
"""Every lawful step; what is not here is a wrong state."""

ACTS = {
    Meaning.DECLARATION: Act.DECLARE,
    Meaning.REPLACEMENT: Act.REPLACE,
    Meaning.WITHDRAWAL: Act.WITHDRAW,
}
"""The act that a declarant's message asks for."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as the store knows it at one moment. `id` is None until it is stored; times are aware."""

    key: DossierKey
    procedure: str
    state: DossierState
    channel: Channel
    version: int
    received_at: datetime
    accepted_at: datetime | None = None
    completed_at: datetime | None = None
    id: int | None = None
    last_sent: datetime | None = None
    """`sendDate` of the newest version, so that an older one that arrives late is known."""
    transferred: bool = False
    """The window has receipted the transfer of what was decided directly: later replies go to it normally."""
    replies: int = 0
    """How many replies it has had; the next one's place in their order."""
    journal: int = 0
    """How many journal entries it has; `journal_head` is the hash (hexadecimal) of the last."""
    journal_head: str = ""


def step(state: DossierState | None, act: Act) -> DossierState | None:
    """The state after an act, or None where the table has no such step."""
    return TRANSITIONS.get((state, act))
