"""Errors for the reader: a problem (RFC 9457) for programs, a page in the reader's language for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from adapter.entrypoints.web import problems
from adapter.entrypoints.web.browser import browser_of, changes, safe_target, take_back
from adapter.entrypoints.web.guard import LoggedOut
from adapter.entrypoints.web.login import LoginPage
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.model.events import Observe
from adapter.services.dossiers.acts import SessionOver

_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz")
_TOLD = (400, 403, 404, 405, 413, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class ErrorPage(Page):
    """What went wrong and what to do, by the keys of its words."""

    template: ClassVar[str] = "error.html"
    status: int

    @property
    def title(self) -> str:
        """Key of the heading."""
        return f"error.{self.status}"

    @property
    def told(self) -> str:
        """Key of what to do."""
        return f"error.{self.status}.told"


def for_people(request: Request) -> bool:
    """Whether the address is one of the pages."""
    return not request.url.path.startswith(_FOR_PROGRAMS)


def error_page(status: int) -> ErrorPage:
    """The page for a status; a status without words of its own gets those of its class."""
    return ErrorPage(status if status in _TOLD else 500 if status >= 500 else 400)


def install(app: FastAPI, observe: Observe, pages: Pages) -> None:
    """Answer every error of the app."""
    for kind, answer in problems.handlers(observe).items():
        app.add_exception_handler(kind, _by_reader(answer, pages))
    app.add_exception_handler(LoggedOut, _to_log_in(pages))
    app.add_exception_handler(SessionOver, _session_over(pages))


def _to_log_in(pages: Pages) -> Callable[[Request, Any], Response]:
    """A GET leads to log-in at once; a lost session, or a form, gets a page first."""

    def told(request: Request, error: Exception) -> Response:
        del error
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if not changes(request) and browser_of(request).secret is None:
            return RedirectResponse(f"/login?next={quote(here)}", 303, PERSONAL)
        page = LoginPage("session_over", _form_of(request) if changes(request) else here)
        response = pages.respond(request, page, 403)
        take_back(response, browser_of(request))
        return response

    return told


def _form_of(request: Request) -> str:
    """The page on which a form stood, as browsers say it: what takes the form can seldom be opened itself."""
    try:
        stated = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return request.url.path
    return safe_target(stated.path + (f"?{stated.query}" if stated.query else ""), request.url.path)


def _session_over(pages: Pages) -> Callable[[Request, Any], Response]:
    """The part that decides does not know the session or token any more: it ended during the request."""
    to_log_in = _to_log_in(pages)

    def told(request: Request, error: Exception) -> Response:
        return to_log_in(request, error) if for_people(request) else problems.problem(401, str(error))

    return told


def _by_reader(answer: Callable[[Request, Any], Response], pages: Pages) -> Callable[[Request, Any], Response]:
    def told(request: Request, error: Exception) -> Response:
        response = answer(request, error)
        if not for_people(request):
            return response
        page = error_page(response.status_code)
        kept = {
            name: value for name, value in response.headers.items() if name in ("retry-after", "allow", "connection")
        }
        return pages.respond(request, page, response.status_code, kept)

    return told
