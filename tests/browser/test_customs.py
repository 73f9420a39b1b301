"""Customs in Chromium: the one box by keyboard, read aloud, printed, on a telephone; administrator and auditor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapter.gateways.store import tables
from adapter.services.watch.mode import Sight
from tests.browser.conftest import assert_accessible, watching
from tests.browser.scenes import kept, visit
from tests.browser.staff_scenes import Shift, administrator_of_customs, log_in_staff, shift
from tests.harness.people import TESTER
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Shift]:
    folder = tmp_path_factory.mktemp("customs")
    with shift(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


RIGHTS = "/phan-quyen-tra-cuu/hai-quan"


def cookies(browser: Browser, components: Shift, folder: Path, who: str, at: str) -> str:
    return kept(browser, folder / f"{who}.json", lambda page: log_in_staff(page, components.url, who, at))


@pytest.fixture(scope="module")
def thang(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of a customs officer who has logged in; a file."""
    return cookies(browser, components, tmp_path_factory.mktemp("thang"), "hai-quan", "/hai-quan")


@pytest.fixture(scope="module")
def son(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Those of an auditor."""
    return cookies(browser, components, tmp_path_factory.mktemp("son"), "kiem-tra", "/nhat-ky-tra-cuu")


@pytest.fixture(scope="module")
def mai(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Those of an administrator of customs."""
    kept = str(tmp_path_factory.mktemp("mai") / "truong.json")
    with visit(browser) as context:
        administrator_of_customs(context, components)
        context.storage_state(path=kept)
    return kept


@pytest.fixture
def page(browser: Browser, thang: str) -> Iterator[Page]:
    with visit(browser, state=thang) as context, watching(context.new_page()) as watched:
        yield watched


def number(components: Shift) -> str:
    return f"{components.confirmed.number}/{components.confirmed.year}"


def dossier(components: Shift) -> str:
    return f"/hai-quan/ho-so/{components.confirmed.year}/{components.confirmed.number}"


def ask(page: Page, components: Shift, text: str) -> None:
    """By keyboard alone: into the box, and the first button."""
    page.goto(components.url + "/hai-quan")
    page.locator("#q").focus()
    page.keyboard.insert_text(text)
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_a_dossier_is_looked_up_by_its_number_with_the_keyboard_and_says_what_it_was_taken_for(
    page: Page, components: Shift
) -> None:
    ask(page, components, number(components))
    expect(page.get_by_role("status")).to_contain_text("mã số hồ sơ và năm")
    expect(page.locator("#result")).to_contain_text(number(components))
    expect(page.locator("main")).to_contain_text("yêu cầu nộp bản giấy")
    expect(page.locator("#persons")).to_be_visible()
    assert number(components) not in page.url, "nothing that was typed stands in the address"


def test_a_name_without_accents_finds_the_dossiers_and_the_journal_knows_it(
    page: Page, components: Shift, browser: Browser, son: str
) -> None:
    rows = [each.values for each in components.site.rows(tables.declaration_row) if each.values.get("fullName")]
    name = str(rows[0]["fullName"])
    ask(page, components, " ".join(reversed(name.split())).lower())
    expect(page.get_by_role("status")).to_contain_text("họ tên")
    expect(page.locator("main")).to_contain_text(name)
    with visit(browser, state=son) as context, watching(context.new_page()) as auditor:
        auditor.goto(components.url + "/nhat-ky-tra-cuu")
        auditor.get_by_label("Công chức").fill("hai-quan")
        auditor.get_by_role("button", name="Xem nhật ký").click()
        expect(auditor.get_by_role("row", name="person:hai-quan").first).to_contain_text("họ tên")


def test_a_look_up_is_printed_without_what_was_typed_and_warns_while_the_window_is_away(
    page: Page, components: Shift
) -> None:
    page.goto(components.url + dossier(components))
    expect(page.locator("#outage")).to_have_count(0)
    components.site.window(Sight.DOWN)
    try:
        page.reload()
        expect(page.locator("#outage")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#result")).to_be_visible()
        expect(page.locator("#persons")).to_be_visible()
        expect(page.locator("#outage")).to_be_visible()
        for hidden in page.locator(".no-print, nav.back").all():
            expect(hidden).to_be_hidden()
        page.emulate_media(media="screen")
        ask(page, components, number(components))
        page.emulate_media(media="print")
        expect(page.locator("#q")).to_be_hidden()
        expect(page.locator("#result")).to_be_visible()
    finally:
        components.site.components.window.end_override(actor=TESTER)


def test_the_decision_is_taken_home_as_a_page_to_print(page: Page, components: Shift) -> None:
    page.goto(components.url + dossier(components))
    with page.expect_download() as taken:
        page.get_by_role("link", name="PDF").click()
    assert taken.value.suggested_filename.endswith(".pdf")
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF-")


def test_what_is_unclear_is_asked_about(browser: Browser, components: Shift, thang: str) -> None:
    with visit(browser, state=thang) as context:
        page = context.new_page()
        ask(page, components, "AN")
        expect(page.get_by_role("alert")).to_contain_text("Chưa rõ đây là gì")


def test_an_officer_of_the_border_guard_has_no_box(browser: Browser, components: Shift, tmp_path: Path) -> None:
    state = cookies(browser, components, tmp_path, "can-bo", "/can-bo")
    with visit(browser, state=state) as context:
        there = context.new_page()
        answer = there.goto(components.url + "/hai-quan")
        assert answer is not None
        assert answer.status == 403


@pytest.mark.parametrize("name", ["/hai-quan", "<dossier>", "<looked>", "/nhat-ky-tra-cuu", RIGHTS])
def test_a_page_has_no_serious_fault_of_accessibility(
    looker: Callable[[str], Page], components: Shift, thang: str, son: str, mai: str, node_packages: Path, name: str
) -> None:
    def go(page: Page) -> None:
        if name == "<looked>":
            ask(page, components, number(components))
            page.locator("#result").wait_for()
        else:
            page.goto(components.url + name.replace("<dossier>", dossier(components)))

    who = {"/nhat-ky-tra-cuu": son, RIGHTS: mai}.get(name, thang)
    assert_accessible(looker(who), node_packages, go)
