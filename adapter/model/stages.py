"""The stages of judging a message, as types: each holds the one before, so that only one order compiles.

    Submission -> Envelope -> VerifiedDocument -> ValidDocument -> Declaration -> outcome

Each is constructed in one module only (tests/architecture holds that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lxml import etree

from adapter.model.finding import Finding, Severity
from adapter.model.header import Header
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.partial_date import PartialDate
from adapter.model.procedure import Meaning, MessageSpec, Procedure

Value = str | int | bool | date | datetime | PartialDate
"""One mapped value. `datetime` is aware (Asia/Ho_Chi_Minh)."""
Record = Mapping[str, Value]
"""Values under the mapping's names; an absent value has no key."""
StoredRecord = Mapping[str, str | int | bool]
"""The same as the store keeps them: dates and times as element texts."""


class Channel(StrEnum):
    """The door a message came in by."""

    WINDOW = "window"
    PORTAL = "portal"
    MANUAL = "manual"
    """On paper, entered by officers afterwards: of dossiers alone, no message comes so."""


MESSAGE_CHANNELS = (Channel.WINDOW, Channel.PORTAL)
"""The channels by which messages come, and are answered."""


class Stage(StrEnum):
    """Steps of judging, in order; used in findings, logs and metrics."""

    OPEN = "open"
    VERIFY = "verify"
    VALIDATE = "validate"
    READ = "read"
    CHECK = "check"
    DECIDE = "decide"


LOCKED, ANSWERED = "locked", "answered"
"""Steps of storing, of which times are kept too: the dossiers of a whole batch are locked and read; the rows and the
signed answer of one message are made."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The received bytes of one channel.

    `received_at` is aware. `bound_to` is the personal number or tax code that the door authenticated, if it did.
    `correlation_id` is the transport's claim of which message of ours this answers.
    `redelivered` says that an earlier try did not settle (a crash, a lost connection).
    """

    raw: bytes
    channel: Channel
    received_at: datetime
    digest: Digest
    bound_to: str | None = None
    pressed_at: datetime | None = None
    """When its declarant pressed to have it sent as soon as the portal opens, where it waited for that."""
    correlation_id: str | None = None
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Well-formed, within limits, no DTD. The header's values are claims."""

    submission: Submission
    tree: etree._Element
    """The received, unwrapped tree: signatures are verified over it and lines looked up in it; no stage reads values
    from it."""
    header: Header
    procedure: Procedure
    spec: MessageSpec
    unwrapped: int
    """How many levels of XML escaping were undone (0 to 2)."""


class SignerRole(StrEnum):
    """What a certificate signs as."""

    WINDOW_SYSTEM = "window"
    PORTAL_SYSTEM = "portal"
    DECLARANT = "declarant"
    BORDER = "border"
    """The border guard itself: its system and its units."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A signer: role, subject and issuer (RFC 4514), serial number (hexadecimal), and the source of trust."""

    role: SignerRole
    subject: str
    issuer: str
    serial: str
    store: str
    numbers: tuple[str, ...] = ()
    """Tax codes and personal numbers in the certificate (`trust.identity`), where it has any."""
    partner: str | None = None
    """The partner of the configuration, for a pinned system certificate."""
    claimed: datetime | None = None
    """When he says that he signed (XAdES), aware; None where the signature says nothing."""
    proven: datetime | None = None
    """The latest time at which a time stamp proves that the signature existed, aware; None without one."""


@dataclass(frozen=True, slots=True)
class VerifiedDocument:
    """The signed element that verification returned, without its signatures: all that later stages see."""

    envelope: Envelope
    element: etree._Element
    header: Header
    """The header again, read from the signed element: no longer a claim."""
    signers: tuple[Signer, ...]
    content_digest: Digest
    """SHA-256 over exclusive C14N of `element`: what the message says, however it is spelled (wire profile 5)."""
    findings: tuple[Finding, ...] = ()
    """Findings of trust beside the signers: a warning, or that the status is not known yet."""

    @property
    def system_signer(self) -> Signer:
        """Who sealed the message: the single window, or the portal."""
        return self.signers[0]

    @property
    def declarant_signer(self) -> Signer | None:
        """Who signed the Content beside the system's seal; None where the seal is the only signature."""
        return self.signers[-1] if len(self.signers) > 1 else None

    @property
    def meaning(self) -> Meaning:
        """What the message means, from its (type, function)."""
        return self.envelope.spec.meaning

    @property
    def key(self) -> DossierKey:
        """The dossier the message is about."""
        subject = self.header.subject
        return subject.earlier if self.meaning.is_amendment else subject.key

    @property
    def sender(self) -> str:
        """The verified sender: half of a message's identity. The callers of a portal are different senders."""
        system = self.system_signer
        bound = self.envelope.submission.bound_to
        return f"{system.partner}:{bound}" if bound else str(system.partner)


@dataclass(frozen=True, slots=True)
class ValidDocument:
    """The same element, valid against the XSD of its (documentType, type, function)."""

    verified: VerifiedDocument


@dataclass(frozen=True, slots=True)
class Declaration:
    """Typed values under the mapping's names, and the warnings of the rules."""

    valid: ValidDocument
    values: Record
    rows: Mapping[str, tuple[Record, ...]]
    findings: tuple[Finding, ...] = ()

    @property
    def verified(self) -> VerifiedDocument:
        return self.valid.verified

    @property
    def received_at(self) -> datetime:
        """When the border side's system had the message that brought it; a message that waited, when it first came."""
        return self.verified.envelope.submission.received_at

    @property
    def declared_at(self) -> datetime:
        """The earliest proven time of the declaration, by which the declarant is late or not.

        The window's sealed sendDate, where it lies within the bounds of reception (`pipeline/signature/signing_time`);
        of what waited for the portal to open when it was pressed there; else reception.
        """
        envelope, sent = self.verified.envelope, self.verified.header.subject.send_date
        if envelope.submission.pressed_at is not None:
            return min(envelope.submission.pressed_at, self.received_at)
        if envelope.submission.channel is not Channel.WINDOW or sent is None:
            return self.received_at
        return min(sent, self.received_at)

    @property
    def is_complete(self) -> bool:
        """Complete and valid by the rules ("đầy đủ, hợp lệ", Articles 13(2), 16(2)): no rule asks for an amendment."""
        return all(finding.severity is not Severity.REQUEST for finding in self.findings)
