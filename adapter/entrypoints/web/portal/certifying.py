"""A holder's certificates: registered by a statement that he signs, and suspended."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import said
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages, attachment
from adapter.entrypoints.web.portal.shown_secret import secret_of
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.certificates import Registered
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.procedure import Label
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.door.precheck import TurnedAway
from adapter.services.registers.own_certificates import CertificateHolders, OwnCertificates

CERTIFICATES = "/chung-thu-so"
STATEMENT = "van-ban-can-ky.xml"
"""The name under which a browser keeps a statement."""
MARKS = {
    "active": ("ok", "check"),
    "suspended": ("no", "cross"),
    "waiting": ("wait", "clock"),
    "declined": ("no", "cross"),
}
"""How a state is marked."""
_Done = Annotated[str | None, Query(alias="xong", pattern=r"^(registered|waiting|suspended)$")]


@dataclass(frozen=True, slots=True)
class CertificatesPage(Page):
    """His certificates, and how to register one. `told`: what stands against the one that he brought."""

    template: ClassVar[str] = "certificates.html"
    marks: ClassVar[dict[str, tuple[str, str]]] = MARKS
    own: Sequence[Registered]
    told: Sequence[Label] = ()
    done: str | None = None
    """What was done just now."""


@dataclass(frozen=True, slots=True)
class StopCertificatePage(Page):
    """Whether a certificate is really to be suspended."""

    template: ClassVar[str] = "stop_certificate.html"
    certificate: Registered
    told: Label | None


def routes(pages: Pages, own: OwnCertificates, holders: CertificateHolders, guard: Guard) -> APIRouter:
    """`/chung-thu-so` and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=CERTIFICATES)
    holder = guard.by_session(Right.CERTIFY_OWN)
    posted = posting(holder)

    @router.get("")
    def look(request: Request, actor: Annotated[Actor, Depends(holder)], done: _Done = None) -> Response:
        return pages.respond(request, CertificatesPage(own.of(actor), (), done))

    @router.post("/van-ban", dependencies=[Depends(guard.seldom(RateRule.STATEMENT))])
    def statement(sent: Annotated[Posting, Depends(posted)]) -> Response:
        return attachment(own.statement(sent.actor), "application/xml", STATEMENT)

    @router.post("", dependencies=[Depends(guard.seldom(RateRule.UPLOAD))])
    def register(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        def refused(status: int, *told: Label) -> Response:
            return pages.respond(request, CertificatesPage(own.of(sent.actor), told), status)

        if not sent.file:
            return refused(422, said("sign.no_file"))
        try:
            taken = holders.register(secret_of(request), sent.file)
        except TurnedAway as turned:
            return refused(422, *labels(turned))
        except NotAllowed:
            return refused(422, said("certificates.full"))
        except Unavailable:
            return refused(503, said("statement.away"))
        return RedirectResponse(f"{CERTIFICATES}?xong={'waiting' if taken.waits else 'registered'}", 303)

    _stopping(router, pages, own, holders, holder)
    return router


def _stopping(
    router: APIRouter, pages: Pages, own: OwnCertificates, holders: CertificateHolders, holder: Dependency
) -> None:
    def shown(request: Request, actor: Actor, id: int, told: Label | None, status: int) -> Response:
        found = next((each for each in own.of(actor) if each.id == id and each.state.value == "active"), None)
        if found is None:
            raise HTTPException(404)
        return pages.respond(request, StopCertificatePage(found, told), status)

    @router.get("/{id}/tam-dung")
    def ask(request: Request, id: RowId, actor: Annotated[Actor, Depends(holder)]) -> Response:
        return shown(request, actor, id, None, 200)

    @router.post("/{id}/tam-dung")
    def suspend(request: Request, id: RowId, sent: Annotated[Posting, Depends(posting(holder))]) -> Response:
        try:
            holders.suspend(secret_of(request), id, sent["reason"])
        except NotAllowed:
            return shown(request, sent.actor, id, said("certificates.no_reason"), 422)
        return RedirectResponse(f"{CERTIFICATES}?xong=suspended", 303)


def labels(turned: TurnedAway) -> tuple[Label, ...]:
    """What stands against what was brought, each finding once."""
    return tuple(dict.fromkeys(Label(each.vi, each.en) for each in turned.findings)) or (Label(turned.vi, turned.en),)
