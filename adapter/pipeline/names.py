"""Names: the A–Z spelling that a machine-readable passport gives an accented name, and the key it is searched by.

Transliteration follows ICAO Doc 9303 Part 3, section 6, table A (multinational Latin characters). Where that table
leaves a choice, or States are known to differ, each spelling counts as right: a traveller does not choose what his
passport has.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ð": ("D",),
    "Đ": ("D",),
    "Ɖ": ("D",),
    "Ħ": ("H",),
    "ı": ("I",),
    "Ĳ": ("IJ",),
    "Ł": ("L",),
    "Ŀ": ("L",),
    "Ñ": ("N", "NXX"),
    "Ŋ": ("N",),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "ß": ("SS",),
    "ẞ": ("SS",),
    "Ŧ": ("T",),
    "Þ": ("TH",),
    "Ü": ("UE", "UXX", "U"),
}
"""Letters that removing the accent does not convert: without an accent, or with a longer recommended spelling."""

_SEPARATORS = frozenset(" -‐‑–.,/<")
"""Become a filler `<` in the machine-readable zone, which is a space between words here (Part 3, 4.6)."""
_APOSTROPHES = frozenset("'’‘ʼʹ′‛＇`´")
"""Left out there (Part 3, 4.6); passports of K'Sor have K SOR as well as KSOR."""


def transliterated(name: str) -> str:
    """The recommended A–Z spelling of a name: `Nguyễn Thị Đào` is `NGUYEN THI DAO`."""
    return " ".join("".join(spellings[0] for spellings in _letters(name)).split())


def same_name(plain: str, accented: str) -> bool:
    """Whether the A–Z name is a spelling of the accented one, word by word in the same order."""
    text = " ".join(plain.upper().split())
    if transliterated(accented) == text:
        return True
    ends = {0}
    for spellings in _letters(" ".join(accented.split())):
        ends = {end + len(each) for end in ends for each in spellings if text.startswith(each, end)}
        if not ends:
            return False
    return len(text) in ends


def _letters(name: str) -> list[tuple[str, ...]]:
    return [spellings for char in unicodedata.normalize("NFC", name) for spellings in _of(char)]


@lru_cache(maxsize=4096)
def _of(char: str) -> tuple[tuple[str, ...], ...]:
    """The spellings of one character; none at all for what a machine-readable zone leaves out."""
    upper = char if char in _SPELLINGS else char.upper()
    if upper in _SPELLINGS:
        return (_SPELLINGS[upper],)
    if char in _SEPARATORS or char.isspace():
        return ((" ",),)
    if char in _APOSTROPHES:
        return (("", " "),)
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return ()
    return ((_plain(upper),),)


def _plain(text: str) -> str:
    """Without accents: Vietnamese vowels lose tone, circumflex, breve and horn."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def folded(text: str) -> str:
    """Upper case without accents, as search keys have it; one letter for one, as people type them."""
    if not text.isascii():
        text = _plain(text.translate(_STROKES))
    return text.upper()


_STROKES = str.maketrans("ĐđÐðƉɖŁłØøı", "DdDdDdLlOoi")
"""Letters with a stroke have no accent that could be taken off."""
