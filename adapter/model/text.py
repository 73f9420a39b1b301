"""Text that a person types, checked where it enters: every character can stand in XML and be seen, in one spelling.

A control character in a reason would otherwise be found when a declaration is answered with it, days later.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from adapter.model.errors import NotAllowed

LONGEST = 1000
"""Characters of the longest text that a person types: the reason in a form that is sent."""
OFFICER_NAME, OFFICER_RANK, REMARKS = 100, 50, 1000
"""Characters in the forms that carry them; a test compares them with every XSD."""
REASON = 500
"""Longest reason in characters, as it fits into a refusal."""
ACTOR = 100
"""Characters of the id by which the journal names an officer or operator."""
LOGIN = 255
"""Characters of a login at an identity provider."""
_SPACES = "\t\n\r"
_JOINERS = "\u200c\u200d"
"""Zero-width letters that some scripts cannot be written without."""
REPLACEMENT = "\ufffd"


def text_fault(text: str, *, most: int = LONGEST, least: int = 0) -> str | None:
    """What is wrong with a text of `least` to `most` characters (in NFC); None if nothing is."""
    for place, letter in enumerate(text, 1):
        if not _may_stand(letter):
            return f"character {place} is U+{ord(letter):04X}, which no form can hold; type it again"
    length = len(unicodedata.normalize("NFC", text).strip())
    if length < least:
        return "it is empty"
    if length > most:
        return f"it has {length} characters; at most {most} are possible"
    return None


def typed(text: str, what: str, *, most: int = LONGEST, least: int = 0) -> str:
    """The text in NFC, with single spaces between its words and none around it.

    Raises:
        NotAllowed: a character cannot stand there, or it is too long or empty; names `what`.
    """
    if fault := text_fault(text, most=most, least=least):
        raise NotAllowed(f"{what}: {fault}")
    return " ".join(unicodedata.normalize("NFC", text).split())


def pasted(text: str) -> tuple[str, bool]:
    """A text as it may be kept: in NFC, with plain spaces, without what cannot be seen; and whether that took anything.

    What is copied from another document brings no-break spaces (U+00A0), zero-width spaces (U+200B) and soft hyphens
    (U+00AD) along: two texts that look the same would be two.
    """
    if text.isascii() and text.isprintable():  # nearly every value of every row
        return text.strip(), False
    normal = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in normal)
    seen = "".join(letter for letter in spaced if _may_stand(letter))
    return seen.strip(), seen != normal


def holdable(text: str) -> str:
    """A text that was stored by an earlier version: what XML cannot hold becomes U+FFFD, all else stays."""
    if text.isprintable():  # nearly every text of every reply
        return text
    return "".join(letter if _xml_holds(letter) else REPLACEMENT for letter in text)


def _xml_holds(letter: str) -> bool:
    """XML 1.0 (fifth edition) 2.2, Char; and no C1 control, which is discouraged there."""
    code = ord(letter)
    if code < 0x20:
        return letter in _SPACES
    return not (0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF)


def _may_stand(letter: str) -> bool:
    if letter in _SPACES or letter in _JOINERS:
        return True
    return _xml_holds(letter) and unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Years of a time that a person types: what lies beyond is a slip, and days could not be added to it."""


def time_fault(moment: datetime) -> str | None:
    """What is wrong with a time that a person types; None if nothing is."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return f"the year {moment.year} cannot be meant; give one from {FIRST_YEAR} to {LAST_YEAR}"
    return None
