"""The portal itself has failed: one question, what was made then, whom to call, the log of calls (Article 10(4)).

It works while this process and the store work; the command `portal fail` needs neither.
"""

# Annotations are not postponed here: FastAPI reads them.
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.moments import as_typed, moment_of
from adapter.entrypoints.web.operator.asking import fault_of_reason
from adapter.entrypoints.web.page import PERSONAL, Page, Pages, attachment
from adapter.entrypoints.web.posting import Posting, posting
from adapter.gateways.portal_failure import KeptContact, KeptFailure
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.procedure import Label
from adapter.model.text import REASON, text_fault
from adapter.services.access.rights import Right
from adapter.services.portal_failure.announcing import FailureState, PortalFailureActs
from adapter.services.portal_failure.failure import LETTER, MINISTRY, PDF, TEXT, CallResult, FailureReport

HERE = "/van-hanh/cong-hong"
DONE = ("bao", "het", "thu", "goi")
"""Acts that were just done."""
FILES = tuple(f"{name}{kind}" for name in (LETTER, MINISTRY) for kind in (PDF, TEXT))
_KINDS = {PDF: "application/pdf", TEXT: "text/plain; charset=utf-8"}
_ON_A_PAGE = 100
_PASSED = timedelta(days=1)
_File = Annotated[str, Path(pattern=r"^[a-z.-]{1,40}$")]
_Done = Annotated[str, Query(alias="xong", pattern="^[a-z]{0,5}$")]
_Before = Annotated[int, Query(alias="sau", ge=0, lt=10**7)]


@dataclass(frozen=True, slots=True)
class FailingPage(Page):
    """How it stands, and the question. `given` is what was typed, `faults` keys of words by field."""

    template: ClassVar[str] = "failing.html"
    files: ClassVar[tuple[str, ...]] = FILES
    state: FailureState
    has_mail: bool
    pages_folder: str
    done: str = ""
    told: str = ""
    """Why it was not done, in the service's words."""
    given: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallListPage(Page):
    """Whom to call, who crosses first before; and what was said."""

    template: ClassVar[str] = "call_list.html"
    results: ClassVar[tuple[str, ...]] = tuple(CallResult)
    state: FailureState
    done: str = ""
    told: str = ""
    before: int = 0
    """How many of the list stand on the pages before this one."""

    @property
    def contacts(self) -> list[KeptContact]:
        """Those of this page: who is expected next stands first, who should have crossed a day ago or longer last."""
        listed, now = self.state.contacts.contacts if self.state.contacts else (), self.state.at
        turns = sorted((_turn(each.crossing_at, now), number) for number, each in enumerate(listed))
        return [listed[number] for _, number in turns[self.before : self.before + _ON_A_PAGE]]

    @property
    def behind(self) -> int | None:
        """How many stand before the next page; None: this is the last one."""
        many, behind = self.state.listed.many if self.state.listed else 0, self.before + _ON_A_PAGE
        return behind if behind < many else None

    @property
    def reached(self) -> dict[str, str]:
        """The last result of the calls about each dossier."""
        return {line[1]: line[3] for line in reversed(self.state.calls) if len(line) > 3}


@dataclass(frozen=True)
class _Failing:
    pages: Pages
    acts: PortalFailureActs

    def show(self, request: Request, actor: Actor, status: int = 200, **more: object) -> Response:
        place, state = str(self.acts.failure.pages), self.acts.state(actor=actor)
        more.setdefault("given", _announced(state.failure))
        page = FailingPage(state, self.acts.post is not None, place, **more)  # type: ignore[arg-type]
        return self.pages.respond(request, page, status)

    def begin(self, request: Request, sent: Posting) -> Response:
        """One question, one result. E-mails leave behind the answer, which waits for no mail server."""
        given = {name: sent[name] for name in ("ly-do", "ly-do-en", "tu", "den", "thu")}
        if faults := _faults(given):
            return self.show(request, sent.actor, 422, given=given, faults=faults)
        reason = Label(given["ly-do"].strip(), given["ly-do-en"].strip() or given["ly-do"].strip())
        report = FailureReport(moment_of(given["tu"]) or self.acts.failure.clock(), reason, moment_of(given["den"]))
        try:
            self.acts.begin(report, actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed as error:
            return self.show(request, sent.actor, 409, given=given, told=str(error))
        return _back("bao", self.acts.mail if given["thu"] else None)

    def end(self, request: Request, sent: Posting) -> Response:
        """The portal works again."""
        try:
            self.acts.end(None, actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed as error:
            return self.show(request, sent.actor, 409, told=str(error))
        return _back("het")

    def called(self, request: Request, sent: Posting) -> Response:
        """Note a call."""
        stated = sent["ket-qua"]
        try:
            if stated not in set(CallResult):
                raise HTTPException(400)
            self.acts.call(sent["ho-so"], CallResult(stated), sent["ghi-chu"], actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed as error:
            page = CallListPage(self.acts.contacts(actor=sent.actor), told=str(error))
            return self.pages.respond(request, page, 409)
        before = sent["sau"] if re.fullmatch(r"\d{1,7}", sent["sau"], re.ASCII) else "0"
        return RedirectResponse(f"{HERE}/goi?xong=goi&sau={before}", 303, PERSONAL)


def _turn(crossing_at: datetime | None, now: datetime) -> tuple[int, float]:
    """Who is still to come by his time, then whose time is not known, then who has passed, the last one first."""
    if crossing_at is None:
        return 1, 0.0
    passed = age(now, crossing_at)
    return (2, passed) if passed > _PASSED.total_seconds() else (0, crossing_at.timestamp())


def _announced(failure: KeptFailure | None) -> dict[str, str]:
    """What was announced, to be changed; nothing where no failure is open."""
    if failure is None:
        return {}
    times = {"tu": failure.since, "den": failure.expected_end}
    typed = {name: as_typed(at) if at else "" for name, at in times.items()}
    return {"ly-do": failure.reason_vi, "ly-do-en": failure.reason_en, "thu": "1", **typed}


def _back(done: str, then: Callable[[], None] | None = None) -> Response:
    after = BackgroundTask(then) if then else None
    return RedirectResponse(f"{HERE}?xong={done}", 303, PERSONAL, background=after)


def _faults(given: dict[str, str]) -> dict[str, str]:
    """Keys of words for what is wrong with what was typed, by field."""
    found = {"ly-do": fault_of_reason(given["ly-do"])}
    found["ly-do-en"] = "operator.fault.text" if text_fault(given["ly-do-en"], most=REASON) else ""
    for name in ("tu", "den"):
        found[name] = "failing.fault.time" if given[name].strip() and moment_of(given[name]) is None else ""
    return {name: fault for name, fault in found.items() if fault}


def routes(pages: Pages, acts: PortalFailureActs, guard: Guard) -> APIRouter:
    """/van-hanh/cong-hong and what is below it."""
    failing, router = _Failing(pages, acts), APIRouter(include_in_schema=False, prefix=HERE)
    may = guard.by_session(Right.ANNOUNCE_FAILURE)

    @router.get("")
    def state(request: Request, actor: Annotated[Actor, Depends(may)], done: _Done = "") -> Response:
        return failing.show(request, actor, done=done if done in DONE else "")

    @router.post("")
    def begin(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return failing.begin(request, sent)

    @router.post("/het")
    def end(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return failing.end(request, sent)

    @router.post("/thu")
    def mail(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        """Send the e-mails that have not left."""
        del request, sent
        return _back("thu", acts.mail)

    @router.get("/goi")
    def contacts(
        request: Request, actor: Annotated[Actor, Depends(may)], done: _Done = "", before: _Before = 0
    ) -> Response:
        page = CallListPage(acts.contacts(actor=actor), done if done in DONE else "", before=before)
        return pages.respond(request, page)

    @router.post("/goi")
    def called(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return failing.called(request, sent)

    @router.get("/tep/{name}")
    def letter(name: _File, actor: Annotated[Actor, Depends(may)]) -> Response:
        """The notice in writing, or the text for the Ministry's portal."""
        body = acts.letter(name, actor=actor) if name in FILES else None
        if body is None:
            raise HTTPException(404)
        return attachment(body, _KINDS[name[-4:]], name)

    return router
