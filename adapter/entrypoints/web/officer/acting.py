"""An officer's decision: one question, one result. If another officer was faster, the page says who; nothing is lost.

A form says how far the dossier's journal went when its page was drawn (`seen`). A form that is sent twice finds the
officer's own act behind that, and leads to the same result.
"""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import Guard, LoggedOut
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, address, event_words, here_of, opened
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.model.text import LONGEST, REASON, REMARKS, text_fault
from adapter.services.access.rights import Right
from adapter.services.dossiers.acts import SEEN, Acts, SessionOver
from adapter.services.dossiers.case_file import NOTE_PAPERS, CaseFiles
from adapter.services.dossiers.case_records import CaseEvent, CaseFile
from adapter.services.dossiers.desk import RIGHTS
from adapter.services.dossiers.phrases import Phrases

ASKED = ("refuse", "withdraw_request", "approve", "decline", "note_papers")
"""Acts with a page of their own that asks before they are done; a request to amend has two."""
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
_EVENTS = {
    "complete": ("dossier.complete", "dossier.complete_amendment"),
    NOTE_PAPERS: ("dossier.brought",),
    "settle_pair": ("pair.settle",),
    "reopen_pair": ("pair.reopen",),
}
"""The entries of the journal that an act makes, where they have another name."""
_RIGHTS = {act.value: right for act, right in RIGHTS.items()} | {NOTE_PAPERS: Right.NOTE_PAPERS}
"""The right that each act's route asks for; the desk asks for it again."""


@dataclass(frozen=True, slots=True)
class ActPage(Page):
    """The question before an act. `faults` are keys of words by field: what was sent is kept and marked."""

    template: ClassVar[str] = "act.html"
    here = property(here_of)
    case: CaseFile
    act: str
    phrases: tuple[Label, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_danger(self) -> bool:
        """Whether it ends something for the declarant."""
        return self.act in ("refuse", "decline")


@dataclass(frozen=True, slots=True)
class OvertakenPage(Page):
    """The act was not done: what has happened since the page was drawn, by whom, and where the dossier stands."""

    template: ClassVar[str] = "overtaken.html"
    here = property(here_of)
    marks = MARKS
    event_words = staticmethod(event_words)
    case: CaseFile
    act: str
    since: tuple[CaseEvent, ...]
    told: str
    typed: tuple[str, ...]
    """What he has written, so that it is not lost."""


@dataclass(frozen=True)
class Acting:
    """What the routes of acts share."""

    pages: Pages
    files: CaseFiles
    acts: Acts
    phrases: Phrases
    guard: Guard

    def perform(self, request: Request, key: DossierKey, act: str, arguments: Mapping[str, object], seen: int) -> None:
        """Do it in the name of the session that the browser holds.

        Raises:
            LoggedOut: the session is over.
            NotAllowed: the dossier went on since `seen`, or cannot be acted on so.
        """
        secret = browser_of(request).secret
        if secret is None:
            raise LoggedOut
        try:
            self.acts.do(secret, act, key, {**arguments, SEEN: seen})
        except SessionOver:
            raise LoggedOut from None

    def do(
        self,
        request: Request,
        sent: Posting,
        key: DossierKey,
        act: str,
        arguments: Mapping[str, object],
        typed: Iterable[str],
    ) -> Response:
        """Do the act and show its result, or what has happened instead."""
        seen = seen_of(sent["seen"])
        try:
            self.perform(request, key, act, arguments, seen)
        except NotAllowed as error:
            if self.files.moved(key, sent.actor) is not None:  # maybe by this very form, sent twice
                return _result(key, act)
            case = opened(self.files, sent.actor, key.number, key.year)
            if not is_done(case, sent.actor, act, seen):
                since = tuple(each for each in case.events if each.ordinal > seen)
                page = OvertakenPage(case, act, since, str(error), tuple(filter(None, typed)))
                return self.pages.respond(request, page, 409)
        return _result(key, act)


def _result(key: DossierKey, act: str) -> Response:
    return RedirectResponse(f"{address(key.number, key.year)}?xong={act}", 303, PERSONAL)


def is_done(case: CaseFile, actor: Actor, act: str, seen: int) -> bool:
    """Whether he himself has done it since the journal went so far: a form that comes twice has its result."""
    events = _EVENTS.get(act, (f"dossier.{act}",))
    return any(
        each.ordinal > seen and each.actor == actor.journal_name and each.event in events for each in case.events
    )


def seen_of(stated: str) -> int:
    """How far the journal went when the page was drawn, as its form says.

    Raises:
        HTTPException: 400, the form does not say.
    """
    if not (stated.isascii() and stated.isdigit() and len(stated) < 10):
        raise HTTPException(400)
    return int(stated)


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
        actor: Annotated[Actor, Depends(acting.guard.by_session(_RIGHTS[act]))],
    ) -> Response:
        case = opened(acting.files, actor, number, year)
        if act not in case.acts:
            return acting.pages.respond(request, OvertakenPage(case, act, (), "", ()), 409)
        return acting.pages.respond(request, ActPage(case, act, acting.phrases.of(act)))

    return ask


def _doing(acting: Acting, act: str) -> Callable[..., Response]:
    def do(
        request: Request,
        year: FileYear,
        number: FileNumber,
        sent: Annotated[Posting, Depends(posting(acting.guard.by_session(_RIGHTS[act])))],
    ) -> Response:
        given = {name: sent[name] for name in TEXTS[act]}
        judged = {name: fault_of(given[name], *bounds) for name, bounds in TEXTS[act].items()}
        faults = {name: fault for name, fault in judged.items() if fault is not None}
        if faults and act in ASKED:
            case = opened(acting.files, sent.actor, number, year)
            return acting.pages.respond(request, ActPage(case, act, acting.phrases.of(act), given, faults), 422)
        if faults:
            raise HTTPException(400)
        arguments = {name: value for name, value in given.items() if value}
        return acting.do(request, sent, DossierKey(number, year), act, arguments, given.values())

    return do
