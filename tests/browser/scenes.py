"""A portal with somebody's dossiers in it, and the pages of it that are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from adapter.services.watch.mode import Sight
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import OFFICER, dossier_of
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, Website, citizen_message, configure, website
from tests.servers.identity import PEOPLE, IdentityProvider

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none", "--disable-lcd-text"]
"""Root has no sandbox; the others make a picture the same on every machine."""
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
AN = PEOPLE["an"]
ABOUT = {
    "web.about.telephone": "1900 9299",
    "web.about.address": "Số 4 Đinh Công Tráng, Hoàn Kiếm, Hà Nội",
    "web.about.email": "hotro@bienphong.example",
}
PAPER = "/Envelope/Body/Content/CitizenDeclaration/Citizen/DocumentNumber"
ASKED = [AmendmentItem("Số giấy tờ không khớp với hộ chiếu", "Khai lại theo hộ chiếu", "11", PAPER)]
GROUP = "BQP0100001/accepted-tour-group-entering"


@dataclass
class Portal:
    """A portal that serves, with An's three dossiers: one confirmed, one asked about, one just declared."""

    site: Website
    confirmed: DossierKey
    asked: DossierKey
    fresh: DossierKey

    @property
    def url(self) -> str:
        return self.site.url

    def page_of(self, key: DossierKey) -> str:
        return f"/ho-so/{key.year}/{key.number}"


@contextmanager
def portal(folder: Path, database_url: str, provider: IdentityProvider) -> Iterator[Portal]:
    mail = {"host": "127.0.0.1", "port": 1, "security": "none", "sender": "portal@bienphong.example"}  # nobody sends
    changes = {**ABOUT, **provider.settings(), "mail": mail, "web.portal.public_url": provider.site}
    config = configure(folder, database_url, changes)
    with website(config, urlsplit(provider.site).port or 0) as site:
        site.window(Sight.DOWN)
        with site.declarant(CITIZEN) as client:
            confirmed, asked, fresh = (_declared(client, place) for place in range(3))
        site.components.completion.complete(confirmed, OFFICER)
        site.components.amendments.request(asked, OFFICER, reason="Số hộ chiếu không khớp với ảnh", items=ASKED)
        yield Portal(site, confirmed, asked, fresh)


def _declared(client: object, place: int) -> DossierKey:
    message = citizen_message(messageId=f"11111111-1111-4111-8111-11111111111{place}", Purpose=f"Du lịch {place}")
    told = client.post("/api/v1/declarations", content=message, headers={"Content-Type": "application/xml"}).json()  # type: ignore[attr-defined]
    return DossierKey(told["reference"], told["year"])


def by_the_window(site: Website) -> DossierKey:
    """A tour group's dossier that came by the window."""
    case = next(each for each in load_cases() if each.id == GROUP)
    site.components.intake.receive([submission(case, shared_pki())])
    return dossier_of(case.message)


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def visit(browser: Browser, *, width: int = 1280, scheme: str = "light", state: str | None = None) -> BrowserContext:
    """An empty browser of somebody in Vietnam, or one with the cookies that are kept in the file `state`."""
    return browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="vi-VN",
        timezone_id="America/New_York",  # his machine's zone changes nothing: times are Vietnam's
        reduced_motion="reduce",
        storage_state=state,
    )


def kept(browser: Browser, file: Path, come_in: Callable[[Page], None]) -> str:
    """The cookies of somebody who has logged in so; the file's name."""
    with visit(browser) as context:
        come_in(context.new_page())
        context.storage_state(path=file)
    return str(file)


def log_in(page: Page, url: str, who: str = "an") -> None:
    """As a person does: the link, the kind of his account, the provider's page, back."""
    page.goto(url)
    page.get_by_role("banner").get_by_role("link", name="Đăng nhập").click()
    page.get_by_role("main").get_by_role("link", name="Cơ quan, tổ chức" if PEOPLE[who].tax_code else "Cá nhân").click()
    page.locator(f"button[value={who}]").click()
    page.wait_for_url(f"{url}/**")
