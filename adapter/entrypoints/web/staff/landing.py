"""The first page of staff: their areas, or the log-in. It shows no personal data."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import anybody
from adapter.entrypoints.web.page import Page, Pages


@dataclass(frozen=True, slots=True)
class StaffHomePage(Page):
    """The first page of the inner network's listener."""

    template: ClassVar[str] = "staff_home.html"


def routes(pages: Pages) -> APIRouter:
    """`/`."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(anybody)])

    @router.get("/")
    def home(request: Request) -> Response:
        return pages.respond(request, StaffHomePage())

    return router
