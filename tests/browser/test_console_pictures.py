"""Every page of staff has its pictures in docs/consoles, or a reason why not; and every picture is of a page."""

from __future__ import annotations

from functools import cache
from itertools import product
from unittest.mock import MagicMock

from fastapi.routing import iter_route_contexts

from adapter.entrypoints.web.app import create_staff
from tests.browser.consoles import LANGUAGES, PICTURES, WITHOUT
from tests.browser.scenes import WIDTHS
from tests.harness.pki import ROOT

KEPT = ROOT / "docs" / "consoles"


@cache
def pages() -> set[str]:
    """Routes that answer with a page: what is a file by its name, or for programs, is none."""
    found = set()
    for route in iter_route_contexts(create_staff(MagicMock()).routes):
        path = str(getattr(route, "path", ""))
        is_file = "." in path.rpartition("/")[2] or path.endswith(("/{digest}", "/tep/{name}"))
        is_of_programs = path.startswith(("/api/v1/", "/static/", "/healthz", "/readyz"))
        if "GET" in (getattr(route, "methods", None) or ()) and not is_file and not is_of_programs:
            found.add(path)
    return found


def test_every_page_of_staff_has_pictures_or_a_reason() -> None:
    shown = set(PICTURES.values())
    assert len(pages()) > 40
    assert sorted(pages() - shown - WITHOUT.keys()) == []
    assert sorted(shown & WITHOUT.keys()) == []
    assert sorted((shown | WITHOUT.keys()) - pages()) == []


def test_each_has_its_pictures_in_both_languages_and_widths() -> None:
    wanted = {f"{name}-{language}-{width}.jpg" for name, language, width in product(PICTURES, LANGUAGES, WIDTHS)}
    assert {file.name for file in KEPT.iterdir()} == wanted
