"""Deciding: what a judged message does to its dossier. Each decision sees the dossier the one before it left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from adapter.model.dossier import ACT_NAMES, ACTS, STATE_NAMES, Act, Dossier, DossierState, in_words, step
from adapter.model.errors import Fault
from adapter.model.finding import Finding, Severity
from adapter.model.outcomes import Accepted, Noted, Outcome, Parked, Refused, Rejected
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Declaration, Stage
from adapter.pipeline.amendment.amend import Amended
from adapter.pipeline.judge import conclude
from adapter.pipeline.mapping import named
from adapter.pipeline.units import place_of
from adapter.pipeline.xml import line_of

_SUBJECT = "/Envelope/Header/Subject"


class Wait(StrEnum):
    """Reasons to wait."""

    PREDECESSOR = "predecessor"
    """It arrived before its declaration."""
    EVIDENCE = "evidence"
    """The revocation status of its signer's certificate is unknown now."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the dossier after it (None: none touched), and the answer now."""

    outcome: Outcome
    answer: ReplyKind | None
    dossier: Dossier | None = None
    version: Declaration | None = None
    """The version of the dossier that is kept with it; a withdrawal brings none."""
    base: int = 0
    """The version that an amendment starts from."""
    answers: bool = False
    """An amendment that was asked for; another one is the declarant's own discovery."""
    approval: bool = False
    """An amendment that has no effect before an officer approves it."""
    inaccurate: tuple[Finding, ...] = ()
    """What the border guard asks to be amended, at once (Article 11(3)(a)): the dossier stands as asked already."""
    is_copy: bool = False
    """The window's own copy of the dossier: kept with it, and nothing of it changes."""
    waits: Wait | None = None
    """Answered 99 now, judged again when what it waits for has come, or when the bounded wait is over."""


Amend = Callable[[Declaration, Dossier], Amended]
"""The version that an amendment brings (pipeline/amendment/amend.amend on what the store knows); raises Fault."""


def decide(
    outcome: Outcome,
    dossier: Dossier | None,
    *,
    now: datetime,
    may_wait: bool,
    amend: Amend,
    evidence_may_come: bool = False,
    amendable: Callable[[Dossier], bool] = lambda dossier: True,
) -> Decision:
    """Fold one judged message into its dossier.

    `may_wait` is False once its bounded wait for its predecessor is over, `evidence_may_come` once that for evidence
    of its signer is.
    `amendable`: whether a dossier can be asked to be amended: a form 14 answers it, and a unit of ours signs it.
    """
    if isinstance(outcome, Accepted | Refused) and (doubts := _doubts(outcome)):
        if evidence_may_come:
            return Decision(outcome, ReplyKind.RECEIPT, waits=Wait.EVIDENCE)
        verified = outcome.declaration.verified
        return Decision(Rejected(Stage.VERIFY, doubts, verified.header, verified), ReplyKind.ERRORS)
    match outcome:
        case Rejected():
            # A malformed answer is not answered: two systems could answer each other for ever.
            unanswered = outcome.verified is not None and outcome.verified.meaning.is_technical_answer
            return Decision(outcome, None if unanswered else ReplyKind.ERRORS)
        case Parked():
            return Decision(outcome, None)
        case Noted(verified=verified):
            return Decision(outcome, None if verified.meaning.is_technical_answer else ReplyKind.RECEIPT)
        case Refused(declaration=declaration):
            return _refuse(outcome, declaration, dossier)
        case Accepted(declaration=declaration):
            if dossier is not None and declaration.verified.meaning.is_amendment:
                return _asking(_amend(declaration, dossier, amend), amendable)
            return _asking(_accept(outcome, declaration, dossier, now, may_wait), amendable)


def _doubts(outcome: Accepted | Refused) -> tuple[Finding, ...]:
    """Findings that are not known yet, as what they become when the waiting time is over."""
    doubts = (finding for finding in outcome.findings if finding.severity is Severity.WAIT)
    return tuple(replace(doubt, severity=Severity.REJECT) for doubt in doubts)


def _refuse(outcome: Refused, declaration: Declaration, dossier: Dossier | None) -> Decision:
    if ACTS[declaration.verified.meaning] is not Act.DECLARE:
        # A refused message leaves the version before it in force, and does not make a dossier.
        return Decision(outcome, ReplyKind.REFUSAL)
    if dossier is not None and dossier.after(Act.DECLARE) is None:
        return _reject(declaration, "dossier_exists", dossier)
    if _is_older(declaration, dossier):
        return _reject(declaration, "older_version", dossier)
    refused = replace(_declared(declaration, dossier), state=DossierState.REFUSED)
    return Decision(outcome, ReplyKind.REFUSAL, refused, declaration)


def _accept(
    outcome: Accepted, declaration: Declaration, dossier: Dossier | None, now: datetime, may_wait: bool
) -> Decision:
    verified = declaration.verified
    act = ACTS[verified.meaning]
    if dossier is None and act is not Act.DECLARE:
        if may_wait:
            return Decision(outcome, ReplyKind.RECEIPT, waits=Wait.PREDECESSOR)
        return _reject(declaration, "dossier_unknown", dossier)
    if dossier is not None and act is Act.DECLARE and dossier.after(act) is None:
        return _reject(declaration, "dossier_exists", dossier)
    if dossier is not None and dossier.procedure != verified.envelope.procedure.code:
        return _reject(declaration, "dossier_unknown", dossier)
    though_confirmed = act is Act.WITHDRAW and verified.envelope.spec.after_confirmation
    state = dossier.after(act, though_confirmed=though_confirmed) if dossier else step(None, act)
    if state is None:
        return _reject(declaration, "wrong_state", dossier)
    if _is_older(declaration, dossier):
        return _reject(declaration, "older_version", dossier)
    if dossier is not None and act is Act.WITHDRAW:
        sent = verified.header.subject.send_date
        return Decision(outcome, ReplyKind.RECEIPT, replace(dossier, state=state, last_sent=sent or dossier.last_sent))
    changed = replace(_declared(declaration, dossier), state=state)
    if verified.envelope.procedure.acceptance == "automatic":
        accepted = step(changed.state, Act.ACCEPT)
        if accepted is not None:
            changed = replace(changed, state=accepted, accepted_at=now)
            return Decision(outcome, ReplyKind.ACCEPTANCE, changed, declaration)
    return Decision(outcome, ReplyKind.RECEIPT, changed, declaration)


def _amend(declaration: Declaration, dossier: Dossier, amend: Amend) -> Decision:
    verified = declaration.verified
    procedure, sent = verified.envelope.procedure, verified.header.subject.send_date
    if procedure.amends is None or dossier.procedure not in procedure.amends.procedures:
        return _reject(declaration, "not_amended_by", dossier)
    if dossier.after(Act.AMEND) is None and dossier.after(Act.ANSWER) is None:
        return _reject(declaration, "wrong_state", dossier)
    if _is_older(declaration, dossier):
        return _reject(declaration, "older_version", dossier)
    try:
        amended = amend(declaration, dossier)
    except Fault as fault:
        return Decision(Rejected(Stage.DECIDE, fault.findings, verified.header, verified), ReplyKind.ERRORS)
    version, answers = amended.version, amended.answers
    state = dossier.after(Act.ANSWER if answers else Act.AMEND)
    if state is None:
        return _reject(declaration, "wrong_state", dossier)
    outcome = conclude(replace(declaration, findings=(*declaration.findings, *version.findings)), Stage.DECIDE)
    if not isinstance(outcome, Accepted):
        return Decision(outcome, ReplyKind.REFUSAL if isinstance(outcome, Refused) else ReplyKind.ERRORS)
    kept = replace(dossier, state=state, versions=dossier.versions + 1, last_sent=sent or dossier.last_sent)
    # Own discovery needs the border guard's approval whatever the procedure says (Article 11(1)(a)), and a dossier
    # leaves a gate only with the approval of its unit.
    if not answers or procedure.acceptance != "automatic" or _moves(dossier, version):
        return Decision(outcome, ReplyKind.RECEIPT, kept, version, dossier.version, answers=answers, approval=True)
    in_force = approved(kept, kept.versions)
    return Decision(outcome, ReplyKind.ACCEPTANCE, in_force, version, dossier.version, answers=answers)


def _is_older(declaration: Declaration, dossier: Dossier | None) -> bool:
    """Whether something newer was declared already.

    A sendDate too far in the future is ignored. One in the past counts: a message that was delayed for days must not
    replace a newer one.
    """
    verified = declaration.verified
    sent = verified.header.subject.send_date
    if sent is None:
        written, received = verified.envelope.header.subject.send_date, verified.envelope.submission.received_at
        sent = written if written is not None and written < received else None
    return dossier is not None and bool(sent and dossier.last_sent and sent < dossier.last_sent)


def _asking(decision: Decision, amendable: Callable[[Dossier], bool]) -> Decision:
    """An inaccurate version is accepted, and an amendment of it is asked for at once."""
    dossier, outcome = decision.dossier, decision.outcome
    if decision.answer is not ReplyKind.ACCEPTANCE or dossier is None or not isinstance(outcome, Accepted):
        return decision
    inaccurate = tuple(each for each in outcome.findings if each.severity is Severity.REQUEST)
    state = dossier.after(Act.REQUEST_AMENDMENT)
    if not inaccurate or state is None or not amendable(dossier):
        return decision
    return replace(decision, dossier=replace(dossier, state=state), inaccurate=inaccurate)


def _moves(dossier: Dossier, version: Declaration) -> bool:
    """Whether an amended version is for another gate or unit than has the dossier."""
    stands = (dossier.gate, dossier.unit)
    return stands != (None, None) and place_of(version.verified.envelope.procedure, version.values) != stands


def approved(dossier: Dossier, version: int) -> Dossier:
    """The dossier once an amendment is approved, at once or by an officer: its version is the one in force."""
    state = dossier.after(Act.APPROVE)
    assert state is not None, "whoever may amend may be approved"
    return replace(dossier, state=state, version=version)


def _declared(declaration: Declaration, dossier: Dossier | None) -> Dossier:
    """The dossier with one more version, which is not accepted yet."""
    if dossier is None:
        return _new(declaration)
    sent, versions = declaration.verified.header.subject.send_date, dossier.versions + 1
    return replace(dossier, version=versions, versions=versions, accepted_at=None, last_sent=sent or dossier.last_sent)


def _new(declaration: Declaration) -> Dossier:
    verified = declaration.verified
    subject = verified.header.subject
    return Dossier(
        key=subject.key,
        procedure=verified.envelope.procedure.code,
        state=DossierState.RECEIVED,
        channel=verified.envelope.submission.channel,
        version=1,
        received_at=verified.envelope.submission.received_at,
        last_sent=subject.send_date,
    )


def _reject(declaration: Declaration, name: str, dossier: Dossier | None) -> Decision:
    verified = declaration.verified
    act = ACTS[verified.meaning]
    words = {
        "key": str(verified.key),
        "value": verified.envelope.procedure.document_type,
        **named(ACT_NAMES[act], "act"),
    }
    if dossier is not None:
        words["procedure"] = dossier.procedure
        words |= {**named(STATE_NAMES[dossier.state], "state"), **named(in_words(dossier.possible), "possible")}
    subject = verified.header.subject
    place = "preReference" if verified.meaning.is_amendment and subject.pre_reference else "reference"
    pointer = f"{_SUBJECT}/{place}"
    finding = Finding(name, pointer, line=line_of(verified.envelope.tree, pointer), words=words)
    return Decision(rejected_at_decide(declaration, finding), ReplyKind.ERRORS)


def rejected_at_decide(declaration: Declaration, finding: Finding) -> Rejected:
    """A rejection that only the store could bring about (stage decide)."""
    verified = declaration.verified
    return Rejected(Stage.DECIDE, (finding,), verified.header, verified)
