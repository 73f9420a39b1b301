"""Dossiers by a key, and what is said of each: for the border guard here, for customs in `services/customs`.

Needs neither window nor broker. The journal keeps who asked and the digest of what was asked for, never the value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import lookup_traces, lookups
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import ConfirmationWithReply, DecisionTimes, FoundDossier
from adapter.gateways.store.journal import Entry
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import DossierState
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label, ReplyKind
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.search_keys import search_value
from adapter.services.access.rights import Right, is_of_unit, needs
from adapter.services.dossiers.naming import form_of
from adapter.services.dossiers.results import Paper, paper, result, times
from adapter.services.dossiers.shown_state import shown
from adapter.services.dossiers.versions import Comparison, Line, VersionColumn, comparisons

MOST = 50
"""At most so many dossiers are listed; `Findings.more` says that there are more."""
COUNTED = 10_000
"""So many dossiers are counted at most."""
DECISIONS = tuple(
    kind.value
    for kind in (
        ReplyKind.ACCEPTANCE,
        ReplyKind.REFUSAL,
        ReplyKind.AMENDMENT_REQUEST,
        ReplyKind.COMPLETION,
        ReplyKind.AMENDMENT_COMPLETION,
    )
)


class LookupKind(StrEnum):
    """By what a dossier is looked up; the value is the search key's kind."""

    NUMBER = "number"
    PAPER = "paper"
    CONFIRMATION = "confirmation"
    PLATE = "plate"
    TAX_CODE = "tax_code"
    SHIP = "ship"
    """Its name, IMO number, registration number or call sign."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; `year` belongs to a number."""

    kind: LookupKind
    value: str
    year: int = 0
    after: str | None = None
    """The dossiers behind this place, as `Findings.last` names it."""


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """The newest signed decision; `sent_at` is None while it waits for the window."""

    kind: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    """When the declarant had it (Article 10): the window's 99, or his first look on the portal."""


@dataclass(frozen=True, slots=True)
class Found:
    """One dossier in an answer; times are Vietnam's."""

    reference: str
    alias: str | None
    year: int
    procedure: str
    title: Label | None
    form: str | None
    state: str
    """As `shown_state` words it."""
    result: Label
    confirmation: str | None
    channel: str
    gate: str | None
    unit: str | None
    version: int
    replaced_by: int | None
    """If the value is in an older version only: the number of the version that replaced it."""
    versions: Sequence[VersionColumn]
    """All versions with their states; none for a dossier that was never changed."""
    changes: Sequence[Line]
    """What differs between them; personal values are masked."""
    late: bool
    crossing_at: datetime | None
    received_at: datetime | None
    accepted_at: datetime | None
    confirmed_at: datetime | None
    """When the newest confirmation was signed."""
    sent_at: datetime | None
    """When it was sent: what the border guard's duty ends with."""
    completed_at: datetime | None
    """When the declarant had it: completion in law (Article 10); None while that is not known."""
    issued_through_window: bool
    """The newest confirmation has left through the window."""
    transferred: bool
    """What was decided outside the window has been transferred to it."""
    paper_may_be_asked: Paper
    decision: SignedDecision | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a lookup gives; `more` says that some were left out."""

    dossiers: Sequence[Found]
    more: bool
    count: int
    """How many there are, those that are listed too; `COUNTED` says that there are so many or more."""
    last: str | None
    """Where the next page begins (`after`); None where there is none."""


@dataclass(frozen=True, slots=True)
class _Asker:
    """For which office or unit is asked, and the places whose dossiers it sees."""

    code: str
    places: lookups.Places


@dataclass(frozen=True)
class Lookup:
    """The use case of `dossier find`, and what describes dossiers. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    units: BorderUnits
    clock: Callable[[], datetime]

    def find(self, question: Question, actor: Actor) -> Findings:
        """Dossiers for the border guard: of the actor's unit, or of every unit; journalled like those of customs.

        Raises:
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.FIND_DOSSIERS)
        with self.database.transaction() as connection:
            return self._find(connection, question, actor, self._unit(actor))

    def _unit(self, actor: Actor) -> _Asker:
        """The places an officer may see: the gates of the unit; all for an officer without a unit."""
        if actor.unit == EVERYWHERE or not is_of_unit(actor, Right.FIND_DOSSIERS):
            return _Asker(EVERYWHERE, None)
        unit = self.units.by_code(actor.unit)
        if unit is None:
            return _Asker(actor.unit or "", [])
        return _Asker(unit.code, None if unit.gates is None else sorted(unit.gates))

    def _find(self, connection: Connection, question: Question, actor: Actor, asker: _Asker) -> Findings:
        rows = _ask(connection, question, asker.places)
        count = len(rows)
        if question.kind is not LookupKind.NUMBER and (len(rows) > MOST or question.after):
            count = _count(connection, question, asker.places)
        found = self.described(connection, rows[:MOST])
        self._journal(connection, question, asker.code, actor, rows[:MOST])
        more = len(rows) > MOST
        return Findings(found, more, count, str(rows[MOST - 1].id) if more else None)

    def described(self, connection: Connection, rows: Sequence[FoundDossier]) -> list[Found]:
        """These rows of dossiers in words."""
        ids = [row.id for row in rows]
        decisions, confirmations = lookups.outcomes(connection, ids, DECISIONS)
        changed = [row for row in rows if row.versions > 1]
        compared = (
            comparisons(connection, changed, self.catalogue, personal=False, changed_only=True) if changed else {}
        )
        return [
            self._found(
                row,
                decisions.get(row.id),
                confirmations.get(row.id, ()),
                compared.get(row.id),
            )
            for row in rows
        ]

    def _journal(
        self, connection: Connection, question: Question, office: str, actor: Actor, found: Sequence[FoundDossier]
    ) -> None:
        value = hashlib.sha256(_asked(question).encode()).hexdigest()
        detail = {
            "office": office,
            "kind": question.kind.value,
            "value": value,
            "hits": len(found),
            "dossiers": [f"{row.number}/{row.year}" for row in found],
        }
        entry = Entry.by(JournalEvent.LOOKUP_DOSSIERS, actor, self.clock(), detail)
        subjects = [lookup_traces.of_dossier(row.id) for row in found]
        lookup_traces.keep(connection, self.database, entry, [*subjects, value])

    def _found(
        self,
        row: FoundDossier,
        decision: DecisionTimes | None,
        signed: Sequence[ConfirmationWithReply],
        history: Comparison | None,
    ) -> Found:
        confirmations = [times(each) for each in signed]
        procedure = self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())
        state, newest = DossierState(row.state), confirmations[-1] if confirmations else None
        return Found(
            reference=row.number,
            alias=row.alias_number,
            year=row.year,
            procedure=row.procedure,
            title=procedure.title if procedure else None,
            form=form_of(procedure) if procedure else None,
            state=shown(row.state, signed[-1] if signed else None),
            result=result(state, procedure, confirmations),
            confirmation=row.confirmation_number,
            channel=row.channel,
            gate=row.gate,
            unit=row.unit,
            version=row.version,
            replaced_by=row.version if row.matched < row.version else None,
            versions=history.columns if history else (),
            changes=tuple(each for each in history.lines if each.changed) if history else (),
            late=row.late,
            crossing_at=_local(row.crossing_at),
            received_at=_local(row.received_at),
            accepted_at=_local(row.accepted_at),
            confirmed_at=_local(newest.signed_at) if newest else _local(row.completed_at),
            sent_at=_local(newest.sent_at) if newest else None,
            completed_at=_local(newest.delivered_at) if newest else None,
            issued_through_window=newest is not None and newest.left_window_at is not None,
            transferred=row.transferred,
            paper_may_be_asked=paper(state, procedure, confirmations, transferred=row.transferred),
            decision=_decision(decision) if decision is not None else None,
        )


def _ask(connection: Connection, question: Question, places: lookups.Places) -> Sequence[FoundDossier]:
    if question.kind is LookupKind.NUMBER:
        return lookups.by_number(connection, number=question.value, year=question.year, places=places, limit=MOST + 1)
    before = int(question.after) if question.after else None
    kind, value = question.kind.value, _asked(question)
    return lookups.by_key(connection, kind=kind, value=value, places=places, limit=MOST + 1, before=before)


def _count(connection: Connection, question: Question, places: lookups.Places) -> int:
    kind, value = question.kind.value, _asked(question)
    return lookups.count_by_key(connection, kind=kind, value=value, places=places, most=COUNTED)


def _decision(row: DecisionTimes) -> SignedDecision:
    return SignedDecision(row.kind, row.digest, row.created_at, row.sent_at, row.delivered_at)


def _asked(question: Question) -> str:
    """The value as search keys are stored, so that one spelling of a paper's number is as good as another."""
    if question.kind is LookupKind.NUMBER:
        return f"{question.value}/{question.year}"
    return search_value(question.kind.value, question.value)


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(VIETNAM)
