"""What the first bytes of a message claim of it, for the operator's eyes alone: by which number to ask its sender.

A message lies in quarantine because nobody could judge it, so this reads no tree: it finds names in bytes that may be
broken. Nothing is ever decided by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 8192
"""So many bytes are looked at: the header stands at the beginning."""
_LONGEST = 100
_VALUES = {
    name: re.compile(rb"<" + name.encode() + rb">\s*([^<>]{1,%d}?)\s*</" % _LONGEST + name.encode() + rb">")
    for name in ("messageId", "sendDate", "reference", "documentYear")
}


@dataclass(frozen=True, slots=True)
class Claims:
    """As it is written there, unverified; None where it cannot be read. `dossier`: number/year."""

    message_id: str | None = None
    sent_at: str | None = None
    dossier: str | None = None


def claimed(raw: bytes) -> Claims:
    """The sender's message id, his sendDate, and the dossier that the header names."""
    number, year = _value(raw, "reference"), _value(raw, "documentYear")
    dossier = f"{number}/{year}" if number and year else number
    return Claims(_value(raw, "messageId"), _value(raw, "sendDate"), dossier)


def _value(raw: bytes, name: str) -> str | None:
    found = _VALUES[name].search(raw[:HEAD])
    return found[1].decode("utf-8", errors="replace") if found else None
