"""An operator's pages in Chromium: no serious fault by axe-core, nothing wider than a telephone; a night's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.administration_scenes import desk
from tests.browser.conftest import assert_accessible, watching
from tests.browser.operator_scenes import night
from tests.browser.scenes import kept, visit
from tests.browser.staff_scenes import Shift, log_in_staff, shift
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider

NAMES = (
    *("van-hanh", "thong-diep", "mot-thong-diep", "tra-loi", "cach-ly", "su-co", "bao-cao"),
    *("so-lieu", "hang-doi", "tien-trinh", "chung-thu"),
)


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Shift]:
    folder = tmp_path_factory.mktemp("night")
    with shift(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


@pytest.fixture(scope="module")
def places(components: Shift) -> Mapping[str, str]:
    return night(components)


@pytest.fixture(scope="module")
def lan(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of an operator who has logged in; a file."""
    file = tmp_path_factory.mktemp("lan") / "state.json"
    return kept(browser, file, lambda page: log_in_staff(page, components.url, "van-hanh", "/van-hanh"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_serious_fault_of_accessibility(
    looker: Callable[[str], Page],
    components: Shift,
    places: Mapping[str, str],
    lan: str,
    node_packages: Path,
    name: str,
) -> None:
    assert_accessible(looker(lan), node_packages, lambda page: page.goto(components.url + places[name]))


@pytest.fixture(scope="module")
def desks(components: Shift) -> Mapping[str, str]:
    return desk(components)


@pytest.fixture(scope="module")
def mai(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of an administrator who has logged in; a file."""
    file = tmp_path_factory.mktemp("mai") / "state.json"
    return kept(browser, file, lambda page: log_in_staff(page, components.url, "quan-tri", "/quan-tri"))


@pytest.mark.parametrize("name", ["quan-tri", "de-nghi", "de-nghi-danh-muc", "them-nguoi", "mot-nguoi", "tin-cay"])
def test_a_page_of_administrators_has_no_serious_fault_of_accessibility(
    looker: Callable[[str], Page], components: Shift, desks: Mapping[str, str], mai: str, node_packages: Path, name: str
) -> None:
    assert_accessible(looker(mai), node_packages, lambda page: page.goto(components.url + desks[name]))


def test_one_administrator_logs_in_again_and_confirms_what_another_has_proposed(
    browser: Browser, components: Shift, desks: Mapping[str, str], mai: str
) -> None:
    """The browser's own rules for redirects and cookies hold."""
    with visit(browser, state=mai) as context, watching(context.new_page()) as page:
        page.goto(components.url + desks["de-nghi"])
        expect(page.locator("tr.changed")).to_have_count(2)
        page.get_by_role("link", name="Đăng nhập lại").click()
        page.locator("button[value=quan-tri]").click()
        page.get_by_role("button", name="Xác nhận và thực hiện").click()
        expect(page.get_by_role("heading", name="Đã xác nhận và thực hiện")).to_be_visible()
        page.goto(f"{components.url}/quan-tri/nguoi/can-bo")
        expect(page.locator("tbody tr").first).to_contain_text("đồn trưởng")


def test_from_the_alert_to_the_message_that_was_rejected_and_its_line(
    browser: Browser, components: Shift, places: Mapping[str, str], lan: str
) -> None:
    del places
    with visit(browser, state=lan) as context, watching(context.new_page()) as page:
        page.goto(f"{components.url}/van-hanh")
        expect(page.get_by_text("Cổng một cửa gặp sự cố hoặc mất kết nối")).to_be_visible()
        page.get_by_role("link", name="Thông điệp", exact=True).click()
        page.get_by_label("Kết quả").select_option("rejected")
        page.get_by_role("button", name="Lọc").click()
        page.locator("tbody a").first.click()
        expect(page.locator(".x-masked").first).to_be_visible()
        expect(page.locator(".xml .found").first).to_be_visible()
        page.get_by_text("Xem dữ liệu cá nhân").click()
        page.get_by_label("Lý do").fill("Cổng hỏi")
        page.get_by_role("button", name="Hiện và ghi nhật ký").click()
        expect(page.locator(".x-masked")).to_have_count(0)
