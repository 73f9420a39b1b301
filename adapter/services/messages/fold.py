"""Folding: turn judged messages, one after the other, into the rows that the transaction writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

from adapter.gateways.store import amendments
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.messages import Known
from adapter.gateways.store.new_rows import NewMessage
from adapter.gateways.store.records import StoredReply
from adapter.model.dossier import Dossier
from adapter.model.finding import Finding, StatedFinding
from adapter.model.journal_events import JournalEvent
from adapter.model.outcomes import Accepted, MessageState, Noted, Parked, Rejected, Word, verified_of, word
from adapter.model.procedure import ReplyKind
from adapter.model.stages import ANSWERED, Stage, VerifiedDocument
from adapter.pipeline.decide import Decision
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.ledger.ledger import Ledger
from adapter.services.messages.answering import Answering
from adapter.services.messages.deciding import Deciding, twins
from adapter.services.messages.incoming import amendment_row, inbox_row
from adapter.services.messages.item import Item, Settled, actor_of, reused_name
from adapter.services.messages.window_notices import note_answer, note_control


@dataclass(frozen=True, slots=True)
class Fold:
    """Folds the messages of one transaction.

    `copies`: stored answers of earlier messages, by inbox row. `opened`: milliseconds that the locks and the reading
    of the whole batch took, by their stage.
    """

    ledger: Ledger
    asking: Asking
    deciding: Deciding
    copies: Mapping[int, Sequence[StoredReply]]
    opened: Mapping[str, float]

    def fold(self, item: Item) -> Settled:
        """Decide on one message and add it to the ledger. Messages before it in the batch are taken into account."""
        prior = self.ledger.known.get(item.identity)
        verified = verified_of(item.outcome)
        if prior is not None and prior.id == item.replaces and prior.state is MessageState.SETTLED:
            # Another process has judged it meanwhile (a second clock, an operator's replay).
            return _duplicate(prior)
        if prior is not None and prior.id != item.replaces:
            if prior.state is MessageState.PARKED:
                # The earlier try did not settle: this one is processed in its place (pyas2 #33).
                item = replace(item, replaces=prior.id)
            elif verified is None or prior.content_digest == verified.content_digest:
                self.ledger.send_again(prior.id, self.copies)
                return _duplicate(prior)
            else:
                return self._reused(item, verified)
        return self._keep(item, self.deciding.decided(item))

    def _reused(self, item: Item, verified: VerifiedDocument) -> Settled:
        """The id was used for other content: answer with a signed rejection, and record a security event."""
        identity = reused_name(item.identity, verified)
        prior = self.ledger.known.get(identity)
        if prior is not None:
            self.ledger.send_again(prior.id, self.copies)
            return Settled(prior.public_id, prior.state, Word.REJECTED, (), duplicate=True)
        finding = Finding("message_id_reused", "/Envelope/Header/Reference/messageId")
        rejected = Rejected(Stage.DECIDE, (finding,), verified.header, verified)
        fresh = replace(item, identity=identity, outcome=rejected, replaces=None)
        return self._keep(fresh, Decision(rejected, ReplyKind.ERRORS))

    def _keep(self, item: Item, decision: Decision) -> Settled:
        began, outcome = perf_counter(), decision.outcome
        findings = self.asking.correspondence.state(getattr(outcome, "findings", ()))
        steps = {**item.ms, **self.opened}
        row = self._row(item, decision, findings, steps)
        inbox_id = self.ledger.take(item.identity, row, replaces=item.replaces)
        dossier = self._dossier(item, decision, inbox_id)
        if isinstance(outcome, Noted):
            self._note(outcome, item)
        dossier = self.ledger.record(dossier, _entry(item, decision, row, findings, self.ledger.now))
        self._answer(item, decision, dossier, inbox_id)
        steps[ANSWERED] = round((perf_counter() - began) * 1000, 2)
        why = outcome.why if isinstance(outcome, Parked) else None
        state = MessageState(row["state"])
        return Settled(row["public_id"], state, word(outcome), findings, parked_for=why, ms=steps)

    def _row(
        self, item: Item, decision: Decision, findings: tuple[StatedFinding, ...], steps: dict[str, float]
    ) -> NewMessage:
        state = MessageState.WAITING if decision.waits else MessageState.SETTLED
        if isinstance(decision.outcome, Parked):
            state = MessageState.PARKED
        waits = None
        if decision.waits:
            waits = self.deciding.patience.until(decision.waits, item.waiting_since, self.ledger.now)
        return inbox_row(item.submission, decision.outcome, item.identity, state, findings, waits, steps)

    def _dossier(self, item: Item, decision: Decision, inbox_id: int) -> Dossier | None:
        """The dossier that the message makes or changes, with the version that it brings."""
        dossier, verified = decision.dossier, verified_of(decision.outcome)
        if dossier is None or verified is None:
            return dossier
        if verified.meaning.is_amendment:
            dossier = self._amended(dossier, decision, inbox_id)
        elif not decision.is_copy:
            dossier = self._declared(item, decision, dossier, inbox_id)
        self.ledger.attach(inbox_id, dossier.id)
        return dossier

    def _declared(self, item: Item, decision: Decision, dossier: Dossier, inbox_id: int) -> Dossier:
        ledger = self.ledger
        dossier = ledger.hold(self._overtaken(item, dossier), decision.version, inbox_id, same=item.same)
        if item.passing is not None and isinstance(decision.outcome, Accepted):
            ledger.passing.add(dossier.key, item.passing)
        if dossier.versions == 1:
            ledger.link(dossier, twins(ledger, item))
        return dossier

    def _overtaken(self, item: Item, dossier: Dossier) -> Dossier:
        """What was said of the version before this one and has not been sent is never sent: a request to amend, and
        a later confirmation of what is withdrawn after an earlier one has left."""
        ledger = self.ledger
        if dossier.id is None:
            return dossier
        gone = []
        if (asked := ledger.take_back_request(dossier)) is not None:
            gone.append((JournalEvent.REQUEST_TAKEN_BACK, {"request": asked, "sent": False}))
        for number in ledger.take_back(dossier, all_or_none=False) if dossier.confirmed_at is not None else ():
            gone.append((JournalEvent.CONFIRMATION_TAKEN_BACK, {"confirmation": number, "sent": False}))
        for event, detail in gone:
            dossier = ledger.record(dossier, Entry(event, item.actor, ledger.now, detail)) or dossier
        return dossier

    def _amended(self, dossier: Dossier, decision: Decision, inbox_id: int) -> Dossier:
        """Keep form 14 and the version it brings: in force, or for an officer's approval."""
        ledger, outcome, version = self.ledger, decision.outcome, decision.version
        assert isinstance(outcome, Accepted)
        assert version is not None
        ours = self.asking.correspondence.ours(dossier)
        number = self.asking.series.of(ours.number_code).amendment(ledger.connection, ledger.now)
        row = amendment_row(outcome.declaration, decision, number=number, at=ledger.now)
        due = ledger.docket.amended(
            dossier, outcome.declaration, version, answers=row["requested"], in_force=not decision.approval
        )
        if row["requested"] and not decision.approval and dossier.id is not None:
            amendments.close(ledger.connection, dossier.id, ledger.now)
        return ledger.amend_dossier(dossier, version, inbox_id, row, due=due)

    def _note(self, outcome: Noted, item: Item) -> None:
        note = note_answer if outcome.verified.meaning.is_technical_answer else note_control
        note(self.ledger, outcome.verified, item.submission)

    def _answer(self, item: Item, decision: Decision, dossier: Dossier | None, inbox_id: int) -> None:
        waits_again = item.replaces is not None and bool(decision.waits)
        if decision.answer is None or (waits_again and decision.answer is ReplyKind.RECEIPT):
            return  # a waiting message got its receipt when it came
        about = dossier or (self.ledger.dossiers.get(item.key) if item.key else None)
        answering = Answering(self.ledger, self.asking, item.submission, decision, inbox_id)
        answering.answer(decision.answer, dossier, about)


def _duplicate(prior: Known) -> Settled:
    return Settled(prior.public_id, prior.state, Word(prior.outcome or Word.REJECTED), (), duplicate=True)


def _entry(item: Item, decision: Decision, row: NewMessage, findings: Sequence[StatedFinding], now: datetime) -> Entry:
    detail = {
        "message": row["public_id"],
        "digest": item.submission.digest,
        "pair": row["pair"],
        "codes": [finding.code for finding in findings],
    }
    return Entry(f"message.{word(decision.outcome).value}", actor_of(decision.outcome, item.submission), now, detail)
