"""Every page of the portal has its pictures in docs/portal, or a reason why not; and every picture is of a page."""

from __future__ import annotations

from functools import cache
from itertools import product
from unittest.mock import MagicMock

from fastapi.routing import iter_route_contexts

from adapter.entrypoints.web.app import create_portal
from tests.browser.pictures import LANGUAGES, PICTURES, WITHOUT
from tests.browser.scenes import WIDTHS
from tests.harness.pki import ROOT

KEPT = ROOT / "docs" / "portal"
TEMPLATES = ROOT / "adapter" / "entrypoints" / "web"


@cache
def pages() -> set[str]:
    """Routes that answer with a page: what is a file by its name, or for programs, is none."""
    found = set()
    for route in iter_route_contexts(create_portal(MagicMock()).routes):
        path = str(getattr(route, "path", ""))
        is_file = "." in path.rpartition("/")[2] or path.endswith("/tep/{digest}")
        is_of_programs = path.startswith(("/api/v1/", "/static/", "/healthz", "/readyz"))
        if "GET" in (getattr(route, "methods", None) or ()) and not is_file and not is_of_programs:
            found.add(path)
    return found


def test_every_page_of_the_portal_has_pictures_or_a_reason() -> None:
    shown = {route for route, _ in PICTURES.values()}
    assert len(pages()) > 25
    assert sorted(pages() - shown - WITHOUT.keys()) == []
    assert sorted(shown & WITHOUT.keys()) == []
    assert sorted(shown - pages()) == ["/khong-co"], "a page that is none is shown too"


def test_every_kind_of_page_has_pictures() -> None:
    """Those too that no address shows by itself: what two windows have changed, what a file holds."""
    parts = {"statement_parts.html", "form_parts.html", "parts.html", "layout.html", "staff.html"}
    files = [*(TEMPLATES / "portal" / "templates").glob("*.html"), *(TEMPLATES / "templates").glob("*.html")]
    assert {file.name for file in files} - parts == {template for _, template in PICTURES.values()}


def test_each_has_its_pictures_in_both_languages_and_widths() -> None:
    wanted = {f"{name}-{language}-{width}.jpg" for name, language, width in product(PICTURES, LANGUAGES, WIDTHS)}
    assert {file.name for file in KEPT.iterdir()} == wanted
