"""Parked messages by reason, judged again many at once with one list of results."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import Guard, LoggedOut
from adapter.entrypoints.web.operator.messages import OUTCOMES
from adapter.entrypoints.web.page import Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import Unavailable
from adapter.services.access.rights import Right, has
from adapter.services.messages.replays import ParkedList, ParkedMessages, ReplayedMessage, Replays

ADDRESS = "/van-hanh/cach-ly"


@dataclass(frozen=True, slots=True)
class QuarantinePage(Page):
    """What is parked, or the results of a replay. `told`: why it could not be done."""

    template: ClassVar[str] = "quarantine.html"
    marks: ClassVar[dict[str, tuple[str, str]]] = OUTCOMES
    parked: ParkedList
    may_replay: bool
    replayed: Sequence[ReplayedMessage] = ()
    told: str = ""
    reason: str | None = None
    """That of the messages which are listed; None: any."""


def routes(pages: Pages, parked: ParkedMessages, replays: Replays, guard: Guard) -> APIRouter:
    """/van-hanh/cach-ly."""
    router = APIRouter(include_in_schema=False)
    posted = posting(guard.by_session(Right.REPLAY_QUARANTINE))

    @router.get(ADDRESS)
    def listed(
        request: Request,
        actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))],
        reason: Annotated[str | None, Query(alias="vi-sao", max_length=500)] = None,
    ) -> Response:
        listed = parked.listed(reason, actor=actor)
        page = QuarantinePage(listed, has(actor, Right.REPLAY_QUARANTINE), reason=reason)
        return pages.respond(request, page)

    @router.post(ADDRESS)
    def replay(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        secret = browser_of(request).secret
        if secret is None:
            raise LoggedOut
        try:
            replayed = replays.replay(secret, None if "tat-ca" in sent.fields else sent["vi-sao"])
        except Unavailable as error:
            page = QuarantinePage(parked.listed(actor=sent.actor), may_replay=True, told=str(error))
            return pages.respond(request, page, 503)
        page = QuarantinePage(parked.listed(actor=sent.actor), may_replay=True, replayed=replayed)
        return pages.respond(request, page)

    return router
