"""The stages in their one order, from a Submission to the outcome that needs no store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from adapter.model.catalogue import Catalogue
from adapter.model.errors import Fault
from adapter.model.finding import Finding, Severity
from adapter.model.limits import Limits
from adapter.model.outcomes import Accepted, Noted, Outcome, Refused, Rejected
from adapter.model.stages import Channel, Declaration, Envelope, Stage, Submission, VerifiedDocument
from adapter.model.units import NO_UNITS, BorderUnits
from adapter.pipeline import mapping, principal, rules, schema, units
from adapter.pipeline.envelope import open_envelope
from adapter.pipeline.library_errors import OF_LIBRARIES, Unprocessable, strange_text
from adapter.pipeline.signature import verify
from adapter.pipeline.signature.signing_time import PLAIN_TIMING, Timing
from adapter.pipeline.trust import Trust
from adapter.pipeline.xml import line_of

Mark = Callable[[str], None]
"""Called with the name of each stage that a message has passed."""


def unmarked(stage: str) -> None:
    """The default mark: does nothing."""
    del stage


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that judging needs: catalogue, limits, trust, the slow schema reporter, the rule of representation."""

    catalogue: Catalogue
    limits: Limits
    trust: Trust
    reporter: schema.Reporter
    representation: principal.Representation
    timing: Timing = PLAIN_TIMING
    units: BorderUnits = NO_UNITS


def judge(submission: Submission, ground: Ground, mark: Mark = unmarked, tree: etree._Element | None = None) -> Outcome:
    """Open, verify, validate, read, check. Faults become the outcome; anything else is raised as it is.

    `tree`: as `open_envelope` takes it.

    Raises:
        Misconfigured: something of ours is wrong.
    """
    envelope: Envelope | None = None
    verified: VerifiedDocument | None = None
    try:
        with strange_text():
            envelope = open_envelope(submission, catalogue=ground.catalogue, limits=ground.limits, tree=tree)
            mark(Stage.OPEN)
            verified = ground.timing.sent(verify.verify(envelope, trust=ground.trust, timing=ground.timing))
        mark(Stage.VERIFY)
        valid = schema.validate(verified, limits=ground.limits, reporter=ground.reporter)
        mark(Stage.VALIDATE)
        if verified.meaning.is_control or verified.meaning.is_technical_answer:
            return Noted(verified)
        declaration = mapping.read(valid, codelists=ground.catalogue.codelists)
        mark(Stage.READ)
    except Fault as fault:
        findings = _capped(_told(fault.findings), envelope, ground.limits)
        return Rejected(fault.stage, findings, fault.claims, verified)
    except Unprocessable as unprocessable:
        return _unprocessable(unprocessable.what, envelope, verified)
    except OF_LIBRARIES as error:
        return _unprocessable(type(error).__name__, envelope, verified)
    return _check(declaration, ground, mark)


def foreseen(submission: Submission, ground: Ground, tree: etree._Element) -> tuple[Finding, ...]:
    """What would be found in a draft if it were sent as it is, before anybody signs: form, codes, rules.

    Neither signatures are looked at nor what only the store can tell. Nothing is kept of it.
    """
    try:
        with strange_text():
            envelope = open_envelope(submission, catalogue=ground.catalogue, limits=ground.limits, tree=tree)
            verified = verify.unsigned(envelope)
        valid = schema.validate(verified, limits=ground.limits, reporter=ground.reporter)
        declaration = mapping.read(valid, codelists=ground.catalogue.codelists)
    except Fault as fault:
        return _told(fault.findings)
    except Unprocessable as unprocessable:
        return (Finding("unprocessable", "/", words={"what": unprocessable.what}),)
    outcome = _check(declaration, ground, unmarked)
    return outcome.findings if isinstance(outcome, Accepted | Refused | Rejected) else ()


def _unprocessable(what: str, envelope: Envelope | None, verified: VerifiedDocument | None) -> Rejected:
    """Errors that a message causes in a library are findings for its sender, not work for the operator."""
    stage = Stage.OPEN if envelope is None else Stage.VERIFY if verified is None else Stage.VALIDATE
    header = (verified or envelope).header if envelope else None
    return Rejected(stage, (Finding("unprocessable", "/", words={"what": what}),), header, verified)


def _check(declaration: Declaration, ground: Ground, mark: Mark) -> Outcome:
    verified = declaration.verified
    catalogue = ground.catalogue
    found = [
        *verified.findings,
        *_closed(verified),
        *units.check(declaration, ground.units, catalogue.codelists),
        *rules.check(declaration, codelists=catalogue.codelists, calendar=catalogue.calendar),
    ]
    found += principal.check(declaration, ground.representation, found)
    findings = _capped(tuple(found), verified.envelope, ground.limits)
    mark(Stage.CHECK)
    return conclude(replace(declaration, findings=findings) if findings else declaration, Stage.CHECK)


def reconsidered(outcome: Accepted | Refused, found: Sequence[Finding]) -> Outcome:
    """The outcome with findings that need the store, listed before the others."""
    declaration = outcome.declaration
    located = tuple(_located(finding, declaration.verified.envelope.tree) for finding in found)
    return conclude(replace(declaration, findings=(*located, *outcome.findings)), Stage.DECIDE)


def conclude(declaration: Declaration, stage: Stage) -> Outcome:
    """The outcome of a declaration whose findings are known: the gravest of them decides."""
    verified, findings = declaration.verified, declaration.findings
    if any(finding.severity is Severity.REJECT for finding in findings):
        return Rejected(stage, _told(findings), verified.header, verified)
    if any(finding.severity is Severity.REFUSE for finding in findings):
        return Refused(declaration, findings)
    return Accepted(declaration, findings)


def _told(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """A rejected message does not wait, so findings that only say "not known yet" are left out of its answer."""
    return tuple(finding for finding in findings if finding.severity is not Severity.WAIT)


def _closed(verified: VerifiedDocument) -> list[Finding]:
    """Portal-only procedures do not come by the window (letter of 27/5/2022: vehicles are not among the five)."""
    envelope = verified.envelope
    if envelope.procedure.on_window or envelope.submission.channel is not Channel.WINDOW:
        return []
    words = {"value": str(envelope.procedure.document_type)}
    return [Finding("not_open_on_channel", "/Envelope/Header/Subject/documentType", words=words)]


def _capped(findings: tuple[Finding, ...], envelope: Envelope | None, limits: Limits) -> tuple[Finding, ...]:
    """Lines looked up in the received bytes; no more than the limit, and the cap is said."""
    listed = list(findings[: limits.findings])
    if len(findings) > limits.findings:
        words = {"limit": str(limits.findings)}
        listed.append(Finding("too_many_findings", "/Envelope", findings[0].severity, words=words))
    tree = envelope.tree if envelope else None
    return tuple(_located(finding, tree) for finding in listed)


def _located(finding: Finding, tree: etree._Element | None) -> Finding:
    if tree is not None:
        return replace(finding, line=line_of(tree, finding.pointer))
    line = finding.words.get("line", "0")
    return replace(finding, line=int(line) if line.isdigit() else 0)
