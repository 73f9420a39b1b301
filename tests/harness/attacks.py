"""Attacks by name: each takes a genuine message and does one thing to it. Some are re-spellings that must still pass.

Those in BEFORE_SEALING are done after the declarant signed and before the window seals: the window is honest, what it
was given is not. Those in AFTER_SIGNING are done to the finished message, on its way. None may repair a signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from xml.sax.saxutils import escape

from lxml import etree

from adapter.simulator.sign import DS

Attack = Callable[[bytes], bytes]

SYSTEM = f"SystemSignature/{{{DS}}}Signature"
DECLARANT = f"Body/Signature/{{{DS}}}Signature"
_DEEPER_THAN_ALLOWED = 150
_PLAIN_TEXT = (r"[A-Z]+(?: [A-Z]+)+", r"[^\W\d_]+(?: [^\W\d_]+)+", r"[^\W_]*[^\W\d_]")
"""Free text that stays valid with another last letter: a name, words, anything that ends in a letter."""


def change_signed_content(message: bytes) -> bytes:
    """Change one letter of one text of Content: well-formed and valid still."""
    tree = _parse(message)
    leaf = _a_text(_one(tree, "Body/Content"))
    leaf.text = _other(leaf.text or "")
    return _write(tree)


def drop_system_signature(message: bytes) -> bytes:
    """Empty the place of the system signature."""
    return _drop(message, SYSTEM)


def break_signature_value(message: bytes) -> bytes:
    """Change one character of the system signature's value."""
    return _break(message, SYSTEM)


def second_signature(message: bytes) -> bytes:
    """Put a copy of the system signature beside it."""
    return _double(message, SYSTEM)


def move_signature_to_header(message: bytes) -> bytes:
    """Move the system signature into the legacy Header/Signature."""
    return _move_to_header(message, SYSTEM)


def truncate(message: bytes) -> bytes:
    """Lose the last third, as a broken connection does."""
    return message[: len(message) * 2 // 3]


def trailing_junk(message: bytes) -> bytes:
    """Send a second document behind the first."""
    return message + b"<Envelope/>"


def add_doctype(message: bytes) -> bytes:
    """Add a DTD with an entity. Signatures do not cover it: they still verify."""
    return _before_root(message, b'<!DOCTYPE Envelope [<!ENTITY x "x">]>')


def transcode_to_utf16(message: bytes) -> bytes:
    """The same characters in UTF-16: signatures cover characters, so they still verify."""
    return _without_declaration(message).decode().encode("utf-16")


def nest_deeply(message: bytes) -> bytes:
    """Nest elements inside Content deeper than any form does."""
    levels = _DEEPER_THAN_ALLOWED
    return message.replace(b"</Content>", b"<x>" * levels + b"</x>" * levels + b"</Content>", 1)


def escape_once(message: bytes) -> bytes:
    """A genuine message that the transport escaped as text (domain: seen at the real window)."""
    return escape(message.decode()).encode()


def escape_twice(message: bytes) -> bytes:
    """The same, escaped twice."""
    return escape_once(escape_once(message))


def escape_thrice(message: bytes) -> bytes:
    """Once more than is undone."""
    return escape_once(escape_twice(message))


def respell(message: bytes) -> bytes:
    """The same signed content in other bytes: byte order mark, CR LF between lines, comments outside the root."""
    lines = _before_root(message, b"<!-- re-spelled -->").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return b"\xef\xbb\xbf" + lines + b"<!-- end -->"


def comment_inside_value(message: bytes) -> bytes:
    """Split one text of Content by a comment. Signatures still verify: the value read must be the value signed."""
    tree = _parse(message)
    leaf = _a_text(_one(tree, "Body/Content"))
    text = leaf.text or ""
    comment = etree.Comment("split")
    leaf.text, comment.tail = text[:-1], text[-1:]
    leaf.append(comment)
    return _write(tree)


def change_declared_content(message: bytes) -> bytes:
    """Change what the declarant signed, before the window seals it."""
    return change_signed_content(message)


def drop_declarant_signature(message: bytes) -> bytes:
    """Empty the place of the declarant's signature."""
    return _drop(message, DECLARANT)


def break_declarant_signature(message: bytes) -> bytes:
    """Change one character of the declarant's signature value."""
    return _break(message, DECLARANT)


def second_declarant_signature(message: bytes) -> bytes:
    """Put a copy of the declarant's signature beside it."""
    return _double(message, DECLARANT)


def move_declarant_signature_to_header(message: bytes) -> bytes:
    """Move the declarant's signature into the legacy Header/Signature."""
    return _move_to_header(message, DECLARANT)


def wrap_content(message: bytes) -> bytes:
    """Signature wrapping: the signed Content moves aside with its Id, a forged one without Id takes its place."""
    return _wrap(message, keep_identifier=False)


def duplicate_id(message: bytes) -> bytes:
    """Signature wrapping with the same Id on the forged Content and on the signed one."""
    return _wrap(message, keep_identifier=True)


BEFORE_SEALING: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        change_declared_content,
        drop_declarant_signature,
        break_declarant_signature,
        second_declarant_signature,
        move_declarant_signature_to_header,
        wrap_content,
        duplicate_id,
    )
}

AFTER_SIGNING: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        change_signed_content,
        drop_system_signature,
        break_signature_value,
        second_signature,
        move_signature_to_header,
        truncate,
        trailing_junk,
        add_doctype,
        transcode_to_utf16,
        nest_deeply,
        escape_once,
        escape_twice,
        escape_thrice,
        respell,
        comment_inside_value,
    )
}


def _drop(message: bytes, path: str) -> bytes:
    tree = _parse(message)
    _remove(_one(tree, path))
    return _write(tree)


def _break(message: bytes, path: str) -> bytes:
    tree = _parse(message)
    value = _one(tree, f"{path}/{{{DS}}}SignatureValue")
    text = value.text or ""
    value.text = ("B" if text[0] == "A" else "A") + text[1:]
    return _write(tree)


def _double(message: bytes, path: str) -> bytes:
    tree = _parse(message)
    signature = _one(tree, path)
    signature.addnext(deepcopy(signature))
    return _write(tree)


def _move_to_header(message: bytes, path: str) -> bytes:
    tree = _parse(message)
    header = _one(tree, "Header")
    legacy = header.find("Signature")
    if legacy is None:
        legacy = etree.SubElement(header, "Signature")
    legacy.append(_one(tree, path))
    return _write(tree)


def _wrap(message: bytes, *, keep_identifier: bool) -> bytes:
    tree = _parse(message)
    _one(tree, DECLARANT)
    genuine = _one(tree, "Body/Content")
    forged = deepcopy(genuine)
    if not keep_identifier:
        del forged.attrib["Id"]
    leaf = _a_text(forged)
    leaf.text = _other(leaf.text or "")
    genuine.addprevious(forged)
    aside = etree.SubElement(_one(tree, "Body"), "Original")
    aside.append(genuine)
    return _write(tree)


def _a_text(content: etree._Element) -> etree._Element:
    leaves = [element for element in content.iter("*") if len(element) == 0 and element.text]
    for shape in _PLAIN_TEXT:
        for leaf in leaves:
            if re.fullmatch(shape, leaf.text or ""):
                return leaf
    raise ValueError("Content has no text to change")


def _other(text: str) -> str:
    last = text[-1]
    swapped = "X" if last.isupper() else "x"
    if last == swapped:
        swapped = "Y" if last.isupper() else "y"
    return text[:-1] + swapped


def _one(tree: etree._ElementTree, path: str) -> etree._Element:
    found = tree.findall(path)
    if len(found) != 1:
        raise ValueError(f"this attack needs exactly one {path}; the message has {len(found)}")
    return found[0]


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        raise ValueError("the root cannot be removed")
    parent.remove(element)


def _parse(message: bytes) -> etree._ElementTree:
    return etree.ElementTree(etree.fromstring(message, etree.XMLParser(resolve_entities=False, strip_cdata=False)))


def _write(tree: etree._ElementTree) -> bytes:
    written: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    return written


def _without_declaration(message: bytes) -> bytes:
    return re.sub(rb"^\s*<\?xml [^>]*\?>", b"", message)


def _before_root(message: bytes, text: bytes) -> bytes:
    return message.replace(b"<Envelope", text + b"<Envelope", 1)
