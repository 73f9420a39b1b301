"""`python -m tests.browser.consoles FOLDER [NAME…]`: what staff see, in both languages and widths."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import update

from adapter.gateways.store.tables import outbox
from adapter.model.actor import Role
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.access.tokens import Machine
from adapter.services.customs.clients import PartyFacts
from adapter.services.customs.search import Key, Search
from adapter.services.dossiers.paper_values import PaperForm
from adapter.services.registers.accounts import SuspensionBasis
from tests.browser.administration_scenes import desk
from tests.browser.operator_scenes import night
from tests.browser.scenes import WIDTHS, launch, visit
from tests.browser.staff_scenes import Shift, administrator_of_customs, delegated, file_of, log_in_staff, shift
from tests.harness.assertions import client, issuer
from tests.harness.attached import letter
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER, person
from tests.harness.staff import OFFICE
from tests.harness.statements import brought, logged_in
from tests.harness.stores import sqlite_store
from tests.harness.units import HUUNGHI
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, changed
from tests.servers.identity import identity_provider

_QUALITY = 55
_AS_INSTALLED = """place => document.querySelectorAll("main code").forEach(each => {
  if (each.textContent.startsWith(place)) each.textContent = "/var/lib/nsw-adapter/" + each.textContent.split("/").pop()
})"""
"""A folder of the installation, and not the one that is there for the pictures alone."""
LANGUAGES = ("vi", "en")
_FILE = "/can-bo/ho-so/{year}/{number}"
PICTURES = {
    "dau": "/",
    "khan-cap": "/khan-cap",
    "mat-khau": "/khan-cap/mat-khau",
    "viec": "/can-bo",
    "ho-so": _FILE,
    "sua-doi": _FILE,
    "giay-ho-so": _FILE,
    "gio-tam-dung": _FILE,
    "yeu-cau": f"{_FILE}/request_amendment",
    "chuyen": f"{_FILE}/move",
    "tu-choi": f"{_FILE}/refuse",
    "hai-cua": f"{_FILE}/pairs",
    "ket-qua": "/can-bo/xac-nhan",
    "chung-thu-so": "/can-bo/chung-thu-so",
    "giay": "/can-bo/giay",
    "giay-moi": "/can-bo/giay/moi",
    "giay-doi-chieu": "/can-bo/giay/{number}",
    "tai-khoan": "/can-bo/tai-khoan",
    "cap-pho": "/can-bo/tai-khoan/cap-pho",
    "tam-dung": "/can-bo/tai-khoan/tam-dung",
    "khoi-phuc": "/can-bo/tai-khoan/{id}/khoi-phuc",
    "uy-quyen": "/can-bo/uy-quyen",
    "uy-quyen-moi": "/can-bo/uy-quyen/moi",
    "uy-quyen-rut": "/can-bo/uy-quyen/{id}/rut",
    "van-hanh": "/van-hanh",
    "thong-diep": "/van-hanh/thong-diep",
    "mot-thong-diep": "/van-hanh/thong-diep/{id}",
    "tra-loi": "/van-hanh/tra-loi/{id}",
    "cach-ly": "/van-hanh/cach-ly",
    "su-co": "/van-hanh/su-co",
    "bao-cao": "/van-hanh/su-co/{number}",
    "so-lieu": "/van-hanh/so-lieu",
    "cong-hong": "/van-hanh/cong-hong",
    "goi-dien": "/van-hanh/cong-hong/goi",
    "hang-doi": "/van-hanh/hang-doi",
    "tien-trinh": "/van-hanh/tien-trinh",
    "chung-thu": "/van-hanh/chung-thu",
    "quan-tri": "/quan-tri",
    "de-nghi": "/quan-tri/de-nghi/{number}",
    "de-nghi-danh-muc": "/quan-tri/de-nghi/{number}",
    "them-nguoi": "/quan-tri/lam/{act}",
    "nguoi": "/quan-tri/nguoi",
    "mot-nguoi": "/quan-tri/nguoi/{id}",
    "co-quan": "/quan-tri/co-quan",
    "don-vi": "/quan-tri/don-vi",
    "ma-truy-cap": "/quan-tri/ma-truy-cap",
    "chuong-trinh": "/quan-tri/chuong-trinh",
    "danh-muc": "/quan-tri/danh-muc",
    "mot-danh-muc": "/quan-tri/danh-muc/{name}",
    "lich": "/quan-tri/lich",
    "tin-cay": "/quan-tri/tin-cay",
    "quy-tac": "/quan-tri/quy-tac/{code}/{version}",
    "quyen": "/phan-quyen-tra-cuu",
    "phan-quyen": "/phan-quyen-tra-cuu/{person}",
    "tra-cuu": "/hai-quan",
    "tra-cuu-mst": "/hai-quan",
    "tra-cuu-ho-so": "/hai-quan",
    "nhat-ky": "/nhat-ky-tra-cuu",
}
"""The pictures by their names, each with the route of its page (tests/browser/test_console_pictures.py)."""
WITHOUT = {
    **dict.fromkeys(
        (f"{_FILE}/{act}" for act in ("approve", "decline", "note_papers", "withdraw_request")),
        "asks as `tu-choi` does, in other words",
    ),
    "/can-bo/moi": "a line that the work list fetches",
    "/hai-quan/ho-so/{year}/{number}": "what `tra-cuu-ho-so` has below its box",
    **dict.fromkeys(("/login", "/login/return", "/logged-out"), "the portal's, docs/portal has them"),
    "/can-bo/uy-quyen/{id}/ban-quet": "a file",
    "/api/docs": "for programs",
}
"""Pages without pictures, and why."""


def places(components: Shift) -> Mapping[str, str]:
    """The pages that are shown, by the names of their pictures."""
    return {
        "viec": "/can-bo",
        "ho-so": file_of(components.group),
        "sua-doi": file_of(components.amended),
        "yeu-cau": f"{file_of(components.group)}/request_amendment?o=groupName&o=persons[2].documentNumber",
        "chung-thu-so": _waiting(components),
        "chuyen": f"{file_of(components.group)}/move",
        "tu-choi": f"{file_of(components.citizen)}/refuse",
        "ket-qua": "/can-bo/xac-nhan?"
        + "&".join(
            f"d={key.year}/{key.number}" for key in (components.group, components.citizen, components.confirmed)
        ),
    }


def _waiting(components: Shift) -> str:
    """Certificates that their holders have brought."""
    built = components.site.components
    secret = logged_in(built)
    with changed(built.certificate_holders, approval=True):
        for party in ("unregistered", "body"):
            built.certificate_holders.register(secret, brought(built, secret, party))
    return "/can-bo/chung-thu-so"


def papers(components: Shift) -> Mapping[str, str]:
    """What was done by hand: one entry to be compared, one sent back, one that has become a dossier."""
    records = components.site.components.paper_records
    an, binh = (person(code, Role.OFFICER, unit="*") for code in ("can-bo-2", "can-bo"))
    values = {"gate": "HUUNGHI", "direction": "XC", "expectedArrival": "2026-03-02 09:00:00", "dateOfBirth": "1985-06"}
    values |= {"declarantName": "Nguyễn Văn Giấy", "fullName": "NGUYEN VAN GIAY", "documentNumber": "B7654321"}
    rows = {"children": [{"seq": "1", "fullName": "NGUYEN THI CON", "documentNumber": "C1234567"}]}
    waits, wrong, done = (
        records.enter(PaperForm("BQP0100002", number, 2026, CLOCK, CLOCK, "XN-7", values, rows), actor=an)
        for number in ("045/BPCK", "046/BPCK", "044/BPCK")
    )
    records.send_back(wrong, reason="Năm sinh khác bản giấy", actor=binh)
    return {
        "giay": "/can-bo/giay",
        "giay-moi": f"/can-bo/giay/moi?thu-tuc=BQP0100002&tu={wrong}",
        "giay-doi-chieu": f"/can-bo/giay/{waits}",
        "giay-ho-so": file_of(records.check(done, actor=binh)),
    }


def rights(components: Shift) -> Mapping[str, str]:
    """The officers of customs, and what an administrator says of the look-ups of one."""
    for procedure, given in (("BQP0100004", False), ("BQP0100001", False), ("BQP0100001", True)):
        state = (
            components.site.components.lookup_rights.give
            if given
            else components.site.components.lookup_rights.withdraw
        )
        state("hai-quan", procedure, actor=TESTER)
    return {"phan-quyen": "/phan-quyen-tra-cuu/hai-quan", "quyen": "/phan-quyen-tra-cuu"}


def accounts(components: Shift) -> Mapping[str, str]:
    """Accounts as the commander sees them: one suspended at his unit, one everywhere, one restored."""
    whole = components.site.components
    commander = person("don-truong", Role.COMMANDER, name="LE QUANG MINH", rank="Trung tá", unit=HUUNGHI)
    basis = SuspensionBasis(document="QĐ-12/2026")
    here = whole.accounts.suspend(OTHER, unit=HUUNGHI, reason="Nghi bị chiếm đoạt", basis=basis, actor=commander)
    whole.accounts.suspend("001088007890", unit=None, reason="Khai hộ nhiều người lạ", actor=commander)
    whole.accounts.suspend("001092003456", unit=HUUNGHI, reason="Chờ xác minh", actor=commander)
    ended = {"unit": HUUNGHI, "reason": "Đã đổi tài khoản", "document": "QĐ-14/2026"}
    whole.accounts.restore("001092003456", actor=commander, **ended)  # type: ignore[arg-type]
    at = "/can-bo/tai-khoan"
    pages = {"tai-khoan": at, "tam-dung": f"{at}/tam-dung", "khoi-phuc": f"{at}/{here.id}/khoi-phuc"}
    return {**pages, "cap-pho": delegated(components)}


def letters(components: Shift) -> Mapping[str, str]:
    """Letters of authorisation: one with its scan and two procedures, one for all, one that was withdrawn."""
    whole = components.site.components
    officer = person("can-bo", Role.OFFICER, name="NGUYEN VAN HAI", rank="Đại úy", unit=HUUNGHI)
    scan = whole.attachments.looked_at("UQ-07.pdf", letter())
    grant = whole.authorisations.grant
    ended = grant("001092003456", ENTERPRISE, "UQ-03/2026", actor=officer)
    whole.entered_grants.withdraw(ended, reason="Công ty có công văn chấm dứt hợp đồng", actor=officer)
    grant("001088007890", ENTERPRISE, "UQ-05/2026", valid_to=CLOCK + timedelta(days=300), actor=officer)
    named = ("BQP0100001", "BQP0100004")
    here = grant(OTHER, "0100112437", "UQ-07/2026", procedures=named, scanned=scan, actor=officer)
    at = "/can-bo/uy-quyen"
    return {"uy-quyen": at, "uy-quyen-moi": f"{at}/moi", "uy-quyen-rut": f"{at}/{here}/rut"}


def both_doors(components: Shift) -> Mapping[str, str]:
    """One declaration that came by the portal and by the window, to be compared."""
    for number, (channel, signer) in enumerate(((Channel.PORTAL, "portal"), (Channel.WINDOW, "nsw")), start=1):
        message = declaration(number, signer=signer)
        come = Submission(message.raw, channel, CLOCK, Digest(message.digest))
        components.site.components.intake.receive([come])
    return {"hai-cua": "/can-bo/ho-so/2026/PROOF1/pairs", "dau": "/", "mat-khau": "/khan-cap/mat-khau"}


def suspended_hour(components: Shift) -> Mapping[str, str]:
    """A request to amend whose hour runs, and whose declarant has been suspended since."""
    whole, key = components.site.components, components.fresh[3]
    with whole.database.transaction() as connection:
        request = update(outbox).where(outbox.c.kind == "AmendmentRequest")
        connection.execute(request.values(delivered_at=CLOCK))
    whole.deadlines.watch()
    whole.accounts.suspend(CITIZEN, unit=None, reason="Nghi bị chiếm đoạt", actor=TESTER)
    return {"gio-tam-dung": file_of(key)}


def registers(components: Shift) -> Mapping[str, str]:
    """What administrators read and have no proposal about."""
    at, tokens = "/quan-tri", components.site.components.tokens
    tokens.issue(Machine.DECLARANT, "Công ty Du lịch Thử nghiệm", ENTERPRISE, actor=TESTER)
    tokens.issue(Machine.CUSTOMS, "E-Customs", office=OFFICE, actor=TESTER)
    clients, sso = components.site.components.clients, "https://sso.haiquan.example"
    clients.add("issuer", sso, PartyFacts("Đăng nhập một lần của Hải quan", issuer().public), actor=TESTER)
    named = PartyFacts("E-Customs, phân hệ tra cứu", client().public, offices=(OFFICE,), issuers=(sso,))
    clients.add("client", "e-customs", named, actor=TESTER)
    pages = {"don-vi": f"{at}/don-vi", "ma-truy-cap": f"{at}/ma-truy-cap", "chuong-trinh": f"{at}/chuong-trinh"}
    return {**pages, "mot-danh-muc": f"{at}/danh-muc/gates", "quy-tac": f"{at}/quy-tac/BQP0100002/2"}


def pictures(
    browser: Browser, url: str, shown: Mapping[str, str], state: str, folder: Path, box: Mapping[str, str] | None = None
) -> None:
    """One picture for each page, language and width; `box`: what is typed into a page's one box, by its name."""
    for (name, address), language, width in product(shown.items(), LANGUAGES, WIDTHS):
        with visit(browser, width=width, state=state) as context:
            page = context.new_page()
            page.goto(f"{url}{address}{'&' if '?' in address else '?'}lang={language}")
            if box and name in box:
                page.locator("#q, #officer").first.fill(box[name])
                page.locator("main button").first.click()
                page.wait_for_load_state()
            page.evaluate("document.fonts.ready")
            page.evaluate(_AS_INSTALLED, tempfile.gettempdir())
            file = folder / f"{name}-{language}-{width}.jpg"
            page.screenshot(path=file, full_page=True, type="jpeg", quality=_QUALITY)


def of_customs(components: Shift) -> Mapping[str, str]:
    """What is typed into the one box of customs, by the pictures of what it finds."""
    return {"tra-cuu-ho-so": f"{components.confirmed.number}/{components.confirmed.year}", "tra-cuu-mst": "0100109106"}


def looked_up(components: Shift) -> None:
    """What an auditor finds: an officer of customs has looked up a dossier and a firm."""
    key = components.confirmed
    officer = components.site.components.people.acting("hai-quan")
    for search in (Search(Key.NUMBER, key.number, key.year), Search(Key.PARTY, "0100109106")):
        components.site.components.searches.search(search, officer)


class Camera:
    """Who sees which pages; of all pictures those that are wanted, or each."""

    def __init__(
        self, browser: Browser, components: Shift, cookies: Path, folder: Path, wanted: frozenset[str]
    ) -> None:
        self._browser, self._components, self._cookies = browser, components, cookies
        self._folder, self._wanted = folder, wanted

    def take(self, who: str, shown: Mapping[str, str], box: Mapping[str, str] | None = None) -> None:
        """As somebody of the staff sees them, who has logged in; as a stranger where nobody is named."""
        chosen = {name: address for name, address in shown.items() if not self._wanted or name in self._wanted}
        if chosen:
            state = self._cookies / f"{who}.json"
            if not state.exists():
                self._log_in(who, state)
            pictures(self._browser, self._components.url, chosen, str(state), self._folder, box)

    def _log_in(self, who: str, state: Path) -> None:
        with visit(self._browser) as context:
            if who == "truong":
                administrator_of_customs(context, self._components)
            elif who:
                log_in_staff(context.new_page(), self._components.url, who, "/")
            context.storage_state(path=state)


def main(folder: Path, wanted: frozenset[str] = frozenset()) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        here = Path(name)
        browser = launch(playwright)
        url = sqlite_store(here / "adapter.sqlite3")
        with identity_provider(here / "identity") as provider, shift(here / "shift", url, provider) as components:
            camera = Camera(browser, components, here, folder, wanted)
            camera.take("", {"khan-cap": "/khan-cap"})
            for who, shown in (("can-bo", places), ("can-bo", papers), ("van-hanh", night), ("quan-tri", desk)):
                camera.take(who, shown(components))
            camera.take("quan-tri", registers(components))
            camera.take("truong", rights(components))
            box = of_customs(components)
            camera.take("hai-quan", dict.fromkeys(("tra-cuu", *box), "/hai-quan"), box)
            looked_up(components)
            camera.take("kiem-tra", {"nhat-ky": "/nhat-ky-tra-cuu"}, {"nhat-ky": "hai-quan"})
            camera.take("don-truong", accounts(components))
            camera.take("can-bo", letters(components))
            camera.take("can-bo", both_doors(components))
            camera.take("don-truong", suspended_hour(components))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/consoles"), frozenset(sys.argv[2:])))
