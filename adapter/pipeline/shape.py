"""The structural gate for signatures: where they may stand and what they may say, before any cryptography.

Two fixed places (wire profile 2); everything else about a ds:Signature is on an allow-list. Nothing here trusts a
value, and nothing here canonicalises: what fails costs one walk over the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from cryptography import x509
from lxml import etree

from adapter.model.finding import Finding

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = DS + "enveloped-signature"
C14N = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
SIGNATURE_METHODS = {
    f"http://www.w3.org/2001/04/xmldsig-more#{family}-sha{bits}"
    for family in ("rsa", "ecdsa")
    for bits in (256, 384, 512)
}
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}
MAX_PREFIXES = 20
MAX_CERTIFICATES = 10
MAX_CERTIFICATE_TEXT = 16_384
"""Characters of base64; a certificate with an RSA key of 4,096 bits has about 3,000."""
_ATTRIBUTES = etree.XPath("//@*[. = $value]")
_INCLUSIVE_NAMESPACES = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"


def ds(name: str) -> str:
    """The qualified tag of an XML-DSig element."""
    return f"{{{DS}}}{name}"


class Place(Enum):
    """The only two places a signature is looked at, by the path of the element around it."""

    SYSTEM = "SystemSignature"
    DECLARANT = "Body/Signature"

    @property
    def pointer(self) -> str:
        return f"/Envelope/{self.value}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A signature that is built as this profile allows; nothing about it is verified yet."""

    place: Place
    signature: etree._Element
    reference_c14n: str | None
    """Algorithm of the reference's C14N transform; None means inclusive C14N 1.0 (XML-DSig 4.4.3.2)."""
    prefixes: tuple[str, ...]
    """PrefixList of that transform: namespaces that exclusive C14N treats as inclusive."""
    certificates: tuple[x509.Certificate, ...]
    """From KeyInfo, leaf first; empty where it names none."""


def shapes(tree: etree._Element) -> tuple[dict[Place, Shape], list[Finding]]:
    """The signatures at the two places, and everything that is wrong with signatures anywhere."""
    findings: list[Finding] = []
    found: dict[Place, Shape] = {}
    expected: set[etree._Element] = set()
    for place in Place:
        wrapper = tree.find(place.value)
        if wrapper is None or (len(wrapper) == 0 and not (wrapper.text or "").strip()):
            continue
        signature = wrapper[0] if len(wrapper) else None
        if signature is None or len(wrapper) != 1 or signature.tag != ds("Signature"):
            findings.append(_bad(place.pointer, "signature_structure", what=place.value))
            expected.update(wrapper.iter(ds("Signature")))
            continue
        expected.add(signature)
        faults = list(_faults(signature, place, tree))
        findings.extend(faults)
        if not faults:
            try:
                found[place] = Shape(place, signature, *_reference_c14n(signature), _certificates(signature))
            except ValueError:
                findings.append(_bad(place.pointer, "signature_structure", what="X509Certificate"))
    path = tree.getroottree().getpath
    findings.extend(
        _bad(path(stray), "signature_misplaced") for stray in tree.iter(ds("Signature")) if stray not in expected
    )
    legacy = tree.find("Header/Signature")
    if legacy is not None and (len(legacy) or (legacy.text or "").strip()) and legacy.find(ds("Signature")) is None:
        findings.append(_bad("/Envelope/Header/Signature", "signature_misplaced"))
    return found, findings


def _bad(pointer: str, name: str, **words: str) -> Finding:
    return Finding(name=name, pointer=pointer, words=words)


def _faults(signature: etree._Element, place: Place, tree: etree._Element) -> Iterator[Finding]:
    at = place.pointer
    if any(not isinstance(node.tag, str) for node in signature.iter()):
        yield _bad(at, "signature_structure", what="comment")
        return
    parts = [child.tag for child in signature]
    if parts not in ([ds("SignedInfo"), ds("SignatureValue")], [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")]):
        yield _bad(at, "signature_structure", what="Signature")
        return
    signed_info = signature[0]
    if [child.tag for child in signed_info] != [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]:
        yield _bad(at, "signature_structure", what="SignedInfo")
        return
    canonicalization, method, reference = signed_info
    yield from _c14n_faults(canonicalization, at, "algorithm_forbidden")
    if method.get("Algorithm") not in SIGNATURE_METHODS or len(method):
        yield _bad(at, "algorithm_forbidden", value=str(method.get("Algorithm"))[:100])
    yield from _reference_faults(reference, place, tree)


def _reference_faults(reference: etree._Element, place: Place, tree: etree._Element) -> Iterator[Finding]:
    at = place.pointer
    parts = [child.tag for child in reference]
    with_transforms = [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]
    if parts not in (with_transforms, with_transforms[1:]):
        yield _bad(at, "signature_structure", what="Reference")
        return
    if reference.get("URI") != _required_uri(place, tree):
        yield _bad(at, "reference_forbidden")
    digest = reference.find(ds("DigestMethod"))
    if digest is not None and (digest.get("Algorithm") not in DIGESTS or len(digest)):
        yield _bad(at, "algorithm_forbidden", value=str(digest.get("Algorithm"))[:100])
    transforms = list(reference[0]) if parts == with_transforms else []
    if any(transform.tag != ds("Transform") for transform in transforms):
        yield _bad(at, "signature_structure", what="Transforms")
        return
    if place is Place.SYSTEM:
        if not transforms or transforms[0].get("Algorithm") != ENVELOPED or len(transforms[0]):
            yield _bad(at, "transform_forbidden", value="enveloped-signature?")
            return
        transforms = transforms[1:]
    if len(transforms) > 1:
        yield _bad(at, "transform_forbidden", value=str(len(transforms)))
    for transform in transforms:
        yield from _c14n_faults(transform, at, "transform_forbidden")


def _c14n_faults(element: etree._Element, at: str, name: str) -> Iterator[Finding]:
    algorithm = str(element.get("Algorithm"))
    if algorithm not in C14N:
        yield _bad(at, name, value=algorithm[:100])
    for child in element:
        prefixes = (child.get("PrefixList") or "").split()
        if child.tag != _INCLUSIVE_NAMESPACES or len(child) or len(element) > 1 or len(prefixes) > MAX_PREFIXES:
            yield _bad(at, "signature_structure", what="InclusiveNamespaces")


def _required_uri(place: Place, tree: etree._Element) -> str | None:
    """System: the whole document. Declarant: `#` + the Id of Body/Content, which no other element may bear."""
    if place is Place.SYSTEM:
        return ""
    content = tree.find("Body/Content")
    identifier = content.get("Id") if content is not None else None
    if not identifier:
        return None
    # By attribute: a message has thousands of elements and few attributes.
    found: Any = _ATTRIBUTES(tree, value=identifier)
    bearers = [name for name in (each.attrname for each in found) if etree.QName(name).localname.lower() == "id"]
    return f"#{identifier}" if len(bearers) == 1 else None


def _reference_c14n(signature: etree._Element) -> tuple[str | None, tuple[str, ...]]:
    """Algorithm and PrefixList of the reference's C14N transform."""
    for transform in signature.iterfind(f"{ds('SignedInfo')}/{ds('Reference')}/{ds('Transforms')}/{ds('Transform')}"):
        if transform.get("Algorithm") in C14N:
            prefixes = [prefix for child in transform for prefix in (child.get("PrefixList") or "").split()]
            return str(transform.get("Algorithm")), tuple(prefixes)
    return None, ()


def _certificates(signature: etree._Element) -> tuple[x509.Certificate, ...]:
    """Certificates of KeyInfo, leaf first: senders write them in any order.

    Raises:
        ValueError: one of them is no certificate.
    """
    texts = tuple(
        node.text or "" for node in signature.iterfind(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}")
    )
    # Nobody is trusted yet, and what follows is remembered: its size is bounded first.
    if len(texts) > MAX_CERTIFICATES or any(len(text) > MAX_CERTIFICATE_TEXT for text in texts):
        raise ValueError("too many certificates, or too large")
    return _leaf_first(texts)


@lru_cache(maxsize=256)
def _leaf_first(texts: tuple[str, ...]) -> tuple[x509.Certificate, ...]:
    """Senders write the same few chains all day, and names are decoded anew at each look."""
    certificates = [load_certificate("".join(text.split())) for text in texts]
    issuers = {certificate.issuer for certificate in certificates if certificate.issuer != certificate.subject}
    return tuple(sorted(certificates, key=lambda certificate: certificate.subject in issuers))


@lru_cache(maxsize=512)
def load_certificate(base64_der: str) -> x509.Certificate:
    """A certificate from the text of an X509Certificate element.

    Raises:
        ValueError: it is none.
    """
    return x509.load_pem_x509_certificate(
        b"-----BEGIN CERTIFICATE-----\n" + base64_der.encode("ascii") + b"\n-----END CERTIFICATE-----\n"
    )
