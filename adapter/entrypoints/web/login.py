"""Log-in of people: away to the identity provider and back to where they were; log-out, here and from there."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.bootstrap.identity import RETURN
from adapter.entrypoints.web.browser import browser_of, give, safe_target, take_back
from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.marks import MARKS, urgency
from adapter.entrypoints.web.page import Page, Pages
from adapter.gateways.identity import NotBelieved, Provider, ProviderDown, Stated
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.events import Event, Observe
from adapter.services.access.browser_sessions import BrowserSessions
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.access.sessions import AccountHolder, Sessions, Suspended
from adapter.services.access.staff_sessions import NotAdmitted, StaffAccount, StaffSessions
from adapter.services.dossiers.suspended import SuspensionNotice
from adapter.services.registers.party_numbers import number_of

OUTCOMES = (
    *("provider_down", "not_under_way", "other_kind", "refused", "unregistered", "ended"),
    *("logged_out", "session_over"),
)
"""Keys of the words for each way in which nobody is logged in."""
_NAME = 100
_TOKEN = 20_000
"""Characters of the longest logout token."""
_NO_STORE = {"Cache-Control": "no-store"}


class AccountKind(StrEnum):
    """Whose account one logs in with: it is chosen before one goes to the provider (Article 7(2)(b))."""

    PERSON = "person"
    ORGANISATION = "organisation"


class OtherKind(NotAllowed):
    """Who means to declare for himself must not do so for his organisation, nor the other way round."""

    why = "other_kind"


@dataclass(frozen=True, slots=True)
class AccountKindPage(Page):
    """The choice between a person's account and an organisation's. `target`: where log-in leads to."""

    template: ClassVar[str] = "account_kind.html"
    kinds: ClassVar[tuple[str, ...]] = tuple(AccountKind)
    target: str


@dataclass(frozen=True, slots=True)
class LoginPage(Page):
    """Why nobody was logged in, or that one has logged out: `what` is the key of its words."""

    template: ClassVar[str] = "login.html"
    what: str
    target: str
    """Where log-in leads to, as an address of this site."""
    leave: str = ""
    """Where one logs out at the provider too; empty where there is no such place."""
    emergency: str = ""
    """The way in while the provider is away; empty where there is none."""


@dataclass(frozen=True, slots=True)
class SuspendedPage(Page):
    """The one page of whoever is suspended everywhere (Article 8): why, and what of his is under way. No session."""

    template: ClassVar[str] = "suspended.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    told: SuspensionNotice


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where people of one area log in.

    `admit` begins the session of whom the provider has stated and gives what his browser is to hold; `right` is what
    everybody who can log out has; `after` is where one comes to who has asked for nothing else.
    """

    provider: Provider
    sessions: BrowserSessions
    admit: Callable[[Stated], str]
    right: Right
    after: str
    notice: Callable[[Suspended], SuspensionNotice] | None = None
    """What whoever is suspended is shown; None: nobody here is."""
    chooses: bool = False
    """Whether the kind of account is chosen first (Article 7(2)(b)), and must be the one that logs in."""
    emergency: str = ""
    """The way in while the provider is away; empty: there is none."""


def of_declarants(provider: Provider, sessions: Sessions, notice: Callable[[Suspended], SuspensionNotice]) -> Entrance:
    """The portal's entrance."""

    def admit(stated: Stated) -> str:
        return sessions.start(_person(provider, stated))

    return Entrance(provider, sessions, admit, Right.READ_OWN, "/ho-so", notice, chooses=True)


def of_staff(provider: Provider, sessions: StaffSessions, emergency: str) -> Entrance:
    """The entrance of staff: the provider says who it is, the register whether he may come in."""

    def admit(stated: Stated) -> str:
        issuer = provider.trusted.issuer
        return sessions.admit(StaffAccount(issuer, stated.subject, stated.number, stated.session, stated.proven_at))

    return Entrance(provider, sessions, admit, Right.USE_CONSOLE, "/", emergency=emergency)


def routes(pages: Pages, entrance: Entrance, guard: Guard, observe: Observe) -> APIRouter:
    """/login, its return, and log-out."""
    router = APIRouter(include_in_schema=False)
    _going(router, pages, entrance, guard, observe)
    _coming_back(router, pages, entrance, observe)
    _ended_there(router, entrance, guard, observe)
    _logging_out(router, pages, entrance, guard)
    return router


def _going(router: APIRouter, pages: Pages, entrance: Entrance, guard: Guard, observe: Observe) -> None:
    @router.get("/login", dependencies=[Depends(anybody), Depends(guard.seldom(RateRule.LOGIN))])
    def log_in(
        request: Request,
        next: Annotated[str | None, Query()] = None,
        account: Annotated[str | None, Query()] = None,
        again: Annotated[bool, Query()] = False,
    ) -> Response:
        target = safe_target(next, entrance.after)
        browser = browser_of(request)
        # A link of another site must not end anybody's session.
        anew = again and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        if browser.session is not None and browser.session.actor is not None and not anew:
            return RedirectResponse(target, 303)
        if entrance.chooses and account not in tuple(AccountKind):
            return pages.respond(request, AccountKindPage(target))
        try:
            address, underway = entrance.provider.begin(again=anew)
        except ProviderDown as error:
            return pages.respond(request, _provider_down(entrance, observe, error, target), 503)
        response = RedirectResponse(address, 302, _NO_STORE)
        secret = entrance.sessions.begin({**underway, "target": target, "account": account or ""})
        give(response, browser, secret)
        return response


def _coming_back(router: APIRouter, pages: Pages, entrance: Entrance, observe: Observe) -> None:
    @router.get(RETURN, dependencies=[Depends(anybody)])
    def come_back(request: Request) -> Response:
        browser = browser_of(request)
        if browser.session is None or browser.session.actor is not None or browser.secret is None:
            # Nothing is under way in this browser: cookies are off, it took too long, or somebody sent a link.
            observe(Event.LOGIN, outcome="not-under-way")
            return pages.respond(request, LoginPage("not_under_way", entrance.after), 400)
        underway = browser.session.underway
        target = safe_target(underway.get("target"), entrance.after)
        entrance.sessions.end(browser.session)  # a return counts once, whatever comes of it
        try:
            stated = entrance.provider.finish(underway, dict(request.query_params))
            if entrance.chooses and _kind(stated) != underway.get("account", _kind(stated)):
                raise OtherKind
            secret = entrance.admit(stated)
        except ProviderDown as error:
            return pages.respond(request, _provider_down(entrance, observe, error, target), 503)
        except NotAllowed as error:
            response = pages.respond(request, _turned_away(entrance, observe, error, target), 403)
            take_back(response, browser)
            return response
        observe(Event.LOGIN, outcome="logged-in")
        response = RedirectResponse(target, 303, _NO_STORE)
        give(response, browser, secret)
        return response


def _ended_there(router: APIRouter, entrance: Entrance, guard: Guard, observe: Observe) -> None:
    async def given(request: Request) -> str:
        token = (await guard.form(request)).get("logout_token")
        if not isinstance(token, str) or not 0 < len(token) <= _TOKEN:
            raise HTTPException(400)
        return token

    @router.post("/login/backchannel", dependencies=[Depends(anybody)])
    def ended_there(logout_token: Annotated[str, Depends(given)]) -> Response:
        """The provider tells that somebody has logged out there (Back-Channel Logout 1.0, 2.5 to 2.8)."""
        try:
            ended = entrance.provider.ended(logout_token)
        except NotBelieved as error:
            observe(Event.LOGIN, outcome="logout-refused", reason=str(error))
            return Response(status_code=400, headers=_NO_STORE)
        issuer = entrance.provider.trusted.issuer
        count = entrance.sessions.end_by_provider(issuer, ended.subject, ended.session)
        observe(Event.LOGIN, outcome="ended-by-provider", count=count)
        return Response(status_code=200, headers=_NO_STORE)


def _logging_out(router: APIRouter, pages: Pages, entrance: Entrance, guard: Guard) -> None:
    @router.post("/logout")
    def log_out(request: Request, actor: Annotated[Actor, Depends(guard.by_session(entrance.right))]) -> Response:
        del actor
        browser = browser_of(request)
        assert browser.session is not None, "whoever has a right by a session has a session"
        entrance.sessions.end(browser.session)
        response = RedirectResponse("/logged-out", 303, _NO_STORE)
        take_back(response, browser)
        return response

    @router.get("/logged-out", dependencies=[Depends(anybody)])
    def logged_out(request: Request) -> Response:
        return pages.respond(request, LoginPage("logged_out", entrance.after, entrance.provider.farewell()))


def _provider_down(entrance: Entrance, observe: Observe, error: ProviderDown, target: str) -> LoginPage:
    observe(Event.LOGIN, outcome="provider-down", reason=str(error))
    return LoginPage("provider_down", target, emergency=entrance.emergency)


def _turned_away(entrance: Entrance, observe: Observe, error: NotAllowed, target: str) -> Page:
    """What somebody is told who is not let in."""
    if isinstance(error, Suspended):
        observe(Event.LOGIN, outcome="suspended")
        assert entrance.notice is not None, "staff are not suspended"
        return SuspendedPage(entrance.notice(error))
    if isinstance(error, OtherKind | NotAdmitted):
        observe(Event.LOGIN, outcome=error.why)
        return LoginPage(error.why, target)
    # What the provider said may hold a number; only which kind of answer it was is told.
    observe(Event.LOGIN, outcome="refused", reason=str(error) if isinstance(error, NotBelieved) else "number")
    return LoginPage("refused", target)


def _kind(stated: Stated) -> AccountKind:
    return AccountKind.PERSON if stated.tax_code is None else AccountKind.ORGANISATION


def _person(provider: Provider, stated: Stated) -> AccountHolder:
    """Who has logged in, his numbers in the spelling that dossiers have.

    Raises:
        NotAllowed: a number that the provider states is none.
    """
    name = "".join(letter if letter.isprintable() else " " for letter in stated.name)
    return AccountHolder(
        issuer=provider.trusted.issuer,
        subject=stated.subject,
        name=" ".join(name.split())[:_NAME].strip(),
        number=number_of(stated.number),
        tax_code=number_of(stated.tax_code) if stated.tax_code else None,
        provider_session=stated.session,
    )
