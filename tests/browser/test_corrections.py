"""In Chromium: he answers the border guard, goes back, works in two windows, and presses before the portal is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from adapter.services.watch.mode import Sight
from tests.browser.conftest import faults, look_as
from tests.browser.scenes import SCHEMES, WIDTHS, Portal, visit


def answering(page: Page, components: Portal) -> str:
    """The address of his answer, begun from the dossier's page once he has opened the request."""
    page.goto(components.url + components.page_of(components.asked))
    while page.get_by_role("button", name="Mở và nhận trả lời").count():
        page.get_by_role("button", name="Mở và nhận trả lời").first.click()
        page.goto(components.url + components.page_of(components.asked))
    page.locator("#asked").locator("..").get_by_role("button").click()
    page.wait_for_url("**/khai-bao/*")
    return page.url


def replacing(page: Page, components: Portal, key: DossierKey) -> str:
    page.goto(components.url + components.page_of(key))
    page.get_by_role("button", name="Thay thế bản khai").click()
    page.wait_for_url("**/khai-bao/*")
    return page.url


def test_on_a_telephone_he_answers_a_request_and_back_shows_what_became_of_it(
    browser: Browser, components: Portal, an: str
) -> None:
    with visit(browser, width=360, state=an) as context:
        page = context.new_page()
        draft = answering(page, components)
        page.goto(components.url + components.page_of(components.asked))
        asked = page.locator("section", has=page.locator("#asked"))
        expect(asked).to_contain_text("còn ")
        expect(asked).to_contain_text("C1234567")
        asked.get_by_role("button", name="Tiếp tục trả lời").click()
        assert page.url == draft, "it is one draft"
        page.get_by_role("link", name="Lý do sửa đổi, bổ sung").click()
        page.get_by_label("Lý do sửa đổi, bổ sung").fill("Gõ nhầm số hộ chiếu")
        page.get_by_role("button", name="Lưu, khai tiếp sau").click()
        page.goto(f"{draft}/muc/Citizen")
        page.locator("#documentNumber").fill("C7654321")
        page.get_by_role("button", name="Lưu, khai tiếp sau").click()
        page.get_by_role("link", name="Kiểm tra và gửi").click()
        expect(page.locator("section", has=page.locator("#changes"))).to_contain_text("C7654321")
        page.get_by_role("button", name="Gửi bản sửa đổi, bổ sung").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Đã tiếp nhận bản khai")
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Đã tiếp nhận bản khai")
    assert len(components.site.rows(tables.amendment)) == 1


def test_two_windows_that_replace_the_same_dossier_see_both_values(page: Page, components: Portal) -> None:
    other = page.context.new_page()
    for each in (page, other):
        address = replacing(each, components, components.fresh)
        each.goto(f"{address}/muc/Citizen")
    page.locator("#documentNumber").fill("C1111111")
    page.get_by_role("button", name="Lưu, khai tiếp sau").click()
    page.wait_for_url("**/khai-bao/*")
    other.locator("#documentNumber").fill("C2222222")
    other.get_by_role("button", name="Lưu, khai tiếp sau").click()
    expect(other.get_by_role("cell", name="C1111111")).to_be_visible()
    expect(other.get_by_role("cell", name="C2222222")).to_be_visible()


def test_a_press_before_the_portal_is_open_waits_and_is_taken_back(page: Page, components: Portal) -> None:
    address = replacing(page, components, components.fresh)
    components.site.suspect()
    try:
        page.goto(f"{address}/kiem-tra")
        page.get_by_role("button", name="Gửi ngay khi cổng mở").dblclick()
        expect(page.get_by_role("heading", level=1)).to_have_text("Chờ gửi khi cổng mở")
        page.goto(f"{components.url}/khai-bao")
        expect(page.get_by_text("Chờ gửi từ")).to_be_visible()
        page.goto(f"{address}/muc/Citizen")
        page.get_by_role("button", name="Rút lại, chưa gửi").click()
        page.wait_for_url(address)
        page.goto(f"{address}/kiem-tra")
        page.get_by_role("button", name="Gửi ngay khi cổng mở").click()
        before = len(components.site.rows(tables.inbox))
        components.site.window(Sight.DOWN)
        components.site.components.presses.send_due()
        assert len(components.site.rows(tables.inbox)) == before + 1
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Đã tiếp nhận bản khai")
    finally:
        components.site.window(Sight.DOWN)


@pytest.mark.parametrize("name", ["dossier", "tasks", "check", "waiting"])
def test_these_pages_have_no_serious_fault_and_nothing_outside_a_landmark(
    looker: Callable[[str], Page], components: Portal, an: str, node_packages: Path, name: str
) -> None:
    page = looker(an)
    for width, scheme in zip(WIDTHS, SCHEMES, strict=True):
        look_as(page, width, scheme)
        address = replacing(page, components, components.fresh)
        shown = {"dossier": components.url + components.page_of(components.fresh), "tasks": address}
        page.goto(shown.get(name, f"{address}/kiem-tra"))
        if name == "waiting":
            components.site.suspect()
            page.reload()
            page.get_by_role("button", name="Gửi ngay khi cổng mở").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Chờ gửi khi cổng mở")
        found = faults(page, node_packages)
        regions = page.evaluate("axe.run({runOnly: ['region']}).then(found => found.violations.length)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if name == "waiting":
            page.get_by_role("button", name="Rút lại, chưa gửi").click()
            components.site.window(Sight.DOWN)
        assert ([each["id"] for each in found], regions) == ([], 0), (width, scheme)
