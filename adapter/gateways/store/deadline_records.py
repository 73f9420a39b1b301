"""Rows of deadlines as typed values: a field for each column, and what a statement reads beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.window_records import StoredIncident


@dataclass(frozen=True, slots=True)
class StoredDeadline:
    """A deadline as it was kept."""

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
    answered_at: datetime | None
    ended_at: datetime | None
    why: str | None
    outbox_id: int | None
    warned_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadlineOfDossier(StoredDeadline):
    """A deadline with its dossier; the four are None for a deadline of an incident."""

    number: str | None
    year: int | None
    procedure: str | None
    gate: str | None


@dataclass(frozen=True, slots=True)
class ListedDeadline(DeadlineOfDossier):
    """The same, with the notice of its incident, and when the declarant had the reply that answers it."""

    notice_number: str | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadlineFromDelivery(StoredDeadline):
    """A deadline that begins with a reply of ours, and when the declarant had that reply."""

    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class HourToAmend(StoredDeadline):
    """The running time limit of a request to amend, with whose dossier it is and where."""

    identities: list[str]
    at_unit: str | None


@dataclass(frozen=True, slots=True)
class LimitOfDossier:
    """A time limit that runs, of a dossier."""

    dossier_id: int
    name: str
    kind: str
    party: str
    started_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentToReconcile(StoredIncident):
    """An incident that is over and left something for the window; `left_at`: the time of the first transfer, or, where
    something was done on paper, of the first of that."""

    ended_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """How many deadlines of a kind were met at a gate. `open` counts the overdue ones too."""

    procedure: str | None
    gate: str | None
    kind: str
    met: int
    late: int
    unknown: int
    overdue: int
    open: int


@dataclass(frozen=True, slots=True)
class Declared:
    """How many dossiers came at a gate, and how many were declared later than the Decision asks."""

    procedure: str
    gate: str | None
    dossiers: int
    late: int
