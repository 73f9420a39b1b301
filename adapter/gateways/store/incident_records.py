"""Typed rows of an incident's report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenedFirst:
    """An answer to the window that was opened on the portal first, by its row and dossier."""

    id: int
    number: str
    year: int


@dataclass(frozen=True, slots=True)
class IncidentAnswer:
    """An answer or transfer of an incident, with its dossier; its bytes stay in the store."""

    id: int
    type: str
    function: str
    message_id: str
    digest: str
    route: str
    created_at: datetime
    sent_at: datetime | None
    readable_at: datetime | None
    in_hand_at: datetime | None
    awaits_unit: str | None
    delivered_at: datetime | None
    answer: str | None
    returns: int
    number: str
    year: int
    procedure: str
    gate: str | None
    channel: str
