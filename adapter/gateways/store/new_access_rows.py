"""Rows of people, tokens, sessions, drafts and registers that services write, by the columns of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict

from adapter.pipeline.forms.answers import StoredAnswers


class TokenFacts(TypedDict):
    """What a token opens: a use of a machine, or the rights of a person."""

    role: str
    person: NotRequired[str]
    bound_to: NotRequired[str | None]
    office: NotRequired[str | None]


class NewToken(TokenFacts):
    """A token: only its hash."""

    hash: str
    label: str
    created_at: datetime
    expires_at: datetime | None


class SessionHolder(TypedDict, total=False):
    """Who has logged in, or what a log-in under way is compared with."""

    account: str | None
    provider_session: str | None
    number: str | None
    tax_code: str | None
    name: str | None
    person: str | None
    underway: dict[str, str]
    proven_at: datetime | None


class NewSession(TypedDict):
    """A session: only the hash of what the browser holds."""

    hash: str
    csrf: str
    area: str
    account: str | None
    provider_session: str | None
    number: str | None
    tax_code: str | None
    name: str | None
    person: str | None
    underway: dict[str, str]
    created_at: datetime
    proven_at: datetime | None
    seen_at: datetime
    ends_at: datetime


class NewPerson(TypedDict):
    """An entry of the register of people."""

    code: str
    name: str
    rank: str
    roles: list[str]
    unit: str | None
    office: str | None
    login: str | None
    since: datetime
    granted_by: str


class ActingFor(TypedDict, total=False):
    """For whom a draft is begun: the organisation of the account, or who has authorised its owner."""

    acts_for: str | None
    granted_for: str | None


class DraftSubject(ActingFor, total=False):
    """Of a draft about a dossier: its number, and what it was begun with."""

    number: str
    year: int
    base: int | None
    declared: str | None
    cover: dict[str, str]


class WaitingFile(ActingFor, total=False):
    """Of a file that other software has signed and that waits for the portal to open: that, and its press."""

    signed: bytes
    pressed_at: datetime
    waits_since: datetime


class DraftOrigin(DraftSubject, WaitingFile, total=False):
    """What a draft is begun with, if with anything."""


class NewDraft(DraftOrigin):
    """A draft."""

    public_id: str
    owner: str
    procedure: str
    pair: str
    answers: StoredAnswers
    version: int
    message_key: str
    created_at: datetime
    changed_at: datetime


class NewCertificate(TypedDict):
    """A registered certificate."""

    issuer: str
    serial: str
    fingerprint: str
    subject: str
    holder: str
    number: str | None
    valid_from: datetime
    valid_to: datetime
    registered_with: str
    since: datetime
    state: str
    changed_at: datetime
    body: bytes


class NewAuthorisation(TypedDict):
    """A letter of authorisation."""

    holder: str
    principal: str
    document: str
    procedure: str | None
    granted_by: str
    valid_from: datetime
    valid_to: datetime | None
    granted_at: datetime
    file_digest: str | None
    file_name: str | None
    unit: str | None
    entered_by: str | None


class NewStatementValue(TypedDict):
    """A random value for a statement: only its hash."""

    hash: str
    purpose: str
    account: str | None
    issued_at: datetime
    ends_at: datetime


class NewSuspension(TypedDict):
    """A suspended account."""

    number: str
    unit: str | None
    reason: str
    officer: str
    since: datetime
    ground: NotRequired[str]
    document: NotRequired[str | None]
    principal: NotRequired[str | None]
    decided_by: NotRequired[str | None]
    told: NotRequired[Sequence[str]]


class NewDelegation(TypedDict):
    """What a deputy is to decide for the head of his unit."""

    person: str
    unit: str
    document: str
    valid_from: datetime
    valid_to: datetime
    granted_by: str
    granted_at: datetime


class NewLink(TypedDict):
    """Whether a procedure is linked to the window at a gate."""

    procedure: str
    gate: str | None
    linked: bool
    since: datetime
    until: datetime | None
    document: str
    stated_by: str
    stated_at: datetime
