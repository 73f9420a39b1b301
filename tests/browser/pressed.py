"""Pages of declarants that one sees only after a press: sent, read from a file, changed in two windows."""

from __future__ import annotations

from lxml import etree
from playwright.sync_api import Browser, Page

from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.services.door.draft import Draft
from tests.browser.scenes import AN, Portal, visit
from tests.harness.website import citizen_message

_HEAD = "Họ và tên;Giới tính;Ngày sinh;Quốc tịch;Loại giấy tờ;Số giấy tờ;Vai trò trong đoàn"
_ROWS = (
    "Nguyễn Thị Đào;Nữ;5/6/1985;Việt Nam;HC_PHO_THONG;C0012345;LEADER",
    "Trần Văn Bốn;Nam;1990;Việt Nam;HC_PHO_THONG;C0023456;MEMBER",
    "Lê Thị Hoa;Nữ;17/11/2001;Việt Nam;HC_PHO_THONG;C0034567;MEMBER",
)
_WRONG = (
    "Phạm Văn Nam;Nam?;31/2/1990;Việt Nam;HC_PHO_THONG;C0045678;MEMBER",
    "Đỗ Thị Mai;Nữ;2/3/1988;Nước khác;HC_PHO_THONG;;MEMBER",
)


def _begun(components: Portal, code: str) -> Draft:
    drafts = components.site.components.drafts
    procedure = next(each for each in drafts.offered() if each.code == code)
    return drafts.begin(AN.number, procedure, "HUUNGHI", {"name": AN.name, "number": AN.number})


def sent(browser: Browser, components: Portal, state: str) -> str:
    """A citizen's declaration that he has sent; where it is told what became of it."""
    draft, drafts = _begun(components, "BQP0100002"), components.site.components.drafts
    sketch = drafts.forms.layout(draft)
    form = etree.fromstring(citizen_message(Purpose="Thăm thân")).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said, asked = answers_in(sketch, form), {f.name for section in sketch.sections for f in section.asked}
    values = {name: text for name, text in said.values.items() if name in asked}
    drafts.save(draft, Answers({**draft.answers.values, **values}, said.rows))
    with visit(browser, state=state) as context:
        page = context.new_page()
        page.goto(f"{components.url}/khai-bao/{draft.public_id}/kiem-tra")
        page.locator("form[action$='/gui'] button").click()
        page.wait_for_url("**/da-gui/*")
        return page.url.removeprefix(components.url)


def changed_twice(page: Page, components: Portal) -> None:
    """Another window has changed the same field meanwhile."""
    draft, drafts = _begun(components, "BQP0100002"), components.site.components.drafts
    page.goto(f"{components.url}/khai-bao/{draft.public_id}/muc/chung")
    drafts.save(draft, draft.answers.with_values({"purpose": "Thăm thân"}))
    page.locator("#purpose").fill("Du lịch")
    page.locator("button[value=later]").click()
    page.locator("table.cards, .clash, main form").first.wait_for()


def _read(page: Page, components: Portal, rows: tuple[str, ...]) -> None:
    draft = _begun(components, "BQP0100001")
    page.goto(f"{components.url}/khai-bao/{draft.public_id}/nhap/persons")
    raw = "\r\n".join((_HEAD, *rows, "")).encode("utf-8-sig")
    page.locator("#file").set_input_files({"name": "đoàn.csv", "mimeType": "text/csv", "buffer": raw})
    page.locator("form[enctype] button").click()
    page.locator("main table").wait_for()


def read(page: Page, components: Portal) -> None:
    """A file without fault: its first rows, before they are taken."""
    _read(page, components, _ROWS)


def misread(page: Page, components: Portal) -> None:
    """A file whose faults are told by cell."""
    _read(page, components, (*_ROWS, *_WRONG))


PRESSED = {"hai-cua-so": changed_twice, "nhap-xem": read, "nhap-loi": misread}
"""Such pages by the names of their pictures."""
