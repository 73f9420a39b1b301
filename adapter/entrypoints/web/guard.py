"""Who may use a route: each route is for `anybody`, or needs one right, from a session or a token."""

# Annotations are not postponed here: FastAPI reads those of dependencies.
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import FormData

from adapter.entrypoints.web.browser import browser_of, changes, is_from_here, is_token
from adapter.entrypoints.web.problems import NotServed
from adapter.model.actor import Actor
from adapter.model.errors import Unavailable
from adapter.services.access import rights
from adapter.services.access.rates import RateRule, Rates
from adapter.services.access.rights import Right
from adapter.services.access.tokens import Tokens
from adapter.services.customs.assertions import Assertions

F = TypeVar("F", bound=Callable[..., Any])
_BEARER = HTTPBearer(auto_error=False, description="A token that the operator issued (`nsw-adapter token issue`).")
_REALM = 'Bearer realm="nsw-adapter"'
OFFICER = "Officer-Assertion"
"""The header that names, signed, the customs officer for whom a program asks."""
_PARTS_OF_JWT = 2
"""Dots of a JSON Web Token; a token of ours has none."""
CSRF = "csrf"
"""The field of a form that holds the token of its session; a script sends it as the header X-CSRF-Token."""


class LoggedOut(Exception):
    """The page needs a log-in, and there is none, or the session has ended."""


async def anybody() -> None:
    """The route is open to everybody, without log-in or token."""


def right_of(dependency: object) -> Right | None:
    """The right that a dependency asks for; None where it asks for none."""
    return getattr(dependency, "right", None)


@dataclass(frozen=True)
class Guard:
    """Makes the dependencies that check rights. `form_bytes`: largest form in bytes."""

    tokens: Tokens
    public_url: str | None
    form_bytes: int
    rates: Rates
    assertions: Assertions | None = None
    """Of programs that ask for customs officers; None: none is taken here."""

    def by_token(self, right: Right) -> Callable[..., Actor]:
        """The caller, by the bearer token; services check the right.

        Raises (when called):
            NotServed: 401, the token is none of ours, or no more.
            TooOften: it was shown more often than a minute allows.
        """

        def granted(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> Actor:
            if given is None:
                raise NotServed(401, "A bearer token is needed.", {"WWW-Authenticate": _REALM})
            caller = self.tokens.authenticate(given.credentials)
            if caller is None:
                challenge = f'{_REALM}, error="invalid_token"'
                raise NotServed(401, "The token is unknown, expired or revoked.", {"WWW-Authenticate": challenge})
            self.rates.count(RateRule.API, f"token:{caller.token or caller.id}")
            return caller

        return _asking(granted, right)

    def by_customs(self, right: Right) -> Callable[..., Actor]:
        """A customs officer: by the token that he holds, or by a program that proves itself and brings an assertion.

        Raises (when called):
            NotServed: 401, as for a token.
            AssertionRefused: the program, or its assertion of the officer, is not believed.
            TooOften: the token was shown, or the program asked, more often than a minute allows.
        """
        by_token = self.by_token(right)

        def granted(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> Actor:
            stated = request.headers.getlist(OFFICER)
            if len(stated) > 1:
                raise NotServed(400, f"{OFFICER} stands there more than once: name one officer.")
            if self.assertions and given is not None and given.credentials.count(".") == _PARTS_OF_JWT:
                caller = self.assertions.caller(given.credentials, stated[0] if stated else None)
                self.rates.count(RateRule.API, f"client:{caller.client}")
                return caller
            if stated:
                raise NotServed(
                    401, f"{OFFICER} goes with a client's own assertion as bearer token, and with nothing else."
                )
            return by_token(given)

        return _asking(granted, right)

    def by_session(self, right: Right, *, form_bytes: int | None = None) -> Callable[..., Any]:
        """`form_bytes`: the largest form of this route, where it takes files that are larger than others.

        Who has logged in and has the right; what he sends comes from a page of this site and of his session.

        Raises (when called):
            LoggedOut: nobody has.
            NoRight: none of his roles has the right.
            NotServed: 403, the form is from elsewhere or of another session; 411 or 413, it is too large.
            Unavailable: the store is away.
        """

        async def granted(request: Request) -> Actor:
            browser = browser_of(request)
            if browser.away:
                raise Unavailable("the sessions cannot be read now")
            if browser.session is None or browser.session.actor is None:
                raise LoggedOut
            if changes(request):
                given = request.headers.get("x-csrf-token") or (await self.form(request, form_bytes)).get(CSRF)
                if not is_from_here(request, self.public_url) or not is_token(browser.session, given):
                    raise NotServed(403, "This was not sent from a page of yours. Load the page again.")
            rights.needs(browser.session.actor, right)
            return browser.session.actor

        return _asking(granted, right)

    def seldom(self, rule: RateRule) -> Callable[[Request], None]:
        """The dependency of a route with a limited rate: by account, else by address.

        Raises (when called):
            TooOften: more often than a minute allows.
        """

        def counted(request: Request) -> None:
            session = browser_of(request).session
            actor = session.actor if session is not None else None
            self.rates.count(
                rule,
                f"account:{actor.id}"
                if actor is not None
                else f"address:{network_of(request.client.host if request.client else '')}",
            )

        return counted

    async def form(self, request: Request, most: int | None = None) -> FormData:
        """What was sent as a form, whose length is stated and bounded: its files would be kept on disk as they come.

        Raises:
            NotServed: 411 or 413, it has no length or is too large.
        """
        stated, most = request.headers.get("content-length", ""), most or self.form_bytes
        if not stated.isdigit():
            raise NotServed(411, "State the length of the form.")
        if int(stated) > most:
            raise NotServed(413, f"The form has more than {most} bytes.", {"Connection": "close"})
        return await request.form()  # kept with the request: the route reads it too


def network_of(host: str) -> str:
    """One caller for rates: an address; of IPv6 its network, since one subscriber has the whole network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network(f"{address}/64", strict=False))


def _asking(dependency: F, right: Right) -> F:
    dependency.right = right  # type: ignore[attr-defined]
    return dependency
