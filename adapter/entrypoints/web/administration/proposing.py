"""Pages of proposals: an act is entered in a form, compared with the register, and confirmed or declined by another."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.administration.fields import PURPOSE, SUBJECT, AdminChoices, AdminField, meant, read
from adapter.entrypoints.web.administration.table_pages import HOME
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.gateways.store.proposals import Entered
from adapter.model.actor import ROLE_NAMES, Actor, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.procedure import Label
from adapter.services.access.administration import AdminAct
from adapter.services.access.proposals import Proposal, Proposals
from adapter.services.access.rights import Right
from adapter.services.registers.list_editions import TEXT, RehearsedEdition

LIST = f"{HOME}/de-nghi"
STATES = {
    "drafted": ("wait", "half"),
    "waiting": ("ask", "diamond"),
    "lapsed": ("wait", "clock"),
    "done": ("ok", "check"),
    "declined": ("no", "cross"),
    "withdrawn": ("wait", "cross"),
}
MOST_LINES = 500
_Number = Annotated[int, Path(ge=1, le=2**62)]


@dataclass(frozen=True, slots=True)
class AdministrationPage(Page):
    """Proposals that wait for another administrator, and the newest that have ended."""

    template: ClassVar[str] = "administration.html"
    marks: ClassVar[dict[str, tuple[str, str]]] = STATES
    waiting: Sequence[Proposal]
    answered: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class AdminActPage(Page):
    """The form of an act. `subject` is empty where a field of the form gives it; `told`: why the act is impossible."""

    template: ClassVar[str] = "admin_act.html"
    act: AdminAct
    subject: str
    names_subject: bool
    fields: tuple[AdminField, ...]
    given: Entered
    purpose: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field before and after."""

    name: str
    before: tuple[Label, ...]
    after: tuple[Label, ...]

    @property
    def differs(self) -> bool:
        """Whether the act changes it."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class ProposalPage(Page):
    """One proposal. `told`: why it was not done; `token`: the token that it issued, shown this once only."""

    template: ClassVar[str] = "proposal.html"
    marks: ClassVar[dict[str, tuple[str, str]]] = STATES
    proposal: Proposal
    is_recent: bool
    told: str = ""
    token: str = ""
    rehearsed: RehearsedEdition | None = None
    """Of a code list: what it would change."""

    @property
    def text_changes(self) -> list[str]:
        """The lines of a list's file that differ, as `diff -u` writes them."""
        before, after = (str((each or {}).get(TEXT) or "") for each in (self.proposal.before, self.proposal.stated))
        lines = unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
        return [line for line in lines if not line.startswith(("---", "+++"))][:MOST_LINES]

    @property
    def lines(self) -> list[Compared]:
        """Each field with its value in the register and its proposed value."""
        if self.proposal.act is AdminAct.LIST_CHANGE:
            return []
        before = self.proposal.before or {}
        after = _after(self.proposal)
        return [Compared(name, _said(before.get(name)), _said(after.get(name))) for name in {**before, **after}]


def routes(pages: Pages, proposals: Proposals, choices: AdminChoices, guard: Guard) -> APIRouter:
    """/quan-tri, /quan-tri/lam/… and /quan-tri/de-nghi/…"""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.MANAGE_PEOPLE)

    @router.get(HOME)
    def home(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        waiting, answered = (proposals.newest(actor=actor, waiting=each) for each in (True, False))
        return pages.respond(request, AdministrationPage(waiting, answered))

    @router.get(f"{HOME}/lam/{{act}}")
    def ask(
        request: Request,
        act: AdminAct,
        actor: Annotated[Actor, Depends(see)],
        ve: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        del actor
        return pages.respond(request, _form(proposals, choices, act, ve))

    @router.post(f"{HOME}/lam/{{act}}")
    def draft(request: Request, act: AdminAct, sent: Annotated[Posting, Depends(posting(see))]) -> Response:
        return _drafted(pages, proposals, choices, request, act, sent)

    @router.get(f"{LIST}/{{number}}")
    def shown(request: Request, number: _Number, actor: Annotated[Actor, Depends(see)]) -> Response:
        return pages.respond(request, _page(proposals, number, actor))

    for name, do in _ANSWERS.items():
        router.post(f"{LIST}/{{number}}/{name}")(_answering(pages, proposals, guard, do))
    return router


_Answer = Callable[[Proposals, int, Posting], str]


def _declined(proposals: Proposals, number: int, sent: Posting) -> str:
    proposals.decline(number, sent[PURPOSE], actor=sent.actor)
    return ""


def _asked(proposals: Proposals, number: int, sent: Posting) -> str:
    proposals.ask(number, actor=sent.actor)
    return ""


def _withdrawn(proposals: Proposals, number: int, sent: Posting) -> str:
    proposals.withdraw(number, actor=sent.actor)
    return ""


_ANSWERS: dict[str, _Answer] = {
    "trinh": _asked,
    "xac-nhan": lambda proposals, number, sent: proposals.confirm(number, actor=sent.actor),
    "tu-choi": _declined,
    "rut": _withdrawn,
}


def _answering(pages: Pages, proposals: Proposals, guard: Guard, do: _Answer) -> Callable[..., Response]:
    posted = posting(guard.by_session(Right.MANAGE_PEOPLE))

    def answer(request: Request, number: _Number, sent: Annotated[Posting, Depends(posted)]) -> Response:
        try:
            token = do(proposals, number, sent)
        except NotAllowed as error:
            return pages.respond(request, _page(proposals, number, sent.actor, told=str(error)), 409)
        if token:
            return pages.respond(request, _page(proposals, number, sent.actor, token=token))
        return RedirectResponse(f"{LIST}/{number}", 303, {"Cache-Control": "no-store"})

    return answer


def _form(proposals: Proposals, choices: AdminChoices, act: AdminAct, subject: str) -> AdminActPage:
    fields, names = choices.fields(act), act in _NEW
    if names:
        return AdminActPage(act, "", names_subject=True, fields=fields, given={})
    registered = proposals.administration.current(act, subject)
    if not subject or (registered is None and act is not AdminAct.PERSON_RESTORE):
        raise HTTPException(404)
    given = {} if act.register == "lookup" else registered or {}
    return AdminActPage(act, subject, names_subject=False, fields=fields, given=given)


_NEW = frozenset(
    {AdminAct.PERSON_ADD, AdminAct.OFFICE_ADD, AdminAct.TOKEN_ISSUE, AdminAct.CLIENT_ADD, AdminAct.ISSUER_ADD}
)


def _drafted(
    pages: Pages,
    proposals: Proposals,
    choices: AdminChoices,
    request: Request,
    act: AdminAct,
    sent: Posting,
) -> Response:
    fields, subject, purpose = choices.fields(act), sent[SUBJECT].strip(), sent[PURPOSE]
    stated = read(fields, sent)
    try:
        number = proposals.draft(act, subject, meant(fields, stated), purpose, actor=sent.actor)
    except NotAllowed as error:
        page = AdminActPage(act, subject, act in _NEW, fields, stated, purpose, str(error))
        return pages.respond(request, page, 409 if isinstance(error, NoRight) else 422)
    return RedirectResponse(f"{LIST}/{number}", 303, {"Cache-Control": "no-store"})


def _page(proposals: Proposals, number: int, actor: Actor, *, told: str = "", token: str = "") -> ProposalPage:
    try:
        found = proposals.show(number, actor=actor)
    except NoRight:
        raise
    except NotAllowed:
        raise HTTPException(404) from None
    return ProposalPage(found, proposals.is_recent(actor), told, token, _rehearsed(proposals, found))


def _rehearsed(proposals: Proposals, found: Proposal) -> RehearsedEdition | None:
    """What a list that is proposed would change; None: nothing is proposed any more, or it is impossible now."""
    if found.act is not AdminAct.LIST_CHANGE or not (found.may_confirm or found.may_withdraw):
        return None
    try:
        return proposals.administration.lists.rehearse(found.subject, str(found.stated.get(TEXT) or ""))
    except NotAllowed:
        return None


def _after(proposal: Proposal) -> Entered:
    """The proposed values."""
    act, stated = proposal.act, proposal.stated
    if act.register == "lookup":
        before, named = (set(each.get("procedures") or ()) for each in (proposal.before or {}, stated))
        return {"procedures": sorted(before - named if act is AdminAct.LOOKUP_WITHDRAW else before | named)}
    return {} if act.ends else stated


def _said(value: str | list[str] | None) -> tuple[Label, ...]:
    """A value in words: roles by their names, everything else unchanged."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    known = {role.value: ROLE_NAMES[role] for role in Role}
    return tuple(known.get(each, Label(each, each)) for each in values)
