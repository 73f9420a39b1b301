"""What an officer has typed into the one box: a number, a paper, a scanned zone, a name, a plate. Pure.

What it was taken for is told, and every other reading stays open to him: nothing is guessed behind his back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapter.model.catalogue import Code
from adapter.model.errors import NotAllowed
from adapter.pipeline.mrz_scan import looks_like_zone
from adapter.pipeline.search_keys import name_words
from adapter.services.customs.search import Key
from adapter.services.registers.party_numbers import number_of

_WITH_YEAR = re.compile(r"([A-Za-z0-9]{1,35})(?: ?/ ?| )((?:19|20)[0-9]{2})")
"""Of a text whose blanks are single ones."""
_PLATE = re.compile(r"(?:[0-9]{2}[A-Z]{1,2}[0-9]?[-. ]?[0-9]{3,4}[-. ]?[0-9]{1,2}|[A-Z]{2}[-. ][0-9]{2}[-. ][0-9]{2})")
"""Of Vietnamese vehicles, civil and military. Others are searched for by saying that it is a plate."""
_IMO = re.compile(r"(?:IMO\s*)?([0-9]{7})")
_PAPER = re.compile(r"([A-Z]{0,3}[0-9]{5,12}[A-Z0-9]{0,3})(?:[\s,/-]+([A-Z]{3}))?")


@dataclass(frozen=True, slots=True)
class Understood:
    """What the text was taken for. `key` None: it could be anything, and is asked about."""

    key: Key | None
    value: str = ""
    year: int = 0
    nationality: str | None = None


def understood(text: str, confirmations: str, nationalities: Mapping[str, Code]) -> Understood:
    """What a text means that was typed without saying what it is. `confirmations`: how our confirmations begin."""
    stated = " ".join(text.split())
    if looks_like_zone(text):
        return Understood(Key.MRZ, text)
    upper = stated.upper()
    if found := _WITH_YEAR.fullmatch(stated):
        return Understood(Key.NUMBER, found[1], int(found[2]))
    if re.fullmatch(rf"{re.escape(confirmations)}[A-Z0-9-]+", upper) and any(each.isdigit() for each in upper):
        return Understood(Key.CONFIRMATION, stated)
    if (found := _IMO.fullmatch(upper)) and _is_imo(found[1]):
        return Understood(Key.SHIP, found[1])
    if _PLATE.fullmatch(upper):
        return Understood(Key.PLATE, stated)
    if _is_party(stated):
        return Understood(Key.PARTY, stated)
    if (found := _PAPER.fullmatch(upper)) and (found[2] is None or found[2] in nationalities):
        return Understood(Key.PAPER, found[1], nationality=found[2])
    words = name_words(stated)
    if len(words) > 1 and all(word.isalpha() for word in words):
        return Understood(Key.NAME, stated)
    return Understood(None, stated)


def said_to_be(key: Key, text: str, nationalities: Mapping[str, Code]) -> Understood:
    """What a text means of which is said what it is; the nationality may stand behind a paper's number."""
    stated = " ".join(text.split())
    if key is Key.NUMBER and (found := _WITH_YEAR.fullmatch(stated)):
        return Understood(key, found[1], int(found[2]))
    if key is Key.PAPER:
        number, _, last = stated.rpartition(" ")
        if number and last.upper() in nationalities:
            return Understood(key, number, nationality=last.upper())
    return Understood(key, text if key is Key.MRZ else stated)


def _is_imo(number: str) -> bool:
    """Seven digits, the last of which checks the others (IMO resolution A.1117(30))."""
    return sum(int(digit) * weight for digit, weight in zip(number, range(7, 1, -1), strict=False)) % 10 == int(
        number[6]
    )


def _is_party(text: str) -> bool:
    """A tax code whose check digit holds, or a personal number, which is that of the identity card too."""
    try:
        return len(number_of(text)) != 12
    except NotAllowed:
        return False


READINGS: tuple[Key, ...] = (
    *(Key.PAPER, Key.MRZ, Key.NAME, Key.NUMBER, Key.CONFIRMATION, Key.PARTY, Key.PLATE, Key.SHIP),
)
"""What an officer may say that a text is, the most usual first."""
