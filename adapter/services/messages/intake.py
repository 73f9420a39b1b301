"""Intake: what both doors hand Submissions to. Judges outside any transaction, stores in one, answers in the same.

A message that breaks the batch is retried alone; one that breaks alone is parked. Nothing here knows a broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from lxml import etree

from adapter.gateways.store import amendments, dossiers, mailbox, windows
from adapter.gateways.store.database import Database, Stored
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.mailbox import MessageIdentity
from adapter.gateways.store.own_numbers import Series
from adapter.model.ages import age
from adapter.model.dossier import Dossier
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe
from adapter.model.finding import Finding, Severity, StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import (
    Accepted,
    Noted,
    Outcome,
    Parked,
    Refused,
    Rejected,
    Word,
    verified_of,
    word,
)
from adapter.model.procedure import Meaning, ReplyKind
from adapter.model.stages import Channel, Declaration, Stage, Submission, VerifiedDocument
from adapter.pipeline.amendment.judge import amend as amended
from adapter.pipeline.decide import Decision, Wait, decide
from adapter.pipeline.judge import Ground, reconsidered
from adapter.pipeline.passing import Passing, passing
from adapter.pipeline.sameness import same_key
from adapter.pipeline.terms import Terms
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.ledger.amendment_base import standing
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger
from adapter.services.messages.admission import Admission
from adapter.services.messages.answering import Answering
from adapter.services.messages.incoming import amendment_row, identify, inbox_row
from adapter.services.messages.judging import Stopwatch, broken, judged, stored
from adapter.services.messages.passing import others
from adapter.services.messages.window_notices import note_answer, note_control
from adapter.services.replies.correspondence import Correspondence

InHand = Callable[[str], None]
"""Told the digest of each message before it is judged, in case that nobody is left to tell it afterwards."""
HELD = (
    "held: sent before waiting.hold_sent_before and not known; compare with what the window was answered, then replay"
)


def unheld(digest: str) -> None:
    """The default: nobody watches."""
    del digest


@dataclass(frozen=True, slots=True)
class Patience:
    """How long messages wait, in seconds: for their predecessor, for evidence of their signer; between two looks."""

    overtaken_s: float
    evidence_s: float
    retry_s: float

    def until(self, wait: Wait, since: datetime, now: datetime) -> tuple[Wait, datetime, datetime]:
        """What is waited for, when it is looked at again, and since when it waits. No wait begins in the future."""
        since = min(since, now)
        if wait is Wait.PREDECESSOR:
            return wait, since + timedelta(seconds=self.overtaken_s), since
        # An outage of hours leaves thousands waiting: the longer one waits, the seldomer it is looked at.
        pause = max(timedelta(seconds=self.retry_s), (now - since) / 8)
        return wait, min(now + pause, since + timedelta(seconds=self.evidence_s)), since

    def longest(self) -> timedelta:
        """No row waits longer from now on, whatever the clock was when it began to."""
        return timedelta(seconds=max(self.overtaken_s, self.evidence_s))


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one submission, once its transaction has committed."""

    public_id: str
    state: str
    """settled | waiting | parked"""
    outcome: Word
    findings: tuple[StatedFinding, ...]
    duplicate: bool = False


class _Engaged(Exception):
    """Somebody else is at a dossier or a message of the batch just now."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message that was judged, to be kept."""

    submission: Submission
    outcome: Outcome
    identity: MessageIdentity
    key: DossierKey | None
    replaces: int | None = None
    """The inbox row of an earlier try that did not settle."""
    same: str | None = None
    """What a new declaration has in common with another that declares the same (`pipeline/sameness`)."""
    passing: Passing | None = None
    """Who passes which gate when, of a version that is declared."""
    may_wait: bool = True
    released: bool = False
    """Judged again on purpose: nothing holds it any more."""
    since: datetime | None = None
    """Since when it waits; None: it has not waited yet."""
    ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds each stage of judging took."""


@dataclass(frozen=True)
class Intake:
    """The one way in. `clock` gives the legal time (aware)."""

    database: Database
    ground: Ground
    asking: Asking
    admission: Admission
    clock: Callable[[], datetime]
    patience: Patience
    observe: Observe
    in_hand: InHand = unheld
    hold_sent_before: datetime | None = None
    """After a restore that lost time: what was sent before then and is not known may have been answered already."""

    @property
    def correspondence(self) -> Correspondence:
        return self.asking.correspondence

    @property
    def series(self) -> Series:
        return self.asking.series

    def receive(self, submissions: Sequence[Submission]) -> list[Settled]:
        """Judge and store a batch; every answer is in the outbox when this returns.

        Raises:
            Unavailable: nothing was stored; the whole batch is to be tried again.
        """
        items = [self.judge(submission) for submission in submissions]
        self.observe(Event.VERIFIED, count=len(items))
        together = self.keep_together(items) if len(items) > 1 else None
        return [self.keep(item) for item in items] if together is None else together

    def judge(self, submission: Submission, tree: etree._Element | None = None) -> Item:
        """What becomes of it as far as that can be told without the store; for `keep` or `keep_together`.

        `tree`: what the bytes were written from, where the second door has it.
        """
        watch = Stopwatch()
        self.in_hand(submission.digest)
        return replace(_item(submission, judged(submission, self.ground, watch, tree)), ms=watch.ms)

    def keep_together(self, items: Sequence[Item], *, waits: bool = True) -> list[Settled] | None:
        """Store them in one transaction; None: nothing was stored, each is to be kept alone.

        `waits` False: not while somebody else is at one of these dossiers, for the others would wait with it.

        Raises:
            Unavailable: nothing was stored.
        """
        try:
            return self._store(items, waits=waits)
        except Unavailable:
            raise
        except _Engaged:
            return None
        except Exception as error:  # noqa: BLE001  what breaks a batch is looked for one message at a time
            self.observe(Event.BATCH_BROKEN, count=len(items), reason=broken(error).reason)
            return None

    def wake(self, row: Stored[Any], *, may_wait: bool) -> Settled:
        """Judge a stored message again: its declaration has come, its wait is over, or an operator asks."""
        submission = stored(row)
        since = row.waits_since or submission.received_at
        item = replace(self.judge(submission), replaces=row.id, may_wait=may_wait, since=since, released=True)
        return self.keep(item)

    def keep(self, item: Item) -> Settled:
        """Store one message.

        Raises:
            Unavailable: nothing was stored.
        """
        try:
            return self._store([item])[0]
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  what breaks alone is ours to mend: parked, its neighbours pass
            return self._store([self._broken(item, error)])[0]

    def park(self, submission: Submission, reason: str) -> Settled:
        """Keep a message for the operator without judging it: it was taken up too often."""
        return self._store([_item(submission, Parked(None, reason))])[0]

    def _broken(self, item: Item, error: Exception) -> Item:
        return replace(_item(item.submission, broken(error)), replaces=item.replaces)

    def _store(self, items: Sequence[Item], *, waits: bool = True) -> list[Settled]:
        settled: list[Settled] = []
        began = perf_counter()
        with self.database.transaction() as connection:
            keys = [item.key for item in items if item.key is not None]
            names = [*map(dossiers.lock_name, keys), *(item.identity.lock_name for item in items)]
            names += [f"same:{item.same}" for item in items if item.same]
            names += [item.passing.lock_name for item in items if item.passing]
            if not self.database.lock(connection, names, waits=waits):
                raise _Engaged
            if own := dossiers.by_alias(connection, keys):
                items = [replace(item, key=own.get(item.key, item.key)) if item.key else item for item in items]
                keys = [item.key for item in items if item.key is not None]
                if not self.database.lock(connection, map(dossiers.lock_name, own.values()), waits=waits):
                    raise _Engaged
            self.observe(Event.LOCKED, count=len(names))
            known = mailbox.known(connection, [identity for item in items for identity in _identities(item)])
            before = dossiers.find(connection, keys)
            stored = mailbox.copies(connection, [message.id for message in known.values()])
            incident = None
            if any(item.submission.channel is Channel.PORTAL for item in items):
                incident = windows.incident_name(windows.open_incident(connection))
            at = self.clock()
            docket = Docket(self.database, connection, Terms.of(self.ground.catalogue))
            register = self.admission.ask(connection, [item.outcome for item in items], at)
            expected = [item.passing for item in items if item.passing]
            same, gates = others(connection, [item.same for item in items if item.same], expected)
            foreign = self.series.foreign(connection, keys)
            ledger = Ledger(
                connection, self.database, known, dict(before), at, docket, incident, register, same, gates, foreign
            )
            for item in items:
                settled.append(self._fold(ledger, item, stored))
            again = [item.submission.digest for item in items if verified_of(item.outcome) is not None]
            mailbox.close_parked(connection, again)
            ledger.write(before)
            self.observe(Event.INSERTED, count=len(items))
            self.observe(Event.COMMITTING, count=len(items))
        self.observe(Event.COMMITTED, count=len(items), ms=round((perf_counter() - began) * 1000, 2))
        for item, result in zip(items, settled, strict=True):
            self._tell(item, result)
        return settled

    def _fold(self, ledger: Ledger, item: Item, stored: Mapping[int, list[Stored[Any]]]) -> Settled:
        identity = item.identity
        prior = ledger.known.get(identity)
        verified = verified_of(item.outcome)
        if prior is not None and prior.id == item.replaces and prior.state == "settled":
            # Somebody else has judged it again in the meantime (a second clock, an operator's replay).
            return Settled(prior.public_id, prior.state, Word(prior.outcome or Word.REJECTED), (), duplicate=True)
        if prior is not None and prior.id != item.replaces:
            if prior.state == "parked":
                # The earlier try did not settle: this one is processed in its place (pyas2 #33).
                item = replace(item, replaces=prior.id)
            elif verified is None or prior.content_digest == verified.content_digest:
                ledger.send_again(prior.id, stored)
                return Settled(prior.public_id, prior.state, Word(prior.outcome or Word.REJECTED), (), duplicate=True)
            else:
                return self._reused(ledger, item, verified, stored)
        decision = self._decided(ledger, item)
        return self._keep(ledger, item, decision)

    def _reused(
        self, ledger: Ledger, item: Item, verified: VerifiedDocument, stored: Mapping[int, list[Stored[Any]]]
    ) -> Settled:
        """The id was used for other content: a signed rejection of its own, and a security event."""
        identity = MessageIdentity(item.identity.sender, f"{item.identity.name}#{verified.content_digest}")
        prior = ledger.known.get(identity)
        if prior is not None:
            ledger.send_again(prior.id, stored)
            return Settled(prior.public_id, prior.state, Word.REJECTED, (), duplicate=True)
        finding = Finding("message_id_reused", "/Envelope/Header/Reference/messageId")
        rejected = Rejected(Stage.DECIDE, (finding,), verified.header, verified)
        fresh = replace(item, identity=identity, outcome=rejected, replaces=None)
        return self._keep(ledger, fresh, Decision(rejected, ReplyKind.ERRORS))

    def _is_held(self, item: Item) -> bool:
        """Whether it is of the time that a restore lost: a second acceptance would be later than the one on paper."""
        if isinstance(item.outcome, Noted):  # what the window says of itself
            return False
        verified = verified_of(item.outcome)
        # As it was written: judging puts one that lies far from reception aside, and here all do.
        sent = verified.envelope.header.subject.send_date if verified is not None else None
        before = self.hold_sent_before
        return before is not None and sent is not None and sent < before and not item.released

    def _decided(self, ledger: Ledger, item: Item) -> Decision:
        outcome = item.outcome
        if self._is_held(item):
            return Decision(Parked(None, HELD), None)
        if isinstance(outcome, Accepted | Refused) and item.key is not None and item.key in ledger.foreign:
            finding = Finding(
                "foreign_contingency_number",
                "/Envelope/Header/Subject/reference",
                words={"key": str(item.key)},
            )
            verified = outcome.declaration.verified
            outcome = Rejected(Stage.DECIDE, (finding,), verified.header, verified)
        dossier = ledger.dossiers.get(item.key) if item.key else None
        outcome = self.admission.admit(ledger.register, outcome, dossier, ledger.now)
        twins = _twins(ledger, item)
        if twins and dossier is None and isinstance(outcome, Accepted | Refused):
            outcome = reconsidered(outcome, [_twin(twins[0])])
        if item.passing is not None and item.key is not None and isinstance(outcome, Accepted | Refused):
            spared = [item.key, *(DossierKey(row.number, row.year) for row in twins)]
            elsewhere = ledger.passing.found(outcome.declaration, item.passing, spared)
            outcome = reconsidered(outcome, elsewhere) if elsewhere else outcome

        def amend(form: Declaration, standing_dossier: Dossier) -> Declaration:
            ground = replace(self.ground, representation=self.admission.within(ledger.register))
            return amended(form, standing(ledger, standing_dossier, ground), ground)

        since = item.since or item.submission.received_at

        def decided(standing_dossier: Dossier | None) -> Decision:
            return decide(
                outcome,
                standing_dossier,
                now=ledger.now,
                may_wait=item.may_wait,
                amend=amend,
                evidence_may_come=age(ledger.now, since) < self.patience.evidence_s,
                withdrawn=_withdrawn(ledger, outcome, standing_dossier),
                amendable=lambda each: self.asking.is_possible(each, ledger.now),
            )

        corrected = self._corrected(ledger, item, dossier, decided) if _corrects(outcome) else None
        return corrected or decided(dossier)

    def _corrected(
        self, ledger: Ledger, item: Item, dossier: Dossier | None, decided: Callable[[Dossier | None], Decision]
    ) -> Decision | None:
        """A newer version or a withdrawal, while what was confirmed is signed and has not left: it is taken back.

        None where nothing was confirmed, or where a confirmation has left.
        """
        if dossier is None or dossier.confirmed_at is None:
            return None
        decision = decided(dossier.unconfirmed)
        if decision.dossier is None:
            return decision
        numbers = ledger.take_back(dossier)
        if not numbers:
            return None
        recorded: Dossier | None = dossier.unconfirmed
        for number in numbers:
            detail = {"confirmation": number, "sent": False}
            entry = Entry("confirmation.taken_back", _actor(item.outcome, item.submission), ledger.now, detail)
            recorded = ledger.record(recorded, entry)
        return decided(recorded)

    def _keep(self, ledger: Ledger, item: Item, decision: Decision) -> Settled:
        outcome, submission = decision.outcome, item.submission
        state = "parked" if isinstance(outcome, Parked) else "waiting" if decision.waits else "settled"
        findings = self.correspondence.state(getattr(outcome, "findings", ()))
        since = item.since or submission.received_at
        waits = self.patience.until(decision.waits, since, ledger.now) if decision.waits else None
        row = inbox_row(submission, outcome, item.identity, state, findings, waits)
        dossier = decision.dossier
        inbox_id = ledger.take(item.identity, row, replaces=item.replaces)
        verified = verified_of(outcome)
        if dossier is not None and verified is not None:
            if verified.meaning.is_amendment:
                dossier = self._amended(ledger, dossier, decision, inbox_id)
            else:
                dossier = self._overtaken(ledger, item, dossier)
                dossier = ledger.hold(dossier, decision.version, inbox_id)
                if item.passing is not None and isinstance(outcome, Accepted):
                    ledger.passing.add(dossier.key, item.passing)
                if dossier.versions == 1:
                    ledger.link(dossier, _twins(ledger, item))
            ledger.correct(inbox_id, dossier_id=dossier.id)
        if isinstance(outcome, Noted):
            self._note(ledger, outcome, submission)
        entry = Entry(
            event=f"message.{word(outcome).value}",
            actor=_actor(outcome, submission),
            at=ledger.now,
            detail={
                "message": row["public_id"],
                "digest": submission.digest,
                "pair": row["pair"],
                "codes": [finding.code for finding in findings],
            },
        )
        dossier = ledger.record(dossier, entry)
        receipted = item.replaces is not None and decision.answer is ReplyKind.RECEIPT and bool(decision.waits)
        if decision.answer is not None and not receipted:  # one that waits was receipted when it came
            about = dossier or (ledger.dossiers.get(item.key) if item.key else None)
            Answering(ledger, self.asking, submission, decision, inbox_id).answer(decision.answer, dossier, about)
        return Settled(row["public_id"], state, word(outcome), findings)

    def _overtaken(self, ledger: Ledger, item: Item, dossier: Dossier) -> Dossier:
        """What was asked about the version before this one, and has not left, is never sent."""
        number = ledger.take_back_request(dossier) if dossier.id is not None else None
        if number is None:
            return dossier
        detail = {"request": number, "sent": False}
        entry = Entry("request.taken_back", _actor(item.outcome, item.submission), ledger.now, detail)
        return ledger.record(dossier, entry) or dossier

    def _amended(self, ledger: Ledger, dossier: Dossier, decision: Decision, inbox_id: int) -> Dossier:
        """Keep form 14 and the version it brings: in force, or for an officer's approval."""
        outcome, version = decision.outcome, decision.version
        assert isinstance(outcome, Accepted)
        assert version is not None
        ours = self.correspondence.ours(dossier)
        number = self.series.of(ours.number_code).amendment(ledger.connection, ledger.now)
        row = amendment_row(outcome.declaration, decision, number=number, at=ledger.now)
        due = ledger.docket.amended(
            dossier, outcome.declaration, version, answers=row["requested"], in_force=not decision.approval
        )
        if row["requested"] and not decision.approval and dossier.id is not None:
            amendments.close(ledger.connection, dossier.id, ledger.now)
        return ledger.amend_dossier(dossier, version, inbox_id, row, due=due)

    def _note(self, ledger: Ledger, outcome: Noted, submission: Submission) -> None:
        if outcome.verified.meaning.is_technical_answer:
            note_answer(ledger, outcome.verified, submission)
        else:
            note_control(ledger, outcome.verified, submission)

    def _tell(self, item: Item, settled: Settled) -> None:
        fields: dict[str, Any] = {
            "message": settled.public_id,
            "digest": item.submission.digest,
            "outcome": settled.outcome.value,
            "state": settled.state,
            "duplicate": settled.duplicate,
            "dossier": str(item.key) if item.key else None,
            "codes": [finding.code for finding in settled.findings],
            "ms": item.ms,
        }
        self.observe(Event.PARKED if settled.state == "parked" else Event.SETTLED, **fields)
        told = (finding for finding in settled.findings if finding.severity is not Severity.WAIT)
        if any(finding.code[3:4] == "4" or finding.name == "message_id_reused" for finding in told):
            self.observe(Event.SECURITY, **fields)


def _twins(ledger: Ledger, item: Item) -> list[Stored[Any]]:
    """Dossiers that declare the same and came by the other door; the window's copy of a transferred one is such."""
    rows = ledger.same.get(item.same or "", [])
    return [row for row in rows if row.channel != item.submission.channel.value]


def _twin(row: Stored[Any]) -> Finding:
    words = {"other": str(DossierKey(row.number, row.year))}
    return Finding("declared_by_both_doors", "/Envelope/Header/Subject/reference", Severity.WARN, words=words)


def _corrects(outcome: Outcome) -> bool:
    """A newer version of a declaration (10/02), or its withdrawal (12/05)."""
    meanings = (Meaning.REPLACEMENT, Meaning.WITHDRAWAL)
    return isinstance(outcome, Accepted) and outcome.declaration.verified.meaning in meanings


def _withdrawn(ledger: Ledger, outcome: Outcome, dossier: Dossier | None) -> frozenset[str]:
    """The requests of a dossier that were withdrawn, where the message answers one."""
    if dossier is None or dossier.id is None or not isinstance(outcome, Accepted):
        return frozenset()
    if outcome.declaration.verified.meaning is not Meaning.AMENDMENT_REQUESTED:
        return frozenset()
    return amendments.withdrawn(ledger.connection, dossier.id)


def _item(submission: Submission, outcome: Outcome) -> Item:
    verified = verified_of(outcome)
    key = same = expected = None
    if isinstance(outcome, Accepted | Refused):
        key = outcome.declaration.verified.key
        meaning = outcome.declaration.verified.meaning
        same = same_key(outcome.declaration) if meaning is Meaning.DECLARATION else None
        if meaning in (Meaning.DECLARATION, Meaning.REPLACEMENT):
            expected = passing(outcome.declaration)
    return Item(submission, outcome, identify(submission, verified), key, same=same, passing=expected)


def _identities(item: Item) -> list[MessageIdentity]:
    verified = verified_of(item.outcome)
    if verified is None:
        return [item.identity]
    return [item.identity, MessageIdentity(item.identity.sender, f"{item.identity.name}#{verified.content_digest}")]


def _actor(outcome: Outcome, submission: Submission) -> str:
    verified = verified_of(outcome)
    if verified is None:
        return f"unverified:{submission.channel.value}"
    return verified.sender.partition(":")[0]
