"""The guides of operators and administrators name every page of theirs, and nothing that is not on one."""

from __future__ import annotations

import re
from unittest.mock import MagicMock

import pytest
import yaml
from fastapi.routing import iter_route_contexts

from adapter.entrypoints.web.app import create_staff
from tests.harness.pki import ROOT

WORDS = ROOT / "adapter" / "entrypoints" / "web" / "words"
GUIDES = {
    "vi": ("docs/huong-dan-van-hanh.md", r"\*\*([^*]+)\*\*"),
    "en": ("docs/operations.md", r"(?<![*\w])\*([^*]+)\*(?![*\w])"),
}
"""By language the guide, and how it sets what stands on a page: bold, or slanted."""
SECTION = re.compile(r"### Pages of operators and administrators\n(.*?)\n### ", re.DOTALL)
"""Of the English guide, which is about more than pages."""
PAGES = ("operator.page.", "admin.tab.")
_HOLE = re.compile(r"\s*\{\w+\}")


def words_of(language: str) -> dict[str, str]:
    """The words of the pages by their keys, without what is filled in."""
    stated = yaml.safe_load((WORDS / f"{language}.yaml").read_text(encoding="utf-8"))
    return {key: _HOLE.sub("", text).strip() for key, text in stated.items()}


def guide(language: str) -> str:
    text = (ROOT / GUIDES[language][0]).read_text(encoding="utf-8")
    found = SECTION.search(text)
    return found.group(1) if found else text


@pytest.mark.parametrize("language", GUIDES)
def test_what_a_guide_names_stands_on_a_page(language: str) -> None:
    """A sentence that ends with a full stop begins a paragraph of the guide; everything else so set is on a page."""
    named = [each for each in re.findall(GUIDES[language][1], guide(language)) if not each.endswith(".")]
    assert len(named) > 8
    known = set(words_of(language).values())
    assert [each for each in named if each not in known] == []


@pytest.mark.parametrize("language", GUIDES)
def test_each_page_has_its_row_in_the_guide(language: str) -> None:
    rows = {row.split("|")[1].strip(" *") for row in guide(language).splitlines() if row.startswith("|")}
    pages = {text for key, text in words_of(language).items() if key.startswith(PAGES)}
    assert len(pages) > 15
    assert pages - rows == set()


@pytest.mark.parametrize("language", GUIDES)
def test_each_address_of_a_guide_is_served(language: str) -> None:
    served = {route.path for route in iter_route_contexts(create_staff(MagicMock()).routes)}
    stated = set(re.findall(r"`(/(?:van-hanh|quan-tri|can-bo)[^`]*)`", guide(language)))
    assert len(stated) > 1
    assert stated - served == set()
