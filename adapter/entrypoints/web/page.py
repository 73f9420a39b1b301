"""Pages for people, the only user of the template engine: language, address of this page, headers against misuse.

A page is a frozen record that names its template. A template gets this record, the words of the reader's language and
what stands around every page: never a row of the store, and never a text that counts as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from adapter.entrypoints.web import moments, static
from adapter.entrypoints.web.words import Language, word, words
from adapter.model.actor import Role
from adapter.model.procedure import Label
from adapter.pipeline.envelope import hour_and_day
from adapter.services.access.rights import TABLE, Right

_HERE = Path(__file__).parent
_YEAR_S = 365 * 24 * 3600
_CHOICE = "lang"
CLEANED = "da-bo"
"""Stands in the address of a page that says that invisible signs were taken out of what was sent before."""
"""The cookie, and the parameter of an address, that name the reader's language."""
POLICY = "; ".join(
    [
        "default-src 'none'",
        *(
            f"{kind} 'self'"
            for kind in ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
        ),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Everything is loaded from files of this host: no script or style is inside a page."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not "no-referrer": a browser would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
PERSONAL = {"Cache-Control": "private, no-store"}
PUBLIC = {"Cache-Control": "public, max-age=15", "Vary": "Cookie"}
"""For a page without personal data, shown without log-in."""


@dataclass(frozen=True, slots=True)
class About:
    """The authority that runs the portal, for head and foot of every page."""

    authority: Label
    portal: Label
    manager: Label
    address: str
    telephone: str
    email: str
    by_paper: Label
    """How to declare on paper."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person who has logged in, for the head of every page. `csrf` goes into each form."""

    name: str
    number: str
    organisation: str
    """The tax code he acts for; empty where he acts for himself."""
    csrf: str
    roles: frozenset[Role] = frozenset()
    principals: tuple[str, ...] = ()
    """Numbers of the principals who have authorised this person."""
    acts_for: str = ""
    """The chosen principal; empty where the person acts for himself or with his organisation's account."""


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """An entry of the navigation: the key of its words, where it leads, and the right that one needs there."""

    words: str
    address: str
    right: Right


@dataclass(frozen=True, slots=True)
class Around:
    """The frame of every page. `here` is the page's own address without its language."""

    about: About
    language: Language
    here: str
    visitor: Visitor | None
    log_in: bool
    """Whether log-in is possible."""
    entries: tuple[NavigationEntry, ...] = ()
    """The navigation for this visitor."""
    cleaned: bool = False
    """Whether signs that nobody sees were taken out of what was sent from the page before."""

    def in_language(self, language: str) -> str:
        """The address of the same page in that language."""
        return f"{self.here}{'&' if '?' in self.here else '?'}{_CHOICE}={language}"


@dataclass(frozen=True, slots=True)
class Page:
    """The content of one page. Each kind of page is a subclass that names its template."""

    template: ClassVar[str]
    public: ClassVar[bool] = False
    """Whether it has no personal data, so that proxies may cache it for seconds."""
    is_fragment: ClassVar[bool] = False
    """Whether it is a part that a script puts into a page."""


Visiting = Callable[[Request], Visitor | None]


class Pages:
    """Renders pages. `visiting` gives the visitor; `layout` is the base template, `entries` its navigation."""

    def __init__(
        self,
        about: About,
        visiting: Visiting,
        *,
        log_in: bool,
        layout: str = "layout.html",
        entries: Sequence[NavigationEntry] = (),
    ) -> None:
        self.about, self._visiting, self._log_in, self._entries = about, visiting, log_in, tuple(entries)
        self._layout = layout

    def respond(
        self, request: Request, page: Page, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The page in the visitor's language; a language chosen now is kept in a cookie."""
        visitor = self._visiting(request)
        entries = tuple(each for each in self._entries if visitor and not TABLE[each.right].isdisjoint(visitor.roles))
        cleaned = CLEANED in request.query_params
        around = Around(self.about, language_of(request), _here(request), visitor, self._log_in, entries, cleaned)
        chosen = request.query_params.get(_CHOICE) in set(Language)
        kept = PUBLIC if page.public and around.visitor is None and not chosen else PERSONAL
        response = HTMLResponse(self.draw(page, around), status, {**HEADERS, **kept, **(headers or {})})
        if chosen:
            secure = request.url.scheme == "https"
            response.set_cookie(_CHOICE, around.language, _YEAR_S, httponly=True, samesite="lax", secure=secure)
        return response

    def draw(self, page: Page, around: Around) -> str:
        """The page as HTML."""
        template = _environment().get_template(page.template)
        return template.render(
            page=page,
            around=around,
            layout=self._layout,
            language=around.language,
            word=partial(word, around.language),
        )


def attachment(body: bytes, kind: str, name: str) -> Response:
    """A file for one person, which his browser keeps and does not show within our pages. `kind`: its media type."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=kind, headers={**PERSONAL, **named})


def given_out(body: bytes, kind: str, name: str) -> Response:
    """A file of a stranger: the browser keeps it, and would run nothing of it if it showed it all the same.

    The name in both spellings (RFC 6266): letters that are not plain stand in `filename*` alone.
    """
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {**PERSONAL, "Content-Disposition": named, "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(body, media_type=kind, headers={**headers, "X-Content-Type-Options": "nosniff"})


def language_of(request: Request) -> Language:
    """The language that the address names, else the one chosen before, else Vietnamese."""
    stated = (request.query_params.get(_CHOICE), request.cookies.get(_CHOICE))
    return next((Language(each) for each in stated if each in set(Language)), Language.VI)


def _here(request: Request) -> str:
    query = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != _CHOICE])
    path = "/" + request.url.path.lstrip("/")  # an address that begins with two slashes is of another site
    return path + (f"?{query}" if query else "")


@cache
def _environment() -> Environment:
    folders = [_HERE / "templates", *sorted(_HERE.glob("*/templates"))]
    made = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {name: getattr(moments, name) for name in ("iso", "iso_seconds")}
    made.filters |= {"hour_and_day": hour_and_day, "said": _said, "remaining": _remaining, "span": _span}
    made.globals |= {"asset": static.address}
    return made


def prepare() -> None:
    """Compile every template and read the words of both languages, which otherwise the first page of each kind does."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)
    for language in Language:
        words(language)


@pass_context
def _said(context: Context, label: Label) -> str:
    """A label in the reader's language."""
    return label.vi if context["language"] is Language.VI else label.en


@pass_context
def _span(context: Context, length: timedelta) -> str:
    """A length of time in the reader's language."""
    return moments.waited(length, context["language"])


@pass_context
def _remaining(context: Context, due: datetime, now: datetime) -> str:
    return moments.remaining(due, now, context["language"])
