"""Deadlines met and broken by procedure and gate, and certificates that end: each as a picture and as a table."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.deadline_records import Figures
from adapter.model.actor import Actor
from adapter.model.errors import Misconfigured
from adapter.services.access.rights import Right
from adapter.services.registers.expiry import Expiring, Expiry
from adapter.services.watch.deadlines import Deadlines

ADDRESS = "/van-hanh/so-lieu"
DAYS = 30
WIDTH, BAR, GAP = 400, 18, 10
"""Of the picture, in its own units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture: where its three parts begin and how long they are."""

    figures: Figures
    y: int
    met: float
    late: float
    overdue: float

    @property
    def label(self) -> str:
        """Procedure and gate."""
        return " · ".join(each for each in (self.figures.procedure, self.figures.gate) if each)


@dataclass(frozen=True, slots=True)
class FiguresPage(Page):
    """The figures of the last days."""

    template: ClassVar[str] = "figures.html"
    days: ClassVar[int] = DAYS
    width: ClassVar[int] = WIDTH
    bar: ClassVar[int] = BAR
    figures: tuple[Figures, ...]
    ending: tuple[Expiring, ...] | None
    """None: a file of a certificate cannot be read by this process."""

    @property
    def bars(self) -> list[Bar]:
        """Each with its share of the longest; nothing where nothing was due."""
        most = max((each.met + each.late + each.overdue for each in self.figures), default=0) or 1
        return [
            Bar(each, place * (BAR + GAP), *(WIDTH * many / most for many in (each.met, each.late, each.overdue)))
            for place, each in enumerate(self.figures)
        ]

    @property
    def height(self) -> int:
        """Of the picture."""
        return max(1, len(self.figures)) * (BAR + GAP)


def routes(
    pages: Pages, deadlines: Deadlines, expiry: Expiry, clock: Callable[[], datetime], guard: Guard
) -> APIRouter:
    """/van-hanh/so-lieu."""
    router = APIRouter(include_in_schema=False)

    @router.get(ADDRESS)
    def figures(
        request: Request, actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))]
    ) -> Response:
        now = clock()
        found = deadlines.agenda(Wanted(limit=1), since=now - timedelta(days=DAYS), now=now, actor=actor)
        counted = [each for each in found.figures if each.met or each.late or each.overdue]
        return pages.respond(request, FiguresPage(tuple(counted), _ending(expiry)))

    return router


def _ending(expiry: Expiry) -> tuple[Expiring, ...] | None:
    try:
        return tuple(expiry.ending())
    except Misconfigured:
        return None
