"""One browser and one portal for all tests of pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.scenes import SCHEMES, WIDTHS, Portal, kept, launch, log_in, portal, visit
from tests.conftest import demand
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider

FULL = os.environ.get("NSW_PROVE") == "full"


def share(pages: Sequence[str], *kinds: str) -> Sequence[str]:
    """In `make test` one page of each kind that these are, in a long proof all."""
    assert set(kinds) <= set(pages)
    return pages if FULL else kinds


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    demand("chromium")
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def looker(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A page for who only looks, by the file of his cookies: each new one would cost as much as two checks of axe."""
    with ExitStack() as opened:
        yield cache(lambda state: opened.enter_context(visit(browser, state=state)).new_page())


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    with portal(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


@pytest.fixture(scope="module")
def an(browser: Browser, components: Portal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of An, who has logged in; a file."""
    return kept(browser, tmp_path_factory.mktemp("an") / "state.json", lambda page: log_in(page, components.url))


@pytest.fixture
def page(browser: Browser, an: str) -> Iterator[Page]:
    """A page in An's browser. What the browser complains of fails the test."""
    with visit(browser, state=an) as context, watching(context.new_page()) as watched:
        yield watched


def complaints(page: Page) -> list[str]:
    """What a page of ours breaks (a policy, a script, a missing file): what its console tells from now on.

    The identity provider, on `localhost`, is not ours.
    """
    told: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location["url"].startswith("http://localhost"):
            told.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


@contextmanager
def watching(page: Page) -> Iterator[Page]:
    """Nothing may be broken by the time that one leaves."""
    told = complaints(page)
    yield page
    assert told == []


def faults(page: Page, packages: Path) -> list[dict[str, Any]]:
    """What axe-core calls serious or critical on the page as it is; the policy of the page stays on."""
    page.evaluate((packages / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(found => found.violations)")
    return [each for each in found if each["impact"] in ("serious", "critical")]


def look_as(page: Page, width: int, scheme: str) -> None:
    """From now on in a window so wide, by who likes such colours."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


SMALL_PRINT = """[...document.querySelectorAll("input, select, textarea")]
    .filter(each => each.type !== "hidden" && parseFloat(getComputedStyle(each).fontSize) < 16)
    .map(each => each.name)"""
"""Fields of fewer than 16 px: a telephone of Apple's enlarges the whole page when one is touched."""


def assert_accessible(page: Page, packages: Path, go: Callable[[Page], object]) -> None:
    """Where `go` leads, on a telephone in light and on a screen in dark colours: axe-core finds no serious fault, and
    nothing is wider than the window, and no field makes a telephone enlarge the page."""
    for width, scheme in zip(WIDTHS, SCHEMES, strict=True):
        look_as(page, width, scheme)
        go(page)
        found = [(each["id"], [node["html"] for node in each["nodes"]]) for each in faults(page, packages)]
        assert found == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, scheme
        assert page.evaluate(SMALL_PRINT) == []
