"""The closed table of value types: how an element's text becomes a value, and a value becomes text again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from adapter.model.partial_date import PartialDate
from adapter.model.procedure import Label
from adapter.model.stages import Value
from adapter.pipeline.envelope import read_time, write_time

Converter = Callable[[str], Value]


def _integer(text: str) -> int:
    """ASCII digits only: Python's int() alone takes `1_000`, Arabic digits and 4,000 figures."""
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def _date(text: str) -> date:
    """`yyyy-MM-dd` only: fromisoformat alone takes week dates (`2026-W01-1`) as well."""
    if len(text) != 10 or text[7] != "-":
        raise ValueError(text)
    return date.fromisoformat(text)


def _partial_date(text: str) -> date | PartialDate:
    """`yyyy`, `yyyy-MM` or a day: what a paper states of a birth."""
    if len(text) not in (4, 7):
        return _date(text)
    whole = _date(f"{text}-01" if len(text) == 7 else f"{text}-01-01")
    return PartialDate(whole.year, whole.month if len(text) == 7 else None)


def _datetime(text: str) -> datetime:
    """Times at the limits of the calendar would overflow later, when hours are added or UTC is computed."""
    moment = read_time(text)
    if moment is None or not 1900 <= moment.year < 9999:
        raise ValueError(text)
    return moment


def _flag(text: str) -> bool:
    return {"0": False, "1": True, "false": False, "true": True}[text]


CONVERTERS: dict[str, Converter] = {
    "text": str,
    "upper_name": str,
    "code": str,
    "integer": _integer,
    "year": _integer,
    "date": _date,
    "partial_date": _partial_date,
    "datetime": _datetime,
    "flag": _flag,
}
"""Every type a mapping may name."""

WANTED: dict[str, Label] = {
    "integer": Label("số nguyên, ví dụ 12", "a whole number, for example 12"),
    "year": Label("năm gồm 4 chữ số, ví dụ 2026", "a year of 4 digits, for example 2026"),
    "date": Label("ngày có thật, yyyy-MM-dd, ví dụ 2026-03-02", "a day that exists, for example 2026-03-02"),
    "partial_date": Label(
        "ngày có thật yyyy-MM-dd; yyyy-MM hoặc yyyy khi giấy tờ không ghi đủ, ví dụ 1958-06",
        "a day that exists, or where the paper states no more a month or a year, for example 1958-06",
    ),
    "datetime": Label(
        "ngày giờ có thật yyyy-MM-dd HH:mm:ss, ví dụ 2026-03-02 07:15:00",
        "a time that exists, for example 2026-03-02 07:15:00",
    ),
    "flag": Label("0 (không) hoặc 1 (có)", "0 (no) or 1 (yes)"),
}
"""Which form is wanted, of every type that does not take any text."""

XSD_TYPES: dict[str, frozenset[str]] = {
    "integer": frozenset({"integer", "int", "short", "long", "positiveInteger", "nonNegativeInteger"}),
    "year": frozenset({"integer", "int", "short", "gYear", "positiveInteger", "nonNegativeInteger", "string"}),
    "date": frozenset({"date"}),
    "partial_date": frozenset({"date", "gYearMonth", "gYear"}),
    "datetime": frozenset({"string"}),
    "flag": frozenset({"string", "boolean", "integer", "int", "nonNegativeInteger"}),
    "text": frozenset({"string", "token", "normalizedString"}),
    "upper_name": frozenset({"string", "token", "normalizedString"}),
    "code": frozenset({"string", "token", "normalizedString"}),
}
"""The primitive or built-in XSD types each of ours may stand on; the check at start proves it."""


def write(value: Value) -> str:
    """A value as element text, as it would be read again."""
    match value:
        case str():  # by far the most
            return value
        case bool():
            return "1" if value else "0"
        case datetime():
            return write_time(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)
