"""Small tools for taking a message apart and putting it together otherwise, without touching anything else in it."""

from __future__ import annotations

import re
from copy import deepcopy

from lxml import etree

from adapter.simulator.sign import DS

SYSTEM = f"SystemSignature/{{{DS}}}Signature"
DECLARANT = f"Body/Signature/{{{DS}}}Signature"
_PLAIN_TEXT = (r"[A-Z]+(?: [A-Z]+)+", r"[^\W\d_]+(?: [^\W\d_]+)+", r"[^\W_]*[^\W\d_]")
"""Free text that stays valid with another last letter: a name, words, anything that ends in a letter."""


def parse(message: bytes) -> etree._ElementTree:
    """The message as a tree, CDATA and comments kept."""
    parser = etree.XMLParser(resolve_entities=False, strip_cdata=False, huge_tree=True)
    return etree.ElementTree(etree.fromstring(message, parser))


def write(tree: etree._ElementTree) -> bytes:
    """The tree as a message."""
    written: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    return written


def one(tree: etree._ElementTree | etree._Element, path: str) -> etree._Element:
    """The only element at a path.

    Raises:
        ValueError: there is none, or several.
    """
    found = tree.findall(path)
    if len(found) != 1:
        raise ValueError(f"this attack needs exactly one {path}; the message has {len(found)}")
    return found[0]


def form(tree: etree._ElementTree) -> etree._Element:
    """The business element in Content."""
    return one(tree, "Body/Content/*")


def remove(element: etree._Element) -> None:
    """Take an element out; the white space behind it goes with it."""
    parent = element.getparent()
    if parent is None:
        raise ValueError("the root cannot be removed")
    parent.remove(element)


def a_text(content: etree._Element) -> etree._Element:
    """A leaf with free text that may be changed and stays valid."""
    leaves = [element for element in content.iter("*") if len(element) == 0 and element.text]
    for shape in _PLAIN_TEXT:
        for leaf in leaves:
            if re.fullmatch(shape, leaf.text or ""):
                return leaf
    raise ValueError("Content has no text to change")


def other(text: str) -> str:
    """The text with another last letter."""
    last = text[-1]
    swapped = "X" if last.isupper() else "x"
    if last == swapped:
        swapped = "Y" if last.isupper() else "y"
    return text[:-1] + swapped


def forged_copy(element: etree._Element) -> etree._Element:
    """A copy that says something else in one valid text."""
    copied = deepcopy(element)
    copied.tail = None
    leaf = a_text(copied)
    leaf.text = other(leaf.text or "")
    return copied


def before_root(message: bytes, text: bytes) -> bytes:
    """Put text directly before the root."""
    return message.replace(b"<Envelope", text + b"<Envelope", 1)


def without_declaration(message: bytes) -> bytes:
    """The message without its XML declaration."""
    return re.sub(rb"^\s*<\?xml [^>]*\?>\s*", b"", message)


def with_value(message: bytes, path: str, text: str) -> bytes:
    """Set the text of one element."""
    tree = parse(message)
    one(tree, path).text = text
    return write(tree)


def in_form(message: bytes, path: str, text: str) -> bytes:
    """Set the text of one element of the business form."""
    tree = parse(message)
    one(form(tree), path).text = text
    return write(tree)
