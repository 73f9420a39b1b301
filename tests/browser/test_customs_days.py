"""A day of an officer, of an administrator and of an auditor of customs in Chromium.

Run by `make prove` alone (tests/parts.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.gateways.store import tables
from adapter.gateways.store.offices import CustomsOffice
from adapter.pipeline.mrz import check_digit
from adapter.services.access.people import Facts
from adapter.services.access.staff_sessions import StaffAccount
from tests.browser.conftest import watching
from tests.browser.scenes import ABOUT, visit
from tests.browser.staff_scenes import CONFIRMED, FRESH, PORT, SHIP, fill, log_in_staff
from tests.harness.fixtures import load_cases
from tests.harness.history import dossier_of
from tests.harness.people import TESTER
from tests.harness.staff import OFFICE, staffed
from tests.harness.stores import sqlite_store
from tests.harness.units import HUUNGHI, two_units
from tests.harness.website import Website
from tests.servers.identity import IdentityProvider

BELOW, SHIPS = "HQ-CANG", "BQP0100007"
BOX = "/hai-quan"
LEADER, PLATE, IMO = "E81234561", "29B-123.45", "9074729"
"""In the tour group of the fixtures; of its coach; of the ship."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    """A gate and a port; ships may be opened to officers of customs; an office has another one below it."""
    folder: Path = tmp_path_factory.mktemp("customs-days")
    units = two_units()
    units["units"][HUUNGHI]["gates"].append(PORT)
    changes = {**ABOUT, **units, "customs.procedures": [SHIPS]}
    with staffed(folder, sqlite_store(folder / "adapter.sqlite3"), provider, apart=True, **changes) as site:
        whole = site.components
        fill(whole)
        whole.offices.add(CustomsOffice(BELOW, "Hải quan cảng", OFFICE, (PORT,)), actor=TESTER)
        for code, role, office in (("truong", "customs_administrator", OFFICE), ("hq-cang", "customs_officer", BELOW)):
            whole.people.add(code, Facts(code.upper(), (role,), office=office, login=code), actor=TESTER)
        yield site


def enter(context: BrowserContext, site: Website, login: str) -> Page:
    """A page of somebody with a session, whatever he has logged in by."""
    secret = site.components.staff_sessions.admit(StaffAccount("https://id.invalid", login, login, None))
    # By https, else the prefix __Host- is refused here; a browser sends it to this machine without, too.
    here = f"https://{urlsplit(site.staff_url).netloc}"
    context.add_cookies([{"name": STAFF_COOKIE, "value": secret, "url": here, "secure": True}])
    return context.new_page()


def number(name: str) -> str:
    """The dossier of a fixture, as one types it."""
    return str(dossier_of(next(case.message for case in load_cases() if case.id == name)))


def look(page: Page, site: Website, text: str, taken: str) -> None:
    """Type it into the box; the page says what it took it for."""
    page.goto(site.staff_url + BOX)
    page.locator("#q").fill(text)
    page.get_by_role("button", name="Tra cứu").click()
    expect(page.get_by_role("status")).to_contain_text(f"Đã hiểu là {taken}")
    assert page.url == site.staff_url + BOX, "nothing that was typed stands in the address"


def zone() -> str:
    """The machine-readable zone of the group's leader, with O for 0 in the dates, as a worn passport is read."""
    birth, ends, optional = "850412", "320509", "<" * 14
    parts = [f"{each}{check_digit(each)}" for each in (LEADER, birth, ends, optional)]
    whole = "".join(parts)
    lower = f"{parts[0]}CHN{parts[1]}M{parts[2]}{parts[3]}{check_digit(whole)}"
    return "P<CHNLI<<WEI".ljust(44, "<") + "\n" + lower.replace(birth, "85O412").replace(ends, "32O5O9")


@pytest.mark.parametrize("width", [360, 1280])
def test_an_officer_s_day(browser: Browser, gate: Website, width: int) -> None:
    """One box for everything: a number, a scanned passport, a name, a plate; what is found is narrowed and kept."""
    with visit(browser, width=width) as context, watching(context.new_page()) as page:
        log_in_staff(page, gate.staff_url, "hai-quan", BOX)
        look(page, gate, number(CONFIRMED), "mã số hồ sơ và năm")
        expect(page.locator("#result")).to_contain_text(number(CONFIRMED))
        expect(page.locator("main")).to_contain_text("yêu cầu nộp bản giấy")
        with page.expect_download() as decision:
            page.get_by_role("link", name="PDF").click()
        assert Path(decision.value.path()).read_bytes().startswith(b"%PDF-")

        page.goto(gate.staff_url + BOX)
        if width > 360:
            expect(page.locator("#q")).to_be_focused()
        page.locator("#q").focus()
        page.keyboard.type(zone() + "\n")  # as a scanner does: its first line sends nothing yet
        expect(page.get_by_role("status")).to_contain_text("Đã hiểu là vùng đọc máy (MRZ)")
        expect(page.locator("main")).to_contain_text("Đã đọc chữ O thành số 0")
        expect(page.locator("main")).to_contain_text("LI WEI")

        look(page, gate, "wei li", "họ tên")
        expect(page.locator("main")).to_contain_text("LI WEI")

        look(page, gate, PLATE, "biển kiểm soát")
        rows = page.locator("tbody tr")
        found = rows.count()
        assert found > 1, "several dossiers name the coach"
        with page.expect_download() as table:
            page.get_by_role("button", name="CSV").click()
        lines = Path(table.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == 1 + found
        page.get_by_text("Thu hẹp").click()
        page.locator("#state").select_option("confirmation_signed")
        page.get_by_role("button", name="Tra cứu").click()
        expect(page.locator("#state")).to_have_value("confirmation_signed")
        expect(page.locator("#result")).to_contain_text(number(CONFIRMED))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        look(page, gate, f"IMO {IMO}", "tàu")
        expect(page.get_by_role("status")).to_contain_text("Không có hồ sơ nào"), "ships were not opened to him"
    kinds = {row.detail.get("kind") for row in gate.rows(tables.journal) if row.event == "lookup.dossiers"}
    assert kinds >= {"number", "paper", "name", "plate", "ship"}


def test_an_administrator_s_day(browser: Browser, gate: Website) -> None:
    """He opens ships to an officer of an office below his own, who finds one; he withdraws it, and it is not there."""
    with visit(browser) as his, visit(browser, width=360) as hers:
        administrator, officer = enter(his, gate, "truong"), enter(hers, gate, "hq-cang")
        with watching(administrator), watching(officer):
            look(officer, gate, f"IMO {IMO}", "tàu")
            expect(officer.get_by_role("status")).to_contain_text("Không có hồ sơ nào")
            administrator.goto(f"{gate.staff_url}/phan-quyen-tra-cuu")
            administrator.locator("#office").select_option(BELOW)
            administrator.get_by_role("button", name="Xem").first.click()
            administrator.get_by_role("link", name="HQ-CANG").click()
            ships = administrator.locator(f"tr:has(input[value={SHIPS}])")
            ships.get_by_role("button").click()
            expect(administrator.get_by_role("status")).to_contain_text("Đã cho tra cứu")
            look(officer, gate, f"IMO {IMO}", "tàu")
            expect(officer.locator("#result")).to_contain_text(number(SHIP))
            ships.get_by_role("button").click()
            expect(administrator.get_by_role("status")).to_contain_text("Đã thu lại")
            expect(administrator.get_by_role("heading", name="Đã cho và đã thu")).to_be_visible()
            look(officer, gate, f"IMO {IMO}", "tàu")
            expect(officer.get_by_role("status")).to_contain_text("Không có hồ sơ nào")
    said = [(row.event, row.actor) for row in gate.rows(tables.journal) if row.event.startswith("lookup.right")]
    assert said == [("lookup.right_give", "person:truong"), ("lookup.right_withdraw", "person:truong")]


def test_an_auditor_s_day(browser: Browser, gate: Website) -> None:
    """Who has looked up what, by officer, by the person looked up and by dossier; that he asked is kept too."""
    with visit(browser) as customs:
        officer = enter(customs, gate, "thang@haiquan.example")
        look(officer, gate, number(FRESH[0]), "mã số hồ sơ và năm")
    with visit(browser) as context, watching(context.new_page()) as page:
        log_in_staff(page, gate.staff_url, "kiem-tra", "/nhat-ky-tra-cuu")
        for field, text in (("officer", "hai-quan"), ("paper", LEADER), ("dossier", number(FRESH[0]))):
            page.goto(f"{gate.staff_url}/nhat-ky-tra-cuu")
            page.locator(f"#{field}").fill(text)
            page.get_by_role("button", name="Xem nhật ký").click()
            expect(page.locator("tbody")).to_contain_text(number(FRESH[0]))
            assert page.url.endswith("/nhat-ky-tra-cuu"), "whom he asks about stands in no address"
        page.goto(f"{gate.staff_url}/nhat-ky-tra-cuu")
        page.locator("#officer").fill("hq-khong-co")
        page.get_by_role("button", name="Xem nhật ký").click()
        expect(page.locator("tbody tr")).to_have_count(0)
    asked = [row for row in gate.rows(tables.journal) if row.event == "lookup.audit"]
    assert [row.actor for row in asked] == ["person:kiem-tra"] * 4
    assert LEADER not in str([row.detail for row in asked])
