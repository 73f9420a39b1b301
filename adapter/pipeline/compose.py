"""Composing replies: the answer as XML, valid against its own XSD, not yet signed (wire profile 3).

It does not sign, store or send; times and identifiers are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from adapter.model.catalogue import ReplySpec
from adapter.model.errors import Misconfigured
from adapter.model.finding import Severity, StatedFinding
from adapter.model.header import Party
from adapter.model.identifiers import DossierKey
from adapter.model.installation import Installation
from adapter.model.outcomes import Reply
from adapter.model.procedure import ReplyKind
from adapter.model.text import holdable
from adapter.pipeline.addressing import Address, echoable
from adapter.pipeline.envelope import write_time
from adapter.pipeline.schema import faults_of
from adapter.pipeline.xml import reparsed

OF_UNITS = (ReplyKind.AMENDMENT_REQUEST, ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION)
"""Replies that a unit decides and signs: form 13, and the confirmations (forms 08, 10, 12, 15, 17, and the ship's)."""


@dataclass(frozen=True, slots=True)
class InReplyTo:
    """The answered message, and the versions that judged it: `Digest` is SHA-256 in hexadecimal."""

    message_id: str | None
    digest: str
    schema: str | None
    mapping: str | None
    channel: str


def compose(
    kind: ReplyKind,
    content: etree._Element,
    *,
    to: Address,
    spec: ReplySpec,
    message_id: str,
    now: datetime,
    schema: etree.XMLSchema,
    instead: Address | None = None,
) -> Reply:
    """Write the envelope around `content` and prove it against its XSD, outbound too.

    Header values of the sender may not fit the XSD of the answer. Then parts of `instead` replace them, so that every
    sender is answered; without `instead` nothing is replaced.

    Raises:
        Misconfigured: our own reply does not agree with our own schema.
    """
    envelope = _envelope(content, to, spec, message_id, now)
    faults = faults_of(envelope, schema)
    if faults is not None and instead is not None:
        to = echoable(to, instead, [str(error.path) for error in faults])
        envelope = _envelope(content, to, spec, message_id, now)
        faults = faults_of(envelope, schema)
    if faults is not None:
        # Paths and types only: the message of libxml2 would quote values.
        places = "; ".join(f"{error.path} {error.type_name}" for error in faults)
        raise Misconfigured(f"our {kind.value} does not agree with its schema: {places}")
    reply_type = spec.type or to.type
    return Reply(
        kind=kind,
        message_id=message_id,
        correlation_id=to.correlation_id,
        document_type=to.document_type,
        type=reply_type,
        function=spec.function,
        key=to.key,
        xml=etree.tostring(envelope, encoding="UTF-8"),
        is_units=kind in OF_UNITS,
    )


def _envelope(content: etree._Element, to: Address, spec: ReplySpec, message_id: str, now: datetime) -> etree._Element:
    envelope = etree.Element("Envelope")
    envelope.append(_header(to, spec.type or to.type, spec.function, message_id, now))
    body = etree.SubElement(envelope, "Body")
    etree.SubElement(body, "Content").append(content)
    return envelope


def _header(to: Address, reply_type: str, function: str, message_id: str, now: datetime) -> etree._Element:
    header = etree.Element("Header")
    _append(header, "Reference", {"version": "01", "messageId": message_id})
    header.append(_party("From", to.sender))
    header.append(_party("To", to.recipient))
    subject = {
        "documentType": to.document_type,
        "type": reply_type,
        "function": function,
        "reference": to.key.number,
        "documentYear": f"{to.key.year:04}",
        "preDocumentYear": f"{to.key.year:04}",
        "preReference": to.key.number,
        "sendDate": write_time(now),
    }
    _append(header, "Subject", subject)
    return header


def _write(parent: etree._Element, tag: str, text: str | None) -> etree._Element:
    """An element with its text. Characters that XML cannot hold are replaced: old stored texts may have them."""
    element = etree.SubElement(parent, tag)
    element.text = None if text is None else holdable(text)
    return element


def _party(tag: str, party: Party) -> etree._Element:
    element = etree.Element(tag)
    values = {
        "name": party.name,
        "identity": party.identity,
        "countryCode": party.country_code,
        "ministryCode": party.ministry_code,
        "organizationCode": party.organization_code,
    }
    for name, value in values.items():
        _write(element, name, value)
    if party.unit_code:
        _write(element, "unitCode", party.unit_code)
    return element


def _append(parent: etree._Element, tag: str, values: Mapping[str, str]) -> etree._Element:
    element = etree.SubElement(parent, tag)
    for name, value in values.items():
        _write(element, name, value)
    return element


def _start(kind: ReplyKind, answered: InReplyTo | None) -> etree._Element:
    content = etree.Element(kind.value)
    if answered is not None:
        values = {
            "MessageId": answered.message_id,
            "Digest": answered.digest,
            "Schema": answered.schema,
            "Mapping": answered.mapping,
            "Channel": answered.channel,
        }
        _append(content, "InReplyTo", {name: value for name, value in values.items() if value})
    return content


def receipt(answered: InReplyTo, now: datetime) -> etree._Element:
    """t/99: received, nothing more."""
    content = _start(ReplyKind.RECEIPT, answered)
    _write(content, "ReceiveDate", write_time(now))
    return content


def errors(answered: InReplyTo, findings: Sequence[StatedFinding]) -> etree._Element:
    """t/00: everything that was found, each with code, place, line and two languages."""
    content = _start(ReplyKind.ERRORS, answered)
    _error_list(etree.SubElement(content, "ErrorList"), "Error", findings)
    if any(finding.name == "too_many_findings" for finding in findings):
        _write(content, "ErrorsCapped", "1")
    return content


def acceptance(
    answered: InReplyTo,
    findings: Sequence[StatedFinding],
    installation: Installation,
    *,
    received: datetime,
    now: datetime,
) -> etree._Element:
    """20/21 (tiếp nhận): has ReceiveDate, so it is the receipt too, and the warnings."""
    content = _start(ReplyKind.ACCEPTANCE, answered)
    _write(content, "AcceptDate", write_time(now))
    _write(content, "ReceiveDate", write_time(received))
    who = {
        "Organization": installation.organization,
        "Division": installation.division,
        "Name": installation.accepter,
    }
    _append(content, "Accepter", who)
    if findings:
        _error_list(etree.SubElement(content, "Warnings"), "Warning", findings)
    return content


def refusal(
    answered: InReplyTo,
    findings: Sequence[StatedFinding],
    installation: Installation,
    *,
    name: str,
    ground: str,
    now: datetime,
) -> etree._Element:
    """20/22: refusal with legal ground and reason (NĐ 85/2019 Article 19(2)(b))."""
    content = _start(ReplyKind.REFUSAL, answered)
    reject = {
        "RejectCode": next((f.code for f in findings if f.severity is Severity.REFUSE), findings[0].code),
        "RejectDesc": " ".join(dict.fromkeys(finding.vi for finding in findings))[:1000],
        "Organization": installation.organization,
        "Division": installation.division,
        "Name": name,
        "LegalGround": ground,
    }
    _append(content, "Reject", reject)
    _write(content, "RejectDate", write_time(now))
    _error_list(etree.SubElement(content, "ErrorList"), "Error", findings)
    return content


@dataclass(frozen=True, slots=True)
class AmendmentItem:
    """One item of a request to amend; `form` and `pointer` give its place, if known."""

    wrong: str
    asked: str
    form: str | None = None
    pointer: str | None = None

    def as_stored(self) -> dict[str, str | None]:
        """The item as the store keeps it."""
        return {"form": self.form, "pointer": self.pointer, "wrong": self.wrong, "asked": self.asked}


@dataclass(frozen=True, slots=True)
class AmendmentRequest:
    """A request to amend (form 13): its number, times, reason and items."""

    number: str
    at: datetime
    answer_before: datetime
    reason: str
    items: tuple[AmendmentItem, ...]


def kept(
    kind: ReplyKind,
    message_id: str,
    correlation_id: str | None,
    document_type: str,
    reply_type: str,
    function: str,
    *,
    key: DossierKey,
    xml: bytes,
) -> Reply:
    """A reply that was composed and proved before, and was kept unsigned."""
    names = (message_id, correlation_id, document_type, reply_type, function)
    return Reply(kind, *names, key, xml, is_units=kind in OF_UNITS)


def dated(xml: bytes, now: datetime, answer_before: datetime | None) -> bytes:
    """A reply that waited, as it leaves at `now`: its sendDate, and until when a request to amend is to be answered."""
    envelope = reparsed(xml)
    times = {"Header/Subject/sendDate": now, "Body/Content/AmendmentRequest/AnswerBefore": answer_before}
    for path, time in times.items():
        element = envelope.find(path)
        if element is not None and time is not None:
            element.text = write_time(time)
    return etree.tostring(envelope, encoding="UTF-8")


def amendment_request(
    answered: InReplyTo, asked: AmendmentRequest, installation: Installation, *, name: str
) -> etree._Element:
    """20/25: the request to amend, form 13 (Article 11(1)(c))."""
    content = _start(ReplyKind.AMENDMENT_REQUEST, answered)
    times = {"RequestDate": write_time(asked.at), "AnswerBefore": write_time(asked.answer_before)}
    for tag, text in {"RequestNumber": asked.number, **times, "Reason": asked.reason}.items():
        _write(content, tag, text)
    if asked.items:
        items = etree.SubElement(content, "Items")
        for item in asked.items:
            values = {"FormNumber": item.form, "Pointer": item.pointer, "Wrong": item.wrong, "Asked": item.asked}
            _append(items, "Item", {tag: text for tag, text in values.items() if text})
    who = {"Organization": installation.organization, "Division": installation.division, "Name": name}
    _append(content, "Requester", who)
    return content


def completion(
    answered: InReplyTo | None, *, form: str, root: str, values: Sequence[tuple[str, str | None]]
) -> etree._Element:
    """30/23: the confirmation form, built from `values` (path below the form's root, text), in their order."""
    content = _start(ReplyKind.COMPLETION, answered)
    _write(content, "FormNumber", form)
    element = etree.SubElement(content, root)
    for path, text in values:
        if text is None or text == "":
            continue
        parent = element
        *steps, leaf = path.split("/")
        for step in steps:
            found = parent.find(step)
            parent = etree.SubElement(parent, step) if found is None else found
        _write(parent, leaf, text)
    return content


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One side of what a transfer carries: exact bytes, their SHA-256, the legal time."""

    digest: str
    base64: str
    at: datetime


def transfer(request: Exchanged, reply: Exchanged, *, key: DossierKey, incident: str | None) -> etree._Element:
    """40/01: what was decided directly, for the window's records (NĐ 85/2019 Article 17(5))."""
    content = _start(ReplyKind.TRANSFER, None)
    if incident:
        _write(content, "Incident", incident)
    for tag, side, time in (("Request", request, "ReceivedAt"), ("Reply", reply, "DecidedAt")):
        _append(content, tag, {"Digest": side.digest, "Bytes": side.base64, time: write_time(side.at)})
    _write(content, "DossierNumber", key.number)
    _write(content, "DossierYear", str(key.year))
    return content


def _error_list(parent: etree._Element, tag: str, findings: Sequence[StatedFinding]) -> None:
    for finding in findings:
        values = {"ErrorCode": finding.code, "ErrorName": finding.vi[:1000], "ErrorNameEn": finding.en[:1000]}
        if finding.pointer:
            values["Pointer"] = finding.pointer[:1000]
        if finding.line:
            values["Line"] = str(finding.line)
        _append(parent, tag, values)
