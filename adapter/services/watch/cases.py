"""How an answer reaches the window after an incident (NĐ 85/2019 Article 17(5)): one table of cases. Pure.

Whoever makes an answer, sends, transfers or reports one asks `settlement`; nothing else decides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from adapter.model.stages import Channel


class CameBy(StrEnum):
    """How the window has got the answered message, or whether it has not."""

    WINDOW = "window"
    """By itself: the window has sent it."""
    PORTAL = "portal"
    """Not yet: the declarant has entered it on the portal."""
    TRANSFERRED = "transferred"
    """By our transfer, which it has receipted: from then on the window is told as of its own messages."""


class Departure(StrEnum):
    """How far an answer is on its way to the window's queue."""

    HELD = "held"
    """It was never published."""
    IN_DOUBT = "in_doubt"
    """It may have been published: a dispatcher took it in hand, and the broker has not confirmed it."""
    CONFIRMED = "confirmed"
    """The broker has it."""


class Settlement(StrEnum):
    """What is to be done so that the window gets the answer."""

    TRANSFER = "transfer"
    """A 40/01 with the bytes of request and reply."""
    ORIGINAL = "original"
    """The original answer leaves."""
    INSTEAD = "instead"
    """A 40/01 with the bytes of request and reply; the original is never sent."""
    AGAIN = "again"
    """The original answer leaves again under its own id; there is no 40/01."""
    NOTHING = "nothing"
    """The window has it, or does not carry the procedure."""


@dataclass(frozen=True, slots=True)
class Case:
    """A signed answer that was not taken back. `opened`: its declarant has read it on the portal."""

    carried: bool
    """Whether the window carries the dossier's procedure at its gate."""
    door: CameBy
    departure: Departure
    opened: bool


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A line of the table; None means either."""

    settlement: Settlement
    carried: bool | None = None
    door: CameBy | None = None
    departure: Departure | None = None
    opened: bool | None = None

    def holds(self, case: Case) -> bool:
        """Whether the line is about this case."""
        wanted = ((self.carried, case.carried), (self.door, case.door), (self.departure, case.departure))
        return all(stated in (None, is_so) for stated, is_so in (*wanted, (self.opened, case.opened)))


TABLE = (
    CaseLine(Settlement.NOTHING, door=CameBy.PORTAL, carried=False),
    CaseLine(Settlement.TRANSFER, door=CameBy.PORTAL, carried=True),
    # What the window has sent it carries, whatever was stated since.
    CaseLine(Settlement.ORIGINAL, door=CameBy.WINDOW, departure=Departure.HELD, opened=False),
    CaseLine(Settlement.INSTEAD, door=CameBy.WINDOW, departure=Departure.HELD, opened=True),
    CaseLine(Settlement.AGAIN, door=CameBy.WINDOW, departure=Departure.IN_DOUBT),
    CaseLine(Settlement.NOTHING, door=CameBy.WINDOW, departure=Departure.CONFIRMED),
    # What was declared on the portal is read there in any case: reading it holds nothing back.
    CaseLine(Settlement.NOTHING, door=CameBy.TRANSFERRED, carried=False),
    CaseLine(Settlement.ORIGINAL, door=CameBy.TRANSFERRED, carried=True, departure=Departure.HELD),
    CaseLine(Settlement.AGAIN, door=CameBy.TRANSFERRED, carried=True, departure=Departure.IN_DOUBT),
    CaseLine(Settlement.NOTHING, door=CameBy.TRANSFERRED, carried=True, departure=Departure.CONFIRMED),
)
"""Exactly one line applies to each possible case."""


def settlement(case: Case) -> Settlement:
    """What is to be done so that the window gets the answer."""
    return next(row.settlement for row in TABLE if row.holds(case))


class AnswerTimes(Protocol):
    """The stored facts about an answer's way."""

    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def in_hand_at(self) -> datetime | None: ...
    @property
    def returns(self) -> int: ...
    @property
    def answer(self) -> str | None: ...
    @property
    def delivered_at(self) -> datetime | None: ...


def new_answer(channel: Channel, *, transferred: bool, carried: bool) -> Case:
    """The case of an answer that is being made to a message of that channel.

    `transferred`: the window has receipted every transfer of its dossier, and with them the message.
    """
    door = CameBy.WINDOW if channel is Channel.WINDOW else CameBy.TRANSFERRED if transferred else CameBy.PORTAL
    return Case(carried, door, Departure.HELD, opened=False)


def case_of(answer: AnswerTimes, *, declared: Channel) -> Case:
    """The case of a stored answer that goes to the window as itself. `declared`: by which door its dossier came.

    Of the window's own a declarant has what was never published only if he has opened it on the portal.
    """
    departure = Departure.HELD
    if answer.sent_at is not None:
        departure = Departure.CONFIRMED
    elif answer.in_hand_at is not None or answer.returns or answer.answer is not None:
        departure = Departure.IN_DOUBT
    door = CameBy.WINDOW if declared is Channel.WINDOW else CameBy.TRANSFERRED
    return Case(True, door, departure, answer.delivered_at is not None)
