"""A whole envelope that was made and signed elsewhere, sent as it is by whoever has logged in."""

# Annotations are not postponed here: FastAPI reads them.
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import Trouble, said
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.portal.draft_pages import UPLOAD, UploadPage
from adapter.entrypoints.web.portal.drafting import Drafting, owner, waiting_address
from adapter.entrypoints.web.portal.sending_pages import SentPage
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import Unavailable
from adapter.model.procedure import Label
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.door.draft import OtherForm, TooManyDrafts, acting_as
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.reception import WindowSuspected
from adapter.services.door.shut import AccountShut
from adapter.services.watch.mode import Mode


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/tep`."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    posted = posting(declarant)
    pages, drafts = drafting.pages, drafting.drafts

    @router.get(UPLOAD)
    def show(request: Request, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        del actor
        mode = drafting.opening.mode()
        page = UploadPage(None, waits=mode is Mode.SUSPECT, is_back=mode is Mode.RECONCILING)
        return pages.respond(request, page)

    @router.post(UPLOAD, dependencies=[Depends(guard.seldom(RateRule.UPLOAD))])
    def send(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        if not sent.file:
            return pages.respond(request, UploadPage(said("sign.no_file")), 422)
        try:
            result = drafts.send_file(owner(sent.actor), sent.file)
        except WindowSuspected:
            return _held(request, drafting, sent)
        except AccountShut:
            raise
        except TurnedAway as turned:
            return pages.respond(request, UploadPage(Label(turned.vi, turned.en)), 422)
        except Unavailable:
            return pages.respond(request, UploadPage(said("check.away")), 503)
        return RedirectResponse(f"{UPLOAD}/{result.public_id}", 303)

    @router.get(f"{UPLOAD}/{{message}}")
    def became(request: Request, message: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        result = drafts.sent(owner(actor), message)
        if result is None:
            raise HTTPException(404)
        found = tuple(Trouble("", None, Label(each.vi, each.en)) for each in result.findings)
        page = SentPage(None, result.became, result.reference, result.received_at, found)
        return pages.respond(request, page)

    return router


def _held(request: Request, drafting: Drafting, sent: Posting) -> Response:
    """It waits for the portal to open, but not before its sender has read so and pressed."""
    pages = drafting.pages
    if not sent["wait"]:
        return pages.respond(request, UploadPage(None, waits=True), 409)
    try:
        held = drafting.presses.hold_file(owner(sent.actor), sent.file, **acting_as(sent.actor))
    except AccountShut:
        raise
    except TurnedAway as turned:
        return pages.respond(request, UploadPage(Label(turned.vi, turned.en), waits=True), 422)
    except (OtherForm, TooManyDrafts) as error:
        key = "upload.no_wait" if isinstance(error, OtherForm) else "declare.full"
        return pages.respond(request, UploadPage(said(key), waits=True), 409)
    return RedirectResponse(waiting_address(held), 303)
