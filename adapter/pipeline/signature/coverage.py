"""Proof of coverage: what each reference must have been made from, canonical, from our own tree (step 7).

The envelope's frame (Envelope, Body, the two places for signatures) has no attributes and hardly ever a namespace. Then
its canonical form is its parts' canonical forms put side by side, and Header and Content are made canonical once for
everything: both signatures, the digest of what the message says, and the element that later stages see. Where the frame
is not so plain, everything is made the long way. There are no processing instructions: pipeline/xml refuses them.
"""

from __future__ import annotations

import copy

from lxml import etree

from adapter.pipeline.signature.algorithms import EXCLUSIVE
from adapter.pipeline.signature.references import Place, Reference, ReferenceKind
from adapter.pipeline.xml import canonical, reparsed

_SYSTEM, _DECLARANT = Place.SYSTEM.value, Place.DECLARANT.value
_FRAME = {"Envelope", "Body"}


class Coverage:
    """Canonical bytes of one envelope's parts, each made when it is first asked for."""

    def __init__(self, tree: etree._Element) -> None:
        self._tree = tree
        self._parts: dict[tuple[etree._Element, bool], bytes] = {}
        frame = [tree, *tree.iterfind("Body"), *tree.iterfind(_SYSTEM), *tree.iterfind(_DECLARANT)]
        self._plain = not any(element.nsmap for element in frame)

    def of(self, reference: Reference, place: Place) -> bytes:
        """The bytes that the reference's digest must be over."""
        exclusive = reference.c14n == EXCLUSIVE
        whole = place is Place.SYSTEM and reference.kind is ReferenceKind.DATA
        if self._plain and not reference.prefixes:
            if whole:
                return self._framed(self._tree, exclusive, signatures=True)
            if reference.kind is ReferenceKind.DATA:
                return self._part(reference.target, exclusive)
        if whole:
            own = copy.deepcopy(self._tree)
            drop(own.find(f"{_SYSTEM}/*"))
            return canonical(own, exclusive=exclusive, prefixes=reference.prefixes)
        return detached(reference.target, exclusive=exclusive, prefixes=reference.prefixes)

    def said(self) -> bytes:
        """What the message says: the envelope without its signatures and without Content/@Id, exclusive C14N.

        The very parts that the signatures cover, so that what is read is what was signed.
        """
        if self._plain:
            return self._framed(self._tree, exclusive=True, signatures=False)
        own = copy.deepcopy(self._tree)
        drop(own.find(_SYSTEM))
        drop(own.find(_DECLARANT))
        content = own.find("Body/Content")
        if content is not None:
            content.attrib.pop("Id", None)
        return canonical(own)

    def _framed(self, element: etree._Element, exclusive: bool, signatures: bool) -> bytes:
        """The envelope without the signature in SystemSignature; with or without both places for signatures."""
        written = [f"<{element.tag!s}>".encode(), _text(element.text)]
        for child in element:
            if child.tag in _FRAME:
                written.append(self._framed(child, exclusive, signatures))
            elif child.tag == _SYSTEM:
                if signatures:
                    left = _text(child.text) + b"".join(_text(signature.tail) for signature in child)
                    written.append(b"<SystemSignature>" + left + b"</SystemSignature>")
            elif child.tag == "Content" and not signatures:
                # Its only attribute is its Id; a canonical value holds no quote, so the first `">` ends it.
                part = self._part(child, exclusive)
                written.append(b"<Content>" + part.partition(b'">')[2] if "Id" in child.attrib else part)
            elif isinstance(child.tag, str) and (child.tag != "Signature" or signatures):
                written.append(self._part(child, exclusive))
            written.append(_text(child.tail))
        written.append(f"</{element.tag!s}>".encode())
        return b"".join(written)

    def _part(self, element: etree._Element, exclusive: bool) -> bytes:
        if (known := self._parts.get((element, exclusive))) is not None:
            return known
        # Without a namespace there is nothing in which the two forms could differ; inclusive C14N shows them all.
        inclusive = self._parts.get((element, False))
        made = inclusive if inclusive and b"xmlns" not in inclusive else canonical(element, exclusive=exclusive)
        self._parts[element, exclusive] = made
        return made


def detached(element: etree._Element, *, exclusive: bool, prefixes: tuple[str, ...] = ()) -> bytes:
    """Canonical form of one element where it stands. Where the namespaces above it count, lxml needs it by itself."""
    if not exclusive or prefixes:
        element = reparsed(etree.tostring(element, with_tail=False))
    return canonical(element, exclusive=exclusive, prefixes=prefixes)


def drop(element: etree._Element | None) -> None:
    """Remove an element and leave the text behind it where it is."""
    if element is None:
        return
    parent = element.getparent()
    assert parent is not None
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _text(text: str | None) -> bytes:
    """Text as C14N writes it."""
    if not text:
        return b""
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#xD;")):
        text = text.replace(character, written)
    return text.encode()
