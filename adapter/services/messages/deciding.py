"""Deciding on one judged message with the store and the messages before it in the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store.dossier_records import KeyHolder
from adapter.gateways.store.journal import Entry
from adapter.model.ages import age
from adapter.model.dossier import Dossier, DossierState
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.outcomes import Accepted, Noted, Outcome, Parked, ParkedFor, Refused, Rejected, verified_of
from adapter.model.procedure import Meaning
from adapter.model.stages import Declaration, Stage
from adapter.pipeline.amendment.amend import Amended, amend
from adapter.pipeline.decide import Decision, decide
from adapter.pipeline.judge import Ground, reconsidered
from adapter.pipeline.window_copy import decided_as_copy
from adapter.services.attachments.declared import DeclaredFiles
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.ledger.amendment_base import amendment_base
from adapter.services.ledger.ledger import Ledger
from adapter.services.messages.admission import Admission, suspended
from adapter.services.messages.item import Item, Patience

HELD = (
    "held: sent before waiting.hold_sent_before and not known; compare with what the window was answered, then replay"
)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Inputs for deciding one batch.

    `held_before`: after a restore from a backup, messages sent before this time may have been answered already.
    """

    ledger: Ledger
    ground: Ground
    asking: Asking
    admission: Admission
    patience: Patience
    held_before: datetime | None
    files: DeclaredFiles

    def decided(self, item: Item) -> Decision:
        """The result for the message and its dossier."""
        if self._is_held(item):
            return Decision(Parked(None, HELD, ParkedFor.HELD), None)
        dossier = self.ledger.dossiers.get(item.key) if item.key else None
        outcome = self._admitted(item, dossier)
        copy = decided_as_copy(outcome, dossier, differs=_differs(self.ledger, item, dossier))
        if copy is not None:
            return copy

        def decided(dossier: Dossier | None) -> Decision:
            return self._decided(item, outcome, dossier)

        corrected = self._corrected(item, dossier, decided) if _corrects(outcome) else None
        return corrected or decided(dossier)

    def _decided(self, item: Item, outcome: Outcome, dossier: Dossier | None) -> Decision:
        now = self.ledger.now
        return decide(
            outcome,
            dossier,
            now=now,
            may_wait=item.may_wait,
            amend=self._amended,
            evidence_may_come=age(now, item.waiting_since) < self.patience.evidence_s,
            amendable=lambda each: self.asking.is_possible(each, now),
        )

    def _is_held(self, item: Item) -> bool:
        """Whether it was sent in the time lost by a restore: a second acceptance would be later than the first."""
        if isinstance(item.outcome, Noted):  # the window's own notices
            return False
        verified = verified_of(item.outcome)
        # As it was written: judging puts one that lies far from reception aside, and here all do.
        sent = verified.envelope.header.subject.send_date if verified is not None else None
        before = self.held_before
        return before is not None and sent is not None and sent < before and not item.released

    def _admitted(self, item: Item, dossier: Dossier | None) -> Outcome:
        """The outcome after checks that need the store: whose number, who signed, who declared the same."""
        ledger, outcome = self.ledger, item.outcome
        if isinstance(outcome, Accepted | Refused) and item.key is not None and item.key in ledger.foreign:
            outcome = _foreign(outcome, item.key)
        outcome = self.admission.admit(ledger.register, outcome, dossier, ledger.now)
        same = twins(ledger, item)
        if same and dossier is None and isinstance(outcome, Accepted | Refused):
            outcome = reconsidered(outcome, [_declared_twice(same[0])])
        if isinstance(outcome, Accepted | Refused):
            unattached = self.files.faults(outcome.declaration, dossier)
            outcome = reconsidered(outcome, unattached) if unattached else outcome
        if item.passing is not None and item.key is not None and isinstance(outcome, Accepted | Refused):
            spared = [item.key, *(DossierKey(row.number, row.year) for row in same)]
            elsewhere = ledger.passing.found(outcome.declaration, item.passing, spared)
            outcome = reconsidered(outcome, elsewhere) if elsewhere else outcome
        return outcome

    def _amended(self, form: Declaration, dossier: Dossier) -> Amended:
        ground = replace(self.ground, representation=self.admission.within(self.ledger.register))
        amended = amend(form, amendment_base(self.ledger, dossier, ground), ground)
        root = f"/Envelope/Body/Content/{form.verified.envelope.spec.root}"
        # It may move its dossier to a unit where an account of its sender is suspended.
        told = suspended(self.ledger.register, amended.version, dossier, by=form)
        shut = [replace(each, pointer=root) for each in told]
        unattached = self.files.faults(amended.version, dossier, answers=amended.answers)
        found = (*shut, *amended.pointed(form, unattached))
        return replace(amended, version=replace(amended.version, findings=(*found, *amended.version.findings)))

    def _corrected(
        self, item: Item, dossier: Dossier | None, decided: Callable[[Dossier | None], Decision]
    ) -> Decision | None:
        """A newer version or a withdrawal, while what was confirmed is signed and has not left: it is taken back.

        None where nothing was confirmed, or where a confirmation has left.
        """
        if dossier is None or dossier.confirmed_at is None:
            return None
        decision = decided(dossier.unconfirmed)
        if decision.dossier is None:
            return decision
        numbers = self.ledger.take_back(dossier, all_or_none=True)
        if not numbers:
            return None
        recorded: Dossier | None = dossier.unconfirmed
        for number in numbers:
            detail = {"confirmation": number, "sent": False}
            recorded = self.ledger.record(
                recorded, Entry(JournalEvent.CONFIRMATION_TAKEN_BACK, item.actor, self.ledger.now, detail)
            )
        return decided(recorded)


def _differs(ledger: Ledger, item: Item, dossier: Dossier | None) -> bool:
    """Whether it declares something else than the version in force; False for a dossier that was withdrawn."""
    if dossier is None or item.same is None or dossier.state is DossierState.WITHDRAWN:
        return False
    return all(row.id != dossier.id for row in ledger.same.get(item.same, []))


def twins(ledger: Ledger, item: Item) -> list[KeyHolder]:
    """Dossiers that declare the same and came by the other channel, also the window's copy of a transferred one."""
    rows = ledger.same.get(item.same or "", [])
    return [row for row in rows if row.channel != item.submission.channel.value]


def _foreign(outcome: Accepted | Refused, key: DossierKey) -> Rejected:
    verified = outcome.declaration.verified
    words = {"key": str(key)}
    finding = Finding("foreign_contingency_number", "/Envelope/Header/Subject/reference", words=words)
    return Rejected(Stage.DECIDE, (finding,), verified.header, verified)


def _declared_twice(row: KeyHolder) -> Finding:
    words = {"other": str(DossierKey(row.number, row.year))}
    return Finding("declared_by_both_doors", "/Envelope/Header/Subject/reference", Severity.WARN, words=words)


def _corrects(outcome: Outcome) -> bool:
    """A newer version of a declaration (10/02), or its withdrawal (12/05)."""
    meanings = (Meaning.REPLACEMENT, Meaning.WITHDRAWAL)
    return isinstance(outcome, Accepted) and outcome.declaration.verified.meaning in meanings
