"""Accounts of declarants: suspended ones, how far their notices came, suspending and restoring (Article 8)."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.officer.acting import fault_of
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.suspensions import Suspension, SuspensionGround
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.text import REASON
from adapter.services.access.rights import Right
from adapter.services.registers.accounts import Accounts, SuspensionBasis, is_at_unit_of
from adapter.services.registers.party_numbers import number_of
from adapter.services.registers.suspension_notices import SentNotice

LIST = "/can-bo/tai-khoan"
SUSPEND = f"{LIST}/tam-dung"
_DOCUMENT = 80


@dataclass(frozen=True, slots=True)
class AccountsPage(Page):
    """What is suspended now, the notices that have reached nobody, and what was restored lately."""

    template: ClassVar[str] = "accounts.html"
    standing: Sequence[Suspension]
    lifted: Sequence[Suspension]
    notices: Mapping[int, Sequence[SentNotice]]
    """Of each suspension, by its id."""
    missing: Sequence[SentNotice]
    at: datetime
    may_decide: bool
    own: frozenset[int]
    """Which of the standing ones he may restore."""
    delegates: bool = False
    """Whether a deputy may decide here by delegation (dự thảo): the way to the delegations is shown."""
    units: Mapping[str, str] = field(default_factory=dict)
    """The names of units, by their codes."""
    said: str = ""
    """Which act was just done."""


@dataclass(frozen=True, slots=True)
class SuspendPage(Page):
    """Whom, where, on what ground. `given` and `faults` by the names of its fields; `told`: why it was not done."""

    template: ClassVar[str] = "suspend.html"
    reasons, documents = REASON, _DOCUMENT
    unit: str
    """The name of the own unit; empty where he is of every unit."""
    by_request: bool
    names_principal: bool
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


@dataclass(frozen=True, slots=True)
class RestorePage(Page):
    """Which one is to be restored, and on what ground."""

    template: ClassVar[str] = "restore.html"
    reasons, documents = REASON, _DOCUMENT
    suspension: Suspension
    units: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


def routes(pages: Pages, accounts: Accounts, guard: Guard) -> APIRouter:
    """/can-bo/tai-khoan and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=LIST)
    _looking(router, pages, accounts, guard.by_session(Right.SEE_REGISTERS))
    decides = guard.by_session(Right.DECIDE_ACCOUNTS)
    _suspending(router, pages, accounts, decides)
    _restoring(router, pages, accounts, decides)
    return router


def _looking(router: APIRouter, pages: Pages, accounts: Accounts, sees: Dependency) -> None:
    @router.get("")
    def look(
        request: Request,
        actor: Annotated[Actor, Depends(sees)],
        xong: Annotated[str, Query(pattern="^[a-z-]{0,12}$")] = "",
    ) -> Response:
        shown = accounts.overview(actor=actor)
        standing, told = shown.standing, shown.told
        notices: dict[int, list[SentNotice]] = {}
        for each in told:
            notices.setdefault(each.suspension.id, []).append(each)
        newest = {each.suspension.id: each.suspension for each in told}
        decides = accounts.may_decide(actor)
        page = AccountsPage(
            standing=standing,
            lifted=[each for each in newest.values() if each.lifted_at][:20],
            notices=notices,
            missing=[each for each in told if each.is_missing],
            at=accounts.clock(),
            may_decide=decides,
            own=frozenset(each.id for each in standing if decides and is_at_unit_of(actor, each)),
            delegates=accounts.delegations.is_on,
            units=_names_of(accounts),
            said=xong if xong in _DONE else "",
        )
        return pages.respond(request, page)


def _suspending(router: APIRouter, pages: Pages, accounts: Accounts, decides: Dependency) -> None:
    def page(actor: Actor, **stated: Mapping[str, str] | str) -> SuspendPage:
        unit = None if actor.unit in (None, EVERYWHERE) else accounts.units().by_code(actor.unit)
        names = accounts.notices.to_principals or accounts.by_request
        return SuspendPage(unit.name if unit else "", accounts.by_request, names, **stated)  # type: ignore[arg-type]

    @router.get("/tam-dung")
    def ask(request: Request, actor: Annotated[Actor, Depends(decides)]) -> Response:
        if not accounts.may_decide(actor):
            raise NoRight("a deputy decides by a delegation in force only")
        return pages.respond(request, page(actor))

    @router.post("/tam-dung")
    def suspend(request: Request, sent: Annotated[Posting, Depends(posting(decides))]) -> Response:
        actor, given = sent.actor, {name: sent[name] for name in _NAMES}
        faults = _faults(given, unit_known=actor.unit not in (None, EVERYWHERE))
        if faults:
            return pages.respond(request, page(actor, given=given, faults=faults), 422)
        unit = None if given["where"] == "everywhere" else actor.unit
        basis = SuspensionBasis(SuspensionGround(given["ground"] or "risk"), given["document"], given["principal"])
        try:
            accounts.suspend(given["number"], unit=unit, reason=given["reason"], basis=basis, actor=actor)
        except NoRight:
            raise
        except NotAllowed:
            return pages.respond(request, page(actor, given=given, told="accounts.told.suspend"), 409)
        return RedirectResponse(f"{LIST}?xong=tam-dung", 303, PERSONAL)


def _restoring(router: APIRouter, pages: Pages, accounts: Accounts, decides: Dependency) -> None:
    def found(actor: Actor, id: int) -> Suspension:
        suspension = accounts.may_restore(id, actor=actor)
        if suspension is None:
            raise HTTPException(404)
        return suspension

    @router.get("/{id}/khoi-phuc")
    def ask(request: Request, id: RowId, actor: Annotated[Actor, Depends(decides)]) -> Response:
        return pages.respond(request, RestorePage(found(actor, id), _names_of(accounts)))

    @router.post("/{id}/khoi-phuc")
    def restore(request: Request, id: RowId, sent: Annotated[Posting, Depends(posting(decides))]) -> Response:
        suspension, given = found(sent.actor, id), {name: sent[name] for name in ("reason", "document")}
        judged = {"reason": fault_of(given["reason"], 1, REASON), "document": fault_of(given["document"], 0, _DOCUMENT)}
        faults = {name: fault for name, fault in judged.items() if fault is not None}
        if faults:
            return pages.respond(request, RestorePage(suspension, _names_of(accounts), given, faults), 422)
        try:
            accounts.restore(suspension.number, unit=suspension.unit, only=id, actor=sent.actor, **given)
        except NoRight:
            raise
        except NotAllowed:
            page = RestorePage(suspension, _names_of(accounts), given, told="accounts.told.restore")
            return pages.respond(request, page, 409)
        return RedirectResponse(f"{LIST}?xong=khoi-phuc", 303, PERSONAL)


def _names_of(accounts: Accounts) -> dict[str, str]:
    return {each.code: each.name for each in accounts.units().every if each.code}


_DONE = ("tam-dung", "khoi-phuc")
_NAMES = ("number", "where", "ground", "principal", "document", "reason")


def _faults(given: Mapping[str, str], *, unit_known: bool) -> dict[str, str]:
    judged = {
        "number": None if is_number(given["number"]) else "fault.number",
        "where": None if given["where"] == "everywhere" or (given["where"] == "unit" and unit_known) else "fault.empty",
        "ground": None if given["ground"] in ("", *SuspensionGround) else "fault.empty",
        "principal": None if not given["principal"].strip() or is_number(given["principal"]) else "fault.number",
        "document": fault_of(given["document"], 0, _DOCUMENT),
        "reason": fault_of(given["reason"], 1, REASON),
    }
    if given["ground"] == SuspensionGround.PRINCIPAL and not given["principal"].strip():
        judged["principal"] = "fault.empty"
    return {name: fault for name, fault in judged.items() if fault is not None}


def is_number(text: str) -> bool:
    """Whether it is a personal number or a tax code."""
    try:
        number_of(text)
    except NotAllowed:
        return False
    return True
