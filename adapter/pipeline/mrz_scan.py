"""A machine-readable zone as it is typed, pasted or scanned: O for 0 and I for 1, or the other way, are forgiven.

Only where ICAO Doc 9303 leaves one reading: a place that holds digits alone or letters alone, or a number whose check
digits agree in exactly one way. What was read otherwise than it was given is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from adapter.pipeline import mrz

_DIGITS = str.maketrans("OI", "01")
_LETTERS = str.maketrans("01", "OI")
_OTHER = {"O": "0", "0": "O", "I": "1", "1": "I"}
_MOST_UNSURE = 6
"""So many letters of a number are tried both ways: 64 readings."""
_OTHER_FILLERS = str.maketrans("«‹＜", "<<<")

# Places by line: (line, first, behind). Doc 9303 Parts 4 (TD3), 5 (TD1), 6 (TD2).
_ONLY_DIGITS = {
    30: ((0, 14, 15), (1, 0, 7), (1, 8, 15), (1, 29, 30)),
    44: ((1, 9, 10), (1, 13, 20), (1, 21, 28), (1, 42, 44)),
    36: ((1, 9, 10), (1, 13, 20), (1, 21, 28), (1, 35, 36)),
}
_ONLY_LETTERS = {
    30: ((0, 0, 1), (0, 2, 5), (1, 7, 8), (1, 15, 18), (2, 0, 30)),
    44: ((0, 0, 1), (0, 2, 44), (1, 10, 13), (1, 20, 21)),
    36: ((0, 0, 1), (0, 2, 36), (1, 10, 13), (1, 20, 21)),
}
_NUMBER = {30: (0, 5, 14), 44: (1, 0, 9), 36: (1, 0, 9)}
_TWELVE = re.compile(r"[0-9]{12}<")


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was read. `changed`: letters were read as digits or the other way, so that the check digits agree."""

    zone: mrz.Zone
    numbers: tuple[str, ...]
    """The paper's number; of a Vietnamese identity card its twelve digits, of which the zone's number has nine.

    That is inferred: no article says so.
    """
    changed: bool


def looks_like_zone(text: str) -> bool:
    """Whether a text can be meant as a zone: two or three lines in length, with fillers."""
    plain = _plain(text)
    return mrz.lines_of(plain) is not None and "<" in plain


def scan(text: str) -> Scanned | None:
    """The zone, or None where it has not the form of one. `Scanned.zone.wrong`: check digits wrong in each reading."""
    plain = _plain(text)
    lines = mrz.lines_of(plain)
    if lines is None:
        return None
    placed = _placed(lines)
    zone = mrz.read(placed)
    if zone is None:
        return None
    if zone.wrong:
        placed, zone = _only_reading(placed, len(lines[0])) or (placed, zone)
    return Scanned(zone, _numbers(placed, zone), changed=placed != plain)


def _plain(text: str) -> str:
    return "".join(text.upper().translate(_OTHER_FILLERS).split())


def _placed(given: list[str]) -> str:
    """With digits where a zone has digits alone, letters where it has letters alone: no check digit covers these."""
    lines, width = list(given), len(given[0])
    for places, table in ((_ONLY_DIGITS[width], _DIGITS), (_ONLY_LETTERS[width], _LETTERS)):
        for line, first, behind in places:
            text = lines[line]
            lines[line] = text[:first] + text[first:behind].translate(table) + text[behind:]
    return "".join(lines)


def _only_reading(placed: str, width: int) -> tuple[str, mrz.Zone] | None:
    """The one reading of the paper's number with which all check digits agree; None where there is none, or more.

    Two readings would leave the number open: then what was given stands, with the check digits that do not agree.
    """
    line, first, behind = _NUMBER[width]
    first, behind = line * width + first, line * width + behind
    found = []
    for number in _spelled(placed[first:behind]):
        tried = placed[:first] + number + placed[behind:]
        zone = mrz.read(tried)
        if zone is not None and not zone.wrong:
            found.append((tried, zone))
    return found[0] if len(found) == 1 else None


def _spelled(number: str) -> list[str]:
    """A number with each of its doubtful letters either way."""
    unsure = [at for at, letter in enumerate(number) if letter in _OTHER]
    if len(unsure) > _MOST_UNSURE:
        return []
    made = []
    for choice in product((False, True), repeat=len(unsure)):
        letters = list(number)
        for at, other in zip(unsure, choice, strict=True):
            letters[at] = _OTHER[letters[at]] if other else letters[at]
        made.append("".join(letters))
    return made


def _numbers(plain: str, zone: mrz.Zone) -> tuple[str, ...]:
    if len(plain) == 90 and _TWELVE.match(plain[15:28]) and plain[15:27].endswith(zone.number):
        return plain[15:27], zone.number
    return (zone.number,)
