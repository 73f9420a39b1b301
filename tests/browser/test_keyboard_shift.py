"""A whole shift of a border officer by keyboard alone: no mouse, and no address is typed after the first.

Every kind of decision is made so, on what the work list leads to. Whatever has the focus on the way is seen to have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from tests.browser.conftest import watching
from tests.browser.scenes import kept, visit
from tests.browser.staff_scenes import Shift, log_in_staff, shift
from tests.harness.history import OFFICER, play
from tests.harness.stores import sqlite_store
from tests.servers.identity import IdentityProvider

pytestmark = pytest.mark.slow

LETTER_LATER = "BQP0100004/accepted-original-letter-to-follow"
MOVED = "BQP0100003/accepted-on-request-move-to-another-gate-waits"
FARTHEST = 150
"""Presses of a key after which what is looked for is said to be out of reach."""
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const label = at.labels && at.labels[0] ? at.labels[0].textContent : "";
  return {
    name: [at.getAttribute("aria-label") || "", label, at.textContent || ""].join(" ").replace(/\\s+/g, " ").trim(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    tag: at.tagName, id: at.id,
  };
}"""


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Shift]:
    folder = tmp_path_factory.mktemp("keys")
    with shift(folder, sqlite_store(folder / "adapter.sqlite3"), provider) as made:
        yield made


@dataclass(frozen=True)
class Hands:
    """An officer at his keyboard."""

    page: Page

    def focused(self) -> dict[str, Any] | None:
        """What has the focus; that it has it can be seen."""
        at: dict[str, Any] | None = self.page.evaluate(FOCUSED)
        if at is not None:
            assert at["outlined"], f"nothing shows that the focus is on {at}"
            assert at["inside"], f"the focus is out of sight, on {at}"
        return at

    def reach(self, name: str, *, tag: str | None = None) -> None:
        """By Tab to what is called so."""
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            at = self.focused()
            if at is not None and name in at["name"] and tag in (None, at["tag"]):
                return
        raise AssertionError(f"Tab does not reach {name!r} at {self.page.url}")

    def back(self, name: str) -> None:
        """By Shift and Tab to what is called so."""
        for _ in range(FARTHEST):
            self.page.keyboard.press("Shift+Tab")
            at = self.focused()
            if at is not None and name in at["name"] and at["tag"] == "BUTTON":
                return
        raise AssertionError(f"Shift+Tab does not reach {name!r} at {self.page.url}")

    def follow(self, name: str) -> None:
        """By Tab to a link, and through it."""
        self.reach(name, tag="A")
        self.enter()

    def press(self, button: str) -> None:
        """By Tab to a button, and press it."""
        self.reach(button, tag="BUTTON")
        self.enter()

    def next(self, name: str) -> None:
        """By n to the next step, which is called so, and take it."""
        self.page.keyboard.press("n")
        at = self.focused()
        assert at is not None
        assert name in at["name"], at
        self.enter()

    def enter(self) -> None:
        """Enter, and the page that it leads to."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def phrase(self, field: str) -> None:
        """The first sentence that is offered for a field; the field has the focus afterwards."""
        self.reach(field, tag="TEXTAREA")
        self.page.keyboard.press("Tab")
        self.focused()
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.value"), f"no sentence was put into {field}"

    def write(self, field: str, text: str) -> None:
        self.reach(field, tag="TEXTAREA")
        self.page.keyboard.type(text)

    def told(self, what: str) -> None:
        """The result is told, and a reader aloud is there: it has the focus."""
        expect(self.page.locator("[data-done]")).to_contain_text(what)
        assert self.page.evaluate("document.activeElement.hasAttribute('data-done')")

    def list(self, turn: str | None = None) -> None:
        """Up to the work list, and to one of its turns."""
        while "/can-bo/" in self.page.url:
            with self.page.expect_navigation():
                self.page.keyboard.press("u")
        if turn is not None:
            self.follow(turn)
            self.page.wait_for_url("**luot=**")
        elif "luot=" in self.page.url:  # as he left it
            self.follow("Cần xử lý")

    def open(self, key: DossierKey, turn: str | None = None) -> None:
        """By j to a dossier of the list, and into it."""
        self.list(turn)
        self.row(key.number)
        self.enter()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(key.number)

    def row(self, number: str) -> None:
        """By j to the row of a dossier, from where he is on."""
        for _ in range(FARTHEST):
            self.page.keyboard.press("j")
            at = self.focused()
            assert at is not None
            if at["name"] == number:
                return
        raise AssertionError(f"j does not reach {number} at {self.page.url}")


@pytest.fixture(scope="module")
def hai(browser: Browser, components: Shift, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cookies of an officer who has logged in; a file."""
    file = tmp_path_factory.mktemp("hai") / "state.json"
    return kept(browser, file, lambda page: log_in_staff(page, components.url, "can-bo"))


@pytest.fixture
def hands(browser: Browser, components: Shift, hai: str) -> Iterator[Hands]:
    """Of the officer who has just come to his work list. What the browser complains of fails the test."""
    with visit(browser, state=hai) as context, watching(context.new_page()) as page:
        page.goto(f"{components.url}/can-bo")
        yield Hands(page)


def test_a_whole_shift_is_done_by_keyboard_alone(hands: Hands, components: Shift) -> None:
    letter = play(components.site.components, LETTER_LATER, MOCBAI="HUUNGHI")
    components.site.components.completion.complete(letter, OFFICER)
    declined = play(components.site.components, MOVED)
    _accept_and_confirm(hands, components.ship)
    _ask_field_by_field_and_withdraw(hands, components.group)
    _decide_amendments(hands, approved=components.amended, declined=declined)
    _refuse(hands, components.citizen)
    _move(hands, components.fresh[1])
    _note_papers(hands, letter)
    _confirm_several(hands, components.fresh[4], components.fresh[5])
    assert {
        key.number: _done(components, key) for key in (components.ship, components.group, components.citizen, letter)
    } == {
        components.ship.number: ["dossier.accept", "dossier.complete"],
        components.group.number: ["dossier.request_amendment", "dossier.withdraw_request"],
        components.citizen.number: ["dossier.refuse"],
        letter.number: ["dossier.brought"],
    }
    assert _done(components, components.amended) == ["dossier.approve"]
    assert _done(components, declined) == ["dossier.decline"]
    assert _done(components, components.fresh[1]) == ["dossier.request_amendment"]
    assert [_done(components, key) for key in components.fresh[4:]] == [["dossier.complete"]] * 2


def _done(components: Shift, key: DossierKey) -> list[str]:
    """What the officer did with a dossier, in order."""
    (dossier,) = (
        row for row in components.site.rows(tables.dossier) if (row.number, row.year) == (key.number, key.year)
    )
    entries = [row for row in components.site.rows(tables.journal) if row.dossier_id == dossier.id]
    return [row.event for row in sorted(entries, key=lambda row: int(row.ordinal)) if row.actor == "person:can-bo"]


def _accept_and_confirm(hands: Hands, ship: DossierKey) -> None:
    hands.open(ship)
    hands.next("Tiếp nhận")
    hands.told("Đã tiếp nhận hồ sơ")
    hands.reach("Thêm ghi chú", tag="SUMMARY")
    hands.page.keyboard.press("Enter")
    hands.phrase("ghi chú")
    hands.back("Xác nhận hoàn thành")
    hands.enter()
    hands.told("Đã ký xác nhận hoàn thành")


def _ask_field_by_field_and_withdraw(hands: Hands, group: DossierKey) -> None:
    hands.open(group)
    hands.follow("Yêu cầu sửa đổi, bổ sung (mẫu 13)")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Chọn các mục cần sửa đổi, bổ sung")
    for key in ("j", "x", "j", "j", "x"):
        hands.page.keyboard.press(key)
    hands.next("Tiếp tục")
    expect(hands.page.locator(".ask-rows > li")).to_have_count(2)
    hands.phrase("Lý do")
    for number in range(2):
        hands.write("chưa đúng", f"Không khớp với hộ chiếu ({number})")
        hands.write("Đề nghị", "Khai lại theo hộ chiếu")
    hands.press("Ký và gửi yêu cầu")
    hands.told("Đã lập yêu cầu sửa đổi, bổ sung")
    hands.follow("Rút yêu cầu sửa đổi, bổ sung")
    hands.phrase("Lý do")
    hands.press("Rút yêu cầu sửa đổi, bổ sung")
    hands.told("Đã rút yêu cầu sửa đổi, bổ sung")


def _decide_amendments(hands: Hands, approved: DossierKey, declined: DossierKey) -> None:
    hands.open(approved)
    hands.follow("Đồng ý sửa đổi, bổ sung")
    hands.next("Đồng ý sửa đổi, bổ sung")
    hands.told("Đã đồng ý sửa đổi, bổ sung")
    hands.open(declined)
    hands.follow("Không đồng ý sửa đổi, bổ sung")
    hands.phrase("Lý do")
    hands.press("Không đồng ý sửa đổi, bổ sung")
    hands.told("Đã trả lời không đồng ý")


def _refuse(hands: Hands, citizen: DossierKey) -> None:
    hands.open(citizen)
    hands.follow("Từ chối hồ sơ")
    hands.reach("Căn cứ")
    at = hands.focused()
    assert at is not None
    hands.page.keyboard.press("ArrowDown") if at["tag"] == "SELECT" else hands.page.keyboard.type("Điều 10")
    hands.phrase("Lý do")
    hands.press("Từ chối hồ sơ")
    hands.told("Đã từ chối hồ sơ")


def _move(hands: Hands, group: DossierKey) -> None:
    hands.open(group)
    hands.follow("Chuyển sang cửa khẩu khác")
    hands.reach("Cửa khẩu", tag="SELECT")
    hands.page.keyboard.press("ArrowDown")
    hands.phrase("Lý do")
    hands.press("Ký và gửi yêu cầu")
    hands.told("Đã lập yêu cầu sửa đổi, bổ sung")


def _note_papers(hands: Hands, letter: DossierKey) -> None:
    hands.open(letter, "Mới nhất")
    hands.follow("Ghi nhận giấy tờ đã nộp")
    hands.press("Ghi nhận giấy tờ đã nộp")
    hands.told("Đã ghi nhận giấy tờ")


def _confirm_several(hands: Hands, *keys: DossierKey) -> None:
    hands.list()
    hands.page.reload()
    numbers = hands.page.locator("[data-rows] tbody th a").all_inner_texts()
    for number in sorted((key.number for key in keys), key=numbers.index):
        hands.row(number)
        hands.page.keyboard.press("x")
    hands.press("Xác nhận các hồ sơ đã chọn")
    expect(hands.page.get_by_role("heading", level=1)).to_have_text("Xác nhận hoàn thành 2 hồ sơ?")
    hands.next("Ký tất cả xác nhận")
    hands.told("Đã xác nhận 2 trong 2 hồ sơ")


def test_the_slower_of_two_officers_is_told_by_keyboard_who_was_faster(
    browser: Browser, components: Shift, hai: str, tmp_path: Path
) -> None:
    key = play(components.site.components, "BQP0100002/accepted-citizen-signed")
    ha = kept(browser, tmp_path / "ha.json", lambda page: log_in_staff(page, components.url, "can-bo-2"))
    with visit(browser, state=hai) as context, visit(browser, state=ha) as other:
        slower, faster = Hands(context.new_page()), Hands(other.new_page())
        for each in (slower, faster):
            each.page.goto(f"{components.url}/can-bo")
            each.open(key)
        slower.follow("Từ chối hồ sơ")
        slower.write("Lý do", "Giấy tờ hết hạn")
        faster.next("Xác nhận hoàn thành")
        faster.told("Đã ký xác nhận hoàn thành")
        slower.press("Từ chối hồ sơ")
        expect(slower.page.get_by_role("heading", level=1)).to_have_text("Chưa thực hiện được")
        expect(slower.page.get_by_text("TRAN THU HA")).to_be_visible()
        expect(slower.page.get_by_text("Giấy tờ hết hạn")).to_be_visible()
        slower.next("Xem lại hồ sơ")
        expect(slower.page.get_by_role("heading", name="Đang gửi xác nhận")).to_be_visible()
    assert _done(components, key) == []


def test_the_keys_are_told_on_every_page_of_an_officer(hands: Hands, components: Shift) -> None:
    def told() -> None:
        hands.page.keyboard.press("?")
        expect(hands.page.get_by_role("dialog")).to_be_visible()
        for key in ("j", "k", "Enter", "x", "/", "n", "u", "?"):
            expect(hands.page.locator("dialog kbd", has_text=key).first).to_be_visible()
        hands.page.keyboard.press("Escape")
        expect(hands.page.get_by_role("dialog")).to_be_hidden()

    told()
    hands.open(components.confirmed, "Mới nhất")
    told()
    hands.list()
    hands.page.keyboard.press("/")
    at = hands.focused()
    assert at is not None
    assert at["tag"] == "SELECT"
