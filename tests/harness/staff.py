"""People of the staff in the register, as they log in at the test provider, and the two units that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

from adapter.bootstrap import Components
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.gateways.store.offices import CustomsOffice
from adapter.services.access.people import Facts
from adapter.services.access.staff_sessions import StaffAccount
from tests.harness.browsing import Person
from tests.harness.people import TESTER
from tests.harness.units import HUUNGHI, MONGCAI, two_units
from tests.harness.website import Website, configure, website
from tests.servers.identity import STAFF, IdentityProvider

OFFICE = "HQ-HUUNGHI"
REGISTERED: dict[str, Facts] = {
    "quan-tri": Facts("HOANG THI MAI", ("administrator",)),
    "quan-tri-2": Facts("BUI VAN DUC", ("administrator",)),
    "can-bo": Facts("NGUYEN VAN HAI", ("officer",), "Đại úy", unit=HUUNGHI),
    "can-bo-2": Facts("TRAN THU HA", ("officer",), "Trung úy", unit=HUUNGHI),
    "don-truong": Facts("LE QUANG MINH", ("commander",), "Trung tá", unit=HUUNGHI),
    "mong-cai": Facts("VU VAN NGOAI", ("officer",), "Thiếu úy", unit=MONGCAI),
    "van-hanh": Facts("PHAM THI LAN", ("operator",)),
    "hai-quan": Facts("VU DUC THANG", ("customs_officer",), office=OFFICE),
    "kiem-tra": Facts("DO VAN SON", ("auditor",)),
}
"""By their ids in the register, which are those at the provider too."""


def register(components: Components, people: Mapping[str, Facts] = REGISTERED) -> None:
    """Enter those whose unit the installation has, the administrator first."""
    components.offices.add(CustomsOffice(OFFICE, "Chi cục Hải quan Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
    known = {None, *(unit.code for unit in components.installation.units.every)}
    for code, facts in people.items():
        if facts.unit not in known:
            continue
        login = STAFF[code].login if code in STAFF else None
        person = Facts(facts.name, facts.roles, facts.rank, facts.unit, facts.office, login)
        components.people.add(code, person, actor=TESTER)


@contextmanager
def staffed(
    folder: Path, database_url: str, provider: IdentityProvider, *, apart: bool = False, **changes: object
) -> Iterator[Website]:
    """Both listeners of an installation of two units, whose staff can log in; `apart` as in `website`."""
    config = configure(folder, database_url, {**two_units(), **provider.settings(), **changes})
    ports = [urlsplit(site).port or 0 for site in (provider.site, provider.staff_site)]
    with website(config, *ports, apart=apart) as site:
        register(site.components)
        yield site


def logged_in(site: Website, who: str, at: str = "/can-bo") -> Person:
    """One of them, in a browser of his own, with the session that he has when he comes from the provider."""
    components = site.components
    assert components.staff_identity_provider is not None
    issuer = components.staff_identity_provider.trusted.issuer
    secret = components.staff_sessions.admit(StaffAccount(issuer, who, STAFF[who].login, None))
    person = Person.holding(site.staff_url, STAFF_COOKIE, secret)
    person.get(at)
    return person


def through_provider(site: Website, who: str, at: str = "/can-bo") -> Person:
    """The same by the whole way, there and back."""
    person = Person(site.staff_url)
    person.log_in(who, f"/login?next={quote(at)}")
    return person
