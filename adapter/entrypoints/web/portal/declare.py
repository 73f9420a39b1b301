"""Begin a declaration: own drafts, procedure and gate, the list of tasks, deleting a draft."""

# Annotations are not postponed here: FastAPI reads them.
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import Choice
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.portal.draft_pages import (
    ROOT,
    BeginPage,
    DeclarePage,
    DraftLine,
    Offer,
    RemovePage,
    TasksPage,
)
from adapter.entrypoints.web.portal.drafting import Drafting, owner
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.model.actor import Actor
from adapter.model.procedure import Label, Meaning, Procedure
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.door.draft import GrantEnded, TooManyDrafts, acting_as, known
from adapter.services.door.drafts import MOST, Drafts
from adapter.services.door.shut import AccountShut
from adapter.services.watch.mode import Mode


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao` and what is directly below it."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    posted = posting(declarant)
    _beginning(router, drafting, declarant, posted, guard.seldom(RateRule.DRAFT))
    _draft(router, drafting, declarant, posted)
    return router


def _beginning(
    router: APIRouter, drafting: Drafting, declarant: Dependency, posted: Dependency, seldom: Dependency
) -> None:
    """Before there is a draft."""
    pages, drafts = drafting.pages, drafting.drafts

    @router.get(ROOT)
    def begin(request: Request, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        mine = drafts.unsent(owner(actor))
        lines = tuple(
            DraftLine(drafting.head(draft), draft.changed_at, draft.waits_since, draft.held_back) for draft in mine
        )
        offers = tuple(_offer(procedure) for procedure in drafts.offered())
        return pages.respond(request, DeclarePage(lines, offers, len(mine) >= MOST))

    @router.get(f"{ROOT}/moi")
    def choose(
        request: Request,
        actor: Annotated[Actor, Depends(declarant)],
        procedure: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        del actor
        return pages.respond(request, _choosing(drafting, _named(drafts, procedure), missing=False))

    @router.post(f"{ROOT}/moi", dependencies=[Depends(seldom)])
    def chosen(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        wanted, gate = _named(drafts, sent["procedure"]), sent["gate"]
        if all(code.code != gate for code in drafts.gates(wanted)):
            return pages.respond(request, _choosing(drafting, wanted, missing=True), 422)
        try:
            draft = drafts.begin(owner(sent.actor), wanted, gate, known(sent.actor), **acting_as(sent.actor))
        except TooManyDrafts:
            return RedirectResponse(ROOT, 303)
        return RedirectResponse(drafting.head(draft).address, 303)


def _draft(router: APIRouter, drafting: Drafting, declarant: Dependency, posted: Dependency) -> None:
    """The draft as a whole."""
    pages = drafting.pages

    @router.get(f"{ROOT}/{{id}}")
    def tasks(request: Request, id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        shut, ended = None, False
        try:
            drafting.drafts.shut.of_draft(draft)
        except AccountShut as told:
            shut = Label(told.vi, told.en)
        except GrantEnded:
            ended = True
        takes = drafting.opening.of_draft(draft)
        page = TasksPage(drafting.head(draft), tuple(drafting.tasks(draft)), draft.held_back, shut, ended, takes)
        return pages.respond(request, page)

    @router.get(f"{ROOT}/{{id}}/bo")
    def ask_to_discard(request: Request, id: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        head, version = drafting.head(draft), draft.version
        page = RemovePage(head, head.title, True, f"{head.address}/bo", head.address, version)
        return pages.respond(request, page)

    @router.post(f"{ROOT}/{{id}}/bo")
    def discard(id: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        drafting.drafts.discard(owner(sent.actor), drafting.find(sent.actor, id).public_id)
        return RedirectResponse(ROOT, 303)


def _named(drafts: Drafts, code: str) -> Procedure:
    found = next((each for each in drafts.offered() if each.code == code), None)
    if found is None:
        raise HTTPException(404)
    return found


def _choosing(drafting: Drafting, procedure: Procedure, *, missing: bool) -> BeginPage:
    gates = tuple(Choice(code.code, Label(code.vi, code.en)) for code in drafting.drafts.gates(procedure))
    shut = drafting.opening.shut_gates(procedure, [gate.value for gate in gates])
    return BeginPage(_offer(procedure), gates, missing, shut, drafting.opening.mode() is Mode.RECONCILING)


def _offer(procedure: Procedure) -> Offer:
    forms = [spec.form for spec in procedure.messages.values() if spec.meaning is Meaning.DECLARATION and spec.form]
    return Offer(procedure.code, procedure.title, forms[0] if forms else "")
