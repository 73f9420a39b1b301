"""A shift of a border officer in Chromium: work list to confirmation, by keyboard alone, read aloud, on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapter.gateways.store import tables
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from tests.browser.conftest import assert_accessible, share, watching
from tests.browser.scenes import kept, visit
from tests.browser.staff_scenes import Shift, delegated, file_of, log_in_staff, shift
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider

PAGES = (
    *("/", "/can-bo", "/can-bo?luot=nguoi-khai", "/can-bo?luot=moi-nhat", "/can-bo?trang-thai=refused"),
    *("<group>", "<asked>", "<confirmed>", "<group>/refuse", "<asked>/withdraw_request", "<group>/request_amendment"),
    *("<amended>", "<amended>/approve", "<amended>/decline", "/khan-cap", "/khan-cap/mat-khau"),
    *("<group>/request_amendment?o=gate", "<group>/move", "<confirmed>/refuse", "/can-bo/xac-nhan", "/khong-co"),
)


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Shift]:
    folder = tmp_path_factory.mktemp("shift")
    with shift(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


@pytest.fixture(scope="module")
def hai(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of an officer who has logged in; a file."""
    file = tmp_path_factory.mktemp("hai") / "state.json"
    return kept(browser, file, lambda page: log_in_staff(page, components.url, "can-bo"))


@pytest.fixture
def page(browser: Browser, hai: str) -> Iterator[Page]:
    """A page in his browser. What the browser complains of fails the test."""
    with visit(browser, state=hai) as context, watching(context.new_page()) as watched:
        yield watched


def place(components: Shift, name: str) -> str:
    """The address that a name of PAGES stands for."""
    for said in ("group", "asked", "confirmed", "amended"):
        name = name.replace(f"<{said}>", file_of(getattr(components, said)))
    return name


@pytest.mark.parametrize("name", share(PAGES, "/can-bo"))
def test_a_page_has_no_serious_fault_of_accessibility(
    looker: Callable[[str], Page], components: Shift, hai: str, node_packages: Path, name: str
) -> None:
    assert_accessible(looker(hai), node_packages, lambda page: page.goto(components.url + place(components, name)))


@pytest.mark.parametrize(
    ("who", "first"), [("van-hanh", "/van-hanh"), ("quan-tri", "/quan-tri"), ("hai-quan", "/hai-quan")]
)
def test_the_first_page_of_each_other_console_has_none_either(
    browser: Browser, components: Shift, node_packages: Path, who: str, first: str
) -> None:
    """Their other pages stand in a long proof (tests/parts.py)."""
    with visit(browser) as context, watching(context.new_page()) as his:
        log_in_staff(his, components.url, who, first)
        assert_accessible(his, node_packages, lambda page: page.goto(components.url + first))


def test_the_page_of_delegations_has_no_serious_fault_of_accessibility(
    browser: Browser, components: Shift, node_packages: Path
) -> None:
    """With one that counts, one that was ended, and the form for another."""
    address = delegated(components)
    with visit(browser) as context, watching(context.new_page()) as minhs:
        log_in_staff(minhs, components.url, "don-truong", address)
        minhs.locator("main summary").first.click()
        assert_accessible(minhs, node_packages, lambda _: None)


def test_by_keyboard_alone_a_dossier_is_opened_and_confirmed(page: Page, components: Shift) -> None:
    """From the list by j and Enter to the dossier, by n to its next step, Enter, and back to the list by u."""
    page.goto(f"{components.url}/can-bo?thu-tuc=BQP0100002&trang-thai=accepted")
    before = page.locator("[data-rows] tbody tr").count()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hồ sơ")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.textContent") == "Xác nhận hoàn thành"
    page.keyboard.press("Enter")
    expect(page.locator("[data-done]")).to_contain_text("Đã ký xác nhận hoàn thành")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc của đơn vị")
    page.goto(f"{components.url}/can-bo?thu-tuc=BQP0100002&trang-thai=accepted")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(before - 1)


def test_a_key_in_a_field_is_a_letter_and_the_keys_can_be_switched_off(page: Page, components: Shift) -> None:
    page.goto(f"{components.url}{file_of(components.group)}/refuse")
    page.locator("#reason").fill("")
    page.locator("#reason").press_sequentially("juxn?")
    expect(page.locator("#reason")).to_have_value("juxn?")
    page.goto(f"{components.url}/can-bo")
    pressed = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '?', bubbles: true, isComposing: %s}))"
    page.evaluate(pressed % "true")
    expect(page.get_by_role("dialog")).to_be_hidden()  # a letter that is being put together is no key
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.locator("[data-keys-on]").uncheck()
    page.get_by_role("button", name="Đóng").click()
    page.keyboard.press("j")
    expect(page.locator("tr.here")).to_have_count(0)
    page.evaluate("localStorage.clear()")


def test_x_marks_rows_for_one_question(page: Page, components: Shift) -> None:
    page.goto(f"{components.url}/can-bo")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    marked = page.locator("[data-rows] input:checked").count()
    page.get_by_role("button", name="Xác nhận các hồ sơ đã chọn").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Xác nhận hoàn thành {marked} hồ sơ?")


def test_everything_works_without_scripts(browser: Browser, components: Shift, hai: str) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=hai)
    page = context.new_page()
    page.goto(f"{components.url}/can-bo")
    page.get_by_role("link", name=components.group.number).click()
    page.get_by_role("link", name="Yêu cầu sửa đổi, bổ sung (mẫu 13)").click()
    page.locator("input[name=o]").first.check()
    page.get_by_role("button", name="Tiếp tục").click()
    page.locator("textarea[name=reason]").fill("Nội dung khai báo chưa chính xác")
    page.locator("textarea[name$=wrong]").fill("Không khớp với giấy tờ")
    page.locator("textarea[name$=asked]").fill("Khai lại theo giấy tờ")
    page.get_by_role("button", name="Ký và gửi yêu cầu").click()
    expect(page.get_by_text("Đã lập yêu cầu sửa đổi, bổ sung.")).to_be_visible()
    page.get_by_role("link", name="Rút yêu cầu sửa đổi, bổ sung").click()
    page.locator("textarea[name=reason]").fill("Đã kiểm tra lại")
    page.get_by_role("button", name="Rút yêu cầu sửa đổi, bổ sung").click()
    expect(page.get_by_text("Đã rút yêu cầu sửa đổi, bổ sung.")).to_be_visible()
    context.close()


def test_a_shift_is_decided_on_pages_signed_by_the_part_that_decides_and_journalled(
    page: Page, components: Shift
) -> None:
    """The process that serves the pages opens no key, so each act crosses the socket."""
    asked, refused, other = components.fresh[1], *components.fresh[4:]
    page.goto(components.url + file_of(components.ship))
    press(page, "Tiếp nhận", "Đã tiếp nhận hồ sơ")
    page.locator("summary").filter(has_text="Thêm ghi chú").click()
    page.locator("[data-phrase=remarks]").first.click()
    press(page, "Xác nhận hoàn thành", "Đã ký xác nhận hoàn thành")
    page.goto(components.url + file_of(asked))
    page.get_by_role("link", name="Chuyển sang cửa khẩu khác").click()
    page.locator("#gate").select_option("MONGCAI")
    page.locator("[data-phrase=reason]").first.click()
    press(page, "Ký và gửi yêu cầu", "Đã lập yêu cầu sửa đổi, bổ sung")
    page.get_by_role("link", name="Rút yêu cầu sửa đổi, bổ sung").click()
    page.locator("[data-phrase=reason]").first.click()
    press(page, "Rút yêu cầu sửa đổi, bổ sung", "Đã rút yêu cầu sửa đổi, bổ sung")
    page.goto(components.url + file_of(refused))
    page.get_by_role("link", name="Từ chối hồ sơ").click()
    page.locator("#ground").fill("Điều 10 QĐ 15/2019/QĐ-TTg")
    page.locator("[data-phrase=reason]").first.click()
    press(page, "Từ chối hồ sơ", "Đã từ chối hồ sơ")
    page.goto(f"{components.url}/can-bo")
    for key in (asked, other):
        page.locator(f"input[value='{key.year}/{key.number}']").check()
    page.get_by_role("button", name="Xác nhận các hồ sơ đã chọn").click()
    page.get_by_role("button", name="Ký tất cả xác nhận").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã xác nhận 2 trong 2 hồ sơ")
    assert {
        key.number: done_by(components, "person:can-bo", key) for key in (components.ship, asked, refused, other)
    } == {
        components.ship.number: ["dossier.accept", "dossier.complete"],
        asked.number: ["dossier.request_amendment", "dossier.withdraw_request", "dossier.complete"],
        refused.number: ["dossier.refuse"],
        other.number: ["dossier.complete"],
    }
    assert {row.awaits_unit for row in components.site.rows(tables.outbox)} == {None}, "each was signed"


def done_by(components: Shift, actor: str, key: DossierKey) -> list[str]:
    """What somebody did with a dossier, in order."""
    (dossier,) = (
        row for row in components.site.rows(tables.dossier) if (row.number, row.year) == (key.number, key.year)
    )
    entries = [
        row for row in components.site.rows(tables.journal) if row.dossier_id == dossier.id and row.actor == actor
    ]
    return [row.event for row in sorted(entries, key=lambda row: int(row.ordinal))]


def press(page: Page, button: str, told: str) -> None:
    """Press it, and wait until its result is told."""
    page.get_by_role("button", name=button).click()
    expect(page.locator("[data-done]")).to_contain_text(told)


def test_a_phrase_is_put_into_its_field(page: Page, components: Shift) -> None:
    page.goto(f"{components.url}{file_of(components.group)}/refuse")
    page.locator("[data-phrase]").first.click()
    assert page.locator("#reason").input_value().startswith("Khai báo không đầy đủ")


def test_a_list_that_stays_open_announces_new_work_and_moves_no_row(page: Page, components: Shift) -> None:
    page.goto(f"{components.url}/can-bo")
    rows = page.locator("[data-rows] tbody th a")
    before = rows.all_inner_texts()
    expect(page.locator("[data-news]")).to_be_empty()
    message = declaration("NEWS101", reference="NEWS1", gate="HUUNGHI", function="01", sent="2026-03-02 07:14:58")
    components.site.components.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # so that it looks now
    expect(page.locator("[data-news] a")).to_be_visible()
    assert rows.all_inner_texts() == before


def test_a_dossier_is_printed_on_its_own(page: Page, components: Shift) -> None:
    page.goto(components.url + file_of(components.group))
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for hidden in ("nav.tools", "footer", ".who", ".acts-panel"):
        assert page.locator(hidden).first.is_hidden(), hidden


def test_what_persons_he_looked_at_stands_in_the_journal(page: Page, components: Shift) -> None:
    before = len([row for row in components.site.rows(tables.journal) if row.event == "dossier.personal_shown"])
    page.goto(components.url + file_of(components.confirmed))
    shown = [row for row in components.site.rows(tables.journal) if row.event == "dossier.personal_shown"]
    assert len(shown) == before + 1
    assert shown[-1].actor == "person:can-bo"
