"""Typed rows of the message browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.records import StoredReply
from adapter.model.finding import StoredFinding


@dataclass(frozen=True, slots=True)
class BrowsedMessage:
    """A message in a list; its bytes stay in the store."""

    id: int
    public_id: str
    sender: str
    message_id: str | None
    channel: str
    received_at: datetime
    state: str
    outcome: str | None
    findings: list[StoredFinding]
    procedure: str | None
    pair: str | None
    reference: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class BrowsedReply:
    """An answer of ours; its bytes stay in the store."""

    message_id: str
    kind: str
    type: str
    function: str
    route: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    taken_back_at: datetime | None
    delivered_at: datetime | None
    answer: str | None
    returns: int
    fault: str | None
    awaits_unit: str | None
    copy_of: int | None


@dataclass(frozen=True, slots=True)
class ReplyWithMessage(StoredReply):
    """An answer with its bytes, and our id of the message that it answers."""

    answers: str | None


@dataclass(frozen=True, slots=True)
class StoredTry:
    """One try of a message."""

    at: datetime
    settled_at: datetime | None
