"""A declarant's inbox and e-mail address. Only pressing the button marks as read."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.notifications.addresses import AddressAct, MailAddresses, OwnAddress
from adapter.services.notifications.inbox import PAGE, InboxPage, NotificationInbox, Place

INBOX = "/hop-thu"
ADDRESS = f"{INBOX}/thu-dien-tu"
_GOOD = (AddressAct.STATED, AddressAct.CONFIRMED, AddressAct.REMOVED)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_After = Annotated[str | None, Query(pattern=r"^[0-9]{1,17}-[0-9]{1,18}$")]
_Done = Annotated[str | None, Query(alias="xong", pattern=r"^[a-z_]{1,20}$")]


@dataclass(frozen=True, slots=True)
class NotificationsPage(Page):
    """What he was told, the newest first."""

    template: ClassVar[str] = "inbox.html"
    inbox: InboxPage
    first: bool
    mails: bool
    """Whether e-mail is sent at all."""

    @property
    def next(self) -> str | None:
        """Where the next page begins, as its address says it."""
        return None if self.inbox.last is None else _token(self.inbox.last)


@dataclass(frozen=True, slots=True)
class AddressPage(Page):
    """His address for e-mail; `act`: what came of what he did last."""

    template: ClassVar[str] = "mail_address.html"
    own: OwnAddress
    typed: str
    act: AddressAct | None

    @property
    def is_fault(self) -> bool:
        """Whether he has something to do again."""
        return self.act is not None and self.act not in _GOOD


def routes(pages: Pages, inbox: NotificationInbox, addresses: MailAddresses | None, guard: Guard) -> APIRouter:
    """/hop-thu and what is below it. `addresses` None: this installation sends no e-mail."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.READ_OWN)
    posted = posting(declarant)

    @router.get(INBOX)
    def show(request: Request, actor: Annotated[Actor, Depends(declarant)], after: _After = None) -> Response:
        found = inbox.page(actor, None if after is None else _place(after))
        return pages.respond(request, NotificationsPage(found, after is None, addresses is not None))

    @router.post(f"{INBOX}/da-doc")
    def read(sent: Annotated[Posting, Depends(posted)]) -> Response:
        named = sent["ids"].split(",")[:PAGE]
        inbox.read(sent.actor, [int(each) for each in named if each.isascii() and each.isdigit() and len(each) < 19])
        return RedirectResponse(INBOX, 303, PERSONAL)

    if addresses is not None:
        _addresses(router, pages, addresses, guard)
    return router


def _addresses(router: APIRouter, pages: Pages, addresses: MailAddresses, guard: Guard) -> None:
    """The page of his address: state it, type the code, or want none any more."""
    declarant = guard.by_session(Right.READ_OWN)
    posted = posting(declarant)

    @router.get(ADDRESS)
    def show(request: Request, actor: Annotated[Actor, Depends(declarant)], done: _Done = None) -> Response:
        act = AddressAct(done) if done in set(_GOOD) else None
        return pages.respond(request, AddressPage(addresses.of(actor), "", act))

    def told(request: Request, sent: Posting, act: AddressAct, typed: str) -> Response:
        if act in _GOOD:
            return RedirectResponse(f"{ADDRESS}?xong={act.value}", 303, PERSONAL)
        return pages.respond(request, AddressPage(addresses.of(sent.actor), typed, act), 422)

    seldom = [Depends(guard.seldom(RateRule.ADDRESS))]

    @router.post(ADDRESS, dependencies=seldom)
    def state(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        return told(request, sent, addresses.state(sent.actor, sent["address"]), sent["address"])

    @router.post(f"{ADDRESS}/ma", dependencies=seldom)
    def confirm(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        return told(request, sent, addresses.confirm(sent.actor, sent["code"]), "")

    @router.post(f"{ADDRESS}/bo")
    def remove(request: Request, sent: Annotated[Posting, Depends(posted)]) -> Response:
        return told(request, sent, addresses.remove(sent.actor), "")


def _token(place: Place) -> str:
    moment, row_id = place
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{row_id}"


def _place(token: str) -> Place:
    """Of a token that `_After` lets in: so many digits are no later than the year 5138."""
    at, _, row_id = token.partition("-")
    return _EPOCH + timedelta(microseconds=int(at)), int(row_id)
