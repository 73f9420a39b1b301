"""Certificates that wait for an officer: registered, or declined with a reason."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.certificates import Registered
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.services.access.rights import Right
from adapter.services.registers.certificates import Registry

ADDRESS = "/can-bo/chung-thu-so"
_Done = Annotated[str | None, Query(alias="xong", pattern=r"^(approved|declined)$")]


@dataclass(frozen=True, slots=True)
class WaitingCertificatesPage(Page):
    """Those that wait, the oldest first. `done`: what was done just now; `is_refused`: nothing was."""

    template: ClassVar[str] = "waiting_certificates.html"
    waiting: Sequence[Registered]
    done: str | None = None
    is_refused: bool = False


def routes(pages: Pages, registry: Registry, guard: Guard) -> APIRouter:
    """`/can-bo/chung-thu-so` and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=ADDRESS)
    officer = guard.by_session(Right.REGISTER_CERTIFICATE)
    posted = posting(officer)

    @router.get("")
    def look(request: Request, actor: Annotated[Actor, Depends(officer)], done: _Done = None) -> Response:
        return pages.respond(request, WaitingCertificatesPage(registry.waiting(actor=actor), done))

    def refused(request: Request, actor: Actor) -> Response:
        page = WaitingCertificatesPage(registry.waiting(actor=actor), is_refused=True)
        return pages.respond(request, page, 409)

    @router.post("/{id}/dang-ky")
    def approve(request: Request, id: RowId, sent: Annotated[Posting, Depends(posted)]) -> Response:
        try:
            registry.approve(id, actor=sent.actor)
        except NotAllowed:
            return refused(request, sent.actor)
        return RedirectResponse(f"{ADDRESS}?xong=approved", 303)

    @router.post("/{id}/tu-choi")
    def decline(request: Request, id: RowId, sent: Annotated[Posting, Depends(posted)]) -> Response:
        try:
            registry.decline(id, reason=sent["reason"], actor=sent.actor)
        except NotAllowed:
            return refused(request, sent.actor)
        return RedirectResponse(f"{ADDRESS}?xong=declined", 303)

    return router
