"""The portal in Chromium: from log-in to the opened confirmation, by keyboard, read aloud, on a telephone, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from adapter.gateways.store import sessions, tables
from tests.browser.conftest import assert_accessible, complaints, faults, share, watching
from tests.browser.scenes import AN, Portal, log_in, visit
from tests.harness.people import TESTER
from tests.servers.identity import PEOPLE

PAGES = (
    "/",
    "/ho-so",
    "<asked>",
    "<answer>",
    "/khong-co",
    "/xac-minh?so=XN1&ma=0",
    "/logged-out",
    "/hop-thu",
    "/hop-thu/thu-dien-tu",
    "/khai-bao",
    "/khai-bao/tep",
    "/uy-quyen",
    "/chung-thu-so",
    "/tep-ky-so",
    "/api/docs",
)


def place(components: Portal, name: str) -> str:
    """The address that a name of PAGES stands for."""
    if name == "<asked>":
        return components.page_of(components.asked)
    if name == "<answer>":
        opened = [row for row in components.site.rows(tables.outbox) if row.delivered_at is not None]
        keys = {row.id: (row.year, row.number) for row in components.site.rows(tables.dossier)}
        year, number = keys[opened[0].dossier_id]
        return f"/ho-so/{year}/{number}/tra-loi/{opened[0].digest}"
    return name


def delivered(components: Portal, kind: str = "Completion") -> list[object]:
    return [row.delivered_at for row in components.site.rows(tables.outbox) if row.kind == kind and row.copy_of is None]


def test_from_log_in_to_the_opened_confirmation(browser: Browser, components: Portal) -> None:
    with visit(browser, width=360) as context, watching(context.new_page()) as page:
        log_in(page, components.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("Hồ sơ của tôi")
        page.get_by_role("link", name=components.confirmed.number).click()
        heading = page.get_by_role("heading", name="Có trả lời: Xác nhận hoàn thành")
        expect(heading).to_be_visible()
        assert delivered(components) == [None], "looking is no receipt"
        page.locator("section", has=heading).get_by_role("button", name="Mở và nhận trả lời").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Xác nhận hoàn thành khai báo")
        expect(page.get_by_text("không phải cho phép qua cửa khẩu")).to_be_visible()
        assert delivered(components) != [None]
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading", name="Đã xác nhận hoàn thành")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Xác nhận hoàn thành").click()
            page.get_by_role("link", name="Tải tệp XML đã ký").click()
        body = Path(download.value.path()).read_bytes()
        assert body in [bytes(row.body) for row in components.site.rows(tables.outbox)]


def test_a_session_cookie_of_another_site_does_not_come_back_with_a_form(
    browser: Browser, components: Portal, an: str
) -> None:
    """`localhost` is another site than 127.0.0.1: its form may be sent, but nothing comes of it."""
    before = len(components.site.rows(tables.session))
    with visit(browser, state=an) as context:
        page = context.new_page()
        page.route(
            "http://localhost:9/",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f'<form method="post" action="{components.url}/logout"><button>x</button></form>',
            ),
        )
        page.goto("http://localhost:9/")
        page.get_by_role("button").click()
        expect(page.locator("h1")).to_be_visible()
    assert len(components.site.rows(tables.session)) == before


@pytest.mark.parametrize("name", share(PAGES, "/ho-so"))
def test_a_page_has_no_serious_fault_and_is_no_wider_than_a_telephone(
    looker: Callable[[str], Page], components: Portal, an: str, node_packages: Path, name: str
) -> None:
    assert_accessible(looker(an), node_packages, lambda page: page.goto(components.url + place(components, name)))


def test_the_checker_notices_a_fault(browser: Browser, components: Portal, node_packages: Path) -> None:
    with visit(browser) as context:
        page = context.new_page()
        page.goto(components.url)
        page.evaluate("document.documentElement.removeAttribute('lang')")
        assert "html-has-lang" in [each["id"] for each in faults(page, node_packages)]


def test_the_console_tells_of_a_broken_policy(browser: Browser, components: Portal) -> None:
    with visit(browser) as context:
        page = context.new_page()
        told = complaints(page)
        page.goto(components.url)
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
        page.wait_for_timeout(100)
        assert any("Content Security Policy" in each for each in told)


def test_by_keyboard_alone_one_comes_to_the_content_and_opens_an_answer(page: Page, components: Portal) -> None:
    page.goto(components.url + components.page_of(components.fresh))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Đến nội dung chính"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Mở và nhận trả lời":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tiếp nhận hồ sơ")


def test_a_time_is_vietnams_wherever_the_browser_is(page: Page, components: Portal) -> None:
    page.goto(components.url + components.page_of(components.fresh))
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "America/New_York"
    stated = {each.get_attribute("datetime") or "": each.inner_text() for each in page.locator("time").all()}
    assert [at for at in stated if not at.endswith("+07:00")] == []
    said = {at: text for at, text in stated.items() if "/" in text}
    assert said
    for at, text in said.items():
        assert datetime.fromisoformat(at).strftime("%H:%M, %d/%m/%Y") in text


def test_a_page_works_without_scripts_and_without_fonts(browser: Browser, components: Portal, an: str) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=an)
    page = context.new_page()
    page.route("**/*.woff2", lambda route: route.abort())
    page.goto(f"{components.url}/ho-so")
    expect(page.get_by_role("link", name=components.asked.number)).to_be_visible()
    context.close()


def test_a_confirmation_is_printed_on_its_own(page: Page, components: Portal) -> None:
    page.goto(components.url + place(components, "<answer>"))
    page.emulate_media(media="print")
    expect(page.get_by_role("article")).to_be_visible()
    for hidden in ("nav.tools", "footer", ".who", "a.act"):
        assert page.locator(hidden).first.is_hidden(), hidden


def test_the_language_is_kept_from_page_to_page(browser: Browser, components: Portal, an: str) -> None:
    with visit(browser, state=an) as context:
        page = context.new_page()
        page.goto(components.url + components.page_of(components.asked))
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Dossier {components.asked.number}")
        page.get_by_role("link", name="My dossiers").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("My dossiers")
        assert page.locator("html").get_attribute("lang") == "en"


def come_to(page: Page, what: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"nobody comes to {what} by Tab")


def telex(page: Page, steps: list[str]) -> None:
    """Put letters together as an input method does, the last step being what is meant."""
    method = page.context.new_cdp_session(page)
    for each in steps:
        at = {"selectionStart": len(each), "selectionEnd": len(each)}
        method.send("Input.imeSetComposition", {"text": each, **at})
    method.send("Input.insertText", {"text": steps[-1]})


def test_by_keyboard_alone_and_in_telex_a_declaration_is_begun_and_filled_in(page: Page, components: Portal) -> None:
    page.goto(f"{components.url}/khai-bao/moi?procedure=BQP0100002")
    every = page.locator("#gate option").count()
    come_to(page, "input.search")
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "zz", "selectionStart": 2, "selectionEnd": 2})
    assert page.locator("#gate option").count() == every, "what is being put together is no word yet"
    telex(page, ["Hu", "Hư", "Hữu", "Hữu nghi", "Hữu nghị"])
    assert page.locator("#gate").input_value() == "HUUNGHI"
    come_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/khai-bao/*-*")
    come_to(page, "a[href$='/muc/chung']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/muc/chung")
    come_to(page, "#purpose")
    telex(page, ["Tha", "Thă", "Thăm", "Thăm thân"])
    come_to(page, "button[value=later]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/khai-bao/*-*")
    (draft, *_) = components.site.components.drafts.unsent(AN.number)
    assert (draft.gate, draft.answers.values["purpose"]) == ("HUUNGHI", "Thăm thân")


def group_draft(components: Portal, rows: int) -> str:
    """The address of a new draft of a group with so many persons."""
    drafts = components.site.components.drafts
    procedure = next(each for each in drafts.offered() if each.code == "BQP0100001")
    draft = drafts.begin(AN.number, procedure, "HUUNGHI", {"name": AN.name, "number": AN.number})
    names = [{"fullName": f"NGUYEN VAN {chr(65 + place)}"} for place in range(rows)]
    draft = drafts.save(draft, draft.answers.with_rows("persons", names))
    return f"{components.url}/khai-bao/{draft.public_id}/danh-sach/persons"


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_new_row_begins_at_its_first_field_and_after_a_removal_one_is_at_the_heading(
    browser: Browser, components: Portal, an: str
) -> None:
    """Without scripts too: the address says where the focus is."""
    with browser.new_context(java_script_enabled=False, storage_state=an) as context:
        page = context.new_page()
        page.goto(group_draft(components, 2))
        page.get_by_role("link", name="Thêm một dòng").click()
        assert focused(page) == "persons-3-fullName"
        page.keyboard.type("Trần Văn Bốn")
        page.locator("button[value=later]").click()
        page.wait_for_url("**/persons")
        page.goto(f"{page.url}/3")
        page.locator("#persons-3-fullName").fill("Trần Văn Năm")
        page.goto(f"{page.url.rpartition('/')[0]}/1/xoa")
        page.get_by_role("button", name="Xóa").click()
        page.wait_for_url("**/persons#list")
        assert focused(page) == "list"
        assert page.locator("tbody tr").count() == 2


def test_a_fault_in_the_summary_leads_to_its_field_with_the_label_in_sight(page: Page, components: Portal) -> None:
    page.set_viewport_size({"width": 360, "height": 560})
    page.goto(f"{group_draft(components, 1)}/1")
    assert page.evaluate("document.activeElement.className") == "summary", "the summary has the focus first"
    links = page.locator(".summary a")
    last = links.last
    name = (last.get_attribute("href") or "").removeprefix("#")
    last.click()
    assert focused(page) == name
    label = page.locator(f"label[for='{name}'], fieldset:has(#{name}) legend").first
    top = (label.bounding_box() or {"y": -1})["y"]
    assert top >= 0, "the label is above what is seen"


def test_no_letter_is_kept_while_it_is_still_being_put_together(typist: Page, components: Portal) -> None:
    page = typist
    page.clock.install()
    page.goto(f"{group_draft(components, 1)}/1")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    page.locator("#persons-1-placeOfBirth").focus()
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "Hue", "selectionStart": 3, "selectionEnd": 3})
    page.clock.run_for(60_000)
    assert sent == []
    method.send("Input.insertText", {"text": "Huế"})
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.clock.run_for(60_000)
    assert sent == ["POST"]


@pytest.fixture
def typist(browser: Browser, an: str) -> Iterator[Page]:
    """A page in An's browser, which may complain of requests that fail."""
    with visit(browser, state=an) as context:
        yield context.new_page()


def test_what_is_typed_is_kept_by_itself_and_nothing_is_lost_while_the_network_is_away(
    typist: Page, components: Portal
) -> None:
    page = typist
    page.goto(f"{components.url}/khai-bao/moi?procedure=BQP0100002")
    page.locator("#gate").select_option("HUUNGHI")
    page.locator("main button").click()
    page.wait_for_url("**/khai-bao/*-*")
    page.goto(f"{page.url}/muc/chung")
    told = page.locator("[data-saved]")
    page.locator("#purpose").fill("Thăm thân")
    expect(told).to_have_text("Đã lưu lúc 07:15.")
    (draft, *_) = components.site.components.drafts.unsent(AN.number)
    assert draft.answers.values["purpose"] == "Thăm thân"
    page.context.set_offline(True)
    page.locator("#purpose").fill("Thăm thân, du lịch")
    expect(told).to_contain_text("Nội dung vẫn còn trên trang này")
    page.set_viewport_size({"width": 360, "height": 640})
    page.locator("h1").scroll_into_view_if_needed()
    expect(told).to_be_in_viewport(ratio=1)  # a long form is typed far above its end
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    assert page.locator("#purpose").input_value() == "Thăm thân, du lịch", "no page of the browser took its place"
    page.context.set_offline(False)
    expect(told).to_have_text("Đã lưu lúc 07:15.")
    (draft, *_) = components.site.components.drafts.unsent(AN.number)
    assert draft.answers.values["purpose"] == "Thăm thân, du lịch"
    page.locator("button[value=later]").click()
    page.wait_for_url("**/khai-bao/*-*")


def test_whoever_logs_in_again_in_another_window_loses_nothing_of_what_he_typed(
    browser: Browser, components: Portal
) -> None:
    drafts = components.site.components.drafts
    procedure = next(each for each in drafts.offered() if each.code == "BQP0100002")
    draft = drafts.begin(AN.number, procedure, "HUUNGHI", {"name": AN.name, "number": AN.number})
    with visit(browser) as context:
        page = context.new_page()
        log_in(page, components.url)
        page.goto(f"{components.url}/khai-bao/{draft.public_id}/muc/chung")
        newest = max(components.site.rows(tables.session), key=lambda row: row.created_at)
        with components.site.components.database.transaction() as connection:
            sessions.end(connection, newest.hash)
        page.locator("#purpose").fill("Du lịch")
        expect(page.locator("[data-saved]")).to_contain_text("phiên đăng nhập đã hết")
        context.new_page().goto(f"{components.url}/login?account=person")  # the provider knows him still
        expect(page.locator("[data-saved]")).to_contain_text("Đã lưu", timeout=60_000)
    assert drafts.find(AN.number, draft.public_id).answers.values["purpose"] == "Du lịch"


def test_what_another_window_has_changed_is_not_overwritten_by_itself(typist: Page, components: Portal) -> None:
    page = typist
    drafts = components.site.components.drafts
    procedure = next(each for each in drafts.offered() if each.code == "BQP0100002")
    draft = drafts.begin(AN.number, procedure, "HUUNGHI", {"name": AN.name, "number": AN.number})
    page.goto(f"{components.url}/khai-bao/{draft.public_id}/muc/chung")
    drafts.save(draft, draft.answers.with_values({"purpose": "Công tác"}))
    page.locator("#purpose").fill("Du lịch")
    expect(page.locator("[data-saved]")).to_contain_text("sửa ở cửa sổ khác")
    assert drafts.find(AN.number, draft.public_id).answers.values["purpose"] == "Công tác"
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for shown in ("Công tác", "Du lịch"):
        assert page.get_by_text(shown).count(), "both are shown, to choose"


def test_the_page_of_a_suspended_account_has_no_serious_fault(
    browser: Browser, components: Portal, node_packages: Path
) -> None:
    """It is the one page that he sees: why, by whom, and how to ask."""
    binh = PEOPLE["binh"]
    with visit(browser, width=360) as context:
        page = context.new_page()
        components.site.suspend(binh.number, reason="Khai không đúng sự thật nhiều lần")
        try:
            log_in(page, components.url, "binh")
            expect(page.get_by_text("Khai không đúng sự thật nhiều lần")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert [each["id"] for each in faults(page, node_packages)] == []
        finally:
            components.site.components.accounts.restore(binh.number, unit=None, reason="Đã làm rõ", actor=TESTER)
