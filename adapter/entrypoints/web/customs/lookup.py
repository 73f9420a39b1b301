"""One box for customs: what is typed, pasted or scanned is understood, told, and looked up (letter of 27/5/2022).

What is searched for is sent in a form's body. An address names a dossier's number at most, never a person's.
"""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.page import PERSONAL, Page, Pages, attachment
from adapter.entrypoints.web.posting import Dependency
from adapter.model.actor import Actor
from adapter.model.dossier import ShownState
from adapter.model.procedure import Label
from adapter.pipeline.forms.entry import day_of
from adapter.services.access.rights import Right
from adapter.services.customs.answer import CustomsAnswer
from adapter.services.customs.box import BoxAsked, SearchBox, Told
from adapter.services.customs.printed import PrintedDecisions
from adapter.services.customs.search import Key
from adapter.services.customs.searches import Searches
from adapter.services.customs.table import table
from adapter.services.customs.understood import READINGS

HERE = "/hai-quan"
MOST = 400
"""Letters that the box takes: a zone of three lines has 92."""
_Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,35}$")]
_Year = Annotated[int, Path(ge=1000, le=9999)]
_Code = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


@dataclass(frozen=True, slots=True)
class Support:
    """The support desk of customs, as the configuration says."""

    name: Label
    telephone: str
    email: str


@dataclass(frozen=True, slots=True)
class LookupSurroundings:
    """What stands around the box: support desk, purposes of which one is named, and whether there is an outage."""

    support: Support
    purposes: Sequence[tuple[str, Label]]
    is_outage: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class LookupPage(Page):
    """The box, and what was found."""

    template: ClassVar[str] = "lookup.html"
    marks = MARKS
    readings = READINGS
    states = tuple(ShownState)
    most = MOST
    here = HERE
    desk: LookupSurroundings
    outage: bool
    asked: BoxAsked
    told: Told | None = None
    days: tuple[str, str] = ("", "")
    """The period as it was typed."""


@dataclass(frozen=True, slots=True)
class LookedUpPage(Page):
    """One dossier, to be read and printed."""

    template: ClassVar[str] = "looked_up.html"
    marks = MARKS
    here = HERE
    desk: LookupSurroundings
    outage: bool
    answer: CustomsAnswer
    purpose: str | None


def routes(
    pages: Pages,
    box: SearchBox,
    searches: Searches,
    printed: PrintedDecisions,
    desk: LookupSurroundings,
    guard: Guard,
) -> APIRouter:
    """`/hai-quan`."""
    router = APIRouter(include_in_schema=False)
    customs = guard.by_session(Right.LOOK_UP)

    @router.get(HERE)
    def empty(request: Request, caller: Annotated[Actor, Depends(customs)]) -> Response:
        del caller
        return pages.respond(request, LookupPage(desk, desk.is_outage(), BoxAsked()), 200, PERSONAL)

    @router.post(HERE)
    async def look(request: Request, caller: Annotated[Actor, Depends(customs)]) -> Response:
        form = await guard.form(request)
        asked, as_table = _asked(form), form.get("as") == "csv"
        told = await run_in_threadpool(box.look, asked, caller)
        if as_table and told.fault is None:
            return attachment(table(told.answers), "text/csv; charset=utf-8", "tra-cuu.csv")
        page = LookupPage(desk, desk.is_outage(), asked, told, _days(form))
        return pages.respond(request, page, 200 if told.fault is None else 422, PERSONAL)

    @router.get(HERE + "/ho-so/{year}/{number}")
    def one(
        request: Request,
        year: _Year,
        number: _Number,
        caller: Annotated[Actor, Depends(customs)],
        purpose: _Code = None,
    ) -> Response:
        answer = box.one(number, year, purpose, caller)
        if answer is None:
            raise HTTPException(404)
        return pages.respond(request, LookedUpPage(desk, desk.is_outage(), answer, purpose), 200, PERSONAL)

    _files(router, searches, printed, customs)
    return router


def _files(router: APIRouter, searches: Searches, printed: PrintedDecisions, customs: Dependency) -> None:
    """The newest signed decision: the bytes that were signed, and a page to be printed."""

    @router.get(HERE + "/ho-so/{year}/{number}/ket-qua.xml")
    def signed(
        year: _Year, number: _Number, caller: Annotated[Actor, Depends(customs)], purpose: _Code = None
    ) -> Response:
        found = searches.decision(number, year, purpose, caller)
        if found is None:
            raise HTTPException(404)
        return attachment(found.reply.body, "application/xml", f"{number}-{year}.xml")

    @router.get(HERE + "/ho-so/{year}/{number}/ket-qua.pdf")
    def to_print(
        year: _Year, number: _Number, caller: Annotated[Actor, Depends(customs)], purpose: _Code = None
    ) -> Response:
        made = printed.pdf(number, year, purpose, caller)
        if made is None:
            raise HTTPException(404)
        return attachment(made, "application/pdf", f"{number}-{year}.pdf")


def _asked(form: Any) -> BoxAsked:
    """What the form says; what no such form can say is left out."""

    def text(name: str, most: int) -> str:
        value = form.get(name)
        return value[:most] if isinstance(value, str) else ""

    stated = text("key", 20)
    key = Key(stated) if stated in {each.value for each in READINGS} else None
    state = next((each for each in ShownState if each == text("state", 40)), None)
    typed = _days(form)
    first, last = (day_of(each) for each in typed)
    unread = any(each.strip() and day is None for each, day in zip(typed, (first, last), strict=True))
    purpose, cursor = text("purpose", 40) or None, text("cursor", 200) or None
    return BoxAsked(text("q", MOST), key, purpose, cursor, state, first, last, unread)


def _days(form: Any) -> tuple[str, str]:
    first, last = (form.get(name) for name in ("first_day", "last_day"))
    return str(first or "")[:20], str(last or "")[:20]
