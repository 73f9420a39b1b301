"""XAdES-BES and -T: what a declarant's QualifyingProperties may hold, read strictly (ETSI EN 319 132-1, XAdES 1.3.2).

Every property is on one of three lists: read, taken without effect, refused. What is read counts only because the
signature covers it (`references` demands the reference, `coverage` makes what it must have covered).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from adapter.model.finding import Finding
from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.signature.algorithms import C14N, DIGESTS, LEGACY_DIGESTS, ds, prefixes
from adapter.pipeline.signature.claimed_time import SigningTime, signing_time
from adapter.pipeline.signature.distinguished_names import MAX_NAME, same_name
from adapter.pipeline.text import value

XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141 = "http://uri.etsi.org/01903/v1.4.1#"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
_DER = "http://uri.etsi.org/01903/v1.2.2#DER"
MAX_CERTIFICATES = 4
"""Cert elements: the leaf that signed, and the authorities above it."""
MAX_TIMESTAMPS = 4
MAX_TOKEN_TEXT = 65_536
"""Characters of base64; a token with its authority's chain has about 8,000."""
MAX_ISSUER_SERIAL_TEXT = 2 * MAX_NAME
"""Characters of base64: a name, a serial number, and what is around them."""


def xa(name: str) -> str:
    """The qualified tag of a XAdES 1.3.2 element."""
    return f"{{{XADES}}}{name}"


_CERTIFICATE_V1, _CERTIFICATE_V2 = xa("SigningCertificate"), xa("SigningCertificateV2")
_POLICY, _STAMP = xa("SignaturePolicyIdentifier"), xa("SignatureTimeStamp")
_READ = {xa("SigningTime"), _CERTIFICATE_V1, _CERTIFICATE_V2, _POLICY}
WITHOUT_EFFECT = {
    *(xa(f"{name}{version}") for name in ("SignatureProductionPlace", "SignerRole") for version in ("", "V2")),
    xa("DataObjectFormat"),
    xa("CommitmentTypeIndication"),
    xa("CertificateValues"),
    xa("RevocationValues"),
    *(xa(f"CompleteCertificateRefs{version}") for version in ("", "V2")),
    xa("CompleteRevocationRefs"),
    f"{{{XADES_141}}}CompleteCertificateRefsV2",
    f"{{{XADES_141}}}TimeStampValidationData",
}
"""Taken and not believed: statements that decide nothing here, and evidence that our own replaces. All else is refused:
counter-signatures, explicit policies, and each kind of time stamp that would have to be verified and is not."""


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """One Cert of SigningCertificate or SigningCertificateV2."""

    digest_algorithm: str
    digest: bytes
    issuer: str | None
    """As the sender spells it (RFC 4514 and its relatives); SigningCertificate only."""
    serial: int | None
    issuer_serial: bytes | None
    """DER of IssuerSerial; SigningCertificateV2 only."""


@dataclass(frozen=True, slots=True)
class StampShape:
    """A SignatureTimeStamp: its token (DER), not verified, and how the SignatureValue is made canonical for it."""

    token: bytes
    c14n: str | None
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Properties:
    """What the QualifyingProperties of one signature say. Claims, until the signature holds."""

    signed: etree._Element
    """SignedProperties: what a reference must cover."""
    signing_time: SigningTime
    certificates: tuple[NamedCertificate, ...]
    stamps: tuple[StampShape, ...]

    @property
    def digests(self) -> set[str]:
        """The digest algorithms by which the signing certificate is named."""
        return {named.digest_algorithm for named in self.certificates}

    def name(self, leaf: x509.Certificate) -> bool:
        """Whether the properties name this certificate as the one that signed: KeyInfo alone could be exchanged."""
        return any(_names(named, leaf) for named in self.certificates)


class PropertiesNotTaken(Exception):
    """These properties are not to be read further. Internal to the gate, which lists it as a finding."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.name, self.what = name, what

    def finding(self, pointer: str) -> Finding:
        return Finding(self.name, pointer, words={"what": self.what})


def properties(signature: etree._Element, holder: etree._Element) -> Properties:
    """Read the one ds:Object of a signature.

    Raises:
        PropertiesNotTaken: anything in it is not as the profile asks; says what.
    """
    qualifying = _only(holder, "QualifyingProperties")
    target = qualifying.get("Target")
    if not signature.get("Id") or target != f"#{signature.get('Id')}":
        raise PropertiesNotTaken("xades_structure", "QualifyingProperties/@Target")
    # Inclusive C14N would carry xml:* attributes down into what is signed.
    for element, allowed in ((holder, {"Id", "MimeType", "Encoding"}), (qualifying, {"Target", "Id"})):
        _attributes(element, allowed)
    parts = list(qualifying)
    if [part.tag for part in parts] not in (
        [xa("SignedProperties")],
        [xa("SignedProperties"), xa("UnsignedProperties")],
    ):
        raise PropertiesNotTaken("xades_structure", "QualifyingProperties")
    _attributes(parts[0], {"Id"})
    stated = _stated(parts[0])
    return Properties(
        signed=parts[0],
        signing_time=_signing_time(stated[xa("SigningTime")]),
        certificates=tuple(_signing_certificates(stated.get(_CERTIFICATE_V1), stated.get(_CERTIFICATE_V2))),
        stamps=tuple(_stamps(parts[1])) if len(parts) == 2 else (),
    )


def _only(parent: etree._Element, name: str) -> etree._Element:
    if len(parent) != 1 or parent[0].tag != xa(name):
        raise PropertiesNotTaken("xades_structure", name)
    return parent[0]


def _attributes(element: etree._Element, allowed: set[str]) -> None:
    for name in element.attrib:
        if name not in allowed:
            raise PropertiesNotTaken("xades_structure", f"{_local(element)}/@{etree.QName(str(name)).localname}"[:80])


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname[:40]


def _text(element: etree._Element) -> str:
    if len(element):
        raise PropertiesNotTaken("xades_structure", _local(element))
    return value(element)


def _decoded(element: etree._Element, limit: int = MAX_TOKEN_TEXT) -> bytes:
    text = _text(element)
    if len(text) > limit:
        raise PropertiesNotTaken("xades_structure", _local(element))
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise PropertiesNotTaken("xades_structure", _local(element)) from None


def _stated(signed: etree._Element) -> dict[str, etree._Element]:
    """The signature's own signed properties by tag; those of the data are looked at and have no effect."""
    known = [xa("SignedSignatureProperties"), xa("SignedDataObjectProperties")]
    if [part.tag for part in signed] not in (known[:1], known):
        raise PropertiesNotTaken("xades_structure", "SignedProperties")
    for each in (inner for part in signed for inner in part):
        if each.tag not in _READ and each.tag not in WITHOUT_EFFECT:
            raise PropertiesNotTaken("xades_forbidden", _local(each))
    stated = {str(part.tag): part for part in signed[0]}
    certificates = [name for name in (_CERTIFICATE_V1, _CERTIFICATE_V2) if name in stated]
    if len(stated) != len(signed[0]) or len(certificates) != 1 or xa("SigningTime") not in stated:
        raise PropertiesNotTaken("xades_structure", "SigningTime, SigningCertificate")
    policy = stated.get(_POLICY)
    if policy is not None and [child.tag for child in policy] != [xa("SignaturePolicyImplied")]:
        raise PropertiesNotTaken("xades_forbidden", "SignaturePolicyId")
    return stated


def _signing_time(element: etree._Element) -> SigningTime:
    text = _text(element)
    try:
        return signing_time(text)
    except ValueError:
        raise PropertiesNotTaken("xades_structure", "SigningTime") from None


def _signing_certificates(first: etree._Element | None, second: etree._Element | None) -> Iterator[NamedCertificate]:
    """The Certs of SigningCertificate, or of SigningCertificateV2."""
    digest_only, holder = [xa("CertDigest")], second if first is None else first
    allowed = [[xa("CertDigest"), xa("IssuerSerial")]]
    if first is None:
        allowed = [digest_only, [xa("CertDigest"), xa("IssuerSerialV2")]]
    if holder is not None and len(holder) > MAX_CERTIFICATES:
        raise PropertiesNotTaken("xades_structure", f"Cert > {MAX_CERTIFICATES}")
    for certificate in () if holder is None else holder:
        if certificate.tag != xa("Cert") or [part.tag for part in certificate] not in allowed:
            raise PropertiesNotTaken("xades_structure", "Cert")
        digest = certificate[0]
        if [part.tag for part in digest] != [ds("DigestMethod"), ds("DigestValue")] or len(digest[0]):
            raise PropertiesNotTaken("xades_structure", "CertDigest")
        issuer, serial = _issuer_serial(certificate[1]) if first is not None else (None, None)
        der = certificate[1] if first is None and len(certificate) == 2 else None
        yield NamedCertificate(
            digest_algorithm=str(digest[0].get("Algorithm"))[:100],
            digest=_decoded(digest[1], 200),
            issuer=issuer,
            serial=serial,
            issuer_serial=None if der is None else _decoded(der, MAX_ISSUER_SERIAL_TEXT),
        )


def _issuer_serial(element: etree._Element) -> tuple[str, int]:
    if [part.tag for part in element] != [ds("X509IssuerName"), ds("X509SerialNumber")]:
        raise PropertiesNotTaken("xades_structure", "IssuerSerial")
    serial = _text(element[1])
    if not (serial.isascii() and serial.isdigit() and len(serial) <= 60):  # 20 octets (RFC 5280, 4.1.2.2)
        raise PropertiesNotTaken("xades_structure", "X509SerialNumber")
    issuer = _text(element[0])
    if len(issuer.encode()) > MAX_NAME:
        raise PropertiesNotTaken("xades_structure", f"X509IssuerName > {MAX_NAME}")
    return issuer, int(serial)


def _names(named: NamedCertificate, leaf: x509.Certificate) -> bool:
    algorithm = {**DIGESTS, **LEGACY_DIGESTS}.get(named.digest_algorithm)
    if algorithm is None or hashlib.new(algorithm, leaf.public_bytes(Encoding.DER)).digest() != named.digest:
        return False
    if named.issuer_serial is not None:
        return _same_issuer_serial(named.issuer_serial, leaf)
    if named.issuer is None:
        return True
    return named.serial == leaf.serial_number and same_name(named.issuer, leaf.issuer)


def _same_issuer_serial(der: bytes, leaf: x509.Certificate) -> bool:
    try:
        with strange_text():
            stated = tsp.IssuerSerial.load(der, strict=True)
            names = [name.chosen.untag().dump() for name in stated["issuer"] if name.name == "directory_name"]
            return int(stated["serial_number"].native) == leaf.serial_number and names == [leaf.issuer.public_bytes()]
    except Unprocessable:
        return False


def _stamps(unsigned: etree._Element) -> Iterator[StampShape]:
    """Time stamps of the signature; of everything else here nothing is believed, and not everything is taken.

    Tools write the element before they know whether anything will stand in it, so it may be empty.
    """
    found = list(_only(unsigned, "UnsignedSignatureProperties")) if len(unsigned) else []
    if sum(each.tag == _STAMP for each in found) > MAX_TIMESTAMPS:
        raise PropertiesNotTaken("xades_forbidden", f"SignatureTimeStamp > {MAX_TIMESTAMPS}")
    for each in found:
        if each.tag == _STAMP:
            yield _stamp(each)
        elif each.tag not in WITHOUT_EFFECT:
            raise PropertiesNotTaken("xades_forbidden", _local(each))


def _stamp(element: etree._Element) -> StampShape:
    *before, token = list(element) or [element]
    method = before[0] if len(before) == 1 else None
    if token.tag != xa("EncapsulatedTimeStamp") or token.get("Encoding", _DER) != _DER or len(before) > 1:
        raise PropertiesNotTaken("xades_structure", "SignatureTimeStamp")
    if method is None:
        return StampShape(_decoded(token), None, ())
    named = prefixes(method)
    if method.tag != ds("CanonicalizationMethod") or method.get("Algorithm") not in C14N or named is None:
        raise PropertiesNotTaken("xades_structure", "SignatureTimeStamp/CanonicalizationMethod")
    return StampShape(_decoded(token), str(method.get("Algorithm")), named)
