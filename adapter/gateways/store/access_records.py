"""Rows of tokens, sessions, values of statements and drafts as typed values: a field for each column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.pipeline.forms.answers import StoredAnswers


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as it was kept: only its hash."""

    id: int
    hash: str
    role: str
    """A use of a machine, or `person`. Tokens of 0.1.0 have other roles too, which open nothing any more."""
    label: str
    person: str | None
    bound_to: str | None
    office: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it was kept: only the hash of what the browser holds."""

    hash: str
    area: str
    """The listener that it is valid for: portal, staff."""
    csrf: str
    account: str | None
    provider_session: str | None
    number: str | None
    tax_code: str | None
    acts_for: str | None
    name: str | None
    person: str | None
    """Of staff: the id in the register of people."""
    underway: dict[str, str]
    """The values that the return from the identity provider is compared with."""
    created_at: datetime
    proven_at: datetime | None
    """Of staff: when he last proved his identity."""
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredStatementValue:
    """A random value of a statement as it was kept: only its hash."""

    hash: str
    purpose: str
    account: str | None
    issued_at: datetime
    ends_at: datetime
    used_at: datetime | None
    number: str | None
    """Of who has sent a file with it."""
    digest: str | None
    """SHA-256 of that file's Body, canonical."""
    message: str | None
    """What the file became."""


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft as it was kept."""

    id: int
    public_id: str
    owner: str
    procedure: str
    pair: str
    answers: StoredAnswers
    version: int
    message_key: str
    number: str | None
    year: int | None
    created_at: datetime
    changed_at: datetime
    pressed_at: datetime | None
    signed: bytes | None
    sent_at: datetime | None
    sent_as: str | None
    base: int | None
    declared: str | None
    cover: dict[str, str] | None
    acts_for: str | None
    granted_for: str | None
    waits_since: datetime | None
    leaves_at: datetime | None
    held_back: dict[str, str] | None
