"""Without log-in: is the window up, what is the portal open for, how to go on by paper; and the same as a feed."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.guard import anybody
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.identity import Provider
from adapter.services.watch.situation import Disturbance, Situation, Situations

_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """The public page."""

    template: ClassVar[str] = "home.html"
    public: ClassVar[bool] = True
    situation: Situation
    provider_down: bool
    """Whether the identity provider could not be reached at the last look."""


@dataclass(frozen=True, slots=True)
class FeedPage(Page):
    """The incidents as an Atom feed (RFC 4287). `site` is the portal's own address, empty where none is configured."""

    template: ClassVar[str] = "feed.xml"
    public: ClassVar[bool] = True
    site: str
    changed_at: datetime
    disturbances: tuple[Disturbance, ...]


def routes(pages: Pages, situations: Situations, provider: Provider | None, site: str) -> APIRouter:
    """`/` and `/feed.atom`."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(anybody)])

    @router.get("/")
    def home(request: Request, then: BackgroundTasks) -> Response:
        if provider is not None:
            then.add_task(provider.look)  # for whoever comes next: nobody waits for it
        return pages.respond(request, HomePage(situations.now(), provider is not None and provider.is_down))

    @router.get("/feed.atom")
    def feed(request: Request) -> Response:
        told = situations.disturbances()
        changed = max((each.ended_at or each.started_at for each in told), default=_NEVER)
        page = FeedPage(site, changed, told)
        return pages.respond(request, page, headers={"Content-Type": "application/atom+xml; charset=utf-8"})

    return router
