"""The operator's first page: the window, what waits, current alerts; and statements about the window."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.moments import moment_of
from adapter.entrypoints.web.operator.aged import Aged
from adapter.entrypoints.web.operator.asking import fault_of_reason
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.rights import Right, has
from adapter.services.watch.alerts import Alert, AlertName, Outlook, standing
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.readings import Reading, Readings
from adapter.services.watch.state import WindowState
from adapter.services.watch.window import Window

HOME = "/van-hanh"
ACTS = ("confirm", "down", "up", "end")
"""What may be said of the window: the suspicion is right; it is down, it is up; that word ends."""
MODES = {
    Mode.NEVER_HEARD: ("wait", "question"),
    Mode.NORMAL: ("ok", "check"),
    Mode.SUSPECT: ("ask", "diamond"),
    Mode.DIRECT: ("no", "cross"),
    Mode.MAINTENANCE: ("ask", "clock"),
    Mode.RECONCILING: ("info", "both"),
    Mode.UNKNOWN: ("wait", "question"),
}


EXPLAINED = {
    AlertName.DATABASE_AWAY: "/van-hanh/tien-trinh",
    AlertName.BROKER_AWAY: "/van-hanh/hang-doi",
    AlertName.WINDOW_DOWN: "/van-hanh/su-co",
    AlertName.TRANSFERS_STAY: "/van-hanh/su-co",
    AlertName.MESSAGES_PARKED: "/van-hanh/cach-ly",
    AlertName.DUTY_BROKEN: "/van-hanh/so-lieu",
    AlertName.DUTY_NEAR: "/van-hanh/so-lieu",
    AlertName.CERTIFICATE_ENDS: "/van-hanh/chung-thu",
    AlertName.REPLIES_STAY: "/van-hanh/hang-doi",
    AlertName.REPLIES_REFUSED: "/van-hanh/hang-doi",
    AlertName.QUARANTINE: "/van-hanh/hang-doi",
}
"""The page that shows what an alert is about. A log-in by emergency access is told by the journal alone."""


@dataclass(frozen=True, slots=True)
class OperatorPage(Aged, Page):
    """The overview. `said`: which act was just done; `told`: why one was not, in the service's words."""

    template: ClassVar[str] = "operator.html"
    marks: ClassVar[dict[Mode, tuple[str, str]]] = MODES
    explained: ClassVar[dict[AlertName, str]] = EXPLAINED
    window: WindowState
    readings: Readings
    alerts: tuple[Alert, ...]
    may_say: bool
    said: str = ""
    told: str = ""
    asked: str = ""
    fault: str = ""

    def waits(self, route: str) -> timedelta:
        """How long the oldest reply of a route has waited."""
        return timedelta(seconds=self.readings.oldest_s.get(route, 0)) + self.ago(self.readings.at)

    @property
    def acts(self) -> tuple[str, ...]:
        """What may be said now."""
        possible = {"confirm": self.window.mode is Mode.SUSPECT, "end": self.window.override_by is not None}
        return tuple(act for act in ACTS if possible.get(act, True)) if self.may_say else ()


@dataclass(frozen=True)
class OperatorViews:
    """What the pages are drawn from. `alerts`: those that this machine's daemon has kept."""

    window: Window
    reading: Reading
    alerts: Callable[[], Sequence[Alert]]

    def page(self, actor: Actor, **more: str) -> OperatorPage:
        """As it is now."""
        window, read, now = self.window.state(), self.reading.newest(), self.reading.clock()
        read = replace(read, modes={each.value: each is window.mode for each in Mode})
        found = standing(
            self.alerts(), Outlook(now, read, broker_away=window.broker_away, quarantined=read.quarantined)
        )
        return OperatorPage(now, window, read, found, has(actor, Right.OVERRIDE_WINDOW), **more)

    def say(self, act: str, reason: str, until: datetime | None, actor: Actor) -> None:
        """Say it.

        Raises:
            NotAllowed: it is not possible now.
            NoRight: the actor has no right to it.
        """
        if act == "confirm":
            self.window.confirm_suspicion(reason=reason, actor=actor)
        elif act == "end":
            self.window.end_override(actor=actor)
        else:
            self.window.override(Sight(act), reason=reason, actor=actor, until=until)


def routes(pages: Pages, overview: OperatorViews, guard: Guard) -> APIRouter:
    """/van-hanh and what is said of the window."""
    router = APIRouter(include_in_schema=False)

    @router.get(HOME)
    def home(
        request: Request,
        actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))],
        xong: Annotated[str, Query(pattern="^[a-z]{0,10}$")] = "",
    ) -> Response:
        return pages.respond(request, overview.page(actor, said=xong if xong in ACTS else ""))

    for act in ACTS:
        router.add_api_route(f"{HOME}/cong/{act}", _saying(pages, overview, guard, act), methods=["POST"])
    return router


def _saying(pages: Pages, overview: OperatorViews, guard: Guard, act: str) -> Callable[..., object]:
    posted = posting(guard.by_session(Right.OVERRIDE_WINDOW))

    def say(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        actor, reason, end = sent.actor, sent["ly-do"], sent["den"].strip()
        until = moment_of(end)
        if act != "end" and (fault := fault_of_reason(reason)):
            return pages.respond(request, overview.page(actor, asked=act, fault=fault), 422)
        try:
            if end and until is None:
                raise NotAllowed("the end is no day and hour that can be meant; correct it, or leave it empty")
            overview.say(act, reason, until, actor)
        except NoRight:
            raise
        except NotAllowed as error:
            return pages.respond(request, overview.page(actor, asked=act, told=str(error)), 409)
        return RedirectResponse(f"{HOME}?xong={act}", 303, PERSONAL)

    return say
