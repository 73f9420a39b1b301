"""What customs ask for: one key, and what narrows it; checked, and spelled as keys are stored. Pure."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from adapter.model.catalogue import Code
from adapter.model.dossier import ShownState
from adapter.model.errors import AdapterError, NotAllowed
from adapter.model.procedure import Label
from adapter.model.text import text_fault, time_fault
from adapter.pipeline import mrz_scan
from adapter.pipeline.search_keys import PAPER, name_words, search_value
from adapter.services.registers.party_numbers import LARGEST_ID, number_of

LONGEST = 200
"""Letters of what is asked for: a machine-readable zone has 90, and white space."""
LONGEST_PERIOD = timedelta(days=31)
"""Of a search that names nothing else: dossiers of a gate or unit."""
MOST_WORDS = 8
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class Key(StrEnum):
    """By what is searched."""

    NUMBER = "number"
    """Our number or the window's, with its year."""
    CONFIRMATION = "confirmation"
    PARTY = "party"
    """Tax code or personal number of the principal or the declarant."""
    PAPER = "paper"
    MRZ = "mrz"
    NAME = "name"
    PLATE = "plate"
    SHIP = "ship"
    PERIOD = "period"
    """Nothing but what narrows a search."""


class NotASearch(AdapterError):
    """What was asked cannot be searched for; says why and what to do, in both languages."""

    def __init__(self, en: str, vi: str) -> None:
        super().__init__(en)
        self.en, self.vi = en, vi


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `value` is as it was typed; days are of the first reception, in Vietnam."""

    key: Key
    value: str = field(default="", repr=False)
    year: int = 0
    nationality: str | None = None
    """Of the person whose paper it is, by the code of the code list."""
    procedure: str | None = None
    gate: str | None = None
    unit: str | None = None
    state: str | None = None
    """As answers show it (`ShownState`)."""
    first_day: date | None = None
    last_day: date | None = None
    purpose: str | None = None
    """Code of the purpose, where the installation asks for one."""
    cursor: str | None = None
    """`next` of the page before."""


@dataclass(frozen=True, slots=True)
class Read:
    """A search in the spelling of the store. `kind` is the search key's; `notes` tell what was read otherwise."""

    search: Search
    kind: str
    values: tuple[str, ...] = field(default=(), repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    """Of a name."""
    nationality: str | None = None
    notes: tuple[Label, ...] = ()
    after: tuple[str, ...] = ()
    """Behind which place of the list: what `cursor` held."""

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of what was asked for, as the journal keeps it."""
        return digest_of(self.values[0] if self.values else "")


def digest_of(value: str) -> str:
    """SHA-256 (hexadecimal) of a key as it is stored."""
    return hashlib.sha256(value.encode()).hexdigest()


_EXCHANGED = Label(
    "Đã đọc chữ O thành số 0, chữ I thành số 1 (hoặc ngược lại) để các số kiểm tra khớp; hãy đối chiếu với giấy tờ",
    "O was read as 0 and I as 1 (or the other way) so that the check digits agree; compare with the paper",
)


def read(search: Search, nationalities: Mapping[str, Code]) -> Read:
    """The search as the store can answer it.

    Raises:
        NotASearch: what was typed cannot be meant, or what narrows it does not fit together.
    """
    if fault := text_fault(search.value, most=LONGEST, least=0 if search.key is Key.PERIOD else 1):
        raise NotASearch(f"{search.key}: {fault}", f"{search.key}: giá trị không hợp lệ ({fault})")
    _narrowing(search)
    value = unicodedata.normalize("NFC", search.value).strip()
    made = _READERS[search.key](search, value, nationalities)
    if search.key not in (Key.NUMBER, Key.PERIOD) and not any(made.values):
        raise NotASearch(f"{search.key}: there is no letter or digit in it", f"{search.key}: không có chữ hoặc số nào")
    if search.nationality is not None and search.nationality not in nationalities:
        raise NotASearch(
            "nationality is no code of the list, such as VNM", "Quốc tịch không có trong danh mục, ví dụ VNM"
        )
    return _behind(made)


def _number(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    if not 1000 <= search.year <= 9999:
        raise NotASearch("a number goes with its year, such as 2026", "Mã số hồ sơ đi cùng năm, ví dụ 2026")
    return Read(search, Key.NUMBER, (f"{value}/{search.year}",))


def _plain(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    return Read(search, search.key, (search_value(search.key, value),))


def _party(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    try:
        number = number_of(value)
    except NotAllowed as error:
        raise NotASearch(
            f"party: {str(error).partition('; ')[0]}",
            "Không phải mã số thuế (10 hoặc 13 chữ số, đúng số kiểm tra) hay số định danh cá nhân (12 chữ số)",
        ) from None
    kind = "party" if len(number) == 12 else "tax_code"
    return Read(search, kind, (number if kind == "party" else search_value(kind, number),))


def _paper(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    return Read(search, PAPER, (search_value(PAPER, value),), nationality=search.nationality)


def _zone(search: Search, value: str, nationalities: Mapping[str, Code]) -> Read:
    scanned = mrz_scan.scan(value)
    if scanned is None:
        raise NotASearch(
            "mrz: this has not the form of a machine-readable zone (two lines of 44 or 36 letters, or three of 30)",
            "Không đúng dạng vùng đọc máy (MRZ): 2 dòng 44 hoặc 36 ký tự, hoặc 3 dòng 30 ký tự",
        )
    if scanned.zone.wrong:
        names = ", ".join(scanned.zone.wrong)
        raise NotASearch(
            f"mrz: check digits do not agree ({names}); scan it again, or search by the paper's number",
            f"Số kiểm tra của MRZ không khớp ({names}); hãy quét lại, hoặc tra theo số giấy tờ",
        )
    stated = scanned.zone.nationality
    found = (code for code, entry in nationalities.items() if _spelled(entry) == stated)
    nationality = next(found, stated if stated in nationalities else None)
    values = tuple(search_value(PAPER, number) for number in scanned.numbers)
    return Read(search, PAPER, values, nationality=nationality, notes=(_EXCHANGED,) if scanned.changed else ())


def _spelled(entry: Code) -> object:
    """How a machine-readable zone spells a State whose code is another there."""
    facts = entry.facts.get("mrz", ())
    return facts[-1].value if facts else None


def _name(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    words = name_words(value)
    if not all(word.isalnum() for word in words):
        raise NotASearch("name: write letters and spaces only", "Họ tên chỉ gồm chữ cái và khoảng trắng")
    if not 2 <= len(words) <= MOST_WORDS:
        raise NotASearch(
            f"name: give at least two parts of the name, and at most {MOST_WORDS}",
            f"Họ tên cần ít nhất hai phần (họ và tên), nhiều nhất {MOST_WORDS}",
        )
    return Read(search, "name", (" ".join(sorted(words)),), words=tuple(words))


def _period(search: Search, value: str, _: Mapping[str, Code]) -> Read:
    if value:
        raise NotASearch("name by what is searched", "Hãy nêu tra cứu theo giá trị nào")
    first, last = search.first_day, search.last_day
    if first is None or last is None or last - first >= LONGEST_PERIOD:
        raise NotASearch(
            f"without a key, give a period of at most {LONGEST_PERIOD.days} days (first_day, last_day)",
            f"Khi không có khóa tra cứu, hãy nêu khoảng thời gian tối đa {LONGEST_PERIOD.days} ngày",
        )
    return Read(search, Key.PERIOD)


_READERS: Mapping[Key, Callable[[Search, str, Mapping[str, Code]], Read]] = {
    Key.NUMBER: _number,
    Key.CONFIRMATION: _plain,
    Key.PARTY: _party,
    Key.PAPER: _paper,
    Key.MRZ: _zone,
    Key.NAME: _name,
    Key.PLATE: _plain,
    Key.SHIP: _plain,
    Key.PERIOD: _period,
}


def _narrowing(search: Search) -> None:
    for day in (search.first_day, search.last_day):
        if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
            raise NotASearch(f"the day {day} cannot be meant", f"Ngày {day} không hợp lý")
    if search.first_day and search.last_day and search.last_day < search.first_day:
        raise NotASearch("the period ends before it begins", "Khoảng thời gian kết thúc trước khi bắt đầu")
    for name, code in (("procedure", search.procedure), ("gate", search.gate), ("unit", search.unit)):
        if fault := text_fault(code or ""):
            raise NotASearch(f"{name}: {fault}", f"{name}: giá trị không hợp lệ ({fault})")
    if search.state is not None and search.state not in set(ShownState):
        raise NotASearch(f"state is one of {', '.join(ShownState)}", f"Trạng thái là một trong {', '.join(ShownState)}")
    if search.nationality is not None and search.key is not Key.PAPER:
        raise NotASearch("nationality goes with a paper's number", "Quốc tịch đi cùng số giấy tờ")


def cursor(made: Read, *place: str) -> str:
    """Where the next page begins. It names no value; whoever holds it needs the same rights and the same search."""
    return urlsafe_b64encode(json.dumps([_same(made), *place]).encode()).decode().rstrip("=")


def _behind(made: Read) -> Read:
    given = made.search.cursor
    if given is None:
        return made
    place: list[str] = []
    try:
        same, *place = json.loads(urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        *moments, last = place
        known = same == _same(made) and 0 < int(last) < LARGEST_ID
        known = known and all(_is_time(datetime.fromisoformat(each)) for each in moments) and len(moments) < 2
    except (ValueError, TypeError):  # no base64, no JSON, no list, no texts
        known = False
    if not known:
        raise NotASearch("cursor: it is not of this search; search anew", "Con trỏ trang không thuộc lần tra cứu này")
    return replace(made, after=tuple(place))


def _is_time(moment: datetime) -> bool:
    return moment.tzinfo is not None and time_fault(moment) is None


def _same(made: Read) -> str:
    """Which search a cursor is of: a digest over all that was asked, but for the page."""
    asked = [str(getattr(made.search, each.name)) for each in fields(Search) if each.name not in ("cursor", "value")]
    return hashlib.sha256(json.dumps([*asked, *made.values]).encode()).hexdigest()[:16]
