"""A person's browser: the cookie, its session, and the check that a form was sent from our page.

Each listener has a cookie of its own. Its name begins with `__Host-`: a browser keeps it only over TLS (or from its own
machine), for this host.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from adapter.entrypoints.web.page import Visitor
from adapter.model.errors import Unavailable
from adapter.model.text import REPLACEMENT
from adapter.services.access.browser_sessions import Session
from adapter.services.decisions.shown import SESSION, SHOWN, TOKEN, Shown

PORTAL_COOKIE, STAFF_COOKIE = "__Host-sid", "__Host-staff"
_CARRIED = "nsw.browser"
_WITHOUT = ("/api/", "/static/", "/healthz", "/readyz")
_UNCHANGING = ("GET", "HEAD", "OPTIONS")
Find = Callable[[str], Session | None]
"""The session of a browser's secret; None where there is none, or it has ended. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Browser:
    """The session of a request. `away`: the store could not be asked, so the person is not known."""

    cookie: str = ""
    """The name of this listener's cookie; empty where the request is not for a page."""
    secret: str | None = None
    session: Session | None = None
    away: bool = False


class Recognising:
    """Finds the session of each request for a page, by the listener's cookie; keeps the caller's credentials."""

    def __init__(self, app: ASGIApp, find: Find, cookie: str) -> None:
        self.app, self.find, self.cookie = app, find, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        shown = _token(scope)
        if not scope["path"].startswith(_WITHOUT):
            # PostgreSQL takes no NUL in a text: as in HTML, it becomes a letter that names nothing.
            scope["path"] = scope["path"].replace("\0", REPLACEMENT)
            browser = scope[_CARRIED] = await self._carried(scope)
            shown = Shown(SESSION, browser.secret) if browser.session and browser.secret else None
        kept = SHOWN.set(shown)
        try:
            await self.app(scope, receive, send)
        finally:
            SHOWN.reset(kept)

    async def _carried(self, scope: Scope) -> Browser:
        secret = _shown(scope, self.cookie)
        if not secret:
            return Browser(self.cookie)
        try:
            return Browser(self.cookie, secret, await run_in_threadpool(self.find, secret))
        except Unavailable:
            return Browser(self.cookie, secret, away=True)


def _shown(scope: Scope, cookie: str) -> str | None:
    """The cookie of exactly that name; None where there is none, or two that differ.

    A reader that strips more than spaces takes `\\xa0__Host-sid` for it, which a browser lets a neighbour host set.
    """
    stated = b";".join(value for name, value in scope["headers"] if name == b"cookie").split(b";")
    pairs = (each.strip(b" \t").partition(b"=") for each in stated)
    found = {value for name, _, value in pairs if name == cookie.encode()}
    return found.pop().decode("latin-1") if len(found) == 1 else None


def _token(scope: Scope) -> Shown | None:
    """The bearer token of a program; a request with two was refused before."""
    stated = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = stated.decode("latin-1").partition(" ")
    return Shown(TOKEN, token.strip()) if scheme.lower() == TOKEN.lower() else None


def browser_of(request: Request) -> Browser:
    """The session of the request's browser."""
    found = request.scope.get(_CARRIED)
    return found if isinstance(found, Browser) else Browser()


def visitor_of(request: Request) -> Visitor | None:
    """Who has logged in, for the head of a page."""
    session = browser_of(request).session
    if session is None or session.actor is None:
        return None
    actor = session.actor
    principal = actor.on_behalf_of or ""
    chosen = principal if actor.by_grant else ""
    return Visitor(actor.name, actor.number or "", principal, session.csrf, actor.roles, actor.principals, chosen)


def give(response: Response, browser: Browser, secret: str) -> None:
    """Set the cookie; the browser deletes it when it is closed."""
    response.set_cookie(browser.cookie, secret, secure=True, httponly=True, samesite="lax", path="/")


def take_back(response: Response, browser: Browser) -> None:
    """Delete the cookie."""
    response.delete_cookie(browser.cookie, secure=True, httponly=True, samesite="lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def changes(request: Request) -> bool:
    """Whether the request's method may change something."""
    return request.method not in _UNCHANGING


def is_from_here(request: Request, public_url: str | None) -> bool:
    """Whether a form was sent from a page of this site: by `Sec-Fetch-Site`, or by `Origin`.

    Over plain HTTP browsers send no `Sec-Fetch-Site`; a caller who sends neither is no browser of today.
    """
    said = request.headers.get("sec-fetch-site")
    if said is not None:
        return said == "same-origin"
    origin = request.headers.get("origin", "")
    own = public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return bool(origin) and _site(origin) is not None and _site(origin) == _site(own)


def _site(url: str) -> tuple[str, str] | None:
    """Scheme and host; None where it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme.lower(), parts.netloc.lower()


def is_token(session: Session, given: object) -> bool:
    """Whether a form holds the token of this session."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), session.csrf.encode())


def safe_target(asked: str | None, otherwise: str) -> str:
    """Where to go after log-in: a path of this site, or `otherwise`.

    `//evil`, a backslash and addresses with control characters lead elsewhere in browsers.
    """
    if not asked or not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return otherwise
    if any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in asked):
        return otherwise
    parts = urlsplit(asked)
    return otherwise if parts.scheme or parts.netloc else asked
