"""The test window: acts as the national single window towards the adapter, over any carrier of messages.

Writes heartbeats and receipts, addresses what it is given, reads and verifies replies. It knows no broker: who carries
is handed in. It must never be used as a judge of declarations: it believes what it is told to send.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509
from lxml import etree

from adapter.model.header import Party as Name
from adapter.model.limits import Limits
from adapter.pipeline import text, xml
from adapter.pipeline.compose import OF_UNITS
from adapter.pipeline.envelope import write_time
from adapter.pipeline.signature.engine import verified_bytes
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.shape import shapes
from adapter.simulator.pki import SigningParty
from adapter.simulator.sign import sign_message

ANY_UNIT = ""
"""Whose key is asked for a unit that the window knows nothing of: of an installation that is one unit."""
_OF_UNITS = frozenset(kind.value for kind in OF_UNITS)
RECEIPTED = frozenset({"20", "30", "40"})
"""Types that the window answers with a receipt (messages.md 3); a receipt or error list is never answered."""
_TECHNICAL = frozenset({"99", "00"})
_UNREADABLE = ("UNREADABLE", "10", "01")
"""How a message without a readable header is addressed: as a declaration, so that it arrives."""
_ROOMY = Limits(
    message_bytes=1 << 26,
    depth=256,
    elements=1_000_000,
    attributes=1_000_000,
    element_attributes=1_000_000,
    namespaces=10_000,
    text=1 << 26,
    references=1_000_000,
    transforms=1_000_000,
    findings=1,
    report_bytes=0,
    report_children=0,
    report_seconds=0,
)
"""The window sends oversized and deep messages on purpose; it must only survive them itself."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way to the adapter."""

    body: bytes
    address: tuple[str, str, str]
    """documentType, type, function: what a routing key is made from."""
    message_id: str
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class CarriedMessage:
    """A message as the carrier gives it; properties are claims."""

    body: bytes
    message_id: str | None
    correlation_id: str | None


class Carrier(Protocol):
    """The carrier of messages: a broker in the command line, a list in a test."""

    def send(self, letters: Sequence[Letter]) -> Sequence[str | None]:
        """For each letter None if it arrived, else why not."""

    def take(self, seconds: float) -> Sequence[CarriedMessage]:
        """What has come within that time, not again afterwards."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The header of a message, as far as the window needs it."""

    message_id: str | None
    document_type: str
    type: str
    function: str
    reference: str
    year: str

    @property
    def address(self) -> tuple[str, str, str]:
        """documentType, type, function."""
        return self.document_type, self.type, self.function


@dataclass(frozen=True, slots=True)
class VerifiedReply:
    """A reply of the adapter, read and verified."""

    body: bytes
    claims: Claims | None
    correlation_id: str | None
    content: str
    """The element under Content: Receipt, Errors, Acceptance, …"""
    codes: tuple[str, ...]
    system: bool
    """The border guard's system signature holds over the whole envelope."""
    unit: bool | None
    """The signature of the unit that it is from holds over Content; None where there is none and need not be."""

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def pair(self) -> str:
        """`type/function`."""
        return f"{self.claims.type}/{self.claims.function}" if self.claims else "–"

    @property
    def holds(self) -> bool:
        """Every signature it carries holds, and there is the one it must have."""
        return self.system and self.unit is not False

    @property
    def wants_receipt(self) -> bool:
        """Whether the window answers it."""
        claims = self.claims
        return claims is not None and claims.type in RECEIPTED and claims.function not in _TECHNICAL


@dataclass(frozen=True, slots=True)
class WindowIdentity:
    """Who the window is, whom it speaks to, and whose signatures it expects."""

    own: Name
    adapter: Name
    key: SigningParty
    """The window's system: signs heartbeats and receipts."""
    system: x509.Certificate
    units: Mapping[str, x509.Certificate]
    """Each unit's by its code, as From/unitCode says it; ANY_UNIT for every other."""
    control: str
    """documentType of heartbeats and notices."""


@dataclass(frozen=True)
class TestWindow:
    """The single window of a test. `clock` gives aware times, `new_id` fresh message ids."""

    __test__ = False  # not a test case, in spite of its name

    identity: WindowIdentity
    carrier: Carrier
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def publish(self, bodies: Sequence[bytes]) -> list[str]:
        """Send messages as they are; gives the message ids to wait for.

        Raises:
            ConnectionError: one did not arrive; says why.
        """
        letters = [self.letter(body) for body in bodies]
        self.post(letters)
        return [letter.message_id for letter in letters]

    def post(self, letters: Sequence[Letter]) -> None:
        """Send letters.

        Raises:
            ConnectionError: one did not arrive; says why.
        """
        for letter, trouble in zip(letters, self.carrier.send(letters), strict=True):
            if trouble is not None:
                raise ConnectionError(f"message {letter.message_id} did not arrive: {trouble}")

    def letter(self, body: bytes, *, correlation_id: str | None = None) -> Letter:
        """Address a message by its own header; what has none that can be read goes as a declaration."""
        tree = parsed(body)
        claims = None if tree is None else claims_of(tree)
        if claims is None:
            return Letter(body, _UNREADABLE, self.new_id(), correlation_id)
        return Letter(body, claims.address, claims.message_id or self.new_id(), correlation_id)

    def collect(self, expected: Collection[str], timeout: float) -> list[VerifiedReply]:
        """Replies until each of the expected messages has one, or the time is over."""
        missing, replies, until = set(expected), list[VerifiedReply](), time.monotonic() + timeout
        while missing and (left := until - time.monotonic()) > 0:
            for reply in self.replies(min(left, 1.0)):
                replies.append(reply)
                missing.discard(reply.correlation_id or "")
        return replies

    def replies(self, seconds: float) -> list[VerifiedReply]:
        """What comes within that time, read and verified."""
        return [self.read(taken) for taken in self.carrier.take(seconds)]

    def read(self, taken: CarriedMessage) -> VerifiedReply:
        """Read and verify one reply; what cannot be read has no signature that holds."""
        tree = parsed(taken.body)
        if tree is None:
            return VerifiedReply(taken.body, None, taken.correlation_id, "–", (), system=False, unit=None)
        content = tree.find("Body/Content/*")
        body = tree.find("Body/Signature")
        decided = body is not None and len(body) > 0
        name, at = "–" if content is None else str(content.tag), self.clock()
        unit: bool | None = False if name in _OF_UNITS else None
        if decided:
            code = text.value_at(tree, "Header/From/unitCode")
            certificate = self.identity.units.get(code) or self.identity.units.get(ANY_UNIT)
            unit = certificate is not None and _holds(tree, Place.DECLARANT, certificate, at)
        return VerifiedReply(
            body=taken.body,
            claims=claims_of(tree),
            correlation_id=taken.correlation_id,
            content=name,
            codes=tuple(text.value(element) for element in tree.iterfind("Body/Content//ErrorCode")),
            system=_holds(tree, Place.SYSTEM, self.identity.system, at),
            unit=unit,
        )

    def heartbeat(self) -> Letter:
        """Send 90/01, the heartbeat."""
        now = self.clock()
        content = etree.Element("Heartbeat")
        etree.SubElement(content, "SentAt").text = write_time(now)
        number = f"NSW{now.year}{now:%m%d%H%M%S}"
        return self._sealed(content, (self.identity.control, "90", "01"), number, str(now.year))

    def receipt(self, reply: VerifiedReply) -> Letter:
        """99 for a reply of the adapter.

        Raises:
            ValueError: it has no readable header.
        """
        claims = reply.claims
        if claims is None:
            raise ValueError("a reply without a header cannot be receipted")
        content = etree.Element("Receipt")
        answered = etree.SubElement(content, "InReplyTo")
        etree.SubElement(answered, "MessageId").text = claims.message_id
        etree.SubElement(answered, "Digest").text = reply.digest
        etree.SubElement(content, "ReceiveDate").text = write_time(self.clock())
        address = (claims.document_type, claims.type, "99")
        return self._sealed(content, address, claims.reference, claims.year, correlation_id=claims.message_id)

    def _sealed(
        self,
        content: etree._Element,
        address: tuple[str, str, str],
        reference: str,
        year: str,
        *,
        correlation_id: str | None = None,
    ) -> Letter:
        identity, message_id = self.identity, self.new_id()
        envelope = etree.Element("Envelope")
        header = etree.SubElement(envelope, "Header")
        _fill(etree.SubElement(header, "Reference"), {"version": "01", "messageId": message_id})
        _fill(etree.SubElement(header, "From"), _party(identity.own))
        _fill(etree.SubElement(header, "To"), _party(identity.adapter))
        subject = {
            "documentType": address[0],
            "type": address[1],
            "function": address[2],
            "reference": reference,
            "documentYear": year,
            "preReference": reference,
            "sendDate": write_time(self.clock()),
        }
        _fill(etree.SubElement(header, "Subject"), subject)
        etree.SubElement(etree.SubElement(envelope, "Body"), "Content").append(content)
        etree.SubElement(envelope, "SystemSignature")
        unsigned = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
        return Letter(sign_message(unsigned, system=identity.key, declarant=None), address, message_id, correlation_id)


def parsed(body: bytes) -> etree._Element | None:
    """The tree of a message, unwrapped, or None where it cannot be read."""
    try:
        content, _ = xml.unwrap(body, _ROOMY)
        xml.gate(content, _ROOMY)
        return xml.parse(content, _ROOMY)
    except xml.Refusal:
        return None


def claims_of(tree: etree._Element) -> Claims | None:
    """The header as written, or None where it does not say what the message is."""

    def said(path: str) -> str:
        return text.value_at(tree, f"Header/{path}")

    claims = Claims(
        message_id=said("Reference/messageId") or None,
        document_type=said("Subject/documentType"),
        type=said("Subject/type"),
        function=said("Subject/function"),
        reference=said("Subject/reference"),
        year=said("Subject/documentYear"),
    )
    return claims if all(claims.address) else None


def _holds(tree: etree._Element, place: Place, certificate: x509.Certificate, at: datetime) -> bool:
    """The one signature at the place holds, and is of an allowed shape, so that it covers what it must."""
    found, findings = shapes(tree)
    in_date = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    return in_date and not findings and place in found and verified_bytes(found[place], certificate) is not None


def _party(party: Name) -> dict[str, str]:
    values = {
        "name": party.name,
        "identity": party.identity,
        "countryCode": party.country_code,
        "ministryCode": party.ministry_code,
        "organizationCode": party.organization_code,
    }
    return values if party.unit_code is None else {**values, "unitCode": party.unit_code}


def _fill(element: etree._Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        etree.SubElement(element, name).text = value
