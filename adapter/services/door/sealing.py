"""Writing the door's header fields into an envelope, and sealing it with the portal's key (wire profile 2).

From, To, messageId and the dossier's number are the door's to write; it must never change Body. Lines stay where the
sender wrote them: the line of a finding is a line of his file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from adapter.model.header import Party
from adapter.model.identifiers import DossierKey
from adapter.pipeline import text
from adapter.pipeline.signature.seal import SigningKey, seal_envelope, written

_PARTY = ("name", "identity", "countryCode", "ministryCode", "organizationCode", "unitCode")
_NOT_YET = DossierKey("0", 1000)
"""A placeholder for the number during the checks: a refused message gets no number."""


def is_sealed(envelope: etree._Element) -> bool:
    """Whether SystemSignature has content: only the portal seals."""
    return any(text.holds_something(seal) for seal in envelope.iterfind("SystemSignature"))


def write_header(envelope: etree._Element, *, sender: Party, recipient: Party, message_id: str) -> None:
    """Write sender and recipient, and an id if there is none. The recipient's unit stays as declared."""
    header = envelope.find("Header")
    if header is None:
        return
    reference = _child(header, "Reference", 0)
    named = _child(reference, "messageId", len(reference))
    if not text.value(named):
        named.text = message_id
    unit = text.value_at(header, "To/unitCode") or recipient.unit_code
    place = header.index(reference) + 1
    _write_party(_child(header, "From", place), sender)
    _write_party(_child(header, "To", place + 1), replace(recipient, unit_code=unit))


def lacks_number(envelope: etree._Element) -> bool:
    """Whether it names no dossier yet; a placeholder is then written, which `write_number` replaces."""
    subject = envelope.find("Header/Subject")
    if subject is None or text.value_at(subject, "reference"):
        return False
    write_number(envelope, _NOT_YET)
    return True


def write_number(envelope: etree._Element, key: DossierKey) -> None:
    """The dossier's number and year; the former number of a new dossier, where that is asked for, is its own."""
    subject = envelope.find("Header/Subject")
    if subject is None:
        return
    values = {"reference": key.number, "documentYear": str(key.year)}
    for name, value in values.items():
        _child(subject, name, len(subject)).text = value
    former = {"preReference": key.number, "preDocumentYear": str(key.year)}
    for name, value in former.items():
        element = subject.find(name)
        if element is not None and text.value(element) in ("", *_stand_in()):
            element.text = value


def _stand_in() -> tuple[str, str]:
    return _NOT_YET.number, str(_NOT_YET.year)


def _child(parent: etree._Element, name: str, place: int) -> etree._Element:
    found = parent.find(name)
    if found is None:
        found = etree.Element(name)
        _line(found, _line_at(parent, place))
        parent.insert(place, found)
    return found


def _line_at(parent: etree._Element, place: int) -> int:
    """The line of an inserted child: findings tell the lines of what was sent."""
    before = parent[place - 1] if place else None
    if before is None:
        return int(parent.sourceline or 0) + text.line_breaks_before(parent)
    return int(before.sourceline or 0) + text.line_breaks(before) + text.line_breaks_behind(before)


def _line(element: etree._Element, line: int) -> None:
    element.sourceline = line  # type: ignore[misc]  # it can be set, but the annotations do not allow it


def _write_party(element: etree._Element, party: Party) -> None:
    lines = text.line_breaks(element)
    element.clear(keep_tail=True)
    values = (
        party.name,
        party.identity,
        party.country_code,
        party.ministry_code,
        party.organization_code,
        party.unit_code,
    )
    for name, value in zip(_PARTY, values, strict=True):
        if value is not None:
            child = etree.SubElement(element, name)
            child.text = value
            _line(child, int(element.sourceline or 0) + lines)
    # The following text must stay in the line in which the sender wrote it.
    element.text = "\n" * lines


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed envelope: its final bytes, and the tree from which they were written."""

    body: bytes
    tree: etree._Element


def sealed(envelope: etree._Element, key: SigningKey) -> Sealed:
    """The envelope signed by the portal over all of it."""
    first_line = max(int(envelope.sourceline or 1), 1)
    _child(envelope, "SystemSignature", len(envelope))
    tree = seal_envelope(envelope, system=key)
    # XML without a declaration is UTF-8; its place is taken by empty lines, so that the root keeps its line.
    return Sealed(b"\n" * (first_line - 1) + written(tree).partition(b"\n")[2], tree)


def repeatable(key: SigningKey) -> SigningKey:
    """The key with deterministic signatures, so that a retried message is sealed into the same bytes.

    RSA (PKCS #1 v1.5) is deterministic. An elliptic key in a hardware module is not: with it, a message that was
    rejected before its signatures were verified counts as new when it is sent again.
    """
    return replace(key, key=_Repeatable(key.key)) if isinstance(key.key, ec.EllipticCurvePrivateKey) else key


class _Repeatable:
    """An elliptic key with deterministic signatures (RFC 6979)."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.curve = key.curve
        self.key_size = key.key_size

    def sign(self, data: bytes, signature_algorithm: ec.ECDSA) -> bytes:
        return self._key.sign(data, ec.ECDSA(signature_algorithm.algorithm, deterministic_signing=True))
