"""The references of a signature: to what, by which transforms. Step 4 of docs/security.md, for ds:Reference.

A reference is allowed only if it is one of those the profile asks for at its place; each names one element of our own
tree, whose Id nothing else bears in any spelling. Nothing here canonicalises or trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from lxml import etree

from adapter.model.finding import Finding
from adapter.pipeline.signature.algorithms import C14N, DS, ENVELOPED, digest_allowed, ds, prefixes
from adapter.pipeline.signature.xades import SIGNED_PROPERTIES_TYPE
from adapter.pipeline.text import raw

_ATTRIBUTES = etree.XPath("//@*[. = $value]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_WHITE_SPACE = dict.fromkeys(map(ord, " \t\r\n"))
_TYPES_OF_OTHERS = {SIGNED_PROPERTIES_TYPE, DS + "Manifest"}


class Place(Enum):
    """The only places a signature is looked at, by the path of the element around it."""

    SYSTEM = "SystemSignature"
    DECLARANT = "Body/Signature"
    STATEMENT = "Signature"
    """Of a statement that a person signs with his certificate (`signature/statement.py`); no envelope has it."""

    @property
    def pointer(self) -> str:
        return f"/{'SignedStatement' if self is Place.STATEMENT else 'Envelope'}/{self.value}"

    @property
    def signed(self) -> str:
        """The path of what the signature here is over; the system's is over the whole envelope."""
        return {Place.SYSTEM: ".", Place.DECLARANT: "Body/Content", Place.STATEMENT: "Content"}[self]


OF_ENVELOPE = (Place.SYSTEM, Place.DECLARANT)


class ReferenceKind(Enum):
    """What a reference is to."""

    DATA = "data"
    """The envelope for the system's signature, Body/Content for the declarant's, Content for a statement's."""
    PROPERTIES = "SignedProperties"
    STATED_TIME = "SigningTime"
    """A plain Object with the time of signing, or one of the two elements in it that hold the time."""
    KEY_INFO = "KeyInfo"


@dataclass(frozen=True, slots=True)
class Reference:
    """An allowed reference: what its digest must have been made from, and how."""

    kind: ReferenceKind
    uri: str
    target: etree._Element
    c14n: str | None
    """Algorithm of its C14N transform; None means inclusive C14N 1.0 (XML-DSig 4.4.3.2)."""
    prefixes: tuple[str, ...]
    """PrefixList of that transform: namespaces that exclusive C14N treats as inclusive."""
    digest: str
    """URI of the digest algorithm."""


def references(
    signature: etree._Element, place: Place, own: Mapping[ReferenceKind, Sequence[etree._Element]], *, legacy: bool
) -> tuple[tuple[Reference, ...], list[Finding]]:
    """The references of SignedInfo, and everything that is wrong with them.

    `own`: what of the signature itself they may name.
    `legacy`: SHA-1 passes here, and is judged when the trust store is known.
    """
    wanted = _wanted(signature, place, own)
    found: list[Reference] = []
    findings: list[Finding] = []
    for element in signature[0][2:]:
        kind, target = wanted.get(element.get("URI") or "", (None, None)) if "URI" in element.attrib else (None, None)
        faults = list(_faults(element, place, kind, legacy))
        if kind is None or target is None or not _typed(element.get("Type"), kind):
            faults.append(Finding("reference_forbidden", place.pointer))
        findings.extend(faults)
        if not faults and kind is not None and target is not None:
            found.append(_reference(element, kind, target))
    # Each at most once; the data always, the properties of XAdES wherever there are any.
    kinds = [reference.kind for reference in found]
    complete = ReferenceKind.DATA in kinds and (not own[ReferenceKind.PROPERTIES] or ReferenceKind.PROPERTIES in kinds)
    if not findings and (len(set(kinds)) != len(kinds) or not complete):
        findings.append(Finding("reference_forbidden", place.pointer))
    return tuple(found), findings


def _wanted(
    signature: etree._Element, place: Place, own: Mapping[ReferenceKind, Sequence[etree._Element]]
) -> Mapping[str, tuple[ReferenceKind, etree._Element]]:
    """Which URIs may stand at this place, and what they are."""
    tree = signature.getroottree().getroot()
    if place is Place.SYSTEM:
        return {"": (ReferenceKind.DATA, tree)}
    wanted = {}
    for kind, targets in {ReferenceKind.DATA: tree.findall(place.signed), **own}.items():
        for target in targets:
            identifier = target.get("Id")
            if identifier and bearers(tree, identifier) == 1:
                wanted[f"#{identifier}"] = (kind, target)
    return wanted


def bearers(tree: etree._Element, identifier: str) -> int:
    """How many elements bear this Id, in any spelling (Id, ID, id, xml:id, wsu:Id)."""
    # By attribute: a message has thousands of elements and few attributes.
    found: Any = _ATTRIBUTES(tree, value=identifier)
    return sum(etree.QName(each.attrname).localname.lower() == "id" for each in found)


def _typed(stated: str | None, kind: ReferenceKind) -> bool:
    """Type is a hint, and the one hint that others rely on must be right."""
    return stated == SIGNED_PROPERTIES_TYPE if kind is ReferenceKind.PROPERTIES else stated not in _TYPES_OF_OTHERS


def _faults(reference: etree._Element, place: Place, kind: ReferenceKind | None, legacy: bool) -> Iterator[Finding]:
    at = place.pointer
    parts = [child.tag for child in reference]
    with_transforms = [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]
    if parts not in (with_transforms, with_transforms[1:]):
        yield _bad(at, "signature_structure", what="Reference")
        return
    digest, value = reference[-2], reference[-1]
    algorithm = str(digest.get("Algorithm"))
    if not digest_allowed(algorithm, legacy=legacy) or len(digest):
        yield _bad(at, "algorithm_forbidden", value=algorithm[:100])
    if not is_base64(value):
        yield _bad(at, "signature_structure", what="DigestValue")
    transforms = list(reference[0]) if parts == with_transforms else []
    if any(transform.tag != ds("Transform") for transform in transforms):
        yield _bad(at, "signature_structure", what="Transforms")
        return
    enveloped = bool(transforms) and transforms[0].get("Algorithm") == ENVELOPED
    if place is Place.SYSTEM and not enveloped:
        yield _bad(at, "transform_forbidden", value="enveloped-signature?")
        return
    # A person's signature stands beside Content: there it takes nothing away. What lies in the signature itself
    # it would take away whole, and the digest would be over nothing.
    if enveloped and (place is Place.SYSTEM or kind in (ReferenceKind.DATA, None)):
        if prefixes(transforms[0]) is None:  # a library writes its PrefixList here too, where it has no meaning
            yield _bad(at, "signature_structure", what="enveloped-signature")
        transforms = transforms[1:]
    if len(transforms) > 1:
        yield _bad(at, "transform_forbidden", value=", ".join(str(each.get("Algorithm")) for each in transforms)[:200])
    for transform in transforms:
        yield from c14n_faults(transform, at, "transform_forbidden")


def c14n_faults(element: etree._Element, at: str, name: str) -> Iterator[Finding]:
    """What is wrong with a C14N method, as a transform or as CanonicalizationMethod."""
    algorithm = str(element.get("Algorithm"))
    if algorithm not in C14N:
        yield _bad(at, name, value=algorithm[:100])
    if prefixes(element) is None:
        yield _bad(at, "signature_structure", what="InclusiveNamespaces")


def is_base64(element: etree._Element) -> bool:
    """Base64 and nothing else: what a decoder drops would be a second spelling of the same signature."""
    return len(element) == 0 and _BASE64.fullmatch(raw(element).translate(_WHITE_SPACE)) is not None


def _reference(element: etree._Element, kind: ReferenceKind, target: etree._Element) -> Reference:
    last = element[0][-1] if len(element) == 3 and len(element[0]) else None
    c14n = None if last is None or last.get("Algorithm") not in C14N else last
    return Reference(
        kind=kind,
        uri=str(element.get("URI")),
        target=target,
        c14n=None if c14n is None else str(c14n.get("Algorithm")),
        prefixes=() if c14n is None else prefixes(c14n) or (),
        digest=str(element[-2].get("Algorithm")),
    )


def _bad(pointer: str, name: str, **words: str) -> Finding:
    return Finding(name=name, pointer=pointer, words=words)
