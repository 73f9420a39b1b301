"""The work list, ordered by the legal deadlines. New work is announced; no row moves by itself."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS, urgency
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.model.actor import Actor
from adapter.model.dossier import ShownState
from adapter.model.turns import WorkTurn
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right
from adapter.services.dossiers.paper_records import PaperRecords
from adapter.services.dossiers.worklist import FLAGS, MOST_NEWS, WorkFilter, WorkLists, WorkNews, WorkPage

LIST = "/can-bo"
_Code = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{0,40}$")]
_After = Annotated[str | None, Query(pattern=r"^[0-9]{0,17}-[0-9]{1,18}$")]
_NAMES = {
    "turn": "luot",
    "procedure": "thu-tuc",
    "gate": "cua-khau",
    "state": "trang-thai",
    "flag": "co",
    "mine": "cua-toi",
}
"""What an address calls the parts of a filter."""


@dataclass(frozen=True, slots=True)
class WorkListPage(Page):
    """One page of the work list."""

    template: ClassVar[str] = "work.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    turns = tuple(WorkTurn)
    states = tuple(ShownState)
    flags = FLAGS
    list: WorkPage
    asked: WorkFilter
    first: bool
    papers: int | None = None
    """How many entries from paper wait for this officer to compare them; None: he enters none."""

    def address(self, **changes: Any) -> str:
        """The address of this list with another filter."""
        return address_of(replace(self.asked, **changes))

    @property
    def older(self) -> str:
        """The address of the page behind this one."""
        here = self.address()
        return f"{here}{'&' if '?' in here else '?'}after={self.list.last}"

    @property
    def news(self) -> str:
        """Where is told what came into the list since it was drawn."""
        query = {**query_of(self.asked), "tu": str(int(self.list.at.timestamp()))}
        return f"{LIST}/moi?{urlencode(query)}"

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves anything out."""
        return self.asked != WorkFilter(turn=self.asked.turn)


@dataclass(frozen=True, slots=True)
class WorkNewsPage(Page):
    """A fragment: how much has come since."""

    template: ClassVar[str] = "work_news.html"
    is_fragment: ClassVar[bool] = True
    most = MOST_NEWS
    told: WorkNews
    address: str


def query_of(asked: WorkFilter) -> dict[str, str]:
    """A filter as the parameters of an address: codes, and only what leaves something out."""
    stated = {
        "turn": "" if asked.turn is WorkTurn.UNIT else asked.turn.value,
        "procedure": asked.procedure or "",
        "gate": asked.gate or "",
        "state": asked.state or "",
        "flag": asked.flag or "",
        "mine": "1" if asked.mine else "",
    }
    return {_NAMES[name]: value for name, value in stated.items() if value}


def address_of(asked: WorkFilter) -> str:
    """Where that list is."""
    query = urlencode(query_of(asked))
    return f"{LIST}?{query}" if query else LIST


def _asked(
    luot: WorkTurn = WorkTurn.UNIT,
    procedure: Annotated[_Code, Query(alias="thu-tuc")] = None,
    gate: Annotated[_Code, Query(alias="cua-khau")] = None,
    state: Annotated[str | None, Query(alias="trang-thai", pattern=r"^[a-z_]{0,30}$")] = None,
    co: _Code = None,
    mine: Annotated[str | None, Query(alias="cua-toi", pattern=r"^1?$")] = None,
) -> WorkFilter:
    """The filter that an address states. A form sends what is not chosen as an empty text."""
    known = ShownState(state) if state in set(ShownState) else None
    return WorkFilter(luot, procedure or None, gate or None, known, co if co in FLAGS else None, bool(mine))


def routes(pages: Pages, lists: WorkLists, papers: PaperRecords, guard: Guard) -> APIRouter:
    """/can-bo and what is told beside it."""
    router = APIRouter(include_in_schema=False, prefix=LIST)
    see = guard.by_session(Right.SEE_DOSSIERS)

    @router.get("")
    def work(
        request: Request,
        actor: Annotated[Actor, Depends(see)],
        asked: Annotated[WorkFilter, Depends(_asked)],
        after: _After = None,
    ) -> Response:
        asked = lists.known(asked)
        found = lists.page(actor, asked, after)
        return pages.respond(request, WorkListPage(found, asked, after is None, papers.to_compare(actor)))

    @router.get("/moi")
    def news(
        request: Request,
        actor: Annotated[Actor, Depends(see)],
        asked: Annotated[WorkFilter, Depends(_asked)],
        tu: Annotated[int, Query(ge=0, le=10**11)],
    ) -> Response:
        """What came since. 304 as long as nothing has changed, so that a page that stays open costs little."""
        asked = lists.known(asked)
        told = lists.news(actor, asked, datetime.fromtimestamp(tu, VIETNAM))
        mark = f'"{told.mark}"'
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={**PERSONAL, "ETag": mark})
        return pages.respond(request, WorkNewsPage(told, address_of(asked)), headers={"ETag": mark})

    return router
