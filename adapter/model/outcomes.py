"""Outcomes of judging. The words accepted, refused, rejected and parked mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.model.finding import Finding
from adapter.model.header import Header
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Declaration, Stage, VerifiedDocument


class Word(StrEnum):
    """The four outcomes (wire profile 3)."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REJECTED = "rejected"
    PARKED = "parked"


class PublishFault(StrEnum):
    """Why a reply did not leave when it was published."""

    RETURNED = "returned"
    """No queue of the broker takes it."""
    REFUSED = "refused"
    """The broker said no: a queue is full, or has no place on its disk."""
    UNCONFIRMED = "unconfirmed"
    """The broker said nothing, and the connection was lost: it may have left."""


class MessageState(StrEnum):
    """The state of a stored message: settled; it waits; an operator has to look at it."""

    SETTLED = "settled"
    WAITING = "waiting"
    PARKED = "parked"


class Route(StrEnum):
    """The way of a reply: by the window's queue, read on the portal, or as a transfer to the window (40/01).

    `AWAITING_KEY` is the route of what waits for the key of its unit: it is not sent, also not by an earlier version.
    """

    WINDOW = "window"
    PORTAL = "portal"
    TRANSFER = "transfer"
    AWAITING_KEY = "unit"


@dataclass(frozen=True, slots=True)
class Accepted:
    """It has its effect: a dossier is made or changed, at once or waiting for an officer."""

    declaration: Declaration
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A message that changes no dossier and is right: a heartbeat, a notice, an answer to one of ours."""

    verified: VerifiedDocument


@dataclass(frozen=True, slots=True)
class Refused:
    """There is a legal ground to refuse it: answered 20/22."""

    declaration: Declaration
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """It cannot be processed: answered t/00.

    `claims` is its header as written, where one could be read; `verified` what verification returned, if it got so far.
    """

    stage: Stage
    findings: tuple[Finding, ...]
    claims: Header | None = None
    verified: VerifiedDocument | None = None


class ParkedFor(StrEnum):
    """The cause of parking, as the log names it."""

    CONFIGURATION = "configuration"
    """Our configuration, data or key is wrong."""
    DEFECT = "defect"
    HELD = "held"
    """It was sent before `waiting.hold_sent_before`."""
    TAKEN_UP_TOO_OFTEN = "taken_up_too_often"
    """The process that judged it ended."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Our own fault: kept for the operator; the sender gets no wrong answer. `reason` holds no payload."""

    stage: Stage | None
    reason: str
    why: ParkedFor


Outcome = Accepted | Noted | Refused | Rejected | Parked


def word(outcome: Outcome) -> Word:
    """The one word for an outcome."""
    match outcome:
        case Accepted() | Noted():
            return Word.ACCEPTED
        case Refused():
            return Word.REFUSED
        case Rejected():
            return Word.REJECTED
        case Parked():
            return Word.PARKED


def verified_of(outcome: Outcome) -> VerifiedDocument | None:
    """What verification returned for this message, if it got so far."""
    match outcome:
        case Accepted(declaration=declaration) | Refused(declaration=declaration):
            return declaration.verified
        case Noted(verified=verified) | Rejected(verified=verified):
            return verified
        case Parked():
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as XML, valid against its own XSD, not yet signed."""

    kind: ReplyKind
    message_id: str
    correlation_id: str | None
    document_type: str
    type: str
    function: str
    key: DossierKey | None
    xml: bytes
    is_units: bool
    """A unit decides it, and signs its Content as well (Article 6(1)): confirmations and requests to amend."""


@dataclass(frozen=True, slots=True)
class UnsignedReply:
    """Composed and kept until the key of the unit of that code can sign it: nothing leaves before."""

    reply: Reply
    unit: str


@dataclass(frozen=True, slots=True)
class SignedReply:
    """Final bytes: never changed again, every copy the same."""

    reply: Reply
    body: bytes
    digest: Digest
