"""Amending: from the version in force and a form 14 to the version after it (Articles 11, 14, 17).

The changes are applied to the form as it is; what comes of that is validated, read and checked as if it had been
declared so. Every finding points into the amendment. Nothing here decides whether an amendment is possible now.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lxml import etree

from adapter.model.errors import Fault
from adapter.model.finding import Finding, Severity
from adapter.model.procedure import ExpectedSpec, Label, Meaning, MessageSpec, Procedure
from adapter.model.stages import (
    Channel,
    Declaration,
    Envelope,
    Record,
    Stage,
    Value,
    VerifiedDocument,
)
from adapter.pipeline import mapping, principal, rules, schema, units
from adapter.pipeline.amendment.apply import Sheet, apply, form_in, text_at
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import read_header, read_time
from adapter.pipeline.judge import Ground
from adapter.pipeline.rules.view import View
from adapter.pipeline.xml import canonical, line_of

_SIGNATURE, _SUBJECT = "/Envelope/Body/Signature", "/Envelope/Header/Subject"
_RECIPIENT = "Header/To/unitCode"
LATE, PAST = "declared_late", "time_long_past"
"""Findings that an amendment does not repeat: a declaration in time stays so, and so does an unchanged time."""
CALLER = "identity_mismatch"
"""Who amends need not be who declared: form 14 is held against its own caller."""


@dataclass(frozen=True, slots=True)
class AmendmentBase:
    """What an amendment starts from: the version in force, and what is open about it."""

    procedure: Procedure
    document: etree._Element
    """The whole envelope as its XSD sees it, with the header of the declaration."""
    identities: frozenset[str]
    """Personal numbers and tax codes of those who may act for the dossier."""
    request: str | None = None
    """Number of the request (form 13) that is to be answered."""
    items: tuple[str | None, ...] = ()
    """Where what it asks for stands in the form, as XPath; None for an item that an officer worded freely."""
    answer_before: datetime | None = None
    """Until when, counted from when the declarant had the request; None if that is not known."""
    pending: bool = False
    """Another amendment waits for an officer."""
    closed: frozenset[str] = frozenset()
    """Numbers of requests that were answered, asked again or withdrawn: nobody asks for what names one of these."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The version that an amendment brings. `answers`: it was asked for; else the declarant found it himself."""

    version: Declaration
    answers: bool
    places: Mapping[str, str]
    """Where each changed place of the version stands in the amendment."""

    def pointed(self, form: Declaration, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """What the store finds in the version later, with its place in `form`, which brings it."""
        sheet = Sheet(form)
        return _located(form.verified.envelope, [sheet.pointed(each, self.places) for each in findings])


def document_of(envelope: Envelope) -> etree._Element:
    """A message that was verified when it came, as its XSD sees it: without signatures and Content/@Id."""
    document = copy.deepcopy(envelope.tree)
    for signature in document.xpath("SystemSignature | Body/Signature"):
        signature.getparent().remove(signature)
    for content in document.iterfind("Body/Content"):
        content.attrib.pop("Id", None)
    return document


def amend(form: Declaration, base: AmendmentBase, ground: Ground) -> Amended:
    """The version that the amendment brings; its findings may refuse it or warn.

    What it calls itself does not matter: it answers the request that it names, or whose every item it changes. All else
    is the declarant's own discovery (Article 11(1)).

    Raises:
        Fault: at stage decide: it cannot be taken as it is.
    """
    sheet, before = Sheet(form), _in_force(form, base)
    findings = [
        *_of_another(form, base, sheet, before, ground),
        *_unsigned(before),
        *_closed(form, base),
        *_elsewhere(form, sheet, before),
        *_pending(form, base),
    ]
    document = copy.deepcopy(base.document)
    places: dict[str, str] = {}
    if not findings:
        findings += apply(sheet, base.procedure, _spec(base), document, places)
    answers = _answers(form, base, sheet, document)
    findings += [] if answers else _misnamed(form, base, sheet)
    if findings:
        raise _fault(form, findings)
    _readdress(base, document)
    try:
        valid = schema.validate(_signed(form, base, document), limits=ground.limits, reporter=ground.reporter)
        version = mapping.read(valid, codelists=ground.catalogue.codelists)
    except Fault as fault:
        raise _fault(form, [sheet.pointed(finding, places) for finding in fault.findings]) from None
    found = [*_checked(form, version, ground, sheet, places), *_unsigned(version)]
    found += _silent(form, version, sheet, ground)
    found += _late(form, base, sheet) if answers else _unasked(form, base, before, sheet)
    return Amended(replace(version, findings=_located(form.verified.envelope, found)), answers, places)


def _readdress(base: AmendmentBase, document: etree._Element) -> None:
    """A dossier that moves to another gate is addressed to the unit there: what repeats the header goes on doing so."""
    form, recipient = form_in(document, _spec(base)), document.find(_RECIPIENT)
    for equal in base.procedure.header_equal:
        field = base.procedure.field(equal.field) if equal.header == "toUnit" else None
        unit = text_at(form, field.path) if field is not None else ""
        if unit and recipient is not None:
            recipient.text = unit


def _signed(form: Declaration, base: AmendmentBase, document: etree._Element) -> VerifiedDocument:
    """A version of the dossier as if whoever signed the amendment had declared it so."""
    envelope = replace(form.verified.envelope, procedure=base.procedure, spec=_spec(base))
    return replace(form.verified, envelope=envelope, element=document, header=read_header(document))


def _in_force(form: Declaration, base: AmendmentBase) -> Declaration:
    """The version in force under the signers of the amendment, its values as texts: a code may be withdrawn by now."""
    root = form_in(base.document, _spec(base))
    values: dict[str, Value] = {spec.name: text for spec in base.procedure.fields if (text := text_at(root, spec.path))}
    valid = replace(form.valid, verified=_signed(form, base, base.document))
    return replace(form, valid=valid, values=values, rows={}, findings=())


def _checked(
    form: Declaration, version: Declaration, ground: Ground, sheet: Sheet, places: Mapping[str, str]
) -> Iterator[Finding]:
    """The checks of a declaration, for the version that the amendment brings; findings of form 14 are not repeated."""
    checked = rules.check(version, codelists=ground.catalogue.codelists)
    foreign = units.check(version, ground.units, ground.catalogue.codelists)
    found = [replace(each, name="moved_to_a_foreign_gate") for each in foreign]
    kept = (each for each in checked if each.name not in (LATE, CALLER))
    found += [each for each in kept if each.name != PAST or each.pointer in places]
    already = {(finding.name, finding.severity) for finding in form.findings}
    spoken = principal.check(version, ground.representation, found)
    found += [finding for finding in spoken if (finding.name, finding.severity) not in already]
    return (sheet.pointed(finding, places) for finding in found)


def _spec(base: AmendmentBase) -> MessageSpec:
    """The message that the version in force would be, if it were declared today."""
    return base.procedure.messages[read_header(base.document).subject.pair]


def _fault(form: Declaration, findings: Iterable[Finding]) -> Fault:
    verified = form.verified
    return Fault(Stage.DECIDE, _located(verified.envelope, findings), verified.header)


def _located(envelope: Envelope, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(each, line=line_of(envelope.tree, each.pointer)) for each in findings)


def _of_another(
    form: Declaration, base: AmendmentBase, sheet: Sheet, before: Declaration, ground: Ground
) -> Iterator[Finding]:
    """Only the dossier's own parties may amend it; the signer must act for its principal (Articles 3(4), 7(3)).

    What form 14 says of itself is no proof: the declarant's number is known to more than his enterprise.
    """
    procedure = form.verified.envelope.procedure
    stated = {write(form.values[name]) for name in procedure.identities if name in form.values}
    spoken = principal.check(before, ground.representation, ())
    if not stated & base.identities or any(finding.severity is Severity.REJECT for finding in spoken):
        yield Finding("amendment_of_another", sheet.base, words={"key": str(form.verified.key)})


def _unsigned(version: Declaration) -> Iterator[Finding]:
    """Who had to sign a version has to sign its amendment, under the same trust stores (Article 6(2))."""

    def declared(name: str) -> str:
        value = version.values.get(name)
        return "" if value is None else write(value)

    policy, signers = version.verified.envelope.procedure.signature, version.verified.signers[1:]
    if not signers and policy.demands(declared):
        yield Finding("declarant_signature_missing", _SIGNATURE)
    allowed = policy.permitted(declared)
    for signer in signers:
        if signer.store not in allowed:
            yield Finding("store_forbidden", _SIGNATURE, words={"store": str(signer.store)})


def _closed(form: Declaration, base: AmendmentBase) -> Iterator[Finding]:
    """A dossier that the window does not carry is not amended by the window: form 14 serves several procedures."""
    if base.procedure.on_window or form.verified.envelope.submission.channel is not Channel.WINDOW:
        return
    place = "preReference" if form.verified.header.subject.pre_reference else "reference"
    yield Finding("not_open_on_channel", f"{_SUBJECT}/{place}", words={"value": base.procedure.document_type})


def _elsewhere(form: Declaration, sheet: Sheet, before: Declaration) -> Iterator[Finding]:
    """Form 14 goes to the gate and the unit that have the dossier."""
    own, theirs = form.verified.envelope.procedure, before.verified.envelope.procedure
    for column in ("gate", "unit"):
        field = own.field(own.place.get(column, ""))
        stands = before.values.get(theirs.place.get(column, ""))
        stated = form.values.get(field.name) if field else None
        if field is not None and stated is not None and stands is not None and write(stated) != stands:
            yield Finding("amendment_elsewhere", sheet.field(field.name), words=mapping.named(field.label))


def _pending(form: Declaration, base: AmendmentBase) -> Iterator[Finding]:
    """One amendment at a time."""
    if base.pending:
        yield Finding("amendment_pending", f"{_SUBJECT}/reference", words={"key": str(form.verified.key)})


def _answers(form: Declaration, base: AmendmentBase, sheet: Sheet, document: etree._Element) -> bool:
    """Whether it is what was asked for: it names the request, or changes every place that the request names."""
    if base.request is None:
        return False
    if form.values.get(sheet.amends.request) == base.request:
        return True
    named = [pointer for pointer in base.items if pointer]
    covered = all(_at(document, pointer) != _at(base.document, pointer) for pointer in named)
    return covered and bool(named) and len(named) == len(base.items)


def _at(document: etree._Element, pointer: str) -> list[bytes | str]:
    found = document.getroottree().xpath(pointer)
    return [canonical(each) if isinstance(each, etree._Element) else str(each) for each in found]


def _misnamed(form: Declaration, base: AmendmentBase, sheet: Sheet) -> Iterator[Finding]:
    """A declarant who names a request that was never made is told so while he has time to answer."""
    stated = form.values.get(sheet.amends.request)
    means_to = form.verified.meaning is Meaning.AMENDMENT_REQUESTED
    if means_to and base.request is not None and stated not in base.closed:
        yield Finding("request_not_answered", sheet.field(sheet.amends.request), words={"request": base.request})


def _unasked(form: Declaration, base: AmendmentBase, before: Declaration, sheet: Sheet) -> Iterator[Finding]:
    """Own discovery: a number of a request that was never made is flagged, and how long after the crossing it came."""
    stated = form.values.get(sheet.amends.request)
    if stated is not None and stated not in base.closed:
        yield Finding("request_unknown", sheet.field(sheet.amends.request), Severity.WARN)
    yield from _crossed(form, before, sheet)


def _silent(form: Declaration, version: Declaration, sheet: Sheet, ground: Ground) -> Iterator[Finding]:
    """What is expected of an amendment because of what it amends, and flagged where it is not stated."""
    views = [View(each, ground.catalogue.codelists) for each in (form, version)]
    said: Record = {**version.values, **form.values}
    received = form.verified.envelope.submission.received_at
    for each in sheet.amends.expects:
        since = said.get(each.since)
        began = isinstance(since, datetime) and since <= received
        field = form.verified.envelope.procedure.field(each.field)
        if field is None or field.name in form.values or not began:
            continue
        if all(condition.holds(said) for condition in each.where):
            words = {**mapping.named(field.label), **mapping.named(_spoken(each, views), "condition")}
            yield Finding("value_required", sheet.field(field.name), Severity.WARN, words=words, basis=each.basis)


def _spoken(expected: ExpectedSpec, views: Sequence[View]) -> Label:
    """When it is expected, in words: each condition by the label that it has in the first form with such a field."""
    conditions = [
        next(view for view in views if view.procedure.field(each.field)).spoken({each.field: each.value})
        for each in expected.where
    ]
    return Label(vi=", ".join(each.vi for each in conditions), en=", ".join(each.en for each in conditions))


def _late(form: Declaration, base: AmendmentBase, sheet: Sheet) -> Iterator[Finding]:
    """Article 11(3)(b) names no consequence: a late answer is flagged, not refused."""
    if base.answer_before is not None and form.declared_at > base.answer_before:
        yield Finding("answered_late", sheet.base, Severity.WARN)


def _crossed(form: Declaration, before: Declaration, sheet: Sheet) -> Iterator[Finding]:
    """Own discovery is declared at once (Article 11(3)(b)), without a figure: long after the crossing is flagged."""
    prompt, amended = sheet.amends.prompt, before.verified.envelope.procedure
    expected = read_time(str(before.values.get(amended.place.get("crossing", ""), "")))
    if prompt is None or expected is None:
        return
    if form.declared_at - expected > timedelta(hours=prompt.hours):
        words = {"hours": f"{prompt.hours:g}"}
        yield Finding("amended_after_crossing", sheet.base, Severity.WARN, words=words, basis=prompt.basis)
