"""QualifyingProperties as declarants' tools write them, for `simulate sign` and the fixtures. No production use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from adapter.simulator.issuing import PrivateKey
from adapter.simulator.pki import SigningParty
from adapter.simulator.timestamping import stamp
from adapter.simulator.xmldsig import DS, EXCLUSIVE, SHA_256, certificate_texts, method_of, raw_signature

XADES = "http://uri.etsi.org/01903/v1.3.2#"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
SIGNATURE_ID, PROPERTIES_ID = "declarant-signature", "declarant-signed-properties"
_KEY_INFO_ID = "declarant-key-info"


@dataclass(frozen=True, slots=True)
class XadesDialect:
    """What differs between tools: the prefixes they write, and the version of SigningCertificate."""

    ds: str
    xades: str
    second_version: bool


PREFIXED = XadesDialect("ds:", "xades:", second_version=True)
"""Tools after EN 319 132: SigningCertificateV2, its IssuerSerial as DER."""
UNPREFIXED = XadesDialect("", "", second_version=False)
"""Tools after TS 101 903 on .NET: default namespaces, SigningCertificate with the issuer's name as text."""


def qualifying_object(leaf: x509.Certificate, at: datetime, dialect: XadesDialect) -> str:
    """The ds:Object with SigningTime and the signing certificate, as text inside a ds:Signature."""
    x, d = dialect.xades, dialect.ds
    named = _second(leaf, dialect) if dialect.second_version else _first(leaf, dialect)
    declared = f'xmlns:{x[:-1]}="{XADES}"' if x else f'xmlns="{XADES}"'
    return (
        f'<{d}Object><{x}QualifyingProperties {declared} Target="#{SIGNATURE_ID}">'
        f'<{x}SignedProperties Id="{PROPERTIES_ID}"><{x}SignedSignatureProperties>'
        f"<{x}SigningTime>{at.isoformat()}</{x}SigningTime>{named}"
        f"</{x}SignedSignatureProperties></{x}SignedProperties></{x}QualifyingProperties></{d}Object>"
    )


Tweak = Callable[[etree._Element], None]
"""Changes a signature of the declarant before it is made: what an attacker who holds a key may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualified:
    """What the XAdES forms need: when the declarant says that he signed, who stamps it, and what is done to it."""

    at: datetime
    timestamper: SigningParty | None = None
    tweak: Tweak | None = None


def sign_qualified(
    place: etree._Element, uri: str, party: SigningParty, qualified: Qualified, *, stamped: bool
) -> None:
    """XAdES-BES in place: content, properties and KeyInfo are digested where they stand, then SignedInfo is signed."""
    certificates = "".join(f"<ds:X509Certificate>{der}</ds:X509Certificate>" for der in certificate_texts(party))
    references = "".join(
        f'<ds:Reference URI="{target}"{kind}><ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA_256}"/><ds:DigestValue/></ds:Reference>'
        for target, kind in (
            (uri, ""),
            (f"#{PROPERTIES_ID}", f' Type="{SIGNED_PROPERTIES_TYPE}"'),
            (f"#{_KEY_INFO_ID}", ""),
        )
    )
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}" Id="{SIGNATURE_ID}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{method_of(party.key)}"/>'
        f"{references}</ds:SignedInfo><ds:SignatureValue/>"
        f'<ds:KeyInfo Id="{_KEY_INFO_ID}"><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>'
        f"{qualifying_object(party.certificate, qualified.at, PREFIXED)}</ds:Signature>"
    )
    place.append(signature)
    if qualified.tweak is not None:
        qualified.tweak(signature)
    complete(signature, party.key)
    if stamped and qualified.timestamper is not None:
        token = stamp(etree.tostring(signature[1], method="c14n"), authority=qualified.timestamper, at=qualified.at)
        add_timestamp(signature, token)


def complete(signature: etree._Element, key: PrivateKey) -> None:
    """Digest what the references name, as far as it is there, and sign SignedInfo; exclusive C14N throughout."""
    root = signature.getroottree().getroot()
    for reference in signature.iterfind(f"{{{DS}}}SignedInfo/{{{DS}}}Reference"):
        identifier = (reference.get("URI") or "").removeprefix("#")
        target = next(iter(root.iterfind(f".//*[@Id='{identifier}']")), None)
        value = reference.find(f"{{{DS}}}DigestValue")
        if value is not None and target is not None:
            canonical = etree.tostring(target, method="c14n", exclusive=True, with_comments=False)
            value.text = base64.b64encode(hashlib.sha256(canonical).digest()).decode()
    signed = etree.tostring(signature[0], method="c14n", exclusive=True, with_comments=False)
    signature[1].text = base64.b64encode(raw_signature(key, signed)).decode()


def add_timestamp(signature: etree._Element, token: bytes) -> None:
    """Make it XAdES-T: a token over the SignatureValue, C14N 1.0 (none is named)."""
    qualifying = signature.find(f"{{{DS}}}Object/{{{XADES}}}QualifyingProperties")
    if qualifying is None:
        raise ValueError("a time stamp needs a XAdES signature")
    unsigned = etree.SubElement(qualifying, f"{{{XADES}}}UnsignedProperties")
    inside = etree.SubElement(unsigned, f"{{{XADES}}}UnsignedSignatureProperties")
    holder = etree.SubElement(inside, f"{{{XADES}}}SignatureTimeStamp")
    etree.SubElement(holder, f"{{{XADES}}}EncapsulatedTimeStamp").text = base64.b64encode(token).decode()


def _digest(leaf: x509.Certificate, dialect: XadesDialect) -> str:
    value = base64.b64encode(hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()).decode()
    x, (d, declared) = dialect.xades, _ds(dialect)
    return (
        f'<{x}CertDigest><{d}DigestMethod{declared} Algorithm="{SHA_256}"></{d}DigestMethod>'
        f"<{d}DigestValue{declared}>{value}</{d}DigestValue></{x}CertDigest>"
    )


def _ds(dialect: XadesDialect) -> tuple[str, str]:
    """Prefix and declaration of ds elements inside XAdES: without prefixes the default namespace changes."""
    return (dialect.ds, "") if dialect.ds else ("", f' xmlns="{DS}"')


def _first(leaf: x509.Certificate, dialect: XadesDialect) -> str:
    x, (d, declared) = dialect.xades, _ds(dialect)
    issuer = leaf.issuer.rfc4514_string().replace("&", "&amp;").replace("<", "&lt;")
    return (
        f"<{x}SigningCertificate><{x}Cert>{_digest(leaf, dialect)}<{x}IssuerSerial>"
        f"<{d}X509IssuerName{declared}>{issuer}</{d}X509IssuerName>"
        f"<{d}X509SerialNumber{declared}>{leaf.serial_number}</{d}X509SerialNumber>"
        f"</{x}IssuerSerial></{x}Cert></{x}SigningCertificate>"
    )


def _second(leaf: x509.Certificate, dialect: XadesDialect) -> str:
    x = dialect.xades
    name = asn1_x509.Name.load(leaf.issuer.public_bytes())
    stated = tsp.IssuerSerial(
        {"issuer": [asn1_x509.GeneralName(name="directory_name", value=name)], "serial_number": leaf.serial_number}
    )
    return (
        f"<{x}SigningCertificateV2><{x}Cert>{_digest(leaf, dialect)}"
        f"<{x}IssuerSerialV2>{base64.b64encode(stated.dump()).decode()}</{x}IssuerSerialV2>"
        f"</{x}Cert></{x}SigningCertificateV2>"
    )
