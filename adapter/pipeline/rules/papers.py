"""Rules on what a travel paper says of its holder: machine-readable zone against the form, A–Z name against accents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from adapter.model.finding import Finding
from adapter.model.partial_date import PartialDate
from adapter.model.stages import Record
from adapter.pipeline import mrz
from adapter.pipeline.mapping import named
from adapter.pipeline.names import same_name
from adapter.pipeline.rules.rows import childhood
from adapter.pipeline.rules.view import Arguments, View, day, span, text

DIGITS: dict[str, tuple[str, str]] = {
    "number": ("số giấy tờ", "document number"),
    "birth": ("ngày sinh", "date of birth"),
    "expiry": ("ngày hết hạn", "date of expiry"),
    "optional": ("dữ liệu tùy chọn", "optional data"),
    "composite": ("tổng hợp", "composite"),
}
"""The five check digits for people."""

COMPARED = ("number", "birth", "expiry", "sex", "nationality", "issuer", "name")
"""What of the zone may be held against a field of the form."""


SPELLED = "mrz"
"""The fact of a code that a machine-readable zone spells otherwise: Germany is D there (Part 3, section 5)."""


def machine_readable(view: View, given: Arguments) -> Iterator[Finding]:
    """A machine-readable zone has its form (ICAO 9303), its check digits, and says what the fields named here say."""
    name = str(given["lines"])
    for ordinal, value, record in view.stated(name, given.get("where")):
        zone = mrz.read(text(value))
        if zone is None:
            yield view.fault("mrz_malformed", name, ordinal)
            continue
        for wrong in zone.wrong:
            vietnamese, english = DIGITS[wrong]
            yield view.fault("mrz_check_digit", name, ordinal, digit=vietnamese, digit_en=english)
        if not zone.wrong:
            yield from _differences(view, given, zone, ordinal, record)


def _differences(view: View, given: Arguments, zone: mrz.Zone, ordinal: int, record: Record) -> Iterator[Finding]:
    """At the field of the form: a zone whose check digits agree was read by a machine, the field was typed."""
    for part in COMPARED:
        other = given.get(part)
        declared = None if other is None else view.beside(other, record)
        if declared is None:
            continue
        place = str(other)
        code = view.code(place, declared)
        spelled = code.fact(SPELLED, view.today) if code else None
        if not _said(zone, part, declared if spelled is None else spelled):
            yield view.fault("mrz_differs", place, ordinal if "." in place else 0)


def _said(zone: mrz.Zone, part: str, declared: object) -> bool:
    if part in ("birth", "expiry"):
        return isinstance(declared, date | PartialDate) and mrz.says(getattr(zone, part), declared)
    if part == "name":
        return not zone.names or sorted(zone.names) == sorted(str(declared).replace("-", " ").split())
    stated = "".join(char for char in str(declared).upper() if char.isalnum())
    return getattr(zone, part) in ("", stated)


def issued_in_lifetime(view: View, given: Arguments) -> Iterator[Finding]:
    """A paper was issued on the day of its holder's birth or later.

    Whoever is `under` so many years is left out: a child may stand in a parent's paper, which is older than the child.
    """
    name, birth = str(given["field"]), str(given["birth"])
    is_child, today = childhood(view, given), view.today
    group, _, field = birth.rpartition(".")
    for ordinal, value, record in view.stated(name, given.get("where")):
        issued, days = day(value), span((record if group else view.declaration.values).get(field))
        if issued is None or days is None or not issued < days[0] <= today:
            continue  # who is born in the future is told by another rule
        if not is_child(record):
            yield view.fault("date_order", name, ordinal, **named(view.field(birth).label, "other"))


def name_matches(view: View, given: Arguments) -> Iterator[Finding]:
    """The A–Z name is a spelling of the accented one (ICAO Doc 9303 Part 3, section 6)."""
    accented = str(given["accented"])
    for ordinal, value, record in view.stated(accented, given.get("where")):
        plain = view.beside(given["plain"], record)
        if plain is not None and not same_name(text(plain), text(value)):
            words = named(view.field(str(given["plain"])).label, "other")
            yield view.fault("name_differs", accented, ordinal, **words)
