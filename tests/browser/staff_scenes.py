"""A border unit's shift: dossiers of every kind that an officer meets, and who can log in to deal with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page

from adapter.bootstrap import Components
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.model.actor import Role
from adapter.model.identifiers import DossierKey
from adapter.services.access.people import Facts
from adapter.services.access.staff_sessions import StaffAccount
from tests.browser.scenes import ABOUT
from tests.harness.fixtures import CLOCK, Case, load_cases, submission
from tests.harness.history import ITEMS, OFFICER, REASON, dossier_of, play
from tests.harness.people import TESTER, person
from tests.harness.pki import shared_pki
from tests.harness.staff import OFFICE, staffed
from tests.harness.units import HUUNGHI, two_units
from tests.harness.website import Website
from tests.servers.identity import STAFF, IdentityProvider

GATE = b"<Gate>HUUNGHI</Gate>"
FRESH = (
    *("BQP0100001/accepted-tour-group-entering", "BQP0100001/accepted-two-leaders-are-flagged"),
    *("BQP0100002/accepted-citizen-unsigned", "BQP0100002/accepted-with-children"),
    *("BQP0100001/accepted-late-and-flagged", "BQP0100001/accepted-official-delegation-by-public-ca"),
)
ASKED = "BQP0100001/asked-leader-with-another-paper"
AMENDED = "BQP0100003/accepted-own-discovery-waits-for-approval"
CONFIRMED = "BQP0100001/accepted-single-foreigner"
SHIP = "BQP0100007/accepted-arrival-with-passengers"
PORT = "CANGHAIPHONG"


@dataclass
class Shift:
    """The listener of staff with a unit's work in it."""

    site: Website
    group: DossierKey
    asked: DossierKey
    confirmed: DossierKey
    citizen: DossierKey
    amended: DossierKey
    """Its declarant has found something himself, and waits for a decision."""
    fresh: tuple[DossierKey, ...]
    """Those that came last: of FRESH, in order."""
    ship: DossierKey
    """An officer has yet to accept it."""

    @property
    def url(self) -> str:
        return self.site.staff_url


def file_of(key: DossierKey) -> str:
    """Where a dossier's page is."""
    return f"/can-bo/ho-so/{key.year}/{key.number}"


@contextmanager
def shift(folder: Path, database_url: str, provider: IdentityProvider) -> Iterator[Shift]:
    """The shift, until left: of a unit with a land gate and a port. No key is in the process of its pages."""
    units = two_units()
    units["units"][HUUNGHI]["gates"].append(PORT)
    with staffed(folder, database_url, provider, apart=True, **ABOUT, **units, **{"accounts.deputy": True}) as site:
        fill(site.components)
        amended = play(site.components, AMENDED)
        cases = {case.id: case for case in load_cases()}
        asked, confirmed, ship, *fresh = [dossier_of(cases[n].message) for n in (ASKED, CONFIRMED, SHIP, *FRESH)]
        yield Shift(site, fresh[0], asked, confirmed, fresh[2], amended, tuple(fresh), ship)


def fill(components: Components) -> None:
    """What has come to the unit, and what was done with some of it."""
    cases = {case.id: case for case in load_cases()}
    for name in (*FRESH, ASKED, CONFIRMED, SHIP):
        _receive(components, cases[name])
    components.completion.complete(dossier_of(cases[CONFIRMED].message), OFFICER)
    children = dossier_of(cases[FRESH[3]].message)
    components.amendments.request(children, OFFICER, reason=REASON, items=ITEMS)


def _receive(components: Components, case: Case) -> None:
    components.intake.receive([submission(case, shared_pki())])


def delegated(components: Shift) -> str:
    """A deputy of the unit, a delegation to him that counts, and one that was ended; gives the page of delegations."""
    parts = components.site.components
    parts.people.add("pho", Facts("DANG VAN PHO", ("deputy",), "Thiếu tá", HUUNGHI), actor=TESTER)
    minh = person("don-truong", Role.COMMANDER, name="LE QUANG MINH", rank="Trung tá", unit=HUUNGHI)
    ended, _ = (
        parts.delegations.grant("pho", paper, valid_to=CLOCK + timedelta(days=30), actor=minh)
        for paper in ("QĐ-19/2026", "QĐ-21/2026")
    )
    parts.delegations.end(ended, actor=minh)
    return "/can-bo/tai-khoan/cap-pho"


def administrator_of_customs(context: BrowserContext, components: Shift) -> None:
    """The context is his who gives look-up rights to the officers of the office."""
    parts = components.site.components
    facts = Facts("NGUYEN THI TRUONG", ("customs_administrator",), office=OFFICE, login="truong")
    if not any(each.id == "truong" for each in parts.people.list()):
        parts.people.add("truong", facts, actor=TESTER)
    secret = parts.staff_sessions.admit(StaffAccount("https://id.invalid", "truong", "truong", None))
    # By https, else the prefix __Host- is refused here; a browser sends it to this machine without, too.
    here = components.url.replace("http:", "https:")
    context.add_cookies([{"name": STAFF_COOKIE, "value": secret, "url": here, "secure": True}])


def log_in_staff(page: Page, url: str, who: str, at: str = "/can-bo") -> None:
    """As one of them does: the provider's page, and back."""
    page.goto(f"{url}/login?next={quote(at)}")
    assert who in STAFF
    page.locator(f"button[value={who}]").click()
    page.wait_for_url(f"{url}/**")
