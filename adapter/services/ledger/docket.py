"""The deadlines of one transaction: those that begin, start to run, or end with what the ledger writes.

It decides nothing about a dossier; it keeps the deadlines that follow from a decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapter.gateways.store import deadlines, replies, standing, tables
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.deadlines import End
from adapter.gateways.store.new_rows import NewDeadline
from adapter.model.dossier import ENDED, Dossier, DossierState
from adapter.model.duties import Deadline
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning, Procedure, ReplyKind
from adapter.model.stages import Declaration
from adapter.pipeline.terms import AMEND_WITHIN, CONFIRM_WITHIN, RUNNING_KINDS, Term, Terms, to_bring

DECLARED = (Meaning.DECLARATION, Meaning.REPLACEMENT)
AMEND, CONFIRM_AMENDMENT = AMEND_WITHIN, "confirm_amendment_within"
ANSWERS = {
    ReplyKind.COMPLETION: (CONFIRM_WITHIN,),
    # Form 15 confirms the whole declaration, also one that was amended before its first confirmation.
    ReplyKind.AMENDMENT_COMPLETION: (CONFIRM_WITHIN, CONFIRM_AMENDMENT),
}
"""Which deadlines a reply of ours answers."""
_AT_ONCE = 100


def due_of(
    procedure: Procedure, kind: str, values: Mapping[str, object], begin: datetime, terms: Terms
) -> datetime | None:
    """When a time limit of this kind ends that begins at `begin`; None without one, or where no calendar can tell."""
    limit = procedure.deadline(kind, values)
    return terms.due(limit.amount, limit.unit, begin) if limit else None


@dataclass
class Docket:
    """Collected while the batch is folded; `write` stores it."""

    database: Database
    connection: Connection
    terms: Terms
    _opened: dict[DossierKey, NewDeadline] = field(default_factory=dict)
    _reopened: dict[DossierKey, NewDeadline] = field(default_factory=dict)
    _answered: list[tuple[int, tuple[str, ...], int]] = field(default_factory=list)
    _readable: list[int] = field(default_factory=list)
    """Replies that count as sent because the declarant can read them on the portal."""
    _asked: dict[DossierKey, Term] = field(default_factory=dict)
    _begun: list[NewDeadline] = field(default_factory=list)
    """Deadlines of amendments; a new one ends the one before."""
    _beside: set[int] = field(default_factory=set)
    """Deadlines that do not close older ones of their kind: amendments not yet approved, papers to be brought."""

    def declared(self, dossier: Dossier, declaration: Declaration, *, known: bool) -> datetime | None:
        """A version was received and must be confirmed; gives when, or None while the time limit does not run yet.

        `known`: the dossier was there before this transaction; a replacement starts the duty of its own version.
        """
        if declaration.verified.meaning not in DECLARED:
            return None
        limit = declaration.verified.envelope.procedure.deadline(CONFIRM_WITHIN, declaration.values)
        book = self._reopened if known else self._opened
        book.pop(dossier.key, None)
        if limit is None or dossier.state in ENDED:
            return None
        started_at = declaration.received_at if declaration.is_complete or not limit.complete else None
        term = self.terms.term(limit, noticed_at=dossier.received_at, started_at=started_at)
        row_id = self.database.new_id(self.connection)
        book[dossier.key] = deadlines.row(term, row_id=row_id, dossier_id=dossier.id)
        return term.due_at

    def asked(self, dossier: Dossier, limit: Deadline, at: datetime) -> datetime | None:
        """The declarant is asked to amend; the time limit runs from the delivery of the request (Article 11(3)(b)).

        Gives when the answer is due if he has it at once; None where the calendar cannot tell.
        """
        term = self._asked[dossier.key] = self.terms.term(limit, noticed_at=at, started_at=None)
        return term.alert_due_at

    def amended(
        self, dossier: Dossier, form: Declaration, version: Declaration, *, answers: bool, in_force: bool
    ) -> datetime | None:
        """A form 14 was received: gives when its confirmation is due, an hour from its reception (Article 11(3)(c)).

        `version` is what it makes of the dossier.
        """
        assert dossier.id is not None
        if answers:
            # He may have received the request since the clock process looked last.
            deadlines.begin_delivered(self.connection, self.terms, _AT_ONCE, dossier_id=dossier.id)
            standing.stand(self.connection, self.terms, form.received_at, dossier_id=dossier.id)
            deadlines.end(self.connection, dossier.id, [AMEND], End.ANSWERED, form.declared_at)
        limit = form.verified.envelope.procedure.deadline(CONFIRM_AMENDMENT, form.values)
        if limit is None:
            return None
        term = self.terms.term(limit, noticed_at=form.received_at, started_at=form.received_at)
        self._begin(dossier, term, starts_with=None)
        if in_force:
            confirm = version.verified.envelope.procedure.deadline(CONFIRM_WITHIN, version.values)
            self.in_force(dossier, form.received_at, confirm if form.is_complete else None)
        else:
            self._beside.add(self._begun[-1]["id"])
        return term.due_at

    def in_force(self, dossier: Dossier, received_at: datetime, confirm: Deadline | None) -> None:
        """An amended version is in force, received then; `confirm`: how long its confirmation has if it is complete.

        The first confirmation may wait for a complete and valid version; this may be it (Articles 13(2), 16(2)).
        """
        assert dossier.id is not None
        if confirm is not None:
            deadlines.start(self.connection, dossier.id, confirm, received_at, self.terms)

    def approved(
        self, dossier: Dossier, received_at: datetime, at: datetime, confirm: Deadline | None
    ) -> datetime | None:
        """An amendment that waited for approval is in force: the confirmation of the version before is not due any
        more.

        Gives when its own is due; `confirm` as for `in_force`.
        """
        assert dossier.id is not None
        deadlines.keep_newest(self.connection, dossier.id, CONFIRM_AMENDMENT, at)
        self.in_force(dossier, received_at, confirm)
        return deadlines.due_at(self.connection, dossier.id, CONFIRM_AMENDMENT)

    def declined(self, dossier: Dossier, at: datetime) -> None:
        """A waiting amendment gets no confirmation; that of the version before it is due as before."""
        assert dossier.id is not None
        deadlines.drop_newest(self.connection, dossier.id, CONFIRM_AMENDMENT, at)

    def withdrawn(self, dossier: Dossier, at: datetime) -> None:
        """The request to amend was withdrawn: the declarant's hour ends."""
        assert dossier.id is not None
        deadlines.end(self.connection, dossier.id, [AMEND], End.WITHDRAWN, at)

    def confirmed(
        self, dossier: Dossier, procedure: Procedure, values: Mapping[str, object], at: datetime
    ) -> list[tuple[Deadline, datetime]]:
        """The declarant is told what to bring later, and by when: these deadlines run from now on, unless already met.

        `values` are of the version in force; what only the confirmation before this one asked for is not asked for any
        more. Gives each limit, and the time from which it counts.
        """
        assert dossier.id is not None
        brought = deadlines.to_bring(self.connection, dossier.id, done=True)
        wanted = [(limit, start) for limit, start in to_bring(procedure, values) if limit.name not in brought]
        names = {(limit.name, start) for limit, start in wanted}
        running = deadlines.keep_to_bring(self.connection, dossier.id, names, at)
        for limit, start in wanted:
            if (limit.name, start) not in running:
                self._begin(dossier, self.terms.term(limit, noticed_at=start, started_at=start), starts_with=None)
                self._beside.add(self._begun[-1]["id"])
        return wanted

    def _begin(self, dossier: Dossier, term: Term, *, starts_with: int | None) -> None:
        row = deadlines.row(term, row_id=self.database.new_id(self.connection), dossier_id=dossier.id)
        self._begun.append({**row, "starts_with": starts_with})

    def replied(
        self, dossier: Dossier, kind: ReplyKind, row_id: int, *, readable: bool, is_signed: bool = True
    ) -> None:
        """A reply is in the outbox: it may answer a deadline, or begin one.

        `readable`: the declarant can read it on the portal from now on, so it counts as sent.
        An unsigned reply answers nothing: alerts of the deadline go on.
        """
        if kind is ReplyKind.AMENDMENT_REQUEST and dossier.key in self._asked:
            self._begin(dossier, self._asked.pop(dossier.key), starts_with=row_id)
        if kind in ANSWERS and dossier.id is not None and is_signed:
            self._answered.append((dossier.id, ANSWERS[kind], row_id))
            if readable:
                self._readable.append(row_id)

    def write(
        self,
        before: Mapping[DossierKey, Dossier],
        after: Mapping[DossierKey, Dossier],
        now: datetime,
        made: Collection[object] = (),
    ) -> None:
        """Store the deadlines that began and ended; dossiers and replies are stored already.

        `made`: ids of dossiers that this transaction has made: before it none of their deadlines ran.
        """
        for row in self._reopened.values():
            deadlines.end(self.connection, _dossier_of(row), [CONFIRM_WITHIN, CONFIRM_AMENDMENT], End.LAPSED, now)
        rows = [*self._opened.values(), *self._reopened.values()]
        self.database.insert(self.connection, tables.deadline, rows)
        for row in self._begun:
            if row["id"] not in self._beside and row["dossier_id"] not in made:
                deadlines.replace(self.connection, _dossier_of(row), row["kind"], now)
        self.database.insert(self.connection, tables.deadline, self._begun)
        for key, dossier in after.items():
            if key in before and dossier.id is not None:
                self._follow(before[key], dossier, now)
        for dossier_id, kinds, row_id in self._answered:
            deadlines.answer(self.connection, dossier_id, kinds, row_id, now)
        deadlines.sent(self.connection, self._readable, now)

    def _follow(self, was: Dossier, dossier: Dossier, now: datetime) -> None:
        assert dossier.id is not None
        if was.state is DossierState.AMENDMENT_REQUESTED is not dossier.state:
            # Completed as it was declared: what the request named was correct.
            deadlines.end(self.connection, dossier.id, [AMEND], End.LAPSED, now)
            # A request that waits for a key is not needed any more.
            replies.drop_awaiting(self.connection, dossier.id, ReplyKind.AMENDMENT_REQUEST.value, now)
        if dossier.state in ENDED and was.state not in ENDED:
            deadlines.end(self.connection, dossier.id, RUNNING_KINDS, End.LAPSED, now)


def _dossier_of(row: NewDeadline) -> int:
    dossier_id = row["dossier_id"]
    assert dossier_id is not None, "only deadlines of incidents have no dossier"
    return dossier_id
