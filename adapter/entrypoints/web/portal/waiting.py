"""Drafts that are sent when the portal opens: press, look at, take back."""

# Annotations are not postponed here: FastAPI reads them.
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.portal.draft_pages import ROOT
from adapter.entrypoints.web.portal.drafting import Drafting, owner, sent_address, waiting_address
from adapter.entrypoints.web.portal.sending_pages import WaitingPage
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.door.draft import ChangedMeanwhile, NoDraft, Overtaken, begun_elsewhere
from adapter.services.door.presses import OnItsWay


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/<draft>/gui-sau` and `/cho`."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    _pressing(router, drafting, posting(declarant))
    _looking(router, drafting, declarant)
    return router


def _pressing(router: APIRouter, drafting: Drafting, posted: Dependency) -> None:
    @router.post(f"{ROOT}/{{id}}/gui-sau")
    def hold(id: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.any(sent.actor, id)
        checked = f"{ROOT}/{draft.public_id}/kiem-tra"  # this page tells what stands now
        if begun_elsewhere(draft, sent.actor):
            return RedirectResponse(checked, 303)
        try:
            drafting.presses.hold(owner(sent.actor), draft.public_id, sent["key"])
        except (ChangedMeanwhile, Overtaken):
            return RedirectResponse(checked, 303)
        except NoDraft:
            pass  # sent meanwhile: the page that follows tells it
        return RedirectResponse(waiting_address(draft), 303)

    @router.post(f"{ROOT}/{{id}}/cho")
    def take_back(id: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.any(sent.actor, id)
        try:
            drafting.presses.take_back(owner(sent.actor), draft.public_id)
        except (OnItsWay, NoDraft):
            return RedirectResponse(waiting_address(draft), 303)
        return RedirectResponse(f"{ROOT}/{draft.public_id}", 303)


def _looking(router: APIRouter, drafting: Drafting, declarant: Dependency) -> None:
    @router.get(f"{ROOT}/{{id}}/cho")
    def look(request: Request, id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.any(actor, id)
        if draft.sent_as is not None:
            return RedirectResponse(sent_address(draft), 303)
        if draft.waits_since is None:
            return RedirectResponse(f"{ROOT}/{draft.public_id}", 303)
        page = WaitingPage(drafting.head(draft), draft.waits_since, draft.leaves_at is not None)
        return drafting.pages.respond(request, page)
