"""`python -m tests.browser.consoles FOLDER`: what staff see at their pages, in both languages, on both widths."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from adapter.model.actor import Role
from adapter.services.dossiers.paper_values import PaperForm
from tests.browser.administration_scenes import desk
from tests.browser.operator_scenes import night
from tests.browser.scenes import WIDTHS, kept, launch, visit
from tests.browser.staff_scenes import Shift, administrator_of_customs, file_of, log_in_staff, shift
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER, person
from tests.harness.statements import brought, logged_in
from tests.harness.stores import sqlite_store
from tests.harness.website import changed
from tests.servers.identity import identity_provider

_QUALITY = 55
_LANGUAGES = ("vi", "en")


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
    """What an administrator says of the look-ups of one officer of customs."""
    for procedure, given in (("BQP0100004", False), ("BQP0100001", False), ("BQP0100001", True)):
        state = (
            components.site.components.lookup_rights.give
            if given
            else components.site.components.lookup_rights.withdraw
        )
        state("hai-quan", procedure, actor=TESTER)
    return {"phan-quyen": "/phan-quyen-tra-cuu/hai-quan"}


def pictures(
    browser: Browser, url: str, shown: Mapping[str, str], state: str, folder: Path, box: Mapping[str, str] | None = None
) -> None:
    """One picture for each page, language and width; `box`: what is typed into a page's one box, by its name."""
    for (name, address), language, width in product(shown.items(), _LANGUAGES, WIDTHS):
        with visit(browser, width=width, state=state) as context:
            page = context.new_page()
            page.goto(f"{url}{address}{'&' if '?' in address else '?'}lang={language}")
            if box and name in box:
                page.locator("#q").fill(box[name])
                page.locator("main button").first.click()
                page.wait_for_load_state()
            page.evaluate("document.fonts.ready")
            file = folder / f"{name}-{language}-{width}.jpg"
            page.screenshot(path=file, full_page=True, type="jpeg", quality=_QUALITY)


def of_customs(browser: Browser, components: Shift, state: str, folder: Path) -> None:
    """The one box of customs, what it finds, and one dossier."""
    box = {"tra-cuu-ho-so": f"{components.confirmed.number}/{components.confirmed.year}", "tra-cuu-mst": "0100109106"}
    pictures(browser, components.url, dict.fromkeys(("tra-cuu", *box), "/hai-quan"), state, folder, box)


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        here = Path(name)
        browser = launch(playwright)
        url = sqlite_store(here / "adapter.sqlite3")
        with identity_provider(here / "identity") as provider, shift(here / "shift", url, provider) as components:

            def state(who: str, at: str) -> str:
                return kept(browser, here / f"{who}.json", lambda page: log_in_staff(page, components.url, who, at))

            for who, shown in (("can-bo", places), ("can-bo", papers), ("van-hanh", night), ("quan-tri", desk)):
                pictures(browser, components.url, shown(components), state(who, "/"), folder)
            with visit(browser) as context:
                administrator_of_customs(context, components)
                context.storage_state(path=here / "truong.json")
            pictures(browser, components.url, rights(components), str(here / "truong.json"), folder)
            of_customs(browser, components, state("hai-quan", "/hai-quan"), folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/consoles")))
