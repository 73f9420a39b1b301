"""Deadlines: running ones, broken ones, figures; and the alerts that the clock sends.

A duty to confirm runs from reception until the signed confirmation was sent (Articles 10, 11, 13, 14, 16, 17). When an
officer signed it, when it was sent and when the declarant had it are three times, and all are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import deadline_figures, deadlines, standing
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.deadline_records import (
    DeadlineOfDossier,
    Declared,
    Figures,
    ListedDeadline,
    StoredDeadline,
)
from adapter.gateways.store.deadlines import End
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.events import Event, Observe
from adapter.model.units import NO_UNITS, BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import Terms
from adapter.services.access.rights import Right, unit_within

_AT_ONCE = 500


class DeadlineState(StrEnum):
    """The state of a deadline at one moment."""

    RUNNING = "running"
    NEAR = "near"
    """The time after which a warning is sent is over."""
    WAITING = "waiting"
    """The time limit does not run yet, but as much time as its whole length has passed."""
    SIGNED = "signed"
    """The reply is signed and was not sent yet; there is time left."""
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    LAPSED = "lapsed"
    """It ended before its time without an answer: refused, withdrawn, replaced."""
    WITHDRAWN = "withdrawn"
    """The request that began it was taken back."""
    UNKNOWN = "unknown"
    """It is counted in working days of a year that the calendar does not have, old data lack the time, or it was
    answered later than it was asked and nobody knows since when the declarant had it."""


@dataclass(frozen=True, slots=True)
class RunningDeadline:
    """One deadline with its times. `subject`: the dossier, or the incident.

    `answered_at`: the reply was signed; `ended_at`: it was sent; `delivered_at`: the declarant had it.
    """

    subject: str
    procedure: str | None
    gate: str | None
    name: str
    kind: str
    party: str
    standing: DeadlineState
    noticed_at: datetime
    alert_due_at: datetime | None
    started_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Agenda:
    """Deadlines that run, figures of those that ended, and how many dossiers were declared late."""

    due: tuple[RunningDeadline, ...]
    figures: tuple[Figures, ...]
    declared: tuple[Declared, ...]


@dataclass(frozen=True)
class Deadlines:
    """Reading and watching. `clock` gives the legal time."""

    database: Database
    catalogue: Callable[[], Catalogue]
    clock: Callable[[], datetime]
    observe: Observe
    units: BorderUnits = NO_UNITS

    def agenda(self, wanted: Wanted, *, since: datetime, now: datetime, actor: Actor) -> Agenda:
        """Running deadlines, and figures of those that began since then; of one unit, if the actor sees one only.

        Raises:
            NoRight: the actor may not see dossiers.
        """
        wanted = replace(wanted, unit=unit_within(actor, Right.SEE_DOSSIERS, self.units))
        with self.database.reading() as connection:
            due = deadline_figures.running(connection, wanted)
            figures = deadline_figures.figures(connection, wanted, since=since, now=now)
            declared = deadline_figures.declared(connection, wanted, since=since)
        return Agenda(
            due=tuple(due_of(row, now) for row in due),
            figures=tuple(figures),
            declared=tuple(declared),
        )

    def watch(self) -> int:
        """Send the alerts that are due, each once; gives how many. What a delivery or incident begins, begins here.

        An alert that is not due, because the clock was set back since, is taken back and sent again in time.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            self._begin(connection)
            back = deadlines.take_back(connection, now, _AT_ONCE)
            near = deadlines.take_warnings(connection, now, _AT_ONCE)
            passed = deadlines.take_breaches(connection, now, _AT_ONCE)
        for row in back:
            early = row.breached_at is not None and row.breached_at > now
            self.observe(Event.DEADLINE_BACK, **_alert(row), passed=early)
        for event, rows in ((Event.DEADLINE_NEAR, near), (Event.DEADLINE_PASSED, passed)):
            for row in rows:
                self.observe(event, **_alert(row))
        return len(near) + len(passed)

    def _begin(self, connection: Connection) -> None:
        terms = Terms.of(self.catalogue())
        deadlines.begin_delivered(connection, terms, _AT_ONCE)
        standing.stand(connection, terms, self.clock())
        limit = self.catalogue().reconciliation
        if limit is not None:
            for over in deadlines.unreconciled(connection):
                # What was decided after the end cannot be transferred before it is decided.
                begin = max(over.ended_at, over.left_at)
                term = terms.term(limit, noticed_at=begin, started_at=begin)
                row_id = self.database.new_id(connection)
                deadlines.keep(connection, deadlines.row(term, row_id=row_id, dossier_id=None, incident_id=over.id))
        for row_id in deadlines.reconciled(connection):
            deadlines.finish(connection, row_id, self.clock())


def due_of(row: ListedDeadline, now: datetime) -> RunningDeadline:
    """A deadline in a list."""
    return RunningDeadline(
        subject=_subject(row),
        procedure=row.procedure,
        gate=row.gate,
        name=row.name,
        kind=row.kind,
        party=row.party,
        standing=state_at(row, now),
        noticed_at=row.noticed_at,
        alert_due_at=row.alert_due_at,
        started_at=row.started_at,
        due_at=row.due_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        delivered_at=row.delivered_at,
    )


def state_at(row: StoredDeadline, now: datetime) -> DeadlineState:
    """The state of a deadline. What ends exactly when it is due is in time."""
    if row.why == End.LAPSED.value:
        # A broken deadline stays broken, also if nothing is left to be done later.
        return DeadlineState.LATE if row.due_at and row.ended_at and row.ended_at > row.due_at else DeadlineState.LAPSED
    if row.why == End.WITHDRAWN.value:
        return DeadlineState.WITHDRAWN
    due = row.due_at or row.alert_due_at
    if due is None:
        return DeadlineState.UNKNOWN
    if row.why == End.ANSWERED.value and row.ended_at is not None and row.ended_at > due:
        # If it is unknown when he received the request (Article 11(3)(b)), nobody can say that his answer is late.
        return DeadlineState.UNKNOWN if row.due_at is None else DeadlineState.LATE
    if row.why == End.ANSWERED.value:
        return DeadlineState.MET
    if due < now:
        return DeadlineState.WAITING if row.due_at is None else DeadlineState.OVERDUE
    if row.answered_at is not None:
        return DeadlineState.SIGNED
    return DeadlineState.NEAR if row.warn_at is not None and row.warn_at <= now else DeadlineState.RUNNING


def _subject(row: ListedDeadline) -> str:
    if row.number is not None:
        return f"{row.number}/{row.year}"
    return f"incident {row.notice_number or row.incident_id}"


def _alert(row: DeadlineOfDossier) -> dict[str, object]:
    """The fields of an alert: no personal value."""
    return {
        "dossier": None if row.number is None else f"{row.number}/{row.year}",
        "incident": row.incident_id,
        "procedure": row.procedure,
        "gate": row.gate,
        "deadline": row.name,
        "party": row.party,
        "due": row.due_at and row.due_at.astimezone(VIETNAM).isoformat(),
        "watched_until": row.alert_due_at and row.alert_due_at.astimezone(VIETNAM).isoformat(),
    }
