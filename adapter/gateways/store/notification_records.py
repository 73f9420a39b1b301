"""Notifications, e-mails, addresses and notices of the mode as they are kept: typed rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredNotification:
    """A notification with what its dossier and its request to amend say. Times are aware."""

    id: int
    number: str
    kind: str
    words: Mapping[str, str]
    created_at: datetime
    due_at: datetime | None
    read_at: datetime | None
    dossier_number: str | None
    dossier_year: int | None
    answer_before: datetime | None
    """Of a request to amend: what form 13 says."""


@dataclass(frozen=True, slots=True)
class NoticeArrival:
    """How far a notification came: when its reader has read it, and its e-mails counted by their state."""

    number: str
    cause: str
    created_at: datetime
    due_at: datetime | None
    read_at: datetime | None
    mails: int
    sent: int
    failed: int

    @property
    def has_arrived(self) -> bool:
        """Whether he has read it, or a mail server has taken its e-mail."""
        return self.read_at is not None or self.sent > 0


@dataclass(frozen=True, slots=True)
class StoredMail:
    """An e-mail of ours."""

    id: int
    kind: str
    address: str
    words: Mapping[str, str]
    message_id: str
    created_at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class StoredMailAddress:
    """Where a person wants to be told of what concerns a number."""

    address: str | None
    pending: str | None
    code: str | None
    """SHA-256 of the code that was sent to `pending`."""
    code_until: datetime | None
    tries: int
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredModeNotice:
    """A published notice; `body` None: it is not signed yet."""

    id: int
    number: str
    at: datetime
    mode: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    announcement: str | None
    expected_end: datetime | None
    body: bytes | None
    digest: str | None
