"""Authorisations: given, received, and the principal that one acts for now."""

# Annotations are not postponed here: FastAPI reads them.
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of, safe_target
from adapter.entrypoints.web.form_page import Choice, said
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages, attachment
from adapter.entrypoints.web.portal.certifying import STATEMENT, labels
from adapter.entrypoints.web.portal.shown_secret import secret_of
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.procedure import Label
from adapter.model.statement import AuthorisationTerms
from adapter.pipeline.forms.entry import day_of
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.access.sessions import Sessions
from adapter.services.door.precheck import TurnedAway
from adapter.services.registers.grants import Grants, OwnGrants
from adapter.services.registers.signed_grants import GrantSigners, GrantStatements

GRANTS = "/uy-quyen"
_GIVEN, _ENDED = "cho", "rut"
_LETTER = "letter"
_NUMBER = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class GrantsPage(Page):
    """What one has given and received, and the form to give one. `typed`: what was typed, where it was not taken."""

    template: ClassVar[str] = "grants.html"
    own: OwnGrants
    procedures: tuple[Choice, ...]
    typed: dict[str, str]
    told: Label | None
    refused: Sequence[Label] = ()
    """What stands against a statement that was asked for or brought."""
    done: str = ""
    """Which act was just done."""


@dataclass(frozen=True, slots=True)
class EndGrantPage(Page):
    """Whether an authorisation is really to end."""

    template: ClassVar[str] = "end_grant.html"
    id: int
    other: str
    document: str
    procedure: Label | None
    """None: every procedure."""
    has_others: bool
    """Whether its letter names other procedures that are in force too."""
    told: Label | None


@dataclass(frozen=True, slots=True)
class Granting:
    """The use cases of these pages."""

    grants: Grants
    statements: GrantStatements
    signers: GrantSigners
    sessions: Sessions


def routes(pages: Pages, uses: Granting, guard: Guard) -> APIRouter:
    """`/uy-quyen` and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=GRANTS)
    somebody = guard.by_session(Right.GRANT_OWN)
    grants, sessions = uses.grants, uses.sessions
    _giving(router, pages, grants, somebody)
    _signing(router, pages, uses, guard)
    _ending(router, pages, grants, somebody)

    @router.post("/thay-mat")
    def act_for(request: Request, sent: Annotated[Posting, Depends(posting(somebody))]) -> Response:
        session = browser_of(request).session
        assert session is not None, "whoever has a right by a session has a session"
        try:
            sessions.act_for(session, sent["principal"] or None)
        except NotAllowed:
            raise HTTPException(404) from None
        return RedirectResponse(safe_target(sent["next"], "/ho-so"), 303)

    return router


def _giving(router: APIRouter, pages: Pages, grants: Grants, somebody: Dependency) -> None:
    def page(actor: Actor, typed: dict[str, str], told: Label | None, done: str = "") -> GrantsPage:
        procedures = tuple(Choice(code, title) for code, title in grants.procedures())
        return GrantsPage(grants.of(actor), procedures, typed, told, done=done)

    def refused(request: Request, sent: Posting, told: str) -> Response:
        return pages.respond(request, page(sent.actor, dict(sent.fields), said(told)), 422)

    @router.get("")
    def look(
        request: Request,
        actor: Annotated[Actor, Depends(somebody)],
        xong: Annotated[str, Query(pattern="^[a-z]{0,3}$")] = "",
    ) -> Response:
        return pages.respond(request, page(actor, {}, None, xong if xong in (_GIVEN, _ENDED) else ""))

    @router.post("")
    def give(request: Request, sent: Annotated[Posting, Depends(posting(somebody))]) -> Response:
        until = day_of(sent["until"])
        if not _NUMBER.fullmatch(sent["holder"].replace(" ", "")):
            return refused(request, sent, "grants.bad_number")
        if sent["until"].strip() and until is None:
            return refused(request, sent, "grants.bad_day")
        try:
            grants.give(sent.actor, sent["holder"], sent["document"], until=until, procedures=chosen(sent))
        except NotAllowed:
            return refused(request, sent, "grants.bad")
        return RedirectResponse(f"{GRANTS}?xong={_GIVEN}", 303)


def _signing(router: APIRouter, pages: Pages, uses: Granting, guard: Guard) -> None:
    """An authorisation that a principal signs with his registered certificate."""
    posted = posting(guard.by_session(Right.GRANT_OWN))

    def shown(request: Request, sent: Posting, told: Sequence[Label], status: int) -> Response:
        typed = {name if name == "principal" else f"s_{name}": text for name, text in sent.fields.items()}
        procedures = tuple(Choice(code, title) for code, title in uses.grants.procedures())
        page = GrantsPage(uses.grants.of(sent.actor), procedures, typed, None, told)
        return pages.respond(request, page, status)

    @router.post("/van-ban", dependencies=[Depends(guard.seldom(RateRule.STATEMENT))])
    def statement(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        until = day_of(sent["until"])
        if sent["until"].strip() and until is None:
            return shown(request, sent, [said("grants.bad_day")], 422)
        terms = AuthorisationTerms(sent["principal"], sent["holder"], sent["document"], until, chosen(sent))
        try:
            body = uses.statements.statement(sent.actor, terms)
        except NotAllowed:
            return shown(request, sent, [said("grants.bad_terms")], 422)
        return attachment(body, "application/xml", STATEMENT)

    @router.post("/ban-ky", dependencies=[Depends(guard.seldom(RateRule.UPLOAD))])
    def give(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        if not sent.file:
            return shown(request, sent, [said("sign.no_file")], 422)
        try:
            uses.signers.give(secret_of(request), sent.file)
        except TurnedAway as turned:
            return shown(request, sent, labels(turned), 422)
        except NotAllowed:
            return shown(request, sent, [said("grants.bad_signed")], 422)
        except Unavailable:
            return shown(request, sent, [said("statement.away")], 503)
        return RedirectResponse(f"{GRANTS}?xong={_GIVEN}", 303)


def chosen(sent: Posting) -> tuple[str, ...]:
    """The procedures that are ticked."""
    return tuple(name.removeprefix("procedure.") for name in sent.fields if name.startswith("procedure."))


def _ending(router: APIRouter, pages: Pages, grants: Grants, somebody: Dependency) -> None:
    def shown(request: Request, actor: Actor, id: int, told: Label | None, status: int) -> Response:
        standing = [each for each in grants.of(actor).grants if each.in_force]
        found = next((each for each in standing if each.letter.id == id), None)
        if found is None:
            raise HTTPException(404)
        has_others = any(found.is_of_one_letter(each) for each in standing)
        page = EndGrantPage(id, found.other, found.letter.document, found.procedure, has_others, told)
        return pages.respond(request, page, status)

    @router.get("/{id}/rut")
    def ask(request: Request, id: RowId, actor: Annotated[Actor, Depends(somebody)]) -> Response:
        return shown(request, actor, id, None, 200)

    @router.post("/{id}/rut")
    def end(request: Request, id: RowId, sent: Annotated[Posting, Depends(posting(somebody))]) -> Response:
        try:
            grants.withdraw(sent.actor, id, reason=sent["reason"], whole=sent["scope"] == _LETTER)
        except NotAllowed:
            return shown(request, sent.actor, id, said("grants.no_reason"), 422)
        return RedirectResponse(f"{GRANTS}?xong={_ENDED}", 303)
