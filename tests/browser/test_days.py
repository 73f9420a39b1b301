"""A commander's, an enterprise's, its representative's and an operator's day in Chromium: who may act for whom, who is
stopped, and what is left to reconcile when the window is back.

Run by `make prove` alone (tests/parts.py).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.broker import Confirmed, Outgoing, Verdict
from adapter.gateways.store import replies, tables
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.mode import Sight
from tests.browser.conftest import watching
from tests.browser.scenes import AN, log_in, visit
from tests.browser.staff_scenes import log_in_staff
from tests.harness.declarations import Message, declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.staff import staffed
from tests.harness.stores import sqlite_store
from tests.harness.website import ENTERPRISE, Website, changed
from tests.servers.identity import IdentityProvider

REASON = "Nghi bị chiếm đoạt"
SECOND = "0102345677"
"""The tax code of an enterprise that has no account here."""


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory, other_provider: IdentityProvider) -> Iterator[Website]:
    folder: Path = tmp_path_factory.mktemp("days")
    with staffed(folder, sqlite_store(folder / "adapter.sqlite3"), other_provider) as site:
        site.window(Sight.DOWN)
        yield site


@pytest.fixture
def at_the_clock(tmp_path: Path, provider: IdentityProvider) -> Iterator[Website]:
    """A post whose incident begins and ends by the fixtures' clock."""
    store = sqlite_store(tmp_path / "adapter.sqlite3")
    with staffed(tmp_path, store, provider) as site, changed(site.components.window, clock=lambda: CLOCK):
        yield site


def suspend(commander: Page, site: Website, where: str) -> None:
    commander.goto(f"{site.staff_url}/can-bo/tai-khoan")
    commander.get_by_role("main").get_by_role("link", name="Tạm dừng tài khoản").click()
    commander.get_by_label("Tài khoản nào").fill(AN.number)
    commander.locator(f"input[name=where][value={where}]").check()
    commander.get_by_label("Lý do").fill(REASON)
    commander.get_by_role("button", name="Tạm dừng tài khoản").click()
    expect(commander.get_by_role("heading", level=1)).to_have_text("Tài khoản người khai")
    expect(commander.get_by_role("rowheader", name=AN.number).first).to_be_visible()


def restore(commander: Page, site: Website) -> None:
    commander.goto(f"{site.staff_url}/can-bo/tai-khoan")
    commander.get_by_role("link", name="Khôi phục").first.click()
    commander.get_by_label("Căn cứ khôi phục").fill("Đã đổi tài khoản")
    commander.get_by_role("button", name="Khôi phục").click()
    expect(commander.get_by_role("heading", level=1)).to_have_text("Tài khoản người khai")


def begun(page: Page, site: Website) -> str:
    page.goto(f"{site.url}/khai-bao/moi?procedure=BQP0100002")
    page.locator("#gate").select_option("HUUNGHI")
    page.get_by_role("button", name="Bắt đầu khai").click()
    page.wait_for_url("**/khai-bao/*-*")
    return page.url


def test_a_commander_s_day(browser: Browser, post: Website) -> None:
    """He suspends at his unit, then everywhere, sees whom nothing has reached, and restores; An loses nothing."""
    with visit(browser) as at_the_post, visit(browser, width=360) as on_a_telephone:
        commander, an = at_the_post.new_page(), on_a_telephone.new_page()
        with watching(commander):
            log_in_staff(commander, post.staff_url, "don-truong", "/can-bo/tai-khoan")
            log_in(an, post.url)
            draft = begun(an, post)
            an.goto(f"{draft}/muc/chung")
            an.locator("#purpose").fill("Thăm thân")
            expect(an.locator("[data-saved]")).to_contain_text("Đã lưu")
            suspend(commander, post, "unit")
            expect(commander.get_by_text("thông báo chưa đến")).to_be_visible()
            an.reload()
            expect(an.get_by_role("heading", level=1)).to_have_text("Bản khai này đang đóng đối với bạn")
            expect(an.get_by_text(REASON)).to_be_visible()
            an.goto(f"{post.url}/hop-thu")
            expect(an.get_by_text("Trung tá LE QUANG MINH")).to_be_visible()
            an.get_by_role("button", name="Đánh dấu đã đọc").click()
            commander.reload()
            expect(commander.get_by_text("thông báo chưa đến")).to_have_count(0)
            restore(commander, post)
            suspend(commander, post, "everywhere")
            an.goto(draft)
            expect(an.get_by_role("heading", level=1)).not_to_have_text("Mẫu 11")
            an.goto(f"{post.url}/login?account=person")
            expect(an.get_by_role("heading", level=1)).to_have_text("Tài khoản đang bị tạm dừng")
            expect(an.get_by_text(REASON)).to_be_visible()
            assert an.locator("main form").count() == 0
            restore(commander, post)
            an.goto(f"{post.url}/login?account=person")
            an.goto(f"{draft}/muc/chung")
            assert an.locator("#purpose").input_value() == "Thăm thân", "what he had typed is there"
    acts = [row.event for row in post.rows(tables.journal) if row.actor == "person:don-truong"]
    assert [each for each in acts if each.startswith("account.")] == ["account.suspend", "account.restore"] * 2


def enter_letter(officer: Page, site: Website) -> None:
    """By an officer, from the paper in his hand: of the second enterprise, without an end, for every procedure."""
    log_in_staff(officer, site.staff_url, "can-bo", "/can-bo/uy-quyen/moi")
    for name, text in (("principal", SECOND), ("holder", AN.number), ("document", "GUQ-12/2026")):
        officer.locator(f"[name={name}]").fill(text)
    officer.get_by_role("button", name="Ghi nhận").click()
    expect(officer.get_by_text("Đã ghi nhận. Cả hai bên")).to_be_visible()


def begun_for(page: Page, site: Website, principal: str) -> str:
    """Chosen at the head of the page; the address of the draft that is begun for it."""
    page.locator("select[name=principal]").select_option(principal)
    page.get_by_role("button", name="Chọn").click()
    page.goto(f"{site.url}/khai-bao/moi?procedure=BQP0100001")
    page.locator("#gate").select_option("HUUNGHI")
    page.get_by_role("button", name="Bắt đầu khai").click()
    page.wait_for_url("**/khai-bao/*-*")
    expect(page.get_by_text(f"khai thay cho {principal}")).to_be_visible()
    return page.url


def test_an_enterprise_s_and_its_representative_s_day(browser: Browser, post: Website) -> None:
    """It authorises An on its own page; an officer enters another one's letter. He chooses at the head of each page for
    whom he acts, begins for both, and the draft of the one that withdraws stops at once."""
    with visit(browser) as office, visit(browser, width=360) as on_a_telephone, visit(browser) as at_the_post:
        firm, an = office.new_page(), on_a_telephone.new_page()
        enter_letter(at_the_post.new_page(), post)
        log_in(firm, post.url, "cuong")
        firm.goto(f"{post.url}/uy-quyen")
        form = firm.locator("form", has=firm.locator("#holder"))
        form.locator("[name=holder]").fill(AN.number)
        form.locator("[name=document]").fill("UQ-7/2026")
        form.locator("[name=until]").fill("31/12/2099")
        form.locator("[name='procedure.BQP0100001']").check()
        form.get_by_role("button").click()
        expect(firm.get_by_text("UQ-7/2026").first).to_be_visible()
        firm.goto(f"{post.url}/hop-thu")
        expect(firm.get_by_text("UQ-7/2026")).to_be_visible()
        log_in(an, post.url)
        an.goto(f"{post.url}/hop-thu")
        expect(an.get_by_text("UQ-7/2026")).to_be_visible()
        expect(an.get_by_text("cho đến khi bị rút")).to_be_visible()
        drafts = {each: begun_for(an, post, each) for each in (ENTERPRISE, SECOND)}
        assert [each.granted_for for each in post.components.drafts.unsent(AN.number)[:2]] == [SECOND, ENTERPRISE]
        firm.goto(f"{post.url}/uy-quyen")
        firm.get_by_role("link", name="Rút").first.click()
        firm.locator("[name=reason]").fill("Hết hợp đồng")
        firm.get_by_role("main").get_by_role("button", name="Rút ủy quyền").click()
        firm.wait_for_url("**/uy-quyen?*")
        an.goto(f"{post.url}/khai-bao")
        expect(an.get_by_text(f"khai thay cho {SECOND}")).to_be_visible()
        assert an.locator("select[name=principal] option").evaluate_all("all => all.map(each => each.value)") == [
            *("", SECOND)
        ]
        an.goto(drafts[ENTERPRISE])
        expect(an.get_by_role("heading", name="Ủy quyền cho bản khai này đã hết hiệu lực")).to_be_visible()
        an.goto(f"{drafts[ENTERPRISE]}/kiem-tra")
        expect(an.get_by_text("Kiểm tra trước khi gửi")).to_have_count(0)
        an.goto(f"{drafts[SECOND]}/muc/chung")
        expect(an.get_by_text("đã hết hiệu lực")).to_have_count(0)
        assert not post.components.grants.is_granted(AN.number, ENTERPRISE, "BQP0100001"), "withdrawn at once"


def test_an_operator_s_day(browser: Browser, at_the_clock: Website) -> None:
    """The window is back: what is open, a pair that an officer settles as the same, receipts, the one working day."""
    site, whole = at_the_clock, at_the_clock.components
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
    received(whole, declaration(1, signer="portal"), Channel.PORTAL)
    whole.window.end_override(actor=TESTER)
    received(whole, declaration("w", signer="nsw", reference="NSW777"), Channel.WINDOW)
    whole.deadlines.watch()
    with visit(browser) as at_the_window, visit(browser) as at_the_post:
        lan, hai = at_the_window.new_page(), at_the_post.new_page()
        with watching(lan):
            log_in_staff(lan, site.staff_url, "van-hanh", "/van-hanh/su-co")
            report = f"{site.staff_url}/van-hanh/su-co/{whole.window.incidents(1)[0].id}"
            lan.goto(report)
            expect(lan.get_by_role("heading", name="Còn 2 trong 2 trả lời chưa lên Cổng")).to_be_visible()
            expect(lan.get_by_text("còn hạn")).to_be_visible()
            expect(lan.get_by_role("heading", name="Khai ở hai cửa: 1, còn 1 chưa kết luận")).to_be_visible()

            log_in_staff(hai, site.staff_url, "can-bo")
            hai.goto(f"{site.staff_url}/can-bo/ho-so/2026/PROOF1/pairs")
            hai.locator("input[name=verdict][value=same]").check()
            hai.locator("textarea[name=reason]").fill("Cùng người, cùng chuyến")
            hai.get_by_role("button", name="Ghi kết luận").click()
            hai.goto(f"{site.staff_url}/can-bo/ho-so/2026/PROOF1/pairs")
            expect(hai.get_by_text("Là một hồ sơ.")).to_be_visible()

            receipted(whole)
            lan.goto(report)
            expect(lan.get_by_role("heading", name="Cả 2 trả lời đã lên Cổng")).to_be_visible()
            expect(lan.get_by_text("đúng hạn")).to_be_visible()
            expect(lan.get_by_text("là một, NSW777/2026 kết thúc")).to_be_visible()
            with lan.expect_download() as signed:
                lan.get_by_role("button", name="Lập báo cáo có ký (ZIP)").click()
            assert zipfile.is_zipfile(signed.value.path())
    assert whole.reconciliation.report(str(whole.window.incidents(1)[0].id), actor=TESTER).is_clean


def received(whole: Components, message: Message, channel: Channel) -> None:
    whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])


def receipted(whole: Components) -> None:
    """What waits leaves; the window receipts the transfer, and with it the working day is kept."""
    rounds = Dispatch(whole.database, Takes(), lambda: CLOCK, whole.observe, most_unconfirmed=100)
    while rounds.round(transfers=True).sent:
        pass
    with whole.database.transaction() as connection:
        query = select(tables.outbox.c.id).where(tables.outbox.c.route == "transfer")
        for row_id in connection.execute(query).scalars().all():
            replies.mark_answered(connection, row_id, "receipt", CLOCK)
    whole.deadlines.watch()


class Takes:
    """A broker that takes everything."""

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        return [Confirmed() for _ in batch]
