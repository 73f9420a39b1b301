"""Rows that services write, by the columns of their tables.

The type checker refuses a column that is not there (tests/unit/test_records.py compares these with the tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NotRequired, TypedDict

from adapter.model.finding import StoredFinding
from adapter.model.stages import Record
from adapter.pipeline.forms.answers import StoredAnswers

NewRow = Mapping[str, object]
"""A row to be inserted, whose columns one function of a gateway states."""


class NewMessage(TypedDict):
    """A row of the inbox. The ledger adds `id`, `sender` and `identity`."""

    id: NotRequired[int]
    sender: NotRequired[str]
    identity: NotRequired[str]
    public_id: str
    message_id: str | None
    raw: bytes
    digest: str
    content_digest: str | None
    channel: str
    bound_to: str | None
    received_at: datetime
    pressed_at: datetime | None
    state: str
    outcome: str
    stage: str | None
    findings: list[StoredFinding]
    signers: list[dict[str, str]]
    procedure: str | None
    pair: str | None
    schema: str | None
    mapping: str | None
    reference: str | None
    year: int | None
    dossier_id: int | None
    waits_for: str | None
    waits_until: datetime | None
    waits_since: datetime | None
    note: str | None
    steps: dict[str, float]


class NewReply(TypedDict):
    """A row of the outbox. Copies and originals have the same columns: they are written together."""

    id: int
    dossier_id: int | None
    ordinal: int
    inbox_id: int | None
    copy_of: int | None
    kind: str
    message_id: str
    correlation_id: str | None
    document_type: str
    type: str
    function: str
    reference: str
    body: bytes | None
    digest: str
    route: str
    created_at: datetime
    sent_at: datetime | None
    readable_at: datetime | None
    awaits_unit: str | None


class NewRequest(TypedDict):
    """A request to amend (form 13). The ledger adds `outbox_id`: the reply that carries it."""

    id: int
    number: str
    dossier_id: int
    mapping: str
    reason: str
    items: list[dict[str, str | None]]
    officer: str
    requested_at: datetime
    answer_before: datetime
    outbox_id: NotRequired[int]


class NewAmendment(TypedDict):
    """An amendment (form 14). The ledger adds `id`, `dossier_id` and `inbox_id`."""

    id: NotRequired[int]
    dossier_id: NotRequired[int | None]
    inbox_id: NotRequired[int]
    number: str
    mapping: str
    requested: bool
    values: Record
    base: int
    version: int
    state: str
    received_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class NewDeadline(TypedDict):
    """A deadline that begins to run."""

    id: int
    dossier_id: int | None
    incident_id: int | None
    name: str
    kind: str
    party: str
    amount: float
    unit: str
    noticed_at: datetime
    alert_due_at: datetime | None
    warn_at: datetime | None
    starts_with: int | None
    started_at: datetime | None
    due_at: datetime | None


class NewConfirmation(TypedDict):
    """What a confirmation confirms."""

    id: int
    number: str
    dossier_id: int | None
    version: int
    outbox_id: int


class DossierPlace(TypedDict):
    """Columns of a dossier that the values of its version in force fill."""

    gate: str | None
    unit: str | None
    principal: str | None
    declarant: str | None
    identities: Sequence[str]
    crossing_at: datetime | None


class DeclaredPlace(DossierPlace):
    """The same of a declaration, with whether it was declared later than the Decision asks."""

    late: bool


class AmendmentDecision(TypedDict):
    """What an officer decided on an amendment."""

    state: str
    decided_at: datetime
    decided_by: str
    reason: str | None


class DraftChange(TypedDict, total=False):
    """Columns of a draft that change."""

    answers: StoredAnswers
    version: int
    message_key: str
    number: str
    year: int
    changed_at: datetime
    pressed_at: datetime | None
    signed: bytes | None
    sent_at: datetime
    sent_as: str
    waits_since: datetime | None
    leaves_at: datetime | None
    held_back: dict[str, str] | None


class WindowChange(TypedDict, total=False):
    """Columns of the window's one row that change."""

    refreshed_at: datetime
    broker_up_since: datetime | None
    broker_down_since: datetime | None
    heartbeat_at: datetime | None
    mode: str
    stage: str
    since: datetime | None
    opened_at: datetime | None
    override: str | None
    override_reason: str | None
    override_by: str | None
    override_until: datetime | None
    override_reminded_at: datetime | None
    seen: str
    seen_cause: str
    seen_reason: str
