"""Distinguished names as senders spell them, compared with the name in a certificate.

XML-DSig asks for RFC 4514 text, and tools spell it their own way: order, spaces, `S` or `ST`, `OID.2.5.4.5`, `#0c…`.
So values are compared, not spellings; it must never be used where a name alone decides whom to trust.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from asn1crypto import core
from cryptography import x509

_ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\(.)", re.DOTALL)
_PART = re.compile(r"""\s*[^=,;+]+=\s*("(?:[^"\\]|\\.)*"|(?:[^\\",;+]|\\.)*)\s*(?:[,;+]|$)""", re.DOTALL)
MAX_NAME = 2_000


def same_name(written: str, name: x509.Name) -> bool:
    """Whether a written name has exactly the values of a certificate's name, in whatever order and spelling."""
    if len(written) > MAX_NAME:
        return False
    try:
        return Counter(_values(written)) == Counter(_folded(str(attribute.value)) for attribute in name)
    except (ValueError, TypeError, KeyError, IndexError):
        return False


def _values(written: str) -> Iterator[str]:
    at = 0
    while at < len(written):
        part = _PART.match(written, at)
        if part is None:
            raise ValueError("not a distinguished name")
        yield _folded(_value(part[1].strip()))
        at = part.end()


def _value(text: str) -> str:
    if text.startswith("#"):
        return str(core.load(bytes.fromhex(text[1:])).native)
    return _ESCAPED.sub(_unescape, text.removeprefix('"').removesuffix('"') if text.startswith('"') else text)


def _unescape(match: re.Match[str]) -> str:
    return match[1] if match[1] is not None else bytes.fromhex(match[0].replace("\\", "")).decode("utf-8")


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
