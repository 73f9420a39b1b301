"""The message browser's pages: find, look into one with persons masked, unmask with a reason, send an answer again."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.moments import begin_of, end_of
from adapter.entrypoints.web.operator.asking import fault_of_reason
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.gateways.store.browse import ListPlace, WantedMessages
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.outcomes import MessageState, Word
from adapter.model.stages import ANSWERED, LOCKED, Channel, Stage
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right, has
from adapter.services.messages.browser import MessageBrowser, MessagePage, MessageView, ReplyView, ShownReply
from adapter.services.replies.resend import Resend

LIST = "/van-hanh/thong-diep"
ANSWERS = "/van-hanh/tra-loi"
_Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
_Code = Annotated[str, Query(pattern=r"^[A-Za-z0-9_.:-]{0,100}$")]
_Day = Annotated[str, Query(max_length=40)]
_Behind = Annotated[str, Query(pattern=r"^[0-9T:.+-]{0,40}(,[0-9]{1,18})?$")]
SHOWN_LINES = 3_000
"""A longer message is shown as far as that; the command line shows all of it."""
OUTCOMES = {
    "accepted": ("ok", "check"),
    "refused": ("no", "cross"),
    "rejected": ("no", "cross"),
    "parked": ("ask", "diamond"),
}


@dataclass(frozen=True, slots=True)
class MessagesPage(Page):
    """Messages, the newest first, or those that a key names."""

    template: ClassVar[str] = "messages.html"
    outcomes: ClassVar[tuple[Word, ...]] = tuple(Word)
    states: ClassVar[tuple[MessageState, ...]] = tuple(MessageState)
    channels: ClassVar[tuple[Channel, ...]] = (Channel.WINDOW, Channel.PORTAL)
    marks: ClassVar[dict[str, tuple[str, str]]] = OUTCOMES
    found: MessagePage
    key: str
    wanted: WantedMessages
    since: str
    until: str
    first: bool

    @property
    def is_unread(self) -> bool:
        """Whether a time was typed that is none: messages of every time are shown."""
        typed = ((self.since, self.wanted.since), (self.until, self.wanted.until))
        return any(text.strip() and moment is None for text, moment in typed)

    @property
    def older(self) -> str:
        """The address of the messages behind these."""
        behind = self.found.behind
        assert behind is not None
        place = f"{behind.received_at.astimezone(VIETNAM).isoformat()},{behind.id}"
        stated = {
            # What was typed goes into no other address unless it is a time: it may be anything.
            "tu": self.since if self.wanted.since else "",
            "den": self.until if self.wanted.until else "",
            "ket-qua": self.wanted.outcome,
            "tinh-trang": self.wanted.state,
            "kenh": self.wanted.channel,
            "ma": self.wanted.code,
            "ben-gui": self.wanted.sender,
            "thu-tuc": self.wanted.procedure,
            "sau": place,
        }
        return f"{LIST}?{urlencode({name: value for name, value in stated.items() if value})}"


@dataclass(frozen=True, slots=True)
class MessageShownPage(Page):
    """One message. `may_unmask`: whether who looks has the right; `fault`: what was wrong with his reason."""

    template: ClassVar[str] = "message.html"
    most: ClassVar[int] = SHOWN_LINES
    marks: ClassVar[dict[str, tuple[str, str]]] = OUTCOMES
    view: MessageView
    may_unmask: bool
    fault: str = ""

    known: ClassVar[frozenset[str]] = frozenset({*(stage.value for stage in Stage), LOCKED, ANSWERED})

    @property
    def together_ms(self) -> float:
        """Of all steps."""
        return sum(each.ms for each in self.view.steps)

    @property
    def longest_ms(self) -> float:
        """Of the longest step."""
        return max((each.ms for each in self.view.steps), default=0.0) or 1.0

    def after_s(self, reply: ShownReply) -> float:
        """Seconds from reception until it left."""
        return age(reply.sent_at, self.view.listed.received_at) if reply.sent_at else 0.0

    @property
    def marked(self) -> dict[int, list[str]]:
        """Codes of findings by the line at which they stand."""
        found: dict[int, list[str]] = {}
        for each in self.view.findings:
            if each.line is not None:
                found.setdefault(each.line, []).append(each.code)
        return found


@dataclass(frozen=True, slots=True)
class AnswerShownPage(Page):
    """An answer of ours. `told`: why it cannot be sent again, as the service says it; `is_done`: it waits to leave."""

    template: ClassVar[str] = "answer_sent.html"
    most: ClassVar[int] = SHOWN_LINES
    view: ReplyView
    may_resend: bool
    fault: str = ""
    told: str = ""
    is_done: bool = False


def _wanted(
    tu: _Day = "",
    den: _Day = "",
    outcome: Annotated[_Code, Query(alias="ket-qua")] = "",
    state: Annotated[_Code, Query(alias="tinh-trang")] = "",
    kenh: _Code = "",
    ma: _Code = "",
    sender: Annotated[str, Query(alias="ben-gui", max_length=200)] = "",
    procedure: Annotated[_Code, Query(alias="thu-tuc")] = "",
) -> WantedMessages:
    """What an address asks for. A form sends what is not chosen as an empty text."""
    return WantedMessages(
        since=begin_of(tu),
        until=end_of(den),
        outcome=outcome if outcome in set(Word) else None,
        state=state if state in set(MessageState) else None,
        channel=kenh if kenh in set(Channel) else None,
        code=ma or None,
        sender=sender or None,
        procedure=procedure or None,
    )


def routes(pages: Pages, browser: MessageBrowser, resend: Resend, guard: Guard) -> APIRouter:
    """/van-hanh/thong-diep and /van-hanh/tra-loi."""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.BROWSE_MESSAGES)

    @router.get(LIST)
    def messages(
        request: Request,
        actor: Annotated[Actor, Depends(see)],
        wanted: Annotated[WantedMessages, Depends(_wanted)],
        khoa: Annotated[str, Query(max_length=200)] = "",
        sau: _Behind = "",
    ) -> Response:
        key, behind = khoa.strip(), _place(sau)
        found = browser.called(key, actor=actor) if key else browser.newest(wanted, behind=behind, actor=actor)
        asked = request.query_params
        page = MessagesPage(found, key, wanted, asked.get("tu", ""), asked.get("den", ""), behind is None)
        return pages.respond(request, page)

    @router.get(f"{LIST}/{{id}}")
    def message(request: Request, id: _Id, actor: Annotated[Actor, Depends(see)]) -> Response:
        return pages.respond(request, MessageShownPage(_one(browser, id, actor), has(actor, Right.UNMASK_MESSAGES)))

    _unmasking(router, pages, browser, guard)
    _answers(router, pages, browser, resend, guard)
    return router


def _unmasking(router: APIRouter, pages: Pages, browser: MessageBrowser, guard: Guard) -> None:
    posted = posting(guard.by_session(Right.UNMASK_MESSAGES))

    @router.post(f"{LIST}/{{id}}/hien")
    def unmask(request: Request, id: _Id, sent: Annotated[Posting, Depends(posted)]) -> Response:
        if fault := fault_of_reason(sent["ly-do"]):
            page = MessageShownPage(_one(browser, id, sent.actor), may_unmask=True, fault=fault)
            return pages.respond(request, page, 422)
        view = browser.unmask(id, reason=sent["ly-do"], actor=sent.actor)
        return pages.respond(request, MessageShownPage(view, may_unmask=True))


def _answers(router: APIRouter, pages: Pages, browser: MessageBrowser, resend: Resend, guard: Guard) -> None:
    @router.get(f"{ANSWERS}/{{id}}")
    def answer(
        request: Request,
        id: _Id,
        actor: Annotated[Actor, Depends(guard.by_session(Right.BROWSE_MESSAGES))],
        xong: Annotated[str, Query(pattern="^1?$")] = "",
    ) -> Response:
        view, may = _answer(browser, id, actor), has(actor, Right.RESEND_REPLY)
        return pages.respond(request, AnswerShownPage(view, may, is_done=bool(xong)))

    posted = posting(guard.by_session(Right.RESEND_REPLY))

    @router.post(f"{ANSWERS}/{{id}}/gui-lai")
    def again(request: Request, id: _Id, sent: Annotated[Posting, Depends(posted)]) -> Response:
        view = _answer(browser, id, sent.actor)
        if fault := fault_of_reason(sent["ly-do"]):
            return pages.respond(request, AnswerShownPage(view, may_resend=True, fault=fault), 422)
        try:
            resend.again(id, reason=sent["ly-do"], actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed as error:
            return pages.respond(request, AnswerShownPage(view, may_resend=True, told=str(error)), 409)
        return RedirectResponse(f"{ANSWERS}/{id}?xong=1", 303, PERSONAL)


def _one(browser: MessageBrowser, id: str, actor: Actor) -> MessageView:
    try:
        return browser.show(id, actor=actor)
    except NoRight:
        raise
    except NotAllowed:
        raise HTTPException(404) from None


def _answer(browser: MessageBrowser, id: str, actor: Actor) -> ReplyView:
    try:
        return browser.reply(id, actor=actor)
    except NoRight:
        raise
    except NotAllowed:
        raise HTTPException(404) from None


def _place(stated: str) -> ListPlace | None:
    at, _, number = stated.rpartition(",")
    if not at:
        return None
    try:
        moment = datetime.fromisoformat(at.replace(" ", "+"))
    except ValueError:
        raise HTTPException(404) from None
    return ListPlace(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM), int(number))
