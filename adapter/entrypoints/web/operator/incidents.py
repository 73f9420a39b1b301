"""Incidents of the window, and the report of one for its manager, to be read and printed."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import Guard, LoggedOut
from adapter.entrypoints.web.page import Page, Pages, attachment
from adapter.entrypoints.web.posting import Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.window_records import StoredLink
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.rights import Right, has
from adapter.services.dossiers.acts import SessionOver
from adapter.services.watch.incident_reports import ReportsOnPages
from adapter.services.watch.links import Links
from adapter.services.watch.reconciliation import Reconciliation, Report, ReportLine
from adapter.services.watch.report_print import ReportPrints
from adapter.services.watch.state import Incident
from adapter.services.watch.transfers import OpenTransfer, Transfers
from adapter.services.watch.window import Window

LIST = "/van-hanh/su-co"
_SHOWN = 50
MOST = 500
"""So many answers stand on a page, what is open first; the command writes all of them."""


@dataclass(frozen=True, slots=True)
class IncidentsPage(Page):
    """The newest incidents, the oldest transfers that the window has not confirmed, and what was stated of links."""

    template: ClassVar[str] = "incidents.html"
    incidents: tuple[Incident, ...]
    links: tuple[StoredLink, ...]
    transfers: tuple[OpenTransfer, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportPage(Page):
    """The report of an incident."""

    template: ClassVar[str] = "report.html"
    most: ClassVar[int] = MOST
    report: Report
    may_report: bool = False

    @property
    def lines(self) -> list[ReportLine]:
        """What is open first."""
        return sorted(self.report.lines, key=lambda line: line.open_for is None)[:MOST]


@dataclass(frozen=True, slots=True)
class IncidentReportUses:
    """What the page of a report uses."""

    reconciliation: Reconciliation
    prints: ReportPrints
    on_pages: ReportsOnPages


def routes(
    pages: Pages, window: Window, links: Links, transfers: Transfers, reports: IncidentReportUses, guard: Guard
) -> APIRouter:
    """/van-hanh/su-co and what is below it."""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.BROWSE_MESSAGES)

    @router.get(LIST)
    def incidents(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        found = tuple(window.incidents(_SHOWN)), tuple(links.list(_SHOWN)), tuple(transfers.open(_SHOWN))
        return pages.respond(request, IncidentsPage(*found))

    @router.get(f"{LIST}/{{number}}")
    def report(request: Request, number: RowId, actor: Annotated[Actor, Depends(see)]) -> Response:
        return pages.respond(request, ReportPage(_found(reports, number, actor), has(actor, Right.REPORT_INCIDENT)))

    @router.get(f"{LIST}/{{number}}/bao-cao.pdf")
    def printed(number: RowId, actor: Annotated[Actor, Depends(see)]) -> Response:
        """As things stand now, to be read and printed. It is not signed, and counts as no report."""
        made = reports.prints.pdf(_found(reports, number, actor))
        return attachment(made, "application/pdf", f"bao-cao-su-co-{number}.pdf")

    @router.post(f"{LIST}/{{number}}/bao-cao")
    def signed(
        request: Request,
        number: RowId,
        sent: Annotated[Posting, Depends(posting(guard.by_session(Right.REPORT_INCIDENT)))],
    ) -> Response:
        """The signed XML and the printed page beside it, in one file for the window's manager."""
        secret = browser_of(request).secret
        if secret is None:
            raise LoggedOut
        try:
            packed = reports.on_pages.packed(secret, str(number))
        except SessionOver:
            raise LoggedOut from None
        except NoRight:
            raise
        except NotAllowed:
            raise HTTPException(404) from None
        return attachment(packed, "application/zip", f"bao-cao-su-co-{number}.zip")

    return router


def _found(reports: IncidentReportUses, number: int, actor: Actor) -> Report:
    try:
        return reports.reconciliation.report(str(number), actor=actor)
    except NoRight:
        raise
    except NotAllowed:
        raise HTTPException(404) from None
