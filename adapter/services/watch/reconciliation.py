"""The report of an incident for the window's manager (NĐ 85/2019/NĐ-CP Article 17(5)): what was decided, how it reached
the window's books, by when it had to, and what is open and why. It holds no value of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import journal, paper_records, windows
from adapter.gateways.store import pairs as pairs_store
from adapter.gateways.store import reconciliation as store
from adapter.gateways.store.database import Database
from adapter.gateways.store.incident_records import IncidentAnswer
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.outcomes import Route
from adapter.model.procedure import Label
from adapter.model.stages import Channel
from adapter.services.access.rights import Right, needs
from adapter.services.dossiers.pairs import DossierPair, pair_of
from adapter.services.watch.cases import Settlement, case_of, settlement
from adapter.services.watch.deadlines import DeadlineState, state_at
from adapter.services.watch.incident_names import called

_HOUR_S = 3600


class OpenFor(StrEnum):
    """Why something is not in the window's books yet."""

    AWAITS_KEY = "awaits_key"
    """The key of its unit has not signed it."""
    TO_TRANSFER = "to_transfer"
    """It was opened on the portal first; its transfer is made next."""
    GIVEN_BACK = "given_back"
    """The broker gave it back, refused it or did not confirm it."""
    WAITS = "waits"
    """It has not left: the window is away, or an earlier one of its dossier has not left."""
    UNANSWERED = "unanswered"
    """The transfer has left, and the window has not confirmed it (40/99)."""
    REFUSED = "refused"
    """The window has answered the transfer with an error (40/00)."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One answer, or the transfer of one. `hours`: from when it could go to the window's books until it was there, or
    until now; a transfer is there when the window has confirmed it, an answer when the broker has."""

    dossier: str
    procedure: str
    gate: str | None
    pair: str
    settlement: Settlement
    message_id: str
    digest: str
    made_at: datetime
    left_at: datetime | None
    received_at: datetime | None
    """When the window's receipt came."""
    hours: float
    open_for: OpenFor | None


@dataclass(frozen=True, slots=True)
class PaperLine:
    """What was done on paper during the incident: its manager gets it in this list, since no message carries it."""

    id: int
    dossier: str
    procedure: str
    gate: str | None
    received_at: datetime
    confirmed_at: datetime | None
    confirmation: str | None
    """Number of the confirmation, as on the form."""
    checked_at: datetime | None
    """None: a second officer has not compared it with the paper yet, so it is not reported."""
    reported_at: datetime | None
    """When it stood in a signed report first."""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """The one working day after the incident. `standing`: whether it is met, broken or runs."""

    started_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    standing: DeadlineState


@dataclass(frozen=True, slots=True)
class Report:
    """An incident and what it left. `working_day`: None where nothing was left for the window when it ended."""

    incident: int
    name: str
    """As transfers name it."""
    cause: str
    started_at: datetime
    ended_at: datetime | None
    working_day: WorkingDay | None
    lines: tuple[ReportLine, ...]
    made_at: datetime
    papers: tuple[PaperLine, ...] = ()
    pairs: tuple[DossierPair, ...] = ()
    """What was declared by both doors, one of them during the incident."""
    notice: str | None = None
    """The number of its manager's notice."""

    @property
    def called(self) -> Label:
        """What people call the incident."""
        return called(self.cause, self.started_at, self.notice)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.open or self.open_papers or self.open_pairs)

    @property
    def open_pairs(self) -> tuple[DossierPair, ...]:
        """Pairs of which no officer has said yet whether they are one dossier."""
        return tuple(each for each in self.pairs if each.verdict is None)

    @property
    def open_papers(self) -> tuple[PaperLine, ...]:
        """What was done on paper and is not reported yet."""
        return tuple(each for each in self.papers if each.reported_at is None)

    @property
    def open(self) -> tuple[ReportLine, ...]:
        """What is not in the window's books yet."""
        return tuple(each for each in self.lines if each.open_for is not None)

    @property
    def settled(self) -> dict[str, int]:
        """How many there are of each settlement."""
        return {each.value: sum(line.settlement is each for line in self.lines) for each in Settlement}


@dataclass(frozen=True)
class Reconciliation:
    """Reads what an incident left. `clock` gives the legal time."""

    database: Database
    clock: Callable[[], datetime]

    def report(self, incident: str, *, actor: Actor) -> Report:
        """The report of an incident, by its number or by the number of its manager's notice.

        Raises:
            NotAllowed: there is no such incident.
            NoRight: the actor may not see dossiers.
        """
        needs(actor, Right.SEE_DOSSIERS)
        now = self.clock()
        with self.database.reading() as connection:
            row = store.incident_of(connection, incident)
            if row is None:
                raise NotAllowed(f"there is no incident {incident}: see nsw-adapter window incidents")
            over = row.ended_at or now
            day = store.working_day(connection, row.id)
            lines = tuple(_lines(store.said_in(connection, row.started_at, over), over, now))
            papers = tuple(map(_paper, paper_records.received_in(connection, row.started_at, over)))
            pairs = tuple(map(pair_of, pairs_store.of_incident(connection, row.started_at, over)))
        return Report(
            incident=row.id,
            name=windows.incident_name(row) or str(row.id),
            cause=row.cause,
            started_at=row.started_at,
            ended_at=row.ended_at,
            working_day=WorkingDay(day.started_at, day.due_at, day.ended_at, state_at(day, now)) if day else None,
            lines=lines,
            papers=papers,
            pairs=pairs,
            made_at=now,
            notice=row.notice_number,
        )

    def reported(self, report: Report, digests: Mapping[str, str], *, actor: Actor) -> Report:
        """The signed report is given out: what was done on paper and checked counts as reported. Gives it so.

        `digests`: of its files, by their kinds.

        Raises:
            NoRight: the actor may not see dossiers.
        """
        needs(actor, Right.SEE_DOSSIERS)
        now = self.clock()
        ids = [each.id for each in report.open_papers if each.checked_at is not None]
        with self.database.transaction() as connection:
            paper_records.report(connection, ids, now)
            detail = {"incident": report.name, "open": len(report.open) + len(report.open_pairs), **digests}
            made = Entry.by(JournalEvent.INCIDENT_REPORT, actor, now, detail)
            journal.append(connection, self.database, made)
        papers = (replace(each, reported_at=now) if each.id in ids else each for each in report.papers)
        return replace(report, papers=tuple(papers))


def _paper(row: StoredPaperRecord) -> PaperLine:
    return PaperLine(
        id=row.id,
        dossier=f"{row.number}/{row.year}",
        procedure=row.procedure,
        gate=row.gate,
        received_at=row.received_at,
        confirmed_at=row.confirmed_at,
        confirmation=row.confirmation,
        checked_at=row.checked_at,
        reported_at=row.reported_at,
    )


def _lines(rows: Iterable[IncidentAnswer], over: datetime, now: datetime) -> Iterable[ReportLine]:
    for row in rows:
        is_transfer = row.route == Route.TRANSFER.value
        there = row.delivered_at if is_transfer else row.sent_at
        yield ReportLine(
            dossier=f"{row.number}/{row.year}",
            procedure=row.procedure,
            gate=row.gate,
            pair=f"{row.type}/{row.function}",
            settlement=_settlement(row),
            message_id=row.message_id,
            digest=row.digest,
            made_at=row.created_at,
            left_at=row.sent_at,
            received_at=row.delivered_at if row.answer == "receipt" else None,
            hours=round(age(there or now, max(over, row.created_at)) / _HOUR_S, 2),
            open_for=_open_for(row),
        )


def _settlement(row: IncidentAnswer) -> Settlement:
    """What was or is to be done of it."""
    if row.route == Route.TRANSFER.value:
        return Settlement.TRANSFER if row.channel == Channel.PORTAL.value else Settlement.INSTEAD
    found = settlement(case_of(row, declared=Channel(row.channel)))
    if found is not Settlement.NOTHING:
        return found
    return Settlement.AGAIN if row.returns else Settlement.ORIGINAL


def _open_for(row: IncidentAnswer) -> OpenFor | None:
    if row.awaits_unit is not None:
        return OpenFor.AWAITS_KEY
    if row.route == Route.TRANSFER.value:
        if row.answer == "receipt":
            return None
        if row.answer == "error":
            return OpenFor.REFUSED
        if row.sent_at is not None:
            return OpenFor.UNANSWERED
    if row.sent_at is not None:
        return None
    if (
        row.route == Route.WINDOW.value
        and settlement(case_of(row, declared=Channel(row.channel))) is Settlement.INSTEAD
    ):
        return OpenFor.TO_TRANSFER
    return OpenFor.GIVEN_BACK if row.returns else OpenFor.WAITS
