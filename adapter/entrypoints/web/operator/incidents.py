"""Incidents of the window, and the report of one for its manager, to be read and printed."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.store.window_records import StoredLink
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.rights import Right
from adapter.services.watch.links import Links
from adapter.services.watch.reconciliation import Reconciliation, Report, ReportLine
from adapter.services.watch.state import Incident
from adapter.services.watch.window import Window

LIST = "/van-hanh/su-co"
_SHOWN = 50
MOST = 500
"""So many answers stand on a page, what is open first; the command writes all of them."""


@dataclass(frozen=True, slots=True)
class IncidentsPage(Page):
    """The newest incidents, and what was stated of links."""

    template: ClassVar[str] = "incidents.html"
    incidents: tuple[Incident, ...]
    links: tuple[StoredLink, ...]


@dataclass(frozen=True, slots=True)
class ReportPage(Page):
    """The report of an incident."""

    template: ClassVar[str] = "report.html"
    most: ClassVar[int] = MOST
    report: Report

    @property
    def lines(self) -> list[ReportLine]:
        """What is open first."""
        return sorted(self.report.lines, key=lambda line: line.open_for is None)[:MOST]


def routes(pages: Pages, window: Window, links: Links, reconciliation: Reconciliation, guard: Guard) -> APIRouter:
    """/van-hanh/su-co and what is below it."""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.BROWSE_MESSAGES)

    @router.get(LIST)
    def incidents(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, IncidentsPage(tuple(window.incidents(_SHOWN)), tuple(links.list(_SHOWN))))

    @router.get(f"{LIST}/{{number}}")
    def report(
        request: Request, number: Annotated[int, Path(ge=1, le=2**63 - 1)], actor: Annotated[Actor, Depends(see)]
    ) -> Response:
        try:
            found = reconciliation.report(str(number), actor=actor)
        except NoRight:
            raise
        except NotAllowed:
            raise HTTPException(404) from None
        return pages.respond(request, ReportPage(found))

    return router
