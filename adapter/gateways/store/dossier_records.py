"""Rows of dossiers as typed values: a field for each column, and what a statement reads beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.records import StoredReply, StoredVersion
from adapter.model.finding import StoredFinding


@dataclass(frozen=True, slots=True)
class StoredDossier:
    """A dossier as it was kept."""

    id: int
    number: str
    year: int
    procedure: str
    state: str
    channel: str
    version: int
    gate: str | None
    unit: str | None
    principal: str | None
    declarant: str | None
    identities: list[str]
    crossing_at: datetime | None
    late: bool
    received_at: datetime
    accepted_at: datetime | None
    confirm_due_at: datetime | None
    completed_at: datetime | None
    confirmation_number: str | None
    last_sent: datetime | None
    transferred: bool
    alias_number: str | None
    versions: int
    replies: int
    journal: int
    journal_head: str


@dataclass(frozen=True, slots=True)
class StoredConfirmation:
    """What a confirmation confirms, as it was kept."""

    id: int
    number: str
    dossier_id: int
    version: int
    outbox_id: int


@dataclass(frozen=True, slots=True)
class FoundDossier(StoredDossier):
    """A dossier that was looked up. `matched`: the newest version that states what was asked for."""

    matched: int


@dataclass(frozen=True, slots=True)
class ConfirmationWithReply(StoredConfirmation):
    """A confirmation with the times of the reply that carries it. `sent_in_law`: by whichever way it was sent first."""

    route: str
    created_at: datetime
    sent_at: datetime | None
    sent_in_law: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConfirmationNumber:
    """The number of a confirmation and the reply that carries it."""

    number: str
    outbox_id: int


@dataclass(frozen=True, slots=True)
class VersionWithMessage(StoredVersion):
    """A version with the message that brought it."""

    message_id: str | None
    public_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class VersionInForce:
    """Of a dossier: the mapping of its version in force, and how and where it was received first."""

    mapping: str
    channel: str
    gate: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A dossier whose version in force has a search key of this kind and value."""

    kind: str
    value: str
    id: int
    number: str
    year: int
    channel: str
    procedure: str
    gate: str | None
    crossing_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageWithDossier:
    """A message with the state and the identities of its dossier, where it has one."""

    id: int
    public_id: str
    bound_to: str | None
    state: str
    outcome: str | None
    findings: list[StoredFinding]
    procedure: str | None
    reference: str | None
    year: int | None
    received_at: datetime
    dossier_id: int | None
    dossier_state: str | None
    identities: list[str] | None


@dataclass(frozen=True, slots=True)
class MessageOfDossier:
    """What was declared about a dossier, as its declarant is shown it."""

    id: int
    pair: str | None
    channel: str
    outcome: str | None
    findings: list[StoredFinding]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """A message that waits for an operator. `size` in bytes; `head`: the first bytes of the message."""

    public_id: str
    message_id: str | None
    note: str | None
    size: int
    head: bytes
    digest: str
    received_at: datetime
    channel: str
    procedure: str | None
    pair: str | None


@dataclass(frozen=True, slots=True)
class OriginalReply(StoredReply):
    """A reply that is no copy of another one: its bytes are here."""

    body: bytes


@dataclass(frozen=True, slots=True)
class DecisionTimes:
    """A signed decision and its times, without its bytes. `delivered_at`: when the declarant had it."""

    kind: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadableReply(OriginalReply):
    """A reply that its declarant may read; of a request to amend, when and why it was withdrawn."""

    withdrawn_at: datetime | None
    withdrawal_reason: str | None


@dataclass(frozen=True, slots=True)
class ReplyWithoutBody:
    """A reply and its way; its bytes stay in the store."""

    ordinal: int
    kind: str
    type: str
    function: str
    message_id: str
    route: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    answer: str | None
    awaits_unit: str | None


@dataclass(frozen=True, slots=True)
class UnopenedReply:
    """A reply that the declarant does not have yet."""

    dossier_id: int
    kind: str
    route: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConfirmingReply:
    """The reply that carries a confirmation of this number; `confirmation_number`: the newest one of its dossier."""

    digest: str
    created_at: datetime
    taken_back_at: datetime | None
    delivered_at: datetime | None
    number: str
    confirmation_number: str | None
    state: str
    """Of the dossier."""


@dataclass(frozen=True, slots=True)
class TransferWithDossier:
    """A transfer that the window has not confirmed, with its dossier."""

    message_id: str
    created_at: datetime
    sent_at: datetime | None
    answer: str | None
    awaits_unit: str | None
    number: str
    year: int
    procedure: str
