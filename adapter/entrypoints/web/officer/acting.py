"""What an officer decides: one question, one result. Whoever comes second is told who was faster, and nothing is lost.

A form says how far the dossier's journal went when its page was drawn (`seen`). A form that is sent twice finds the
officer's own act behind that, and leads to the same result.
"""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import Guard, LoggedOut
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, address, event_words, opened
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.model.text import LONGEST, REASON, REMARKS, text_fault
from adapter.services.access.rights import Right
from adapter.services.dossiers.acts import Acts, SessionOver
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.case_records import CaseEvent, CaseFile
from adapter.services.dossiers.phrases import Phrases

ASKED = ("refuse", "withdraw_request", "approve", "decline", "note_papers")
"""Acts with a page of their own that asks before they are done; a request to amend has two."""
AT_ONCE = ("accept", "complete")
"""Acts whose question is the button on the dossier's page."""
TEXTS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "accept": {},
    "complete": {"remarks": (0, REMARKS)},
    "refuse": {"reason": (1, LONGEST), "ground": (0, 500)},
    "withdraw_request": {"reason": (1, LONGEST)},
    "approve": {"amendment": (1, 35)},
    "decline": {"amendment": (1, 35), "reason": (1, REASON), "ground": (0, 500)},
    "note_papers": {"name": (1, 60)},
}
"""What a form states for each act: the least and the most characters of each text."""
RIGHTS = {
    "accept": Right.ACCEPT,
    "complete": Right.CONFIRM,
    "refuse": Right.REFUSE,
    "withdraw_request": Right.WITHDRAW_REQUEST,
    "approve": Right.APPROVE_AMENDMENT,
    "decline": Right.DECLINE_AMENDMENT,
    "note_papers": Right.NOTE_PAPERS,
}
"""The right that each act's route asks for; the desk asks for it again."""


@dataclass(frozen=True, slots=True)
class ActPage(Page):
    """The question before an act. `faults` are keys of words by field: what was sent is kept and marked."""

    template: ClassVar[str] = "act.html"
    case: CaseFile
    act: str
    phrases: tuple[Label, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        """The dossier's own address."""
        return address(self.case.number, self.case.year)

    @property
    def is_danger(self) -> bool:
        """Whether it ends something for the declarant."""
        return self.act in ("refuse", "decline")


@dataclass(frozen=True, slots=True)
class OvertakenPage(Page):
    """The act was not done: what has happened since the page was drawn, by whom, and where the dossier stands."""

    template: ClassVar[str] = "overtaken.html"
    marks = MARKS
    event_words = staticmethod(event_words)
    case: CaseFile
    act: str
    since: tuple[CaseEvent, ...]
    told: str
    given: Mapping[str, str]

    @property
    def here(self) -> str:
        """The dossier's own address."""
        return address(self.case.number, self.case.year)


@dataclass(frozen=True)
class Acting:
    """What the routes of acts share."""

    pages: Pages
    files: CaseFiles
    acts: Acts
    phrases: Phrases
    guard: Guard

    def do(
        self, request: Request, actor: Actor, key: DossierKey, act: str, arguments: Mapping[str, Any], seen: int
    ) -> Response:
        """Do it and lead to its result; or say what has happened instead."""
        secret = browser_of(request).secret
        if secret is None:
            raise LoggedOut
        try:
            self.acts.do(secret, act, key, {**arguments, "seen": seen})
        except SessionOver:
            raise LoggedOut from None
        except NotAllowed as error:
            return self.overtaken(request, actor, key, act, arguments, seen, str(error))
        return result(key, act)

    def overtaken(
        self,
        request: Request,
        actor: Actor,
        key: DossierKey,
        act: str,
        arguments: Mapping[str, Any],
        seen: int,
        told: str,
    ) -> Response:
        """The dossier went on, or cannot be acted on so: his own act that came twice has its result."""
        case = opened(self.files, actor, key.number, key.year)
        since = tuple(each for each in case.events if each.ordinal > seen)
        if any(each.actor == actor.journal_name and _is_act(each, act) for each in since):
            return result(key, act)
        given = {name: value for name, value in arguments.items() if isinstance(value, str) and value}
        return self.pages.respond(request, OvertakenPage(case, act, since, told, given), 409)


def result(key: DossierKey, act: str) -> Response:
    """Where the result of an act is told."""
    return RedirectResponse(f"{address(key.number, key.year)}?xong={act}", 303, PERSONAL)


def _is_act(event: CaseEvent, act: str) -> bool:
    known = {"complete": ("complete", "complete_amendment"), "note_papers": ("brought",)}
    return event.event.removeprefix("dossier.") in known.get(act, (act,))


def seen_of(form: FormData) -> int:
    """How far the journal went when the page was drawn.

    Raises:
        HTTPException: 400, the form does not say.
    """
    stated = form.get("seen")
    if not isinstance(stated, str) or not (stated.isascii() and stated.isdigit() and len(stated) < 10):
        raise HTTPException(400)
    return int(stated)


def text_of(form: FormData, name: str) -> str:
    """What a form states under a name; empty where it states nothing."""
    stated = form.get(name, "")
    return stated if isinstance(stated, str) else ""


def fault_of(text: str, least: int, most: int) -> str | None:
    """The key of words for what is wrong with a text that was typed; None: nothing is."""
    if not text.strip():
        return "fault.empty" if least else None
    return None if text_fault(text, least=least, most=most) is None else "fault.text"


def routes(acting: Acting) -> APIRouter:
    """/can-bo/ho-so/<year>/<number>/<act>: each act with the right that it needs."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/ho-so")
    for act in ASKED:
        router.add_api_route(f"/{{year}}/{{number}}/{act}", _asking(acting, act), methods=["GET"])
    for act in TEXTS:
        router.add_api_route(f"/{{year}}/{{number}}/{act}", _doing(acting, act), methods=["POST"])
    return router


def _asking(acting: Acting, act: str) -> Callable[..., Response]:
    def ask(
        request: Request,
        year: FileYear,
        number: FileNumber,
        actor: Annotated[Actor, Depends(acting.guard.by_session(RIGHTS[act]))],
    ) -> Response:
        case = opened(acting.files, actor, number, year)
        if act not in case.acts:
            return acting.pages.respond(request, OvertakenPage(case, act, (), "", {}), 409)
        return acting.pages.respond(request, ActPage(case, act, acting.phrases.of(act)))

    return ask


def _doing(acting: Acting, act: str) -> Callable[..., Any]:
    async def do(
        request: Request,
        year: FileYear,
        number: FileNumber,
        actor: Annotated[Actor, Depends(acting.guard.by_session(RIGHTS[act]))],
    ) -> Response:
        form, key = await request.form(), DossierKey(number, year)
        return await run_in_threadpool(_done, acting, request, actor, key, act, form)

    return do


def _done(acting: Acting, request: Request, actor: Actor, key: DossierKey, act: str, form: FormData) -> Response:
    given = {name: text_of(form, name) for name in TEXTS[act]}
    judged = {name: fault_of(given[name], *bounds) for name, bounds in TEXTS[act].items()}
    faults = {name: fault for name, fault in judged.items() if fault is not None}
    if faults and act in ASKED:
        case = opened(acting.files, actor, key.number, key.year)
        return acting.pages.respond(request, ActPage(case, act, acting.phrases.of(act), given, faults), 422)
    if faults:
        raise HTTPException(400)
    arguments = {name: value for name, value in given.items() if value}
    return acting.do(request, actor, key, act, arguments, seen_of(form))
