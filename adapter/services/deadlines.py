"""Deadlines for people: what is due, what has passed, how many were met; and the alerts that the clock sends.

The law's clock runs from acceptance, the watch from the earliest time the border side had the message; both are shown.
A confirmation is met when the declarant has it in time (Article 10); one that was sent in time and whose delivery is
not known yet is called just that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapter.gateways import agenda, deadlines
from adapter.gateways.agenda import Wanted
from adapter.gateways.database import Connection, Database, Stored
from adapter.gateways.deadlines import End
from adapter.model.events import Event, Observe
from adapter.model.procedure import Catalogue, Unit
from adapter.pipeline.terms import Terms

_AT_ONCE = 500


class Standing(StrEnum):
    """How a deadline stands at one moment."""

    RUNNING = "running"
    NEAR = "near"
    """The share of the time after which an alert goes out is over."""
    WAITING = "waiting"
    """The law's clock has not begun, but the message has waited as long as the whole deadline."""
    OVERDUE = "overdue"
    MET = "met"
    ANSWERED = "answered"
    """Sent in time; that the declarant has it is not known yet."""
    LATE = "late"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"
    """It is counted in working days of a year that the calendar does not have."""


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline with both its clocks. `subject`: the dossier, or the incident."""

    subject: str
    procedure: str | None
    gate: str | None
    name: str
    kind: str
    party: str
    standing: Standing
    noticed_at: datetime
    alert_due_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How many deadlines of a kind were met at a gate. `open` counts the overdue ones too."""

    procedure: str | None
    gate: str | None
    kind: str
    met: int
    answered: int
    late: int
    overdue: int
    open: int


@dataclass(frozen=True, slots=True)
class Declared:
    """How many dossiers came at a gate, and how many were declared later than the Decision asks."""

    procedure: str
    gate: str | None
    dossiers: int
    late: int


@dataclass(frozen=True, slots=True)
class Agenda:
    """What runs, what came of what ran before, and how timely declarants were."""

    due: tuple[Due, ...]
    figures: tuple[Figures, ...]
    declared: tuple[Declared, ...]


@dataclass(frozen=True)
class Deadlines:
    """Reading and watching. `clock` gives the legal time."""

    database: Database
    catalogue: Callable[[], Catalogue]
    clock: Callable[[], datetime]
    observe: Observe

    def agenda(self, wanted: Wanted, *, since: datetime, now: datetime) -> Agenda:
        """What runs, and the figures of what began since then."""
        with self.database.reading() as connection:
            due = agenda.running(connection, wanted)
            figures = agenda.figures(connection, wanted, since=since, now=now)
            declared = agenda.declared(connection, wanted, since=since)
        return Agenda(
            due=tuple(due_of(row, now) for row in due),
            figures=tuple(Figures(**row._mapping) for row in figures),
            declared=tuple(Declared(**row._mapping) for row in declared),
        )

    def watch(self) -> int:
        """Send the alerts that are due, each once; gives how many. What a delivery or incident begins, begins here."""
        now = self.clock()
        with self.database.transaction() as connection:
            self._begin(connection)
            near = deadlines.take_warnings(connection, now, _AT_ONCE)
            passed = deadlines.take_breaches(connection, now, _AT_ONCE)
        for event, rows in ((Event.DEADLINE_NEAR, near), (Event.DEADLINE_PASSED, passed)):
            for row in rows:
                self.observe(event, **_told(row))
        return len(near) + len(passed)

    def _begin(self, connection: Connection) -> None:
        terms = Terms.of(self.catalogue())
        for row in deadlines.delivered_starts(connection, _AT_ONCE):
            due = terms.due(row.amount, Unit(row.unit), row.reply_delivered_at)
            deadlines.began(connection, row.id, row.reply_delivered_at, due)
        limit = self.catalogue().reconciliation
        if limit is not None:
            for over in deadlines.unreconciled(connection):
                term = terms.term(limit, noticed_at=over.ended_at, started_at=over.ended_at)
                row_id = self.database.new_id(connection)
                deadlines.keep(connection, deadlines.row(term, row_id=row_id, dossier_id=None, incident_id=over.id))
        for row in deadlines.reconciled(connection):
            deadlines.finish(connection, row.id, self.clock())


def due_of(row: Stored[Any], now: datetime) -> Due:
    """A row of the agenda as people see it."""
    return Due(
        subject=_subject(row),
        procedure=row.procedure,
        gate=row.gate,
        name=row.name,
        kind=row.kind,
        party=row.party,
        standing=standing(row, now),
        noticed_at=row.noticed_at,
        alert_due_at=row.alert_due_at,
        started_at=row.started_at,
        due_at=row.due_at,
        ended_at=row.ended_at,
        delivered_at=row.delivered_at,
    )


def standing(row: Any, now: datetime) -> Standing:
    """How a deadline stands; every comparison is with the law's end, but for alerts."""
    if row.why == End.LAPSED.value:
        return Standing.LAPSED
    if row.alert_due_at is None:
        return Standing.UNKNOWN
    if row.why == End.ANSWERED.value:
        return _answered(row)
    if row.due_at is not None and row.due_at < now:
        return Standing.OVERDUE
    if row.due_at is None and row.alert_due_at < now:
        return Standing.WAITING
    return Standing.NEAR if row.warn_at <= now else Standing.RUNNING


def _answered(row: Any) -> Standing:
    due = row.due_at or row.alert_due_at
    if row.ended_at > due or (row.delivered_at is not None and row.delivered_at > due):
        return Standing.LATE
    return Standing.ANSWERED if row.delivered_at is None else Standing.MET


def _subject(row: Stored[Any]) -> str:
    if row.number is not None:
        return f"{row.number}/{row.year}"
    return f"incident {row.notice_number or row.incident_id}"


def _told(row: Stored[Any]) -> dict[str, Any]:
    """What an alert says: no personal value."""
    return {
        "dossier": None if row.number is None else f"{row.number}/{row.year}",
        "incident": row.incident_id,
        "procedure": row.procedure,
        "gate": row.gate,
        "deadline": row.name,
        "party": row.party,
        "due": None if row.due_at is None else row.due_at.isoformat(),
        "watched_until": None if row.alert_due_at is None else row.alert_due_at.isoformat(),
    }
