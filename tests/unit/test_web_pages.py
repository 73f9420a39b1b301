"""Every page in both languages: it can be drawn, and holds nothing that the policy forbids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from lxml import html
from starlette.requests import Request

from adapter.entrypoints.web import faults, login, static
from adapter.entrypoints.web.api import reference
from adapter.entrypoints.web.moments import begin_of, end_of, iso, moment_of, remaining
from adapter.entrypoints.web.page import POLICY, About, Around, NavigationEntry, Page, Pages, Visitor
from adapter.entrypoints.web.portal import public
from adapter.entrypoints.web.staff import emergency, landing
from adapter.entrypoints.web.words import Language, words
from adapter.model.actor import Role
from adapter.model.dossier import ShownState
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM, hour_and_day
from adapter.services.access.rights import Right
from adapter.services.watch.mode import Mode
from adapter.services.watch.mode_notices import ModeNotice
from adapter.services.watch.situation import Disturbance, Offered, Post, Situation
from tests.harness.administration_samples import administration_samples
from tests.harness.customs_samples import customs_samples
from tests.harness.draft_samples import draft_samples
from tests.harness.officer_samples import officer_samples
from tests.harness.operator_samples import operator_samples
from tests.harness.own_samples import own_samples
from tests.harness.pki import ROOT
from tests.harness.shares import share

WEB = ROOT / "adapter" / "entrypoints" / "web"
TEMPLATES = sorted([*WEB.glob("**/templates/*.html"), *WEB.glob("**/templates/*.xml")])
AT = datetime(2026, 11, 30, 9, 12, tzinfo=VIETNAM)
HOSTILE = "<script>alert(1)</script>\"'&{{x}}"
"""What a text field of a declaration, a register or the configuration may hold."""
EVIL = Label(HOSTILE, HOSTILE)
ABOUT = About(EVIL, EVIL, EVIL, HOSTILE, "1900 9299", HOSTILE, EVIL)
VISITOR = Visitor(
    HOSTILE, "001085012345", "0100109106", "csrf-of-this-session",
    principals=("0100109106", HOSTILE), acts_for="0100109106",
)  # fmt: skip
INCIDENT = Disturbance(AT, AT + timedelta(hours=2), None, HOSTILE, HOSTILE)
OFFERED = tuple(Offered("P", EVIL, ("07", "08"), True, taken) for taken in (True, False, None))
POSTS = (Post(HOSTILE, (), ""), Post(HOSTILE, (EVIL, EVIL), "0205 385 1234"))

NOTICES = tuple(
    ModeNotice("0001/2026/TB", AT, "direct", EVIL, EVIL, announcement, AT, digest)
    for announcement, digest in ((None, None), (HOSTILE, "a" * 64))
)


def situation(mode: Mode, incident: Disturbance | None = None) -> Situation:
    return Situation(mode, AT, incident, OFFERED, POSTS, "https://window.invalid/", AT)


DOCUMENT = {
    "info": {"title": HOSTILE, "description": f"{HOSTILE}\n\n{HOSTILE}"},
    "paths": {
        f"/api/{HOSTILE}": {
            "post": {
                "summary": HOSTILE,
                "security": [{}],
                "parameters": [{"name": HOSTILE, "in": "query", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/xml": {}}},
                "responses": {"200": {"description": HOSTILE, "content": {"application/json": {"schema": {}}}}},
            },
            "get": {"responses": {}},
        }
    },
    "components": {
        "schemas": {
            "Shape": {
                "description": HOSTILE,
                "required": ["a"],
                "properties": {
                    "a": {"$ref": "#/components/schemas/Other", "description": HOSTILE},
                    "b": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"format": "date-time"}}]},
                },
            },
            "Empty": {},
        }
    },
}


SAMPLES: dict[type[Page], list[Page]] = {
    public.HomePage: [
        *(public.HomePage(situation(mode), provider_down=False) for mode in Mode),
        public.HomePage(situation(Mode.DIRECT, INCIDENT), provider_down=True),
        public.HomePage(situation(Mode.DIRECT, Disturbance(AT, None, None, None, None)), provider_down=False),
        public.HomePage(situation(Mode.DIRECT), provider_down=False, notices=NOTICES),
    ],
    public.FeedPage: [
        public.FeedPage("https://portal.invalid", AT, (INCIDENT, Disturbance(AT, None, AT, None, None))),
        public.FeedPage("", AT, ()),
        *(public.FeedPage(site, AT, (), NOTICES) for site in ("", "https://portal.invalid")),
    ],
    login.AccountKindPage: [login.AccountKindPage("/ho-so"), login.AccountKindPage("/ho-so?x=" + HOSTILE)],
    login.LoginPage: [
        *(login.LoginPage(what, "/ho-so") for what in login.OUTCOMES),
        login.LoginPage("refused", "/ho-so?x=" + HOSTILE),
        login.LoginPage("provider_down", "/", emergency="/khan-cap"),
    ],
    landing.StaffHomePage: [landing.StaffHomePage()],
    emergency.EmergencyPage: [
        emergency.EmergencyPage(why, HOSTILE, HOSTILE) for why in ("", "wrong", "locked", "unit")
    ],
    emergency.EmergencySecretPage: [
        emergency.EmergencySecretPage(since, fault, done=since is not None)
        for since in (None, AT)
        for fault in ("", "emergency.differ", "emergency.length")
    ],
    **own_samples(HOSTILE, AT),
    **officer_samples(HOSTILE, AT),
    **operator_samples(HOSTILE, AT),
    **administration_samples(HOSTILE, AT),
    **customs_samples(HOSTILE, AT),
    **draft_samples(HOSTILE, AT),
    reference.ApiPage: [reference.page_of(DOCUMENT)],
    faults.ErrorPage: [faults.error_page(status) for status in (400, 401, 403, 404, 405, 422, 429, 500, 502, 503)],
}
"""Each kind of page in each of its states; a kind that is new has no row, and a test says so."""


def _kinds(of: type[Page] = Page) -> Iterator[type[Page]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


EVERY = [
    pytest.param(page, language, visitor, id=f"{type(page).__name__}-{number}-{language}-{'in' if visitor else 'out'}")
    for pages in SAMPLES.values()
    for number, page in enumerate(pages)
    for language, visitor in share([*product(Language, (None, VISITOR))], 3)  # in Vietnamese logged out, in English in
]


def drawn(page: Page, language: Language, visitor: Visitor | None) -> str:
    pages = Pages(ABOUT, lambda request: visitor, log_in=True)
    return pages.draw(page, Around(ABOUT, language, "/ho-so?page=2", visitor, log_in=True))


def test_staff_see_the_entries_that_they_have_a_right_to() -> None:
    entries = (
        NavigationEntry("nav.dossiers", "/can-bo", Right.SEE_DOSSIERS),
        NavigationEntry("nav.declare", "/tra-cuu", Right.LOOK_UP),
    )
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})

    def links(*roles: Role) -> set[str]:
        visitor = replace(VISITOR, name="AN", roles=frozenset(roles)) if roles else None
        pages = Pages(ABOUT, lambda _: visitor, log_in=False, layout="staff.html", entries=entries)
        body = bytes(pages.respond(request, landing.StaffHomePage()).body).decode()
        return {each for each in html.document_fromstring(body).xpath("//nav//a/@href") if "lang=" not in each}

    assert links() == set()
    assert links(Role.OFFICER) == {"/", "/can-bo"}
    assert links(Role.CUSTOMS_OFFICER) == {"/", "/tra-cuu"}
    assert links(Role.OFFICER, Role.CUSTOMS_OFFICER) == {"/", "/can-bo", "/tra-cuu"}


def test_a_fault_on_the_staff_listener_has_its_layout_and_leads_to_no_page_of_the_portal() -> None:
    pages = Pages(ABOUT, lambda _: None, log_in=False, layout="staff.html")
    text = pages.draw(faults.error_page(404), Around(ABOUT, Language.VI, "/", None, log_in=False))
    links = set(html.document_fromstring(text).xpath("//a/@href"))
    assert not links & {"/ho-so", "/khai-bao", "/xac-minh", "/feed.atom"}
    assert words(Language.VI)["staff.site"] in text


def test_every_kind_of_page_is_drawn_here() -> None:
    # By name: a dataclass with slots is made anew from the class that was written.
    assert {kind.__name__ for kind in _kinds()} == {kind.__name__ for kind in SAMPLES}


def test_every_template_is_a_pages_or_a_part_of_one() -> None:
    named = {kind.template for kind in SAMPLES} | set(re.findall(r'(?:extends|from|include) "([^"]+)"', _sources()))
    assert {file.name for file in TEMPLATES} == named


@pytest.mark.parametrize(("page", "language", "visitor"), EVERY)
def test_a_page_needs_nothing_that_the_policy_forbids(page: Page, language: Language, visitor: Visitor | None) -> None:
    text = drawn(page, language, visitor)
    assert "<script>alert" not in text, "a stored script"
    if page.template.endswith(".xml"):
        html.fromstring(text.encode())
        return
    document = html.document_fromstring(text)
    if page.is_fragment:
        assert document.xpath("//script | //style | //@style") == []
        return
    assert document.get("lang") == language
    assert document.xpath("//@style | //style | //script[not(@src)] | //@*[starts-with(name(), 'on')]") == []
    assert [each for each in document.xpath("//@src | //link/@href") if not each.startswith("/")] == []
    assert len(document.xpath("//h1")) == 1
    assert document.findtext(".//title").strip(" –")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_says_that_a_text_is_safe(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert re.search(r"\|\s*safe|autoescape|style\s*=|<style|<script(?![^>]*src=)|\son\w+=", text) is None


def test_the_policy_allows_nothing_in_a_page_itself() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


@cache
def _documents(area: str = "") -> list[html.HtmlElement]:
    """Every sample of the pages below `area`, in Vietnamese, as somebody sees it who has logged in. No test changes
    them."""
    kinds = (pages for kind, pages in SAMPLES.items() if area in kind.__module__)
    pages = [page for each in kinds for page in each if page.template.endswith(".html")]
    return [html.document_fromstring(drawn(page, Language.VI, VISITOR)) for page in pages]


def test_a_form_sends_the_token_of_its_session() -> None:
    for document in _documents():
        for form in document.xpath("//form[@method='post']"):
            assert form.xpath(".//input[@name='csrf']/@value") == [VISITOR.csrf], form.get("action")


TYPED = ("text", "email", "search", "tel", "number", "date", "time", "month", "week", "datetime-local")


def _typed_into(document: html.HtmlElement) -> list[html.HtmlElement]:
    return [each for each in document.xpath("//input | //textarea") if each.get("type", "text") in TYPED]


def test_a_day_is_typed_as_text() -> None:
    """`type=date` shows the order of the browser's language: 3/2 for 2/3. A number has leading zeros."""
    asked = [each for document in _documents() for each in _typed_into(document)]
    assert len(asked) > 50
    assert {each.get("type", "text") for each in asked} == {"text", "email"}


OWN = {"address": "email", "code": "one-time-code"}
"""What a browser may fill in by itself: what is always of the person who sits before it."""


def test_no_browser_fills_the_declarant_in_for_a_traveller() -> None:
    asked = [each for document in _documents(".portal.") for each in _typed_into(document)]
    assert len(asked) > 15
    assert {(each.get("name"), each.get("autocomplete")) for each in asked} == {
        (each.get("name"), OWN.get(each.get("name"), "off")) for each in asked
    }


def test_choices_are_searched_by_our_own_script_and_never_by_a_datalist() -> None:
    """A datalist finds no `Đan Mạch` by `dan`; on a telephone the system's own list of a select is better."""
    assert [document for document in _documents() if document.xpath("//datalist | //input[@list]")] == []
    script = (WEB / "static" / "form.js").read_text(encoding="utf-8")
    assert 'if (matchMedia("(pointer: fine)").matches)' in script


@pytest.mark.parametrize("file", sorted((WEB / "static").glob("*.js")), ids=lambda file: file.name)
def test_a_script_writes_no_style_and_no_source(file: Path) -> None:
    """The policy would stop it, and what it is for would be missing."""
    text = file.read_text(encoding="utf-8")
    assert re.search(r"\.style\b|cssText|insertRule|createElement\(.(style|script)|\beval\(|new Function", text) is None


def test_both_languages_have_the_same_words_with_the_same_placeholders() -> None:
    vietnamese, english = words(Language.VI), words(Language.EN)
    assert list(vietnamese) == list(english)
    assert {key for key in vietnamese if _placeholders(vietnamese[key]) != _placeholders(english[key])} == set()


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _sources() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in [*TEMPLATES, *sorted(WEB.rglob("*.py"))])


def test_every_word_is_used() -> None:
    """By its key, or by the beginning of it where the rest is a state."""
    source = _sources()
    whole = set(re.findall(r"""["']([a-z_]+(?:\.[a-z0-9_]+)*)["']""", source))
    begun = set(re.findall(r"""["']([a-z_.]+\.)["'] ~""", source)) | set(re.findall(r'f"([a-z_.]+\.)\{', source))
    unused = [key for key in words(Language.VI) if key not in whole and not key.startswith(tuple(begun))]
    assert unused == []


def test_a_time_is_vietnams_and_has_no_seconds() -> None:
    utc = datetime.fromisoformat("2026-11-30T02:12:59+00:00")
    assert (iso(utc), hour_and_day(utc)) == ("2026-11-30T09:12+07:00", "09:12, 30/11/2026")


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (42, "còn 42 phút"),
        (70, "còn 1 giờ 10 phút"),
        (26 * 60, "còn 1 ngày 2 giờ"),
        (60, "còn 1 giờ"),
        (24 * 60 + 59, "còn 1 ngày"),
        (-5, "quá hạn 5 phút"),
        (0, "còn 0 phút"),
    ],
)
def test_a_time_limit_is_told_in_minutes(minutes: int, told: str) -> None:
    assert remaining(AT + timedelta(minutes=minutes), AT, Language.VI) == told


@pytest.mark.parametrize(
    ("query", "cookie", "language"),
    [("", "", "vi"), ("lang=en", "", "en"), ("", "lang=en", "en"), ("lang=vi", "lang=en", "vi"), ("lang=xx", "", "vi")],
)
def test_a_reader_chooses_his_language_and_keeps_the_page(query: str, cookie: str, language: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/ho-so", "query_string": f"page=2&{query}".encode()}
    scope |= {"headers": [(b"cookie", cookie.encode())], "scheme": "https", "server": ("portal.invalid", 443)}
    response = Pages(ABOUT, lambda request: None, log_in=True).respond(Request(scope), faults.error_page(404), 404)
    document = html.document_fromstring(bytes(response.body))
    assert document.get("lang") == language
    assert document.xpath("//a[@hreflang]/@href") == ["/ho-so?page=2&lang=vi", "/ho-so?page=2&lang=en"]
    kept = response.headers.get("set-cookie", "")
    assert ("Secure" in kept and "HttpOnly" in kept) is query.startswith(("lang=en", "lang=vi"))


def test_fonts_have_their_licences_beside_them() -> None:
    names = {file.name for file in (WEB / "static").iterdir()}
    for font in ("be-vietnam-pro", "source-sans-3"):
        assert f"{font}-LICENSE.txt" in names


def test_every_file_that_the_style_names_is_there() -> None:
    named = re.findall(r"url\(([^)]+)\)", (WEB / "static" / "app.css").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not static.address(name)] == []


def test_a_page_that_takes_keys_tells_them() -> None:
    taking = [each for each in WEB.rglob("*.html") if each.name != "keys.html"]
    texts = {each.name: each.read_text(encoding="utf-8") for each in taking}
    assert [name for name, text in texts.items() if "console.js" in text and '"keys.html"' not in text] == []


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("30/11/2026 09:12", "2026-11-30T09:12+07:00"),
        (" 30.11.2026,\u00a09h12 ", "2026-11-30T09:12+07:00"),
        ("09:12, 30/11/2026", "2026-11-30T09:12+07:00"),
        ("2026-11-30T09:12", "2026-11-30T09:12+07:00"),
        ("11/30/2026 09:12", None),
        ("30/11/2026 24:00", None),
        ("30/11/0026 09:12", None),
        ("hôm qua", None),
        ("", None),
    ],
)
def test_staff_type_times_as_declarants_do(typed: str, at: str | None) -> None:
    moment = moment_of(typed)
    assert (iso(moment) if moment else None) == at
    assert (begin_of(typed), end_of(typed)) == (moment, moment)


def test_a_day_alone_is_all_of_it() -> None:
    assert moment_of("30/11/2026") is None
    begin, end = begin_of("30/11/2026"), end_of("30/11/2026")
    assert begin is not None
    assert end is not None
    assert (iso(begin), iso(end)) == ("2026-11-30T00:00+07:00", "2026-12-01T00:00+07:00")


@pytest.mark.parametrize("language", Language)
def test_each_state_that_one_looks_for_has_a_word_of_its_own(language: Language) -> None:
    known = [words(language)[f"state.{each}"] for each in ShownState]
    assert len(set(known)) == len(known)
