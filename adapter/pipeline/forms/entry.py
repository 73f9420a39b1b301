"""A value as a person types it, made into the text that XML takes; and back, as it is shown to a person.

Leading zeros stay, and what cannot be read stays as it was typed, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from adapter.model.catalogue import Code
from adapter.model.finding import Finding
from adapter.model.partial_date import PartialDate
from adapter.model.procedure import FieldSpec, Label
from adapter.model.text import pasted
from adapter.pipeline.converters import CONVERTERS, WANTED
from adapter.pipeline.envelope import VIETNAM, read_time, write_time
from adapter.pipeline.forms.answers import Texts
from adapter.pipeline.forms.layout import TYPED, FormField
from adapter.pipeline.mapping import CodeLists, named
from adapter.pipeline.names import folded, transliterated
from adapter.pipeline.rules.view import FLAGS, matches
from adapter.pipeline.wanted import form_wanted, takes

_DAY = r"(?P<d>\d{1,2})\s*[/.\-]\s*(?P<m>\d{1,2})\s*[/.\-]\s*(?P<y>\d{4})"
_ISO = r"(?P<iy>\d{4})-(?P<im>\d{1,2})-(?P<id>\d{1,2})"
_CLOCK = r"(?P<h>\d{1,2})\s*(?::|h|H|giờ)\s*(?P<min>\d{2})?(?::(?P<s>\d{2})(?:\.\d+)?)?"
_DATE = re.compile(f"(?:{_DAY}|{_ISO})")
_TIME = re.compile(f"(?:{_DAY}|{_ISO})[\\s,T]+{_CLOCK}")
_TIME_FIRST = re.compile(f"{_CLOCK}[\\s,]+(?:{_DAY}|{_ISO})")
_MONTH = re.compile(r"(?:(?P<m>\d{1,2})\s*[/.\-]\s*(?P<y>\d{4})|(?P<iy>\d{4})-(?P<im>\d{1,2}))")
_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class TypedValue:
    """The result of reading one typed value."""

    text: str
    """As XML takes it; as it was typed where it cannot be read."""
    changed: bool = False
    """Invisible characters were removed, or unusual spaces."""
    wanted: Label | None = None
    """How it should be typed, where it cannot be read."""
    unknown: Label | None = None
    """The code list that it should be in, where it is in it not."""


def entered(field: FormField, typed: str, lists: CodeLists) -> TypedValue:
    """Read one value."""
    plain, changed = pasted(typed)
    if not plain:
        return TypedValue("", changed)
    if field.codes:
        codes = lists.get(field.codes, {})
        code = code_of(plain, codes)
        return TypedValue(code or plain, changed, unknown=None if code else field.listing or field.label)
    text = _in_xml(field, plain)
    return TypedValue(text, changed, wanted=None if _is_right(field, text) else _wanted(field))


def findings(field: FormField, entry: TypedValue, pointer: str) -> tuple[Finding, ...]:
    """What is wrong with it, as reading the message would say it, in the words of who types."""
    if entry.unknown is not None:
        words = {**named(field.label), **named(entry.unknown, "list")}
        return (Finding("code_unknown", pointer, words=words),)
    if entry.wanted is not None:
        words = {**named(field.label), **named(entry.wanted, "wanted")}
        return (Finding("value_unreadable", pointer, words=words),)
    return ()


def code_of(typed: str, codes: Mapping[str, Code]) -> str | None:
    """The code for a typed code or name in either language, with or without accents; None: no such."""
    if typed in codes:
        return typed
    return _by_name(tuple((code.code, code.vi, code.en) for code in codes.values())).get(_key(typed))


@lru_cache(maxsize=64)
def _by_name(codes: tuple[tuple[str, str, str], ...]) -> Mapping[str, str]:
    """Codes by what they are called: code, Vietnamese, English. A name that two of them have means none."""
    found: dict[str, str] = {}
    twice = set()
    for code, *names in codes:
        for name in {_key(each) for each in (code, *names)}:
            if found.setdefault(name, code) != code:
                twice.add(name)
    return {name: code for name, code in found.items() if name not in twice}


def _key(text: str) -> str:
    return " ".join(folded(text).split())


def _in_xml(field: FormField, plain: str) -> str:
    match field.type:
        case "date":
            return _date(plain) or plain
        case "datetime":
            return _moment(plain) or plain
        case "partial_date":
            return _partial(plain) or plain
        case "flag":
            return _flag(plain)
        case "upper_name":
            spelled = transliterated(plain)
            return spelled if spelled.isascii() and spelled else plain
        case _:
            return _spelled(field, " ".join(plain.split()))


def _spelled(field: FormField, text: str) -> str:
    """As the XSD takes it, if that only takes capital letters or leaving spaces out: `c 1234567` is C1234567."""
    ways = (text, text.upper(), text.replace(" ", ""), text.replace(" ", "").upper())
    return next((way for way in ways if takes(field.simple, way)), text)


def _is_right(field: FormField, text: str) -> bool:
    try:
        CONVERTERS[field.type](text)
    except (ValueError, KeyError, OverflowError):
        return False
    return takes(field.simple, text)


def _wanted(field: FormField) -> Label:
    """Days and times as they are typed; else what the XSD says, which knows more than the type does."""
    return TYPED.get(field.type) or field.hint or WANTED.get(field.type) or form_wanted(field.simple)


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (found[name] or found[f"i{name}"] for name in ("y", "m", "d"))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _date(plain: str) -> str | None:
    found = _DATE.fullmatch(plain)
    day = _day(found) if found else None
    return day.isoformat() if day else None


def day_of(typed: str) -> date | None:
    """A day as people type it, or None where it is none."""
    plain = _date(pasted(typed)[0])
    return date.fromisoformat(plain) if plain else None


def time_of(typed: str) -> datetime | None:
    """A day and time as people type them, in Vietnam, or None where they are none."""
    return _time(pasted(typed)[0])


def _time(plain: str) -> datetime | None:
    found = _TIME.fullmatch(plain) or _TIME_FIRST.fullmatch(plain)
    day = _day(found) if found else None
    if found is None or day is None:
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("h", "min", "s"))
    if hour > 23 or minute > 59 or second > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=VIETNAM)


def _moment(plain: str) -> str | None:
    moment = _time(plain)
    return write_time(moment) if moment else None


def _partial(plain: str) -> str | None:
    if (whole := _date(plain)) or _YEAR.fullmatch(plain):
        return whole or plain
    found = _MONTH.fullmatch(plain)
    if found is None:
        return None
    year, month = (int(found[name] or found[f"i{name}"]) for name in ("y", "m"))
    return str(PartialDate(year, month)) if 1 <= month <= 12 else None


def _flag(plain: str) -> str:
    """Yes and no in both languages, too."""
    words = {_key(word): text for text, label in FLAGS.items() for word in (label.vi, label.en, text)}
    return words.get(_key(plain), plain)


def is_needed(field: FormField, texts: Texts, outside: Texts, fields: Sequence[FormField]) -> bool:
    """Whether nothing would be taken without this field, by what else is filled in.

    `fields` are those of its section, or of its row; `outside` the values beside them.
    """
    if field.required or (field.required_with is not None and any(texts.get(each.name) for each in fields)):
        return True
    known = {**outside, **texts}
    return any(matches(known, where) for where in field.required_when)


def shown(field: FormField | FieldSpec, text: str) -> str:
    """A text as it is typed: days and times in the order of people, all else as it is."""
    try:
        match field.type:
            case "date":
                return f"{date.fromisoformat(text):%d/%m/%Y}"
            case "datetime":
                moment = read_time(text)
                return (
                    text
                    if moment is None
                    else f"{moment:%d/%m/%Y %H:%M}" + (f"{moment:%H:%M:%S}"[5:] if moment.second else "")
                )
            case "partial_date" if len(text) == 10:
                return f"{date.fromisoformat(text):%d/%m/%Y}"
            case "partial_date" if len(text) == 7:
                return f"{date.fromisoformat(f'{text}-01'):%m/%Y}"
    except ValueError:
        pass
    return text


def spoken(field: FormField | FieldSpec, text: str, lists: CodeLists) -> Label:
    """A text as people say it: the name of a code, yes or no, a day; for the page where answers are checked."""
    code = lists.get(field.codes or "", {}).get(text)
    if code is not None:
        return Label(code.vi, code.en)
    if field.type == "flag" and text in FLAGS:
        return FLAGS[text]
    text_shown = shown(field, text)
    return Label(text_shown, text_shown)
