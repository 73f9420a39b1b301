"""Rules on numbers that carry their own proof: tax code, personal number, IMO number, passport number.

python-stdnum has the tax code and the IMO number. It has nothing for Vietnam's personal number and passports: those two
are here, and have no check digit at all, so only their form and what they say can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from stdnum import imo
from stdnum.vn import mst

from adapter.model.finding import Finding
from adapter.model.partial_date import PartialDate
from adapter.pipeline.rules.view import Arguments, View, text

_PERSONAL_NUMBER = re.compile(r"[0-9]{12}")
_PASSPORT = re.compile(r"[A-Z][0-9]{7}")
_CENTURIES = "MF"
"""Digit 4 of a personal number: even for men, odd for women, two for each century from the 20th on."""


def tax_code(view: View, given: Arguments) -> Iterator[Finding]:
    """A Vietnamese tax code (mã số thuế) has 10 digits, or 13 of a branch, and its check digit.

    With `unchecked` a number of so many digits is one too, and has no check digit: a personal number.
    """
    name, unchecked = str(given["field"]), given.get("unchecked")
    for ordinal, value, _ in view.stated(name, given.get("where")):
        number = text(value)
        if not (_has_check_digit(number) or (len(number) == unchecked and number.isascii() and number.isdigit())):
            yield view.fault("tax_code_wrong", name, ordinal)


@lru_cache(maxsize=1024)  # an enterprise declares again and again
def _has_check_digit(number: str) -> bool:
    return bool(mst.is_valid(number))


def imo_number(view: View, given: Arguments) -> Iterator[Finding]:
    """An IMO ship number has 7 digits, the last one its check digit."""
    name = str(given["field"])
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if not imo.is_valid(text(value)):
            yield view.fault("imo_number_wrong", name, ordinal)


def passport_number(view: View, given: Arguments) -> Iterator[Finding]:
    """A Vietnamese passport number is a capital letter and 7 digits; older series may differ, so warn only."""
    name = str(given["field"])
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if not _PASSPORT.fullmatch(text(value)):
            yield view.fault("passport_number_unusual", name, ordinal)


def personal_number(view: View, given: Arguments) -> Iterator[Finding]:
    """A personal number (số định danh cá nhân) has 12 digits; 4 to 6 agree with sex, century and year of birth."""
    name = str(given["field"])
    for ordinal, value, record in view.stated(name, given.get("where")):
        number = text(value)
        if not _PERSONAL_NUMBER.fullmatch(number):
            yield view.fault("personal_number_wrong", name, ordinal)
            continue
        sex = view.beside(given["sex"], record) if "sex" in given else None
        born = view.beside(given["birth"], record) if "birth" in given else None
        if not _agrees(number, sex, born):
            yield view.fault("personal_number_differs", name, ordinal)


def _agrees(number: str, sex: object, born: object) -> bool:
    """Digit 4 is 0/1 for those born 1900–1999, 2/3 for 2000–2099, and so on: as libraries read it, by no article."""
    if sex in tuple(_CENTURIES) and int(number[3]) % 2 != _CENTURIES.index(str(sex)):
        return False
    if not isinstance(born, date | PartialDate):
        return True
    return 19 + int(number[3]) // 2 == born.year // 100 and int(number[4:6]) == born.year % 100
