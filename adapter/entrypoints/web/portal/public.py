"""The public page, without log-in: state of the window, what the portal accepts, how to use paper; also as a feed."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import anybody
from adapter.entrypoints.web.page import PUBLIC, Page, Pages
from adapter.gateways.identity import Provider
from adapter.services.watch.mode_notices import ModeNotice, ModeNotices
from adapter.services.watch.situation import Disturbance, Situation, Situations

_ON_THE_PAGE = 5
"""So many notices are on the public page; the feed has more."""
_Part = Annotated[str, Path(pattern=r"^[0-9A-Z]{1,10}$")]
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """The public page."""

    template: ClassVar[str] = "home.html"
    public: ClassVar[bool] = True
    situation: Situation
    provider_down: bool
    """Whether the identity provider could not be reached at the last look."""
    notices: tuple[ModeNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedPage(Page):
    """The incidents as an Atom feed (RFC 4287). `site` is the portal's own address, empty where none is configured."""

    template: ClassVar[str] = "feed.xml"
    public: ClassVar[bool] = True
    site: str
    changed_at: datetime
    disturbances: tuple[Disturbance, ...]
    notices: tuple[ModeNotice, ...] = ()


def routes(
    pages: Pages, situations: Situations, notices: ModeNotices, provider: Provider | None, site: str
) -> APIRouter:
    """`/`, `/feed.atom` and the signed notices."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(anybody)])

    @router.get("/")
    def home(request: Request, then: BackgroundTasks) -> Response:
        if provider is not None:
            then.add_task(provider.look)  # for the next visitor: this one does not wait
        down = provider is not None and provider.is_down
        return pages.respond(request, HomePage(situations.now(), down, notices.newest()[:_ON_THE_PAGE]))

    @router.get("/feed.atom")
    def feed(request: Request) -> Response:
        told, published = situations.disturbances(), notices.newest()
        times = [*(each.ended_at or each.started_at for each in told), *(each.at for each in published)]
        page = FeedPage(site, max(times, default=_NEVER), told, published)
        return pages.respond(request, page, headers={"Content-Type": "application/atom+xml; charset=utf-8"})

    @router.get("/thong-bao/{count}/{year}/{series}.xml")
    def notice(count: _Part, year: _Part, series: _Part) -> Response:
        """A notice as it was signed: whoever has the portal's certificate can verify it without us."""
        body = notices.signed(f"{count}/{year}/{series}")
        if body is None:
            raise HTTPException(404)
        return Response(body, media_type="application/xml", headers=PUBLIC)

    return router
