"""Amending: from the version in force and a form 14 to the version after it (Articles 11, 14, 17).

The changes are applied to the form as it stands; what comes of that is validated, read and checked as if it had been
declared so. Every finding points into the amendment. Nothing here decides whether an amendment is possible now.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from adapter.model.errors import Fault
from adapter.model.finding import Finding, Severity
from adapter.model.procedure import ExpectedSpec, FieldSpec, GroupSpec, Label, MessageSpec, Procedure
from adapter.model.stages import (
    Channel,
    Declaration,
    Envelope,
    Record,
    Stage,
    Value,
    VerifiedDocument,
)
from adapter.pipeline import mapping, principal, rules, schema
from adapter.pipeline.converters import CONVERTERS, write
from adapter.pipeline.envelope import read_header
from adapter.pipeline.judge import Ground
from adapter.pipeline.rules.view import View
from adapter.pipeline.xml import canonical, line_of

_SIGNATURE, _SUBJECT = "/Envelope/Body/Signature", "/Envelope/Header/Subject"
LATE = "declared_late"
"""An amendment does not make a declaration late that came in time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an amendment starts from: the version in force, and what is open about it."""

    procedure: Procedure
    document: etree._Element
    """The whole envelope as its XSD sees it, with the header of the declaration."""
    identities: frozenset[str]
    """Personal numbers and tax codes of those who may speak for the dossier."""
    request: str | None = None
    """Number of the request (form 13) that is to be answered."""
    answer_before: datetime | None = None
    pending: bool = False
    """Another amendment waits for an officer."""


def document_of(envelope: Envelope) -> etree._Element:
    """A message that was verified when it came, as its XSD sees it: without signatures and Content/@Id."""
    document = copy.deepcopy(envelope.tree)
    for signature in document.xpath("SystemSignature | Body/Signature"):
        signature.getparent().remove(signature)
    for content in document.iterfind("Body/Content"):
        content.attrib.pop("Id", None)
    return document


def amend(form: Declaration, standing: Standing, ground: Ground) -> Declaration:
    """The version that the amendment brings; its findings may refuse it or warn.

    Raises:
        Fault: at stage decide: it cannot be taken as it is.
    """
    sheet, before = _Sheet(form), _in_force(form, standing)
    findings = [
        *_of_another(form, standing, sheet, before, ground),
        *_unsigned(before),
        *_closed(form, standing),
        *_elsewhere(form, sheet, before),
        *_open(form, standing, sheet),
    ]
    document = copy.deepcopy(standing.document)
    places: dict[str, str] = {}
    if not findings:
        findings += _apply(sheet, standing, document, places)
    if findings:
        raise _fault(form, findings)
    try:
        valid = schema.validate(_signed(form, standing, document), limits=ground.limits, reporter=ground.reporter)
        version = mapping.read(valid, codelists=ground.catalogue.codelists)
    except Fault as fault:
        raise _fault(form, [sheet.pointed(finding, places) for finding in fault.findings]) from None
    found = [*_checked(form, version, ground, sheet, places), *_unsigned(version)]
    found += [*_silent(form, version, sheet, ground), *_late(form, standing, sheet)]
    return replace(version, findings=_located(form.verified.envelope, found))


def _signed(form: Declaration, standing: Standing, document: etree._Element) -> VerifiedDocument:
    """A version of the dossier as if whoever signed the amendment had declared it so."""
    envelope = replace(form.verified.envelope, procedure=standing.procedure, spec=_spec(standing))
    return replace(form.verified, envelope=envelope, element=document, header=read_header(document))


def _in_force(form: Declaration, standing: Standing) -> Declaration:
    """The version in force under the signers of the amendment, its values as texts: a code may be withdrawn by now."""
    root = _root(standing.document, standing)
    values: dict[str, Value] = {
        spec.name: text for spec in standing.procedure.fields if (text := _text(root, spec.path))
    }
    valid = replace(form.valid, verified=_signed(form, standing, standing.document))
    return replace(form, valid=valid, values=values, rows={}, findings=())


def _checked(
    form: Declaration, version: Declaration, ground: Ground, sheet: _Sheet, places: Mapping[str, str]
) -> Iterator[Finding]:
    """What is checked of a declaration, of the version that the amendment brings; what form 14 was told, once."""
    found = [each for each in rules.check(version, codelists=ground.catalogue.codelists) if each.name != LATE]
    told = {(finding.name, finding.severity) for finding in form.findings}
    spoken = principal.check(version, ground.representation, found)
    found += [finding for finding in spoken if (finding.name, finding.severity) not in told]
    return (sheet.pointed(finding, places) for finding in found)


def _spec(standing: Standing) -> MessageSpec:
    """The message that the version in force would be, if it were declared today."""
    return standing.procedure.messages[read_header(standing.document).subject.pair]


def _fault(form: Declaration, findings: Iterable[Finding]) -> Fault:
    verified = form.verified
    return Fault(Stage.DECIDE, _located(verified.envelope, findings), verified.header)


def _located(envelope: Envelope, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(each, line=line_of(envelope.tree, each.pointer)) for each in findings)


class _Sheet:
    """Form 14 as it was sent: where its parts stand."""

    def __init__(self, form: Declaration) -> None:
        envelope = form.verified.envelope
        amends = envelope.procedure.amends
        group = envelope.procedure.group(amends.group) if amends else None
        assert amends is not None
        assert group is not None  # proved at start (catalogue/amends)
        self.form, self.amends, self.group = form, amends, group
        self.base = f"/Envelope/Body/Content/{envelope.spec.root}"

    @property
    def changes(self) -> tuple[Record, ...]:
        return self.form.rows.get(self.group.name, ())

    @property
    def list_pointer(self) -> str:
        return f"{self.base}/{self.group.path.rpartition('/')[0]}".rstrip("/")

    def at(self, ordinal: int, name: str) -> str:
        """XPath of a part of a change."""
        path = next(spec.path for spec in self.group.fields if spec.name == name)
        return f"{mapping.row_pointer(self.base, self.group.path, ordinal, len(self.changes))}/{path}"

    def field(self, name: str) -> str:
        """XPath of a field of form 14 itself."""
        spec = self.form.verified.envelope.procedure.field(name)
        assert spec is not None
        return f"{self.base}/{spec.path}"

    def complete_form(self, root: str) -> tuple[etree._Element | None, bool]:
        """The complete form that stands instead of changes, and whether anything stands there at all."""
        if self.amends.replacement is None:
            return None, False
        element = self.form.verified.element.find(self.base.removeprefix("/Envelope/") + f"/{self.amends.replacement}")
        return (None, False) if element is None else (element.find(root), len(element) > 0)

    def pointed(self, finding: Finding, places: Mapping[str, str]) -> Finding:
        """A finding in the amended form, with the place in the amendment that brought it about."""
        if finding.pointer in places:
            return replace(finding, pointer=places[finding.pointer])
        for before, after in places.items():
            if before.endswith("/") and f"{finding.pointer}/".startswith(before):
                return replace(finding, pointer=after + finding.pointer[len(before) - 1 :])
        return replace(finding, pointer=self.list_pointer)


def _of_another(
    form: Declaration, standing: Standing, sheet: _Sheet, before: Declaration, ground: Ground
) -> Iterator[Finding]:
    """Only who spoke for the dossier may amend it; whoever signs must speak for its principal (Articles 3(4), 7(3)).

    What form 14 says of itself is no proof: the declarant's number is known to more than his enterprise.
    """
    procedure = form.verified.envelope.procedure
    stated = {write(form.values[name]) for name in procedure.identities if name in form.values}
    spoken = principal.check(before, ground.representation, ())
    if not stated & standing.identities or any(finding.severity is Severity.REJECT for finding in spoken):
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


def _closed(form: Declaration, standing: Standing) -> Iterator[Finding]:
    """What the window does not carry is not amended by it either: form 14 serves several procedures."""
    if standing.procedure.on_window or form.verified.envelope.submission.channel is not Channel.WINDOW:
        return
    place = "preReference" if form.verified.header.subject.pre_reference else "reference"
    yield Finding("not_open_on_channel", f"{_SUBJECT}/{place}", words={"value": standing.procedure.document_type})


def _elsewhere(form: Declaration, sheet: _Sheet, before: Declaration) -> Iterator[Finding]:
    """Form 14 goes to the gate and the unit that have the dossier."""
    own, theirs = form.verified.envelope.procedure, before.verified.envelope.procedure
    for column in ("gate", "unit"):
        field = own.field(own.place.get(column, ""))
        stands = before.values.get(theirs.place.get(column, ""))
        said = form.values.get(field.name) if field else None
        if field is not None and said is not None and stands is not None and write(said) != stands:
            yield Finding("amendment_elsewhere", sheet.field(field.name), words=mapping.named(field.label))


def _open(form: Declaration, standing: Standing, sheet: _Sheet) -> Iterator[Finding]:
    """One amendment at a time, and an answer names the request that it answers."""
    if standing.pending:
        yield Finding("amendment_pending", f"{_SUBJECT}/reference", words={"key": str(form.verified.key)})
    stated = form.values.get(sheet.amends.request)
    if standing.request is not None and stated != standing.request:
        yield Finding("request_not_answered", sheet.field(sheet.amends.request), words={"request": standing.request})
    elif standing.request is None and stated is not None:
        yield Finding("request_unknown", sheet.field(sheet.amends.request))


def _silent(form: Declaration, version: Declaration, sheet: _Sheet, ground: Ground) -> Iterator[Finding]:
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
    said = [
        next(view for view in views if view.procedure.field(each.field)).spoken({each.field: each.value})
        for each in expected.where
    ]
    return Label(vi=", ".join(each.vi for each in said), en=", ".join(each.en for each in said))


def _late(form: Declaration, standing: Standing, sheet: _Sheet) -> Iterator[Finding]:
    """Article 11(3)(b) names no consequence: a late answer is flagged, not refused."""
    received = form.verified.envelope.submission.received_at
    if standing.answer_before is not None and received > standing.answer_before:
        yield Finding("answered_late", sheet.base, Severity.WARN)


def _root(document: etree._Element, standing: Standing) -> etree._Element:
    root = document.find(f"Body/Content/{_spec(standing).root}")
    assert root is not None, "a version in force is valid"
    return root


def _apply(sheet: _Sheet, standing: Standing, document: etree._Element, places: dict[str, str]) -> list[Finding]:
    """Change the document; `places` gets where each changed place of it stands in the amendment."""
    spec = _spec(standing)
    complete, there = sheet.complete_form(spec.root)
    if there == bool(sheet.changes):
        return [Finding("amendment_content", sheet.base)]
    before = canonical(document)
    if there:
        pointer = f"{sheet.base}/{sheet.amends.replacement}"
        if complete is None:
            return [Finding("amendment_form", pointer, words={"form": spec.form or ""})]
        content = document.find("Body/Content")
        assert content is not None
        content[:] = [copy.deepcopy(complete)]
        places[f"/Envelope/Body/Content/{spec.root}/"] = f"{pointer}/{spec.root}"
        findings: list[Finding] = []
    else:
        findings = _Changes(sheet, standing, _root(document, standing)).apply(places)
    if not findings and canonical(document) == before:
        return [Finding("amendment_content", sheet.base)]
    return findings


@dataclass(frozen=True, slots=True)
class _Target:
    """A place of the amended form that a change may name."""

    group: GroupSpec | None
    field: FieldSpec

    @property
    def path(self) -> str:
        return f"{self.group.path}/{self.field.path}" if self.group else self.field.path


class _Changes:
    """A list of changes on its way into the amended form."""

    def __init__(self, sheet: _Sheet, standing: Standing, root: etree._Element) -> None:
        self._sheet, self._root, self._form = sheet, root, _spec(standing)
        fields = [_Target(None, spec) for spec in standing.procedure.fields]
        fields += [_Target(group, spec) for group in standing.procedure.groups for spec in group.fields]
        self._targets = {target.path: target for target in fields}

    def apply(self, places: dict[str, str]) -> list[Finding]:
        """Apply all in their order; every fault is told."""
        findings: list[Finding] = []
        amends, done = self._sheet.amends, []
        for ordinal, change in enumerate(self._sheet.changes, start=1):
            found = list(self._one(change, ordinal))
            findings += found
            if not found:
                done.append((self._targets[str(change[amends.field]).strip("/")], change, ordinal))
        for target, change, ordinal in done:
            places[self._pointer(target, change)] = self._sheet.at(ordinal, amends.new)
        return findings

    def _pointer(self, target: _Target, change: Record) -> str:
        base = f"/Envelope/Body/Content/{self._form.root}"
        if target.group is None:
            return f"{base}/{target.path}"
        total = len(self._root.findall(target.group.path))
        row = int(str(change[self._sheet.amends.row]))
        return f"{mapping.row_pointer(base, target.group.path, row, total)}/{target.field.path}"

    def _one(self, change: Record, ordinal: int) -> Iterator[Finding]:
        amends, sheet = self._sheet.amends, self._sheet
        if change.get(amends.form) != self._form.form:
            yield Finding("amendment_form", sheet.at(ordinal, amends.form), words={"form": self._form.form or ""})
            return
        target = self._targets.get(str(change.get(amends.field, "")).strip("/"))
        if target is None:
            words = {"form": self._form.form or ""}
            yield Finding("amendment_field_unknown", sheet.at(ordinal, amends.field), words=words)
            return
        old, new = (str(change.get(name, "")) for name in (amends.old, amends.new))
        parent = self._parent(target, change.get(amends.row), grows=not old)
        if parent is None:
            yield Finding(
                "amendment_row_unknown", sheet.at(ordinal, amends.row), words=mapping.named(target.field.label)
            )
        elif not _is_numbered(target, parent, change.get(amends.row)):
            yield Finding("amendment_row_number", sheet.at(ordinal, amends.row))
        elif not _same(_text(parent, target.field.path), old, target.field.type):
            yield Finding("amendment_old_value", sheet.at(ordinal, amends.old), words=mapping.named(target.field.label))
        else:
            order = [each.field.path for each in self._targets.values() if each.group is target.group]
            _write(parent, target.field.path, new, order)

    def _parent(self, target: _Target, row: object, *, grows: bool) -> etree._Element | None:
        """The element that the field stands in; the row behind the last one is a new row."""
        if target.group is None:
            return self._root if row is None else None
        rows = self._root.findall(target.group.path)
        if not isinstance(row, int) or not 1 <= row <= len(rows) + 1:
            return None
        if row <= len(rows):
            return rows[row - 1]
        return _append(self._root, target.group.path, list(self._targets)) if grows else None


def _is_numbered(target: _Target, parent: etree._Element, row: object) -> bool:
    """Whether a row bears the number that it is called by: else its place and its number are two persons.

    The number itself may be changed: its old value says which row is meant.
    """
    group = target.group
    if group is None or group.ordinal in (None, target.field.name):
        return True
    spec = next(each for each in group.fields if each.name == group.ordinal)
    number = _text(parent, spec.path)
    return not number or _same(number, str(row), spec.type)


def _text(parent: etree._Element, path: str) -> str:
    steps, _, attribute = path.partition("@")
    element = parent.find(steps.rstrip("/")) if steps else parent
    if element is None:
        return ""
    text = element.get(attribute) if attribute else element.text
    return unicodedata.normalize("NFC", (text or "").strip())


def _same(standing: str, stated: str, type_: str) -> bool:
    """Equal as values of the field's type; what cannot be read is compared as text."""
    if standing == stated or not standing or not stated:
        return standing == stated
    try:
        return bool(CONVERTERS[type_](standing) == CONVERTERS[type_](stated))
    except (ValueError, KeyError, OverflowError):
        return False


def _write(parent: etree._Element, path: str, text: str, order: list[str]) -> None:
    """Set a value; an empty one takes the element away. `order` are the mapping's paths below the same parent."""
    steps, _, attribute = path.partition("@")
    element, prefix = parent, ""
    for name in filter(None, steps.split("/")):
        found = element.find(name)
        if found is None:
            if not text:
                return
            found = _insert(element, name, [each.removeprefix(prefix) for each in order if each.startswith(prefix)])
        element, prefix = found, f"{prefix}{name}/"
    if attribute:
        element.set(attribute, text)
    elif text:
        element.text = text
    else:
        above = element.getparent()
        assert above is not None
        above.remove(element)


def _insert(parent: etree._Element, name: str, order: list[str]) -> etree._Element:
    """A new child where the mapping's order has it: a form may be a sequence."""
    names = list(dict.fromkeys(each.partition("/")[0].partition("@")[0] for each in order))
    later = set(names[names.index(name) + 1 :]) if name in names else set()
    place = next((index for index, child in enumerate(parent) if child.tag in later), len(parent))
    element = etree.Element(name)
    parent.insert(place, element)
    return element


def _append(root: etree._Element, path: str, order: list[str]) -> etree._Element:
    """A new row behind the last one; its list is made where there was none."""
    *steps, name = path.split("/")
    element, prefix = root, ""
    for step in steps:
        found = element.find(step)
        if found is None:
            found = _insert(element, step, [each.removeprefix(prefix) for each in order if each.startswith(prefix)])
        element, prefix = found, f"{prefix}{step}/"
    return etree.SubElement(element, name)
