"""Delegations of deputies (dự thảo): the head of a unit lets his deputy decide on accounts, and ends that again."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.moments import moment_of
from adapter.entrypoints.web.officer.acting import fault_of
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.delegations import Delegation
from adapter.gateways.store.people import Person
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.rights import Right, has
from adapter.services.registers.delegations import DOCUMENT, Delegations

LIST = "/can-bo/tai-khoan/cap-pho"
_NAMES = ("person", "document", "since", "until")
_DONE = ("giao", "het")


@dataclass(frozen=True, slots=True)
class DeputiesPage(Page):
    """Delegations of the unit, the newest first, for a head to grant and end. `said`: which of both was just done."""

    template: ClassVar[str] = "deputies.html"
    documents = DOCUMENT
    delegations: Sequence[Delegation]
    deputies: Sequence[Person]
    """To whom the reader may delegate."""
    at: datetime
    is_on: bool
    may_decide: bool
    said: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    told: str = ""

    def state(self, each: Delegation) -> str:
        """ended, over, coming, off (nothing counts while the draft is off) or in_force."""
        if each.ended_at is not None:
            return "ended"
        if each.valid_to <= self.at:
            return "over"
        if not self.is_on:
            return "off"
        return "coming" if each.valid_from > self.at else "in_force"


@dataclass(frozen=True)
class _Deputies:
    pages: Pages
    delegations: Delegations

    def show(self, request: Request, actor: Actor, status: int = 200, **more: Mapping[str, str] | str) -> Response:
        of, may = self.delegations, has(actor, Right.SUSPEND_ACCOUNT)
        deputies = of.deputies(actor=actor) if may and of.is_on else []
        page = DeputiesPage(of.list(actor=actor), deputies, of.clock(), of.is_on, may, **more)  # type: ignore[arg-type]
        return self.pages.respond(request, page, status)

    def grant(self, request: Request, sent: Posting) -> Response:
        given = {name: sent[name].strip() for name in _NAMES}
        since, until = moment_of(given["since"]), moment_of(given["until"])
        judged = {
            "person": None if given["person"] else "fault.empty",
            "document": fault_of(given["document"], 1, DOCUMENT),
            "since": None if since or not given["since"] else "accounts.fault.time",
            "until": None if until else "accounts.fault.time",
        }
        faults = {name: fault for name, fault in judged.items() if fault is not None}
        if faults or until is None:
            return self.show(request, sent.actor, 422, given=given, faults=faults)
        who, paper = given["person"], given["document"]
        try:
            self.delegations.grant(who, paper, valid_from=since, valid_to=until, actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed:
            return self.show(request, sent.actor, 409, given=given, told="deputies.told.grant")
        return RedirectResponse(f"{LIST}?xong=giao", 303, PERSONAL)

    def end(self, request: Request, row_id: int, sent: Posting) -> Response:
        if all(each.id != row_id for each in self.delegations.list(actor=sent.actor)):
            raise HTTPException(404)  # another unit's is as if it did not exist
        try:
            self.delegations.end(row_id, actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed:
            return self.show(request, sent.actor, 409, told="deputies.told.end")
        return RedirectResponse(f"{LIST}?xong=het", 303, PERSONAL)


def routes(pages: Pages, delegations: Delegations, guard: Guard) -> APIRouter:
    """/can-bo/tai-khoan/cap-pho and what is below it."""
    router, of = APIRouter(include_in_schema=False, prefix=LIST), _Deputies(pages, delegations)
    decides = posting(guard.by_session(Right.SUSPEND_ACCOUNT))

    @router.get("")
    def look(
        request: Request,
        actor: Annotated[Actor, Depends(guard.by_session(Right.SEE_REGISTERS))],
        xong: Annotated[str, Query(pattern="^[a-z]{0,10}$")] = "",
    ) -> Response:
        return of.show(request, actor, said=xong if xong in _DONE else "")

    @router.post("")
    def grant(request: Request, sent: Annotated[Posting, Depends(decides)]) -> Response:
        return of.grant(request, sent)

    @router.post("/{id}/het")
    def end(request: Request, id: RowId, sent: Annotated[Posting, Depends(decides)]) -> Response:
        return of.end(request, id, sent)

    return router
