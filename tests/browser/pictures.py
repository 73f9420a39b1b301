"""`python -m tests.browser.pictures FOLDER [NAME…]`: what declarants see, in both languages and widths.

Each page becomes one picture for each language and width, in light beside dark colours.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

from lxml import etree
from playwright.sync_api import Browser, Page, sync_playwright

from adapter.bootstrap import Components
from adapter.gateways.store import tables
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.procedure import Meaning
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from tests.browser.conftest import look_as
from tests.browser.pressed import PRESSED, sent
from tests.browser.scenes import AN, SCHEMES, WIDTHS, Portal, kept, launch, log_in, portal, visit
from tests.harness import attached
from tests.harness.people import person
from tests.harness.statements import brought, logged_in, signed
from tests.harness.stores import sqlite_store
from tests.harness.website import citizen_message, group_message
from tests.servers.identity import identity_provider

LANGUAGES = ("vi", "en")
_WHY = "Nghi tài khoản bị người khác sử dụng"
COMMANDER = person("don-truong", Role.COMMANDER, name="LE QUANG MINH", rank="Trung tá", unit="CK-HUUNGHI")
_QUALITY = 40
"""Of the pictures, in per cent: text can be read, and a picture has 100 to 200 kB."""


PICTURES = {
    "trang-dau": ("/", "home.html"),
    "loai-tai-khoan": ("/login", "account_kind.html"),
    "dang-nhap-lai": ("/login/return", "login.html"),
    "tam-dung": ("/login/return", "suspended.html"),
    "xac-minh": ("/xac-minh", "checking.html"),
    "khong-co": ("/khong-co", "error.html"),
    "ho-so-cua-toi": ("/ho-so", "dossiers.html"),
    "ho-so": ("/ho-so/{year}/{number}", "dossier.html"),
    "yeu-cau": ("/ho-so/{year}/{number}", "dossier.html"),
    "xac-nhan": ("/ho-so/{year}/{number}/tra-loi/{digest}", "answer.html"),
    "hop-thu": ("/hop-thu", "inbox.html"),
    "thu-dien-tu": ("/hop-thu/thu-dien-tu", "mail_address.html"),
    "khai-bao": ("/khai-bao", "declare.html"),
    "chon-cua-khau": ("/khai-bao/moi", "begin.html"),
    "tep": ("/khai-bao/tep", "upload.html"),
    "cac-muc": ("/khai-bao/{id}", "tasks.html"),
    "muc": ("/khai-bao/{id}/muc/{name}", "fields.html"),
    "dong": ("/khai-bao/{id}/muc/{name}", "shut.html"),
    "hai-cua-so": ("/khai-bao/{id}/muc/{name}", "conflict.html"),
    "danh-sach": ("/khai-bao/{id}/danh-sach/{name}", "rows.html"),
    "mot-nguoi": ("/khai-bao/{id}/danh-sach/{name}/{ordinal}", "fields.html"),
    "xoa-dong": ("/khai-bao/{id}/danh-sach/{name}/{ordinal}/xoa", "remove.html"),
    "nhap-tep": ("/khai-bao/{id}/nhap/{name}", "import.html"),
    "nhap-xem": ("/khai-bao/{id}/nhap/{name}", "import.html"),
    "nhap-loi": ("/khai-bao/{id}/nhap/{name}", "import.html"),
    "tep-dinh-kem": ("/khai-bao/{id}/dinh-kem/{name}", "attach.html"),
    "kiem-tra": ("/khai-bao/{id}/kiem-tra", "check.html"),
    "het-uy-quyen": ("/khai-bao/{id}/kiem-tra", "grant_ended.html"),
    "tra-loi-yeu-cau": ("/khai-bao/{id}/kiem-tra", "check.html"),
    "ky-so": ("/khai-bao/{id}/ky", "sign.html"),
    "bo": ("/khai-bao/{id}/bo", "remove.html"),
    "cho-gui": ("/khai-bao/{id}/cho", "waiting.html"),
    "da-gui": ("/khai-bao/{id}/da-gui/{message}", "sent.html"),
    "uy-quyen": ("/uy-quyen", "grants.html"),
    "huy-uy-quyen": ("/uy-quyen/{id}/rut", "end_grant.html"),
    "chung-thu-so": ("/chung-thu-so", "certificates.html"),
    "dung-chung-thu": ("/chung-thu-so/{id}/tam-dung", "stop_certificate.html"),
    "tep-ky-so": ("/tep-ky-so", "signed_file.html"),
    "da-nhan-tep": ("/tep-ky-so/{value}", "acknowledged.html"),
}
"""Every picture by its name: the route of the page, and its template. A new page of the portal has its row here."""
ANSWERED = {"khong-co": 404, "dang-nhap-lai": 400, "het-uy-quyen": 403}
WITHOUT = {
    "/login/backchannel": "for the provider",
    "/logged-out": "login.html, as dang-nhap-lai",
    "/feed.atom": "a feed",
    "/api/docs": "the OpenAPI document in words, of many screens; its look is that of all pages",
    "/khai-bao/tep/{message}": "sent.html, as da-gui",
}
"""Routes whose page needs no picture of its own, and why. What is a file by its name needs none."""


STRANGE = {"loai-tai-khoan", "tep-ky-so", "da-nhan-tep", "dang-nhap-lai"}
"""Pages as somebody sees them who has not logged in."""


def places(browser: Browser, components: Portal, state: str) -> dict[str, str]:
    """The address of each page that has one, by the name of its picture."""
    return {
        "trang-dau": "/",
        "loai-tai-khoan": "/login",
        "xac-minh": "/xac-minh?so=XN-1&ma=0000-0000",
        "khong-co": "/khong-co",
        "ho-so-cua-toi": "/ho-so",
        "ho-so": components.page_of(components.fresh),
        "xac-nhan": _opened(browser, components, state),
        "hop-thu": "/hop-thu",
        "thu-dien-tu": "/hop-thu/thu-dien-tu",
        "khai-bao": "/khai-bao",
        "chon-cua-khau": "/khai-bao/moi?procedure=BQP0100001",
        "tep": "/khai-bao/tep",
        "dang-nhap-lai": "/login/return",
        "da-gui": sent(browser, components, state),
        **_filling(components),
        **_answering(components),
        **_certified(components),
    }


def in_language(components: Portal, address: str, language: str) -> str:
    """The whole address of a page in that language."""
    return f"{components.url}{address}{'&' if '?' in address else '?'}lang={language}"


def pictures(browser: Browser, components: Portal, state: str, folder: Path, only: Collection[str]) -> None:
    """Write a picture of each page of declarants (`only`: of these names), for each language and width."""
    named = places(browser, components, state)
    named = {name: address for name, address in named.items() if not only or name in only}
    for (name, address), language, width in product(named.items(), LANGUAGES, WIDTHS):
        url = in_language(components, address, language)
        who, status = None if name in STRANGE else state, ANSWERED.get(name, 200)
        shots = [_shot(browser, url, who, width, scheme, status) for scheme in SCHEMES]
        _beside(browser, shots, folder / f"{name}-{language}-{width}.jpg")
    for name, go in PRESSED.items():
        if not only or name in only:
            _after_pressing(browser, components, state, folder / name, go)


def _after_pressing(
    browser: Browser, components: Portal, state: str, start: Path, go: Callable[[Page, Portal], None]
) -> None:
    """Pages that no address shows: one has pressed something before."""
    for language in LANGUAGES:
        with visit(browser, state=state) as context:
            page = context.new_page()
            page.goto(f"{components.url}/ho-so?lang={language}")
            go(page, components)
            for width in WIDTHS:
                shots = []
                for scheme in SCHEMES:
                    look_as(page, width, scheme)
                    shots.append(_taken(page))
                _beside(browser, shots, start.with_name(f"{start.name}-{language}-{width}.jpg"))


def suspended(browser: Browser, components: Portal, state: str, folder: Path) -> None:
    """What a gate's shut form says, and the one page of whoever is suspended everywhere."""
    accounts, drafts = components.site.components.accounts, components.site.components.drafts
    mine = next(each for each in drafts.unsent(AN.number) if each.waits_since is None and each.base is None).public_id
    accounts.suspend(AN.number, unit="CK-HUUNGHI", reason=_WHY, actor=COMMANDER)
    for language, width in product(LANGUAGES, WIDTHS):
        url = f"{components.url}/khai-bao/{mine}/muc/chung?lang={language}"
        shots = [_shot(browser, url, state, width, scheme, 403) for scheme in SCHEMES]
        _beside(browser, shots, folder / f"dong-{language}-{width}.jpg")
    accounts.suspend(AN.number, unit=None, reason=_WHY, actor=COMMANDER)
    for language, width in product(LANGUAGES, WIDTHS):
        shots = [_notice(browser, components, language, width, scheme) for scheme in SCHEMES]
        _beside(browser, shots, folder / f"tam-dung-{language}-{width}.jpg")


def _notice(browser: Browser, components: Portal, language: str, width: int, scheme: str) -> str:
    with visit(browser, width=width, scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{components.url}/?lang={language}")
        page.goto(f"{components.url}/login?account=person")
        page.locator("button[value=an]").click()
        page.wait_for_url(f"{components.url}/**")
        return _taken(page)


def _filling(components: Portal) -> dict[str, str]:
    """A group's declaration while it is filled in, by a person and by an organisation, up to its signature."""
    drafts = components.site.components.drafts
    procedures = {each.code: each for each in drafts.offered()}
    known = {"name": AN.name, "number": AN.number}
    draft = drafts.begin(AN.number, procedures["BQP0100001"], "HUUNGHI", known)
    sketch = drafts.forms.layout(draft)
    form = etree.fromstring(group_message()).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said, asked = answers_in(sketch, form), {f.name for section in sketch.sections for f in section.asked}
    values = {name: text for name, text in said.values.items() if name in asked and name not in draft.answers.values}
    draft = drafts.save(draft, Answers({**draft.answers.values, **values}, said.rows))
    own = drafts.begin(AN.number, procedures["BQP0100002"], "HUUNGHI", known)
    drafts.prepare(draft)
    here = f"/khai-bao/{draft.public_id}"
    return {
        "muc": f"/khai-bao/{own.public_id}/muc/chung",
        "cac-muc": here,
        "danh-sach": f"{here}/danh-sach/persons",
        "mot-nguoi": f"{here}/danh-sach/persons/1",
        "xoa-dong": f"{here}/danh-sach/persons/1/xoa",
        "nhap-tep": f"{here}/nhap/persons",
        "kiem-tra": f"{here}/kiem-tra",
        "ky-so": f"{here}/ky",
        "bo": f"{here}/bo",
    }


def _answering(components: Portal) -> dict[str, str]:
    """A request that he has opened, his answer before it is sent, a press that waits, and what he was granted."""
    built, key = components.site.components, components.asked
    an = Actor(ActorKind.PERSON, "an", AN.name, roles=frozenset({Role.DECLARANT}), number=AN.number)
    firm = replace(an, id="firm", number="001088007890", on_behalf_of="0100109106")
    built.grants.give(firm, AN.number, "UQ-12/2026", until=None, procedures=())
    ended = _ended(built, an)
    given, *_ = built.grants.give(an, "001190004567", "UQ-CN-3", until=date(2099, 12, 31), procedures=["BQP0100002"])
    found = built.own_dossiers.read(an, key.number, key.year)
    assert found is not None
    for answer in found.answers:
        built.own_dossiers.open(an, key.number, key.year, answer.digest)
    draft = built.corrections.begin(an, key.number, key.year, Meaning.AMENDMENT_REQUESTED)
    waits = built.corrections.begin(an, components.fresh.number, components.fresh.year, Meaning.REPLACEMENT)
    assert draft is not None
    assert waits is not None
    changed = {"documentNumber": "C7654321", "reason": "Gõ nhầm số hộ chiếu"}
    built.drafts.save(draft, draft.answers.with_values(changed))
    built.presses.hold(waits.owner, waits.public_id, waits.message_key)
    return {
        "yeu-cau": components.page_of(key),
        "huy-uy-quyen": f"/uy-quyen/{given}/rut",
        "het-uy-quyen": f"/khai-bao/{ended}/kiem-tra",
        "tra-loi-yeu-cau": f"/khai-bao/{draft.public_id}/kiem-tra",
        "cho-gui": f"/khai-bao/{waits.public_id}/cho",
        "uy-quyen": "/uy-quyen",
        "tep-dinh-kem": f"/khai-bao/{with_files(built, an)}/dinh-kem/attachments",
    }


def _ended(built: Components, an: Actor) -> str:
    """A draft that he has begun for somebody who does not authorise him any more; its id."""
    assert an.number is not None
    binh = replace(an, id="binh", number="001190004567")
    letters = built.grants.give(binh, an.number, "UQ-CN-2", until=None, procedures=["BQP0100002"])
    offered = next(each for each in built.drafts.offered() if each.code == "BQP0100002")
    draft = built.drafts.begin(an.number, offered, "HUUNGHI", {}, granted_for=binh.number)
    built.grants.withdraw(binh, letters[0], reason="Tự đi làm thủ tục")
    return draft.public_id


def _certified(components: Portal) -> dict[str, str]:
    """His certificates, one of which waits for an officer; a file that was sent without log-in."""
    built = components.site.components
    secret = logged_in(built, AN.number, None)
    built.certificate_holders.register(secret, brought(built, secret, "body"))
    file = signed(citizen_message(messageId="sent-without-log-in"), "citizen")
    statement = built.signed_uploads.statement(hashlib.sha256(file).hexdigest())
    value = built.signed_uploads.send(signed(statement or b"", "citizen"), file)
    held = next(row.id for row in components.site.rows(tables.certificate) if row.number == AN.number)
    return {
        "chung-thu-so": "/chung-thu-so",
        "dung-chung-thu": f"/chung-thu-so/{held}/tam-dung",
        "tep-ky-so": "/tep-ky-so",
        "da-nhan-tep": f"/tep-ky-so/{value}",
    }


def with_files(components: Components, who: Actor) -> str:
    """A draft with a letter and a picture attached; its id."""
    assert who.number is not None
    offered = next(each for each in components.drafts.offered() if each.attached is not None)
    draft = components.drafts.begin(who.number, offered, "HUUNGHI", {})
    rows = []
    for what, name, raw in (
        ("CV_TRA_LOI", "công văn.pdf", attached.letter()),
        ("HO_CHIEU", "hộ chiếu.png", attached.picture()),
    ):
        kept = components.attachments.to_draft(who, draft.public_id, what, name, raw)
        row = {"attachmentKind": what, "fileName": kept.name, "fileSize": str(len(raw)), "fileDigest": kept.digest}
        rows.append(row)
    components.drafts.save(draft, draft.answers.with_rows("attachments", rows))
    return draft.public_id


def _opened(browser: Browser, components: Portal, state: str) -> str:
    """He opens the confirmation; where it is."""
    with visit(browser, state=state) as context:
        page = context.new_page()
        page.goto(components.url + components.page_of(components.confirmed))
        page.get_by_role("button", name="Mở và nhận trả lời").first.click()
        page.wait_for_url("**/tra-loi/*")
        return page.url.removeprefix(components.url)


def _shot(browser: Browser, url: str, state: str | None, width: int, scheme: str, status: int) -> str:
    """The whole page as an address that holds the picture. A page that is not the one meant shows nothing."""
    with visit(browser, width=width, scheme=scheme, state=state) as context:
        page = context.new_page()
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == status, url
        return _taken(page)


def _taken(page: Page) -> str:
    page.evaluate("document.fonts.ready")
    return f"data:image/png;base64,{b64encode(page.screenshot(full_page=True)).decode()}"


def _beside(browser: Browser, shots: list[str], file: Path) -> None:
    images = "".join(f'<img src="{shot}">' for shot in shots)
    style = "body{margin:0;display:inline-flex;gap:16px;align-items:start;background:#8d988f}img{display:block}"
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f"<style>{style}</style><body>{images}</body>")
        page.wait_for_function("[...document.images].every(each => each.complete)")
        page.locator("body").screenshot(path=file, type="jpeg", quality=_QUALITY)


def main(folder: Path, only: Collection[str] = ()) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        here = Path(name)
        browser = launch(playwright)
        url = sqlite_store(here / "adapter.sqlite3")
        with identity_provider(here / "identity") as provider, portal(here / "portal", url, provider) as components:
            state = kept(browser, here / "state.json", lambda page: log_in(page, components.url))
            pictures(browser, components, state, folder, only)
            if not only or {"dong", "tam-dung"} & set(only):
                suspended(browser, components, state, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/portal"), sys.argv[2:]))
