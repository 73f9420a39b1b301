"""Hostile bytes to a tree, within limits: encoding gate, cheap counts, hardened parser, canonical form, pointers.

Steps 0 to 3 of docs/security.md. It must never accept a DTD, an entity or another encoding, and must stay linear until
the limits are checked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from xml.parsers import expat

from lxml import etree

from adapter.model.finding import Finding
from adapter.model.limits import Limits

_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
_VERSION = re.compile(rb"""version\s*=\s*["']([^"']*)["']""")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""")
_ESCAPE = re.compile(r"&(lt|gt|quot|apos|amp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
MAX_UNWRAP = 2


class Refusal(Exception):
    """The bytes are not read further. Internal to opening: `pipeline/envelope` makes a Fault of it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.name)
        self.finding = finding


def _refuse(name: str, **words: object) -> Refusal:
    return Refusal(Finding(name=name, pointer="/", words={key: str(value) for key, value in words.items()}))


def unwrap(raw: bytes, limits: Limits) -> tuple[bytes, int]:
    """Undo XML escaping of the whole payload, at most twice (wire profile 1). Gives the bytes and the levels undone.

    Raises:
        Refusal: too large, or not UTF-8.
    """
    if len(raw) > limits.message_bytes:
        raise _refuse("too_large", size=len(raw), limit=limits.message_bytes)
    content = raw.removeprefix(_BOM)
    levels = 0
    while levels < MAX_UNWRAP and content.lstrip()[:1] == b"&":
        content = _ESCAPE.sub(_unescape, _decode(content)).encode()
        levels += 1
    return content, levels


def _unescape(match: re.Match[str]) -> str:
    body = match.group(1)
    if not body.startswith("#"):
        return _NAMED[body]
    number = int(body[2:], 16) if body[1] in "xX" else int(body[1:])
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse("encoding_not_utf8", at=error.start) from None


def gate(content: bytes, limits: Limits) -> None:
    """Encoding, version, DOCTYPE and cheap upper bounds on what a parser will have to build.

    Raises:
        Refusal: with the first reason.
    """
    _decode(content)
    if (nul := content.find(b"\0")) >= 0:
        raise _refuse("encoding_not_utf8", at=nul)
    if declaration := _DECLARATION.match(content.removeprefix(_BOM).lstrip()):
        version, encoding = _VERSION.search(declaration[0]), _ENCODING.search(declaration[0])
        if (version and version[1] != b"1.0") or (encoding and encoding[1].upper() not in (b"UTF-8", b"US-ASCII")):
            raise _refuse("encoding_not_utf8", at=0)
    # Byte counts bound elements, attributes and declarations from above, at the speed of a memory scan: a document
    # that passes cannot hold more of them than this, so parsing and canonicalising it stays linear and small.
    if _more(content, b"<", 2 * limits.elements + 16):
        raise _refuse("too_many_elements", limit=limits.elements)
    if _more(content, b"=", limits.attributes) and _attributes(content) > limits.attributes:
        raise _refuse("too_many_attributes", limit=limits.attributes)
    if b"!" in content and b"<!DOCTYPE" in content:  # one byte is found at once
        _refuse_doctype(content)
    if _more(content, b"xmlns", limits.namespaces):
        _count_scope(content, limits.namespaces)


def _more(content: bytes, what: bytes, limit: int) -> bool:
    """Whether it stands there more often than that; nothing at all (`b""`) stands before every byte.

    Most messages are too short for it, and are not looked through.
    """
    return len(content) // max(len(what), 1) > limit and content.count(what) > limit


def _attributes(content: bytes) -> int:
    """Attributes at most: an equals sign outside text always has a quote behind it, base64 padding has none."""
    return len(re.findall(rb"""=[ \t\r\n]*["']""", content))


class _RootReached(Exception):
    """The prolog is over: no DOCTYPE can follow."""


def _refuse_doctype(content: bytes) -> None:
    """The letters may stand in a comment or CDATA; expat, stopped at the root element, can tell."""

    def on_doctype(*_: object) -> None:
        raise _refuse("doctype_forbidden")

    def on_element(*_: object) -> None:
        raise _RootReached

    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_element
    try:
        parser.Parse(content, True)
    except (_RootReached, expat.ExpatError):
        return  # lxml reports what is not well-formed, with line and column


def _count_scope(content: bytes, limit: int) -> None:
    """Inclusive C14N looks at every declaration in scope for every element: those in scope at once are what costs.
    Declared one after the other, as Java tools declare xsi on each nil element, they cost what other attributes do.
    """
    scope = 0

    def on_start(*_: object) -> None:
        nonlocal scope
        scope += 1
        if scope > limit:
            raise _refuse("too_many_namespaces", limit=limit)

    def on_end(*_: object) -> None:
        nonlocal scope
        scope -= 1

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartNamespaceDeclHandler, parser.EndNamespaceDeclHandler = on_start, on_end
    with contextlib.suppress(expat.ExpatError):  # what is not well-formed lxml reports, with line and column
        parser.Parse(content, True)


def parse(content: bytes, limits: Limits) -> etree._Element:
    """Parse with everything dangerous off; check depth, and count what canonicalising and verifying must pay for.

    Comments are left out here, once for everything that follows, and the texts beside one become one text. Canonical
    XML without comments, the only one that the profile allows, does the same: what is read is what was signed, and no
    signature is lost by it. Processing instructions are in canonical XML, so they are refused.

    Raises:
        Refusal: not well-formed, a DOCTYPE after all, too deep, too much of something, a processing instruction.
    """
    try:
        root = etree.fromstring(content, _parser())
    except etree.XMLSyntaxError as error:
        if "xcessive depth" in str(error.msg):
            raise _refuse("too_deep", limit=limits.depth) from None
        line, column = error.position
        raise _refuse("not_xml", line=line, column=column) from None
    return bounded(root, content, limits)


def bounded(root: etree._Element, content: bytes, limits: Limits) -> etree._Element:
    """A tree within the limits; `content` are the bytes that it is written as.

    Raises:
        Refusal: as `parse`.
    """
    if root.getroottree().docinfo.doctype:
        raise _refuse("doctype_forbidden")
    if _deeper_than(limits.depth)(root):
        raise _refuse("too_deep", limit=limits.depth)
    _count(root, content, limits)
    # What it splits is read in parts by some and whole by others, and no message of the profile has one.
    declaration = _DECLARATION.match(content)
    if content.find(b"?", declaration.end() if declaration else 0) >= 0:
        for found in _instructions(root):
            raise _refuse("processing_instruction", line=found.sourceline, value=str(found.target)[:40])
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
    )


OWN = _parser()
"""Made once: our own XML cannot leave it in a wrong state."""


def reparsed(content: bytes) -> etree._Element:
    """A tree from XML of our own: a canonical form, a stored document, an envelope that we wrote.

    It was parsed and counted by `parse` before, or composed by us, so nothing is counted again.
    """
    return etree.fromstring(content, OWN)


def laid_out(content: bytes) -> bytes:
    """XML of our own with an element a line, to be read: only white space between elements is added. What was signed
    has none, so that nothing in between could change it.
    """
    root = reparsed(content)
    etree.indent(root, "  ")
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _count(root: etree._Element, content: bytes, limits: Limits) -> None:
    """Exact counts, each taken only where the bytes do not show already that it must be under its limit."""
    for name, limit, written, over in (
        ("too_many_elements", limits.elements, b"<", "count(//*) > $limit"),
        ("too_many_attributes", limits.element_attributes, b"=", "boolean(//*[count(@*) > $limit])"),
        ("text_too_long", limits.text, b"", _LONG_TEXT),
        ("too_many_references", limits.references, b"Reference", _MANY.format("Reference")),
        ("too_many_transforms", limits.transforms, b"Transform", _MANY.format("Transform")),
    ):
        if _more(content, written, limit) and _compiled(over)(root, limit=limit):
            raise _refuse(name, limit=limit)


_LONG_TEXT = "boolean(//text()[string-length() > $limit]) or boolean(//@*[string-length() > $limit])"
_MANY = "count(//*[local-name() = '{}' and namespace-uri() != '']) > $limit"


@lru_cache(maxsize=16)
def _compiled(expression: str) -> etree.XPath:
    return etree.XPath(expression)


def _instructions(root: etree._Element) -> Iterator[etree._ProcessingInstruction]:
    """Before, inside and behind the document element. Walked: as a set of XPath's they cost n²."""
    for each in (
        *reversed([*root.itersiblings(preceding=True)]),
        *islice(root.iter(etree.ProcessingInstruction), 1),
        *root.itersiblings(),
    ):
        if isinstance(each, etree._ProcessingInstruction):
            yield each


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def canonical(element: etree._Element, *, exclusive: bool = True, prefixes: Sequence[str] = ()) -> bytes:
    """Canonical form without comments: exclusive (the one fixed form for digests) or inclusive 1.0.

    `prefixes` are the namespaces that exclusive C14N is told to treat as inclusive.
    """
    named = list(prefixes) if exclusive and prefixes else None
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False, inclusive_ns_prefixes=named)


def uncanonical(root: etree._Element) -> Finding:
    """Why a tree has no canonical form: a namespace that is no absolute URI (Canonical XML 1.0, 1.3)."""
    declared: set[str] = set()
    relative: str | None = None
    # Each declaration once, where it stands: for each element all that are in scope would be a thousand times as many.
    for _, what in etree.iterwalk(root, events=("start-ns", "start")):
        if isinstance(what, tuple):
            uri = what[1]
            if relative is None and uri and uri not in declared:
                declared.add(uri)
                relative = uri if _is_relative(uri) else None
        elif relative is not None and isinstance(what, etree._Element):
            return Finding("namespace_relative", pointer(what), words={"value": relative[:80]})
    return Finding("namespace_relative", "/Envelope", words={"value": "?"})


def _is_relative(uri: str) -> bool:
    try:
        canonical(etree.Element(etree.QName(uri, "a")))
    except (etree.C14NError, ValueError):
        return True
    return False


def pointer(element: etree._Element) -> str:
    """XPath of an element from the root; an index stands only where siblings share the name."""
    return str(element.getroottree().getpath(element))


def line_of(tree: etree._Element, path: str) -> int:
    """Line of a pointer in the received bytes; of its nearest ancestor that exists; 0 where nothing does."""
    while path and path != "/":
        if (found := find(tree, path)) is not None:
            return int(found.sourceline or 0)
        path = path.rpartition("/")[0]
    return 0


def find(tree: etree._Element, path: str) -> etree._Element | None:
    """The element of a pointer; None where there is none, or where it holds a prefix of the message's own."""
    try:
        found = tree.getroottree().xpath(path)
    except etree.XPathError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None
