"""The structural check of signatures: where they may be and what they may contain, before any cryptography.

Fixed places (wire profile 2); everything else about a ds:Signature is on an allow-list. Nothing here trusts a
value, and nothing here canonicalises: what fails costs one walk over the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cryptography import x509
from lxml import etree

from adapter.model.finding import Finding
from adapter.pipeline.signature import keyinfo, plain_objects, xades
from adapter.pipeline.signature.algorithms import (
    LEGACY_DIGESTS,
    LEGACY_METHODS,
    SIGNATURE_METHODS,
    digest_allowed,
    ds,
    signature_method,
)
from adapter.pipeline.signature.claimed_time import SigningTime
from adapter.pipeline.signature.references import (
    OF_ENVELOPE,
    Place,
    Reference,
    ReferenceKind,
    bearers,
    c14n_faults,
    is_base64,
    references,
)
from adapter.pipeline.text import holds_something

_PARTS = [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo"), ds("Object")]
_ATTRIBUTES = {
    ds("Signature"): {"Id"},
    ds("SignedInfo"): {"Id"},
    ds("SignatureValue"): {"Id"},
    ds("KeyInfo"): {"Id"},
    ds("Reference"): {"Id", "URI", "Type"},
}
"""Attributes of what a digest may be made through: an `xml:*` one above it would change its inclusive C14N."""
_STRAYS = 500
"""Misplaced signatures that are named: more than any answer lists, and finding a path costs what stands before it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A signature that is built as this profile allows; nothing about it is verified yet."""

    place: Place
    signature: etree._Element
    method: str
    """URI of the signature algorithm; of RSA-PSS with parameters the short name that means the same."""
    references: tuple[Reference, ...]
    certificates: tuple[x509.Certificate, ...]
    """From KeyInfo, leaf first; empty where it names none."""
    properties: xades.Properties | None
    """XAdES; None for a plain XML-DSig signature."""
    stated: plain_objects.StatedTime | None
    """The time in a plain Object; None where there is none, or XAdES."""

    @property
    def claimed(self) -> SigningTime | None:
        """When the signer says that he signed, where the signature covers it."""
        if self.properties is not None:
            return self.properties.signing_time
        covered = any(reference.kind is ReferenceKind.STATED_TIME for reference in self.references)
        return self.stated.time if self.stated is not None and covered else None

    @property
    def legacy(self) -> frozenset[str]:
        """The SHA-1 algorithms that it is made with, which only a store's legacy switch lets pass."""
        named = set() if self.properties is None else self.properties.digests
        used = {self.method, *(reference.digest for reference in self.references), *named}
        return frozenset(used & {*LEGACY_METHODS, *LEGACY_DIGESTS})


def shapes(
    tree: etree._Element, *, legacy: bool = False, places: Sequence[Place] = OF_ENVELOPE
) -> tuple[dict[Place, Shape], list[Finding]]:
    """The signatures at these places, and everything that is wrong with signatures anywhere.

    `legacy`: some trust store takes SHA-1, so that it is judged there and not here.
    """
    findings: list[Finding] = []
    found: dict[Place, Shape] = {}
    expected: set[etree._Element] = set()
    for place in places:
        wrapper = tree.find(place.value)
        if wrapper is None or not holds_something(wrapper):
            continue
        signature = wrapper[0] if len(wrapper) else None
        if signature is None or len(wrapper) != 1 or signature.tag != ds("Signature"):
            findings.append(_bad(place.pointer, "signature_structure", what=place.value))
            expected.update(wrapper.iter(ds("Signature")))
            continue
        expected.add(signature)
        shape, faults = _shape(signature, place, legacy)
        findings.extend(faults)
        if shape is not None:
            found[place] = shape
    path = tree.getroottree().getpath
    strays = (stray for stray in tree.iter(ds("Signature")) if stray not in expected)
    findings.extend(_bad(path(stray), "signature_misplaced") for stray in islice(strays, _STRAYS))
    legacy_place = tree.find("Header/Signature")
    if legacy_place is not None and holds_something(legacy_place) and legacy_place.find(ds("Signature")) is None:
        findings.append(_bad("/Envelope/Header/Signature", "signature_misplaced"))
    return found, findings


def _bad(pointer: str, name: str, **words: str) -> Finding:
    return Finding(name=name, pointer=pointer, words=words)


def _shape(signature: etree._Element, place: Place, legacy: bool) -> tuple[Shape | None, list[Finding]]:
    """One signature read whole, or every fault of it."""
    if faults := list(_structure(signature, place)):
        return None, faults
    faults = list(_methods(signature[0], place, legacy))
    properties: xades.Properties | None = None
    stated: plain_objects.StatedTime | None = None
    certificates: tuple[x509.Certificate, ...] = ()
    try:
        certificates = keyinfo.certificates(signature)
        if _holds_xades(signature[-1]):
            properties = xades.properties(signature, signature[-1])
            faults.extend(_properties_faults(properties, signature, place, legacy))
        elif signature[-1].tag == ds("Object"):
            stated = plain_objects.stated_time(signature[-1])
    except ValueError:
        faults.append(_bad(place.pointer, "signature_structure", what="X509Certificate: base64/DER, no PEM lines"))
    except (xades.PropertiesNotTaken, plain_objects.ObjectNotTaken) as refused:
        return None, [*faults, refused.finding(place.pointer)]
    found, wrong = references(signature, place, _targets(signature, properties, stated), legacy=legacy)
    faults.extend(wrong)
    if faults:
        return None, faults
    method = str(signature_method(signature[0][1]))
    return Shape(place, signature, method, found, certificates, properties, stated), []


def _holds_xades(last: etree._Element) -> bool:
    """Whether this is an Object with XAdES in it; every other is a plain one, and is told as such."""
    return last.tag == ds("Object") and any(child.tag == xades.xa("QualifyingProperties") for child in last)


def _targets(
    signature: etree._Element, properties: xades.Properties | None, stated: plain_objects.StatedTime | None
) -> dict[ReferenceKind, tuple[etree._Element, ...]]:
    """What of the signature itself a person's reference may name, by its kind."""
    return {
        ReferenceKind.PROPERTIES: () if properties is None else (properties.signed,),
        ReferenceKind.STATED_TIME: () if stated is None else stated.bearers,
        ReferenceKind.KEY_INFO: tuple(signature.iterfind(ds("KeyInfo"))),
    }


def _properties_faults(
    properties: xades.Properties, signature: etree._Element, place: Place, legacy: bool
) -> Iterator[Finding]:
    if bearers(signature.getroottree().getroot(), str(signature.get("Id"))) != 1:
        yield _bad(place.pointer, "xades_structure", what="Signature/@Id")
    for algorithm in sorted(properties.digests):
        if not digest_allowed(algorithm, legacy=legacy):
            yield _bad(place.pointer, "algorithm_forbidden", value=algorithm)


def _structure(signature: etree._Element, place: Place) -> Iterator[Finding]:
    """Children and attributes, before anything of them is read."""
    at = place.pointer
    parts = [child.tag for child in signature]
    # KeyInfo may be missing. A system's signature has no Object (wire profile 2).
    last = 3 if place is Place.SYSTEM else 4
    if parts not in (_PARTS[:2], _PARTS[:3], _PARTS[:last]):
        yield _bad(at, "signature_structure", what="Signature")
        return
    signed_info = signature[0]
    inside = [child.tag for child in signed_info]
    wanted = [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]
    if inside[:3] != wanted or set(inside[3:]) - {ds("Reference")} or len(inside) > (5 if last == 4 else 3):
        yield _bad(at, "signature_structure", what="SignedInfo")
        return
    for element in (signature, *signature[:3], *signed_info[2:]):
        for name in element.attrib:
            if name not in _ATTRIBUTES.get(str(element.tag), ()):
                what = f"{etree.QName(element).localname}/@{etree.QName(str(name)).localname}"
                yield _bad(at, "signature_structure", what=what[:80])
    if not is_base64(signature[1]):
        yield _bad(at, "signature_structure", what="SignatureValue")


def _methods(signed_info: etree._Element, place: Place, legacy: bool) -> Iterator[Finding]:
    canonicalization, method = signed_info[:2]
    yield from c14n_faults(canonicalization, place.pointer, "algorithm_forbidden")
    allowed = SIGNATURE_METHODS | LEGACY_METHODS if legacy else SIGNATURE_METHODS
    if signature_method(method) not in allowed:
        yield _bad(place.pointer, "algorithm_forbidden", value=str(method.get("Algorithm"))[:100])
