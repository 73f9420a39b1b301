"""Rows of the store as typed values: a service that names a column that is not there does not pass the type checker.

A field for each column, in their order (tests/unit/test_records.py holds it). JSON columns keep what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Result, Row

from adapter.model.finding import StoredFinding
from adapter.model.stages import StoredRecord

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def made_all(record: type[R], result: Result[*tuple[Any, ...]]) -> list[R]:
    """A record for each row."""
    taken = _taken(record, tuple(result.keys()))
    return [record(*taken(row)) for row in result]


def made_first(record: type[R], result: Result[*tuple[Any, ...]]) -> R | None:
    """The record of the first row; None where there is no row."""
    row = result.first()
    return None if row is None else made(record, row)


def made(record: type[R], row: Row[*tuple[Any, ...]]) -> R:
    """The record of a row that has a column for each of its fields, and may have others."""
    return record(*_taken(record, row._fields)(row))


@cache
def _taken(record: type[DataclassInstance], columns: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the record's values from a row of such columns, by their places: by names it is asked for each row.

    Raises:
        KeyError: a field has no column, or two.
    """
    names = [each.name for each in fields(record)]
    if unclear := [name for name in names if columns.count(name) != 1]:
        raise KeyError(f"{record.__name__}: {', '.join(unclear)}")
    places = [columns.index(name) for name in names]
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it was kept."""

    id: int
    public_id: str
    sender: str
    identity: str
    message_id: str | None
    raw: bytes
    digest: str
    content_digest: str | None
    channel: str
    bound_to: str | None
    received_at: datetime
    pressed_at: datetime | None
    state: str
    outcome: str | None
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
    steps: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply as it was kept."""

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
    in_hand_at: datetime | None
    taken_back_at: datetime | None
    awaits_unit: str | None
    delivered_at: datetime | None
    answer: str | None
    returns: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of a dossier as it was kept."""

    id: int
    dossier_id: int
    version: int
    inbox_id: int
    mapping: str
    values: StoredRecord
    digest: str
    signer: dict[str, str | None] | None
    document: bytes | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request to amend (form 13) as it was kept."""

    id: int
    number: str
    dossier_id: int
    mapping: str
    reason: str
    items: list[dict[str, str | None]]
    officer: str
    requested_at: datetime
    answer_before: datetime
    outbox_id: int | None
    closed_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_reason: str | None


@dataclass(frozen=True, slots=True)
class StoredAmendment:
    """An amendment (form 14) as it was kept."""

    id: int
    number: str
    dossier_id: int
    inbox_id: int
    mapping: str
    requested: bool
    values: StoredRecord
    base: int
    version: int
    state: str
    received_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry of the journal as it was kept."""

    id: int
    dossier_id: int | None
    ordinal: int
    at: datetime
    event: str
    actor: str
    detail: dict[str, object]
    previous: str
    hash: str
    seal: int | None


@dataclass(frozen=True, slots=True)
class ListedAmendment(StoredAmendment):
    """An amendment with the dossier that it is about."""

    dossier_number: str
    dossier_year: int
    procedure: str


@dataclass(frozen=True, slots=True)
class VersionWithSource(StoredVersion):
    """A version with the message that declared it, from which it can be read again."""

    raw: bytes
    raw_digest: str
    channel: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class AwaitingReply:
    """A reply that waits for the key of its unit."""

    id: int
    awaits_unit: str
    created_at: datetime
    number: str
    year: int
