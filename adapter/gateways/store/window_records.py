"""Rows about the window as typed values: its state, its incidents, maintenance, links. A field for each column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """The one row of the window as it was kept."""

    id: int
    refreshed_at: datetime | None
    broker_up_since: datetime | None
    broker_down_since: datetime | None
    heartbeat_at: datetime | None
    mode: str
    stage: str | None
    since: datetime | None
    opened_at: datetime | None
    heard_at: datetime | None
    override: str | None
    override_reason: str | None
    override_by: str | None
    override_until: datetime | None
    override_reminded_at: datetime | None
    seen: str | None
    seen_cause: str | None
    seen_reason: str | None


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as it was kept (NĐ 85/2019 Article 17)."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    cause: str
    reason: str
    notice_number: str | None
    actor: str
    expected_end: datetime | None
    notice_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredMaintenance:
    """Maintenance that the manager of the window announced, as it was kept."""

    id: int
    number: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    actor: str
    announced_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredLink:
    """Whether a procedure is linked to the window at a gate, as an operator stated it."""

    id: int
    procedure: str
    gate: str | None
    """None: every gate."""
    linked: bool
    since: datetime
    until: datetime | None
    document: str
    stated_by: str
    stated_at: datetime
    ended_by: str | None
    ended_at: datetime | None
