"""The machine-readable zone of travel papers, ICAO Doc 9303: TD1, TD2, TD3 and visas MRV-A, MRV-B.

Parts 4 (TD3), 5 (TD1), 6 (TD2) and 7 (visas) give the places, Part 3 section 4.9 the check digits. Nothing is
corrected: a zone is read as it is, and which of its check digits do not agree is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import cycle

from adapter.model.partial_date import PartialDate

_ALPHABET = re.compile(r"[A-Z0-9<]+")
_VALUES = {**{str(digit): digit for digit in range(10)}, "<": 0, **{chr(65 + at): 10 + at for at in range(26)}}
_WEIGHTS = (7, 3, 1)
_SHAPES = ((3, 30), (2, 36), (2, 44))
"""Lines and the width of each: TD1, TD2, TD3."""


@dataclass(frozen=True, slots=True)
class Zone:
    """What a machine-readable zone says. Texts are without fillers; dates are `YYMMDD`, `<` for an unknown digit."""

    number: str
    nationality: str
    issuer: str
    birth: str
    sex: str
    """M, F, or empty where the paper states none."""
    expiry: str
    names: tuple[str, ...]
    """Words of the name, primary identifier first; empty where the line is too short to hold it whole."""
    wrong: tuple[str, ...]
    """Check digits that do not agree: number, birth, expiry, optional, composite."""


def check_digit(text: str) -> str:
    """Weights 7, 3, 1 repeating; A is 10, Z is 35, the filler 0; the sum modulo 10 (Part 3, 4.9).

    Raises:
        KeyError: a character that a machine-readable zone cannot have.
    """
    return str(sum(_VALUES[char] * weight for char, weight in zip(text, cycle(_WEIGHTS), strict=False)) % 10)


def read(text: str) -> Zone | None:
    """The zone of two or three lines, in one text or broken by white space; None where it has not the form of one."""
    lines = lines_of("".join(text.split()))
    if lines is None or not _ALPHABET.fullmatch("".join(lines)):
        return None
    return _card(*lines) if len(lines) == 3 else _booklet(*lines)


def lines_of(text: str) -> list[str] | None:
    """The lines of a zone that is given without white space; None where it is as long as none."""
    for count, width in _SHAPES:
        if len(text) == count * width:
            return [text[at : at + width] for at in range(0, len(text), width)]
    return None


def _booklet(first: str, second: str) -> Zone:
    """Two lines: TD3, TD2, and visas, which begin with V and have no composite check digit."""
    visa, passport = first[0] == "V", len(first) == 44
    number, digit = _long_number(second[0:9], second[9], "" if passport or visa else second[28:35])
    checks = {"number": (number, digit), "birth": (second[13:19], second[19]), "expiry": (second[21:27], second[27])}
    if passport and not visa:
        checks["optional"] = (second[28:42], second[42])
    if not visa:
        end = 43 if passport else 35
        checks["composite"] = (second[0:10] + second[13:20] + second[21:end], second[end])
    return Zone(
        number=number.replace("<", ""),
        nationality=second[10:13].replace("<", ""),
        issuer=first[2:5].replace("<", ""),
        birth=second[13:19],
        sex=second[20].replace("<", ""),
        expiry=second[21:27],
        names=_words(first[5:]),
        wrong=_wrong(checks),
    )


def _card(first: str, second: str, third: str) -> Zone:
    """Three lines: TD1."""
    number, digit = _long_number(first[5:14], first[14], first[15:30])
    checks = {
        "number": (number, digit),
        "birth": (second[0:6], second[6]),
        "expiry": (second[8:14], second[14]),
        "composite": (first[5:30] + second[0:7] + second[8:15] + second[18:29], second[29]),
    }
    return Zone(
        number=number.replace("<", ""),
        nationality=second[15:18].replace("<", ""),
        issuer=first[2:5].replace("<", ""),
        birth=second[0:6],
        sex=second[7].replace("<", ""),
        expiry=second[8:14],
        names=_words(third),
        wrong=_wrong(checks),
    )


def _long_number(number: str, digit: str, optional: str) -> tuple[str, str]:
    """A number over nine characters goes on in the optional data, its check digit behind it (Parts 5 and 6, 4.2.2)."""
    rest = optional.partition("<")[0]
    return (number + rest[:-1], rest[-1]) if digit == "<" and rest else (number, digit)


def _wrong(checks: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    return tuple(name for name, (text, digit) in checks.items() if not _holds(name, text, digit))


def _holds(name: str, text: str, digit: str) -> bool:
    """The check digit of empty optional data may be a filler or 0 (Part 4, 4.2.2)."""
    if name == "optional" and digit == "<":
        return not text.strip("<")
    return check_digit(text) == digit


def _words(field: str) -> tuple[str, ...]:
    """A name that fills its field to the last place may be cut short (Part 3, 4.6), so it proves nothing."""
    return tuple(word for word in field.split("<") if word) if field.endswith("<") else ()


def says(written: str, day: date | PartialDate) -> bool:
    """Whether `YYMMDD` is the day, as far as both know it: a filler stands for a digit that the issuer did not know."""
    known = day.first if isinstance(day, PartialDate) else day
    digits = f"{known:%y%m%d}"
    if isinstance(day, PartialDate):
        digits = digits[: 2 if day.month is None else 4]
    return all(mine in ("<", theirs) for mine, theirs in zip(written, digits, strict=False))
