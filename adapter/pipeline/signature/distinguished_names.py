"""Distinguished names as senders spell them, compared with the name in a certificate.

XML-DSig asks for RFC 4514 text, and tools spell it their own way: order, spaces, `S` or `ST`, `OID.2.5.4.5`, `#0c…`.
So values are compared, not spellings; it must never be used where a name alone decides whom to trust. A stranger wrote
the text: it is read once from left to right, whatever stands in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from asn1crypto import core
from cryptography import x509

MAX_NAME = 1_024
"""Bytes of UTF-8; the names of real authorities have at most about 300."""
_SEPARATORS, _HEX = frozenset(",;+"), frozenset("0123456789abcdefABCDEF")
_TEXTS = {
    b"\x0c": "utf-8",
    b"\x12": "ascii",
    b"\x13": "ascii",
    b"\x14": "latin-1",
    b"\x16": "ascii",
    b"\x1c": "utf-32-be",
    b"\x1e": "utf-16-be",
}
"""The kinds of text that a name may be written in (RFC 5280, 4.1.2.4), by their tag in BER."""


def same_name(written: str, name: x509.Name) -> bool:
    """Whether a written name has exactly the values of a certificate's name, in whatever order and spelling."""
    try:
        if len(written.encode()) > MAX_NAME:
            return False
        return Counter(_values(written)) == Counter(_folded(str(attribute.value)) for attribute in name)
    except ValueError:
        return False


def _values(written: str) -> Iterator[str]:
    for part in _parts(written):
        kind, equals, value = part.partition("=")
        if not equals or not kind.strip():
            raise ValueError("not a distinguished name")
        yield _folded(_value(value.lstrip()))


def _parts(written: str) -> Iterator[str]:
    """The text between separators that are neither escaped nor in quotes."""
    began = at = 0
    quoted = False
    while at < len(written):
        if written[at] == "\\":
            at += 1
        elif written[at] == '"':
            quoted = not quoted
        elif written[at] in _SEPARATORS and not quoted:
            yield written[began:at]
            began = at + 1
        at += 1
    if quoted or at > len(written):
        raise ValueError("a quote or an escape that does not end")
    if began < len(written):
        yield written[began:]


def _value(text: str) -> str:
    if text.startswith("#"):
        return _encoded(text[1:])
    if not text.startswith('"'):
        return _unescaped(text)
    text = text.rstrip()
    if len(text) < 2 or not text.endswith('"'):
        raise ValueError("text behind a quoted value")
    return _unescaped(text[1:-1])


def _encoded(text: str) -> str:
    """A value as the hexadecimal digits of its BER (RFC 4514, 2.4): a text, and of no other kind."""
    parsed = core.Any.load(bytes.fromhex(text), strict=True)
    kind = parsed.dump()[:1]
    if kind not in _TEXTS:
        raise ValueError("not a text")
    return bytes(parsed.contents).decode(_TEXTS[kind])


def _unescaped(text: str) -> str:
    r"""Without escapes: `\,` is a comma, `\C3\A0` the two bytes of one character (RFC 4514, 2.4)."""
    found = bytearray()
    at = 0
    while at < len(text):
        if text[at] == "\\" and _HEX.issuperset(pair := text[at + 1 : at + 3]) and len(pair) == 2:
            found += bytes.fromhex(pair)
            at += 3
            continue
        if text[at] == '"':
            raise ValueError("a quote that is not escaped")
        at += text[at] == "\\"
        found += text[at : at + 1].encode()
        at += 1
    return found.decode("utf-8")


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
