"""The search box of the customs page: a typed text is interpreted and looked up, and the interpretation is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label
from adapter.services.customs.answer import CustomsAnswer
from adapter.services.customs.search import Key, NotASearch, Search
from adapter.services.customs.searches import Searches, TooManyNames
from adapter.services.customs.understood import Understood, said_to_be, understood


@dataclass(frozen=True, slots=True)
class BoxAsked:
    """What was typed. `key` says what it is; None: that is to be found out. Days are of the first reception."""

    text: str = field(default="", repr=False)
    key: Key | None = None
    purpose: str | None = None
    cursor: str | None = None
    state: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    is_unread: bool = False
    """Whether a day was typed that is none: without it more would be found than was asked for."""

    @property
    def is_narrowed(self) -> bool:
        """Whether fewer are asked for than the text finds."""
        return any((self.state, self.first_day, self.last_day))


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it. `taken`: what the text was taken for; `fault` where nothing could be looked up."""

    taken: Understood
    answers: Sequence[CustomsAnswer] = ()
    next: str | None = None
    notes: Sequence[Label] = ()
    fault: Label | None = None


@dataclass(frozen=True)
class SearchBox:
    """The use case. `confirmations`: how numbers of our confirmations begin."""

    searches: Searches
    catalogue: Callable[[], Catalogue]
    confirmations: str

    def look(self, asked: BoxAsked, actor: Actor) -> Told:
        """Look up what was typed.

        Raises:
            NoRight: the actor is not of customs, or of no office.
        """
        states = self.catalogue().codelists.get("nationalities", {})
        if asked.key is None:
            taken = understood(asked.text, self.confirmations, states)
        else:
            taken = said_to_be(asked.key, asked.text, states)
        if taken.key is None:
            return Told(taken, fault=_UNCLEAR)
        if asked.is_unread:
            return Told(taken, fault=_NO_DAY)
        search = Search(
            *(taken.key, taken.value, taken.year, taken.nationality),
            state=asked.state,
            first_day=asked.first_day,
            last_day=asked.last_day,
            purpose=asked.purpose,
            cursor=asked.cursor,
        )
        try:
            found = self.searches.search(search, actor)
        except NotASearch as error:
            return Told(taken, fault=Label(error.vi, error.en))
        except TooManyNames as error:
            return Told(taken, fault=Label(error.vi, str(error)))
        return Told(taken, found.answers, found.next, found.notes)

    def one(self, number: str, year: int, purpose: str | None, actor: Actor) -> CustomsAnswer | None:
        """The dossier of this number, or None where the actor may see none.

        Raises:
            NoRight: the actor is not of customs, or of no office.
            NotASearch: a purpose is asked for.
        """
        found = self.searches.search(Search(Key.NUMBER, number, year, purpose=purpose), actor).answers
        return found[0] if found else None


_NO_DAY = Label(
    "Ngày tiếp nhận chưa đúng: ghi ngày/tháng/năm, ví dụ 30/11/2026",
    "A day of reception is none: write day/month/year, for example 30/11/2026",
)
_UNCLEAR = Label(
    "Chưa rõ đây là gì: hãy chọn loại ở ô bên cạnh (mã số hồ sơ cần kèm năm, họ tên cần ít nhất hai phần)",
    "It is not clear what this is: choose its kind beside the box (a dossier's number goes with its year, a name has "
    "two parts at least)",
)
