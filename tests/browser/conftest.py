"""One browser and one portal for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.scenes import Portal, launch, log_in, portal, visit
from tests.conftest import demand
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider, identity_provider


@pytest.fixture(scope="module")
def provider(server_folder: Path, node_packages: Path) -> Iterator[IdentityProvider]:
    with identity_provider(server_folder / "browser-identity") as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    demand("chromium")
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    with portal(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


@pytest.fixture(scope="module")
def an(browser: Browser, house: Portal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of An, who has logged in; a file."""
    kept = str(tmp_path_factory.mktemp("an") / "state.json")
    with visit(browser) as context:
        log_in(context.new_page(), house.url)
        context.storage_state(path=kept)
    return kept


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
