"""What the door and the part that judges say to each other: who asks, what he asks for, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapter.model.errors import Unavailable
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from adapter.model.stages import Envelope
from adapter.pipeline.units import gate_before


class WindowUnknown(Unavailable):
    """It is not known whether the window works, so it is not known whether the door is open."""

    def __init__(self, retry_s: float, reason: str) -> None:
        super().__init__(f"the window's state is not known: {reason}")
        self.retry_s, self.reason = retry_s, reason


class WindowSuspected(WindowUnknown):
    """The window seems to be down: the door opens when that is confirmed, or has lasted."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a message that was taken in, as it is stored."""

    public_id: str
    reference: str | None
    year: int | None
    state: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ForeseenAnswer:
    """What a declaration would be answered now. `duplicate`: the same was sent before, and has its answer."""

    outcome: Word
    findings: tuple[StatedFinding, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name something enters: by an authenticated personal number or tax code, with what is known beside."""

    number: str
    organisation: str | None = None
    """Tax code of the organisation whose account he has logged in with."""
    begun_at: datetime | None = None
    """When he began to fill it in at the portal; None: he did not."""
    pressed_at: datetime | None = None
    """When he pressed, where it has waited since for the portal to open."""
    statement: str | None = None  # without log-in: the hash of the value in the statement signed for this file

    @property
    def numbers(self) -> tuple[str, ...]:
        """His own numbers: each has dossiers."""
        return (self.number, self.organisation) if self.organisation else (self.number,)


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message that asks to be let in, as its header says before anybody has judged it."""

    message_id: str
    mapping: str
    """The name of its procedure's version."""
    is_amendment: bool
    gate: str | None
    key: DossierKey
    earlier: DossierKey


def arriving(envelope: Envelope) -> Arriving:
    """What an opened message asks."""
    subject, procedure = envelope.header.subject, envelope.procedure
    return Arriving(
        message_id=envelope.header.message_id or "",
        mapping=procedure.name,
        is_amendment=envelope.spec.meaning.is_amendment,
        gate=gate_before(procedure, envelope.tree),
        key=subject.key,
        earlier=subject.earlier,
    )


class Reception(Protocol):
    """Takes what the door has sealed in the name of an authenticated caller."""

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """The number of the caller's message or draft that he knows by this name: the same whenever it is asked for.

        `asks`: the message that needs it, which is looked at first; none is drawn for what will be turned away.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; no number was drawn, or the same will be given again.
        """

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """Judge and store a sealed declaration; taken again, it has the same place and the stored answer.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; nothing was stored, or the same is to be sent again.
        """

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """What `take` would answer now; nothing is kept. A declaration without a number bears a placeholder.

        Raises:
            TurnedAway, Unavailable: as `take`.
        """
