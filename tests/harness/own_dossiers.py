"""Declarants at the portal, and dossiers of theirs by either door."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapter.entrypoints.web.browser import PORTAL_COOKIE
from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from adapter.services.access.sessions import AccountHolder
from tests.harness.browsing import Person
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import dossier_of
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, Website, citizen_message

GROUP = next(case for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")
DECLARATIONS = "/api/v1/declarations"
XML = {"Content-Type": "application/xml"}


def somebody(site: Website, number: str, tax_code: str | None = None) -> Person:
    """Who has logged in with these numbers; log-in itself is tests/integration/test_web_login.py's."""
    holder = AccountHolder("https://id.invalid", f"{number}{tax_code}", "Nguyễn Văn An", number, tax_code, None)
    return Person(site.url, {urlsplit(site.url).netloc: {PORTAL_COOKIE: site.components.sessions.start(holder)}})


def declared(site: Website, number: str = CITIZEN) -> DossierKey:
    (key,) = several_declared(site, number, 1)
    return key


def several_declared(site: Website, number: str, count: int) -> list[DossierKey]:
    """So many dossiers of his by the portal, each of another journey."""
    ids = [
        {"messageId": f"11111111-1111-4111-8111-11111111111{place}", "Purpose": f"Việc {place}"} for place in range(9)
    ]
    with site.declarant(number) as client:
        sent = [citizen_message(**changes) for changes in [{}, *ids][:count]]
        told = [client.post(DECLARATIONS, content=each, headers=XML).json() for each in sent]
    return [DossierKey(each["reference"], each["year"]) for each in told]


def by_the_window(site: Website) -> DossierKey:
    site.components.intake.receive([submission(GROUP, shared_pki())])
    return dossier_of(GROUP.message)


def address(key: DossierKey) -> str:
    return f"/ho-so/{key.year}/{key.number}"


def parties(site: Website, key: DossierKey) -> list[str]:
    return next(row.identities for row in site.rows(tables.dossier) if row.number == key.number)
