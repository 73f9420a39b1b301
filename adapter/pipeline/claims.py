"""The claims in the first bytes of a message: for operators only, who ask its sender by these numbers.

A message in quarantine could not be judged, so no tree is read: names are searched in bytes that may be broken. Nothing
is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 8192
"""Bytes that are searched: the header is at the beginning."""
_LONGEST = 100
"""The largest value in bytes; a longer one is no usable number."""


@dataclass(frozen=True, slots=True)
class HeaderClaims:
    """Unverified values; None where one cannot be read. `dossier`: number/year."""

    message_id: str | None = None
    sent_at: str | None = None
    dossier: str | None = None


def claimed(raw: bytes) -> HeaderClaims:
    """The sender's message id, his sendDate, and the dossier that the header names."""
    number, year = _value(raw, "reference"), _value(raw, "documentYear")
    dossier = f"{number}/{year}" if number and year else number
    return HeaderClaims(_value(raw, "messageId"), _value(raw, "sendDate"), dossier)


def _value(raw: bytes, name: str) -> str | None:
    opening, closing = f"<{name}>".encode(), f"</{name}>".encode()
    begin = raw.find(opening, 0, HEAD) + len(opening)
    end = raw.find(b"<", begin, begin + _LONGEST + 1)
    if begin < len(opening) or end < 0 or not raw.startswith(closing, end):
        return None
    return raw[begin:end].decode("utf-8", errors="replace").strip() or None
