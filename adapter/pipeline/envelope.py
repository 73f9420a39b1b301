"""Opening: from a Submission's bytes to an Envelope with its unverified header (wire profile 1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from adapter.model.catalogue import Catalogue
from adapter.model.errors import Fault
from adapter.model.finding import Finding
from adapter.model.header import Header, Party, Subject
from adapter.model.identifiers import MessageId, ProcedureCode
from adapter.model.limits import Limits
from adapter.model.procedure import MessageSpec, Procedure
from adapter.model.stages import Envelope, Stage, Submission
from adapter.pipeline import text, xml

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?")
_VISIBLE = re.compile(r"[!-~]+")
_SUBJECT = "/Envelope/Header/Subject"
_BARE = ("Envelope", "Header", "Body", "Signature", "SystemSignature")
"""Elements that carry no attribute: `xml:*` on an ancestor of a signed part would change its canonical form."""


class _Unreadable(Exception):
    def __init__(self, pointer: str, what: str) -> None:
        self.finding = Finding(name="header_unreadable", pointer=pointer, words={"what": what})


def open_envelope(
    submission: Submission, *, catalogue: Catalogue, limits: Limits, tree: etree._Element | None = None
) -> Envelope:
    """Unwrap, gate, parse and read the header; find the procedure and what the message claims to be.

    `tree` is what the bytes were written from, where the portal has just written them: it meets the same limits
    and is not parsed again.

    Raises:
        Fault: at stage open, with the header as claims where it could be read.
    """
    try:
        content, unwrapped = xml.unwrap(submission.raw, limits)
        xml.gate(content, limits)
        tree = xml.parse(content, limits) if tree is None else xml.bounded(tree, content, limits)
    except xml.Refusal as refusal:
        raise Fault(Stage.OPEN, (refusal.finding,)) from None
    if structure := tuple(_structure(tree)):
        raise Fault(Stage.OPEN, structure)
    try:
        header = read_header(tree)
    except _Unreadable as unreadable:
        raise Fault(Stage.OPEN, (unreadable.finding,)) from None
    procedure, spec = _find(header, submission, catalogue)
    return Envelope(
        submission=submission,
        tree=tree,
        header=header,
        procedure=procedure,
        spec=spec,
        unwrapped=unwrapped,
    )


def _structure(tree: etree._Element) -> Iterator[Finding]:
    """The structure of the envelope that signatures and schemas rely on."""
    if tree.tag != "Envelope":
        yield Finding(name="not_an_envelope", pointer="/")
        return
    top = [child.tag for child in tree.iterchildren(etree.Element)]
    body = tree.find("Body")
    if top not in (["Header", "Body"], ["Header", "Body", "SystemSignature"]) or body is None:
        yield Finding(name="not_an_envelope", pointer="/Envelope")
        return
    inner = [child.tag for child in body.iterchildren(etree.Element)]
    if inner not in (["Content"], ["Content", "Signature"]):
        yield Finding(name="not_an_envelope", pointer="/Envelope/Body")
    wrappers = [tree, *tree.findall("*"), *body.findall("Signature")]
    for element in wrappers:
        if element.tag in _BARE and element.attrib:
            name = next(iter(element.attrib))
            yield Finding(name="attribute_forbidden", pointer=xml.pointer(element), words={"value": _local(str(name))})
    for content in body.findall("Content"):
        for name in content.attrib:
            if name != "Id":
                yield Finding(
                    name="attribute_forbidden", pointer=xml.pointer(content), words={"value": _local(str(name))}
                )


def _local(name: str) -> str:
    return etree.QName(name).localname[:40]


def _find(header: Header, submission: Submission, catalogue: Catalogue) -> tuple[Procedure, MessageSpec]:
    subject = header.subject
    on = submission.received_at.astimezone(VIETNAM).date()
    procedures = catalogue.under(subject.document_type, on)
    if not procedures:
        finding = Finding(
            name="unknown_procedure",
            pointer=f"{_SUBJECT}/documentType",
            words={"value": subject.document_type[:40]},
        )
        raise Fault(Stage.OPEN, (finding,), header)
    for procedure in procedures:
        spec = procedure.messages.get(subject.pair) or procedure.messages.get(f"*/{subject.function}")
        if spec is not None:
            return procedure, spec
    finding = Finding(
        name="unknown_message",
        pointer=f"{_SUBJECT}/function",
        words={"value": f"{subject.type}/{subject.function}"},
    )
    raise Fault(Stage.OPEN, (finding,), header)


def read_header(tree: etree._Element) -> Header:
    """Read the header of an envelope whose skeleton is known to be right."""
    header = tree.find("Header")
    # Of two with one tag the first, as `find` has it.
    parts = {} if header is None else {child.tag: child for child in reversed(header)}
    values, reference = text.values(parts.get("Subject")), parts.get("Reference")
    message_id = "" if reference is None else text.value_at(reference, "messageId")
    # It is written to a property, a header and the log: no line breaks, no invisible characters.
    if len(message_id) > 36 or not message_id.isprintable():
        raise _Unreadable("/Envelope/Header/Reference/messageId", "messageId (≤ 36)")
    return Header(
        message_id=MessageId(message_id) if message_id else None,
        sender=_party(parts.get("From")),
        recipient=_party(parts.get("To")),
        subject=Subject(
            document_type=ProcedureCode(_document_type(values)),
            type=_code(values, "type"),
            function=_code(values, "function"),
            reference=_required(values, "reference", 35),
            document_year=_year(values),
            send_date=read_time(values.get("sendDate", "")),
            pre_reference=_optional(values, "preReference", 35),
            pre_document_year=_optional_year(values.get("preDocumentYear", "")),
        ),
    )


def _party(element: etree._Element | None) -> Party:
    values = text.values(element)
    return Party(
        name=values.get("name", "")[:255],
        identity=values.get("identity", "")[:255],
        country_code=values.get("countryCode", "")[:2],
        ministry_code=values.get("ministryCode", "")[:20],
        organization_code=values.get("organizationCode", "")[:20],
        unit_code=values.get("unitCode", "")[:20] or None,
    )


def _required(values: dict[str, str], name: str, longest: int) -> str:
    value = values.get(name, "")
    if not 0 < len(value) <= longest:
        raise _Unreadable(f"{_SUBJECT}/{name}", name)
    return value


def _optional(values: dict[str, str], name: str, longest: int) -> str | None:
    return _required(values, name, longest) if values.get(name) else None


def _document_type(values: dict[str, str]) -> str:
    """It is repeated in the answer, in a property of it (255 bytes at most) and in the log: visible ASCII only."""
    code = _required(values, "documentType", 100)
    if not _VISIBLE.fullmatch(code):
        raise _Unreadable(f"{_SUBJECT}/documentType", "documentType")
    return code


def _code(values: dict[str, str], name: str) -> str:
    """It is repeated in the answer and in routing keys: letters and digits of ASCII only."""
    code = _required(values, name, 3)
    if not (code.isascii() and code.isalnum()):
        raise _Unreadable(f"{_SUBJECT}/{name}", name)
    return code


def _year(values: dict[str, str]) -> int:
    year = _optional_year(_required(values, "documentYear", 5))
    if year is None:
        raise _Unreadable(f"{_SUBJECT}/documentYear", "documentYear")
    return year


def _optional_year(year: str) -> int | None:
    """Four ASCII digits; Python's int() alone would take `1_000` and Arabic digits."""
    return int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None


def read_time(written: str) -> datetime | None:
    """`yyyy-MM-dd HH:mm:ss[.SSS]` without zone is Vietnam's time; None where it is no such time."""
    if not _TIME.fullmatch(written):
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    # Years at the calendar's ends overflow when they are moved to UTC; nothing of ours lies there.
    return moment.replace(tzinfo=VIETNAM) if 1900 <= moment.year < 9999 else None


def write_time(moment: datetime) -> str:
    """The same form, for what we write."""
    return moment.astimezone(VIETNAM).isoformat(" ", "seconds")[:19]


def hour_and_day(moment: datetime | None) -> str:
    """A moment as people write it, in Vietnam's time: 09:12, 30/11/2026; empty where none is known."""
    return "" if moment is None else moment.astimezone(VIETNAM).strftime("%H:%M, %d/%m/%Y")
