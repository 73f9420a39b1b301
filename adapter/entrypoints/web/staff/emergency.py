"""The way in while the identity provider is away: two persons of a unit, each with a secret set beforehand."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from adapter.entrypoints.web.browser import browser_of, give, is_from_here
from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.entrypoints.web.problems import NotServed
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.services.access.emergency import LONGEST, SHORTEST, Credentials, EmergencyAccess, NotOpened
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right

WAY, SECRET = "/khan-cap", "/khan-cap/mat-khau"
_ID = 100


@dataclass(frozen=True, slots=True)
class EmergencyPage(Page):
    """Two persons state who they are. `why` is the key of what was wrong; empty at first."""

    template: ClassVar[str] = "emergency.html"
    why: str
    own: str
    other: str


@dataclass(frozen=True, slots=True)
class EmergencySecretPage(Page):
    """Somebody sets his secret. `fault` is the key of what was wrong, or empty; `done`: it is set just now."""

    template: ClassVar[str] = "emergency_secret.html"
    shortest, longest = SHORTEST, LONGEST
    since: datetime | None
    fault: str
    done: bool


def routes(pages: Pages, access: EmergencyAccess, guard: Guard) -> APIRouter:
    """/khan-cap and /khan-cap/mat-khau."""
    router = APIRouter(include_in_schema=False)
    may = guard.by_session(Right.USE_CONSOLE)

    @router.get(WAY, dependencies=[Depends(anybody)])
    def ask(request: Request) -> Response:
        return pages.respond(request, EmergencyPage("", "", ""))

    @router.post(WAY, dependencies=[Depends(anybody), Depends(guard.seldom(RateRule.LOGIN))])
    async def come_in(request: Request) -> Response:
        if not is_from_here(request, guard.public_url):
            raise NotServed(403, "This was not sent from a page of this site. Load the page again.")
        form = await guard.form(request)
        return await run_in_threadpool(_opened, pages, access, request, form)

    @router.get(SECRET)
    def secret(request: Request, actor: Annotated[Actor, Depends(may)]) -> Response:
        return pages.respond(request, EmergencySecretPage(access.set_since(actor), "", done=False))

    @router.post(SECRET)
    def keep(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return _kept(pages, access, request, sent)

    return router


def _opened(pages: Pages, access: EmergencyAccess, request: Request, form: FormData) -> Response:
    own, other = (
        Credentials(_text(form.get(f"{who}_id"), _ID), _text(form.get(f"{who}_secret"), LONGEST))
        for who in ("own", "other")
    )
    try:
        secret = access.open(own, other)
    except NotOpened as error:
        return pages.respond(request, EmergencyPage(error.why, own.person, other.person), 403)
    response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    give(response, browser_of(request), secret)
    return response


def _kept(pages: Pages, access: EmergencyAccess, request: Request, sent: Posting) -> Response:
    actor, secret, again = sent.actor, *(_text(sent[name], LONGEST + 1) for name in ("secret", "again"))
    fault = "emergency.differ" if secret != again else ""
    if not fault:
        try:
            access.set_secret(actor, secret)
        except NotAllowed:
            fault = "emergency.length"
    if fault:
        return pages.respond(request, EmergencySecretPage(access.set_since(actor), fault, done=False), 422)
    return pages.respond(request, EmergencySecretPage(access.set_since(actor), "", done=True), headers=PERSONAL)


def _text(stated: object, most: int) -> str:
    return stated.strip()[:most] if isinstance(stated, str) and "\0" not in stated else ""
