"""Parked messages judged again from a page, many at once: who asks is known by the session, the result is one list.

A web process holds no keys, so the part that decides does it. The broker's part of the quarantine is for the command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapter.gateways.store import journal, listings
from adapter.gateways.store.database import Database
from adapter.gateways.store.dossier_records import ParkedMessage
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.services.access.rights import Right, needs
from adapter.services.dossiers.acts import SessionOver
from adapter.services.messages.intake import Intake

AT_ONCE = 200
"""Messages of one replay; the rest stays parked and is replayed by the next."""
_REASONS = 50
"""Reasons that are listed."""


@dataclass(frozen=True, slots=True)
class ReplayedMessage:
    """The result for one message. `state` and `outcome` are empty if it was not parked any more."""

    id: str
    procedure: str | None
    pair: str | None
    state: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ParkedReason:
    """A reason with the number of all messages that are parked for it."""

    reason: str
    many: int


@dataclass(frozen=True, slots=True)
class ParkedList:
    """The reasons, the most frequent first, and the oldest parked messages. `more`: others that are not shown."""

    reasons: tuple[ParkedReason, ...]
    messages: tuple[ParkedMessage, ...]
    more: bool


class Replays(Protocol):
    """Judging parked messages again in the name of a session."""

    def replay(self, secret: str, reason: str | None) -> Sequence[ReplayedMessage]:
        """Judge the oldest parked messages again: those of one reason, or all.

        Raises:
            SessionOver: the operator has to log in again.
            NoRight: none of his roles grants it.
            Unavailable: a server is away; what was judged before stays judged.
        """


@dataclass(frozen=True)
class ParkedMessages:
    """What is parked in the store."""

    database: Database

    def listed(self, reason: str | None = None, *, actor: Actor) -> ParkedList:
        """The reasons, and the oldest parked messages, of one reason (None: of any).

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            found = listings.parked(connection, limit=AT_ONCE + 1, head=0, reason=reason)
            reasons = tuple(ParkedReason(*each) for each in listings.parked_reasons(connection, _REASONS))
        return ParkedList(reasons, tuple(found[:AT_ONCE]), len(found) > AT_ONCE)


@dataclass(frozen=True)
class SessionReplays:
    """Replays in this process, which holds the keys. `recognise` gives the person of a session, or None."""

    parked: ParkedMessages
    intake: Callable[[], Intake]
    recognise: Callable[[str], Actor | None]

    def replay(self, secret: str, reason: str | None) -> Sequence[ReplayedMessage]:
        """As `Replays.replay`."""
        operator = self.recognise(secret)
        if operator is None:
            raise SessionOver
        needs(operator, Right.REPLAY_QUARANTINE)
        return [self._one(each, operator) for each in self._oldest(reason)]

    def _oldest(self, reason: str | None) -> Sequence[ParkedMessage]:
        with self.parked.database.reading() as connection:
            return listings.parked(connection, limit=AT_ONCE, head=0, reason=reason)

    def _one(self, parked: ParkedMessage, operator: Actor) -> ReplayedMessage:
        intake, database = self.intake(), self.parked.database
        detail = {"message": parked.public_id, "digest": parked.digest}
        with database.transaction() as connection:
            row = listings.parked_message(connection, parked.public_id)
            if row is not None:
                entry = Entry.by("quarantine.replay", operator, intake.clock(), detail)
                journal.append(connection, database, entry)
        if row is None:
            return ReplayedMessage(parked.public_id, parked.procedure, parked.pair, "", "")
        settled = intake.wake(row, may_wait=True)
        return ReplayedMessage(
            parked.public_id, parked.procedure, parked.pair, settled.state.value, settled.outcome.value
        )
