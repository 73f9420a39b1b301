"""The demonstration world with somebody of every role logged in: what walks over the pages of staff ask of it.

Beside the dossiers of `make run` it has what names persons elsewhere: a suspended account, certificates that wait, an
entry of what was on paper with its scan, an attached file, and whom to telephone after a failure of the portal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from lxml import etree
from sqlalchemy import Table, insert, select

from adapter.bootstrap import Components, assemble
from adapter.entrypoints.web.app import create_staff
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.gateways.store import attachments, tables
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.suspensions import Suspension
from adapter.model.actor import Role
from adapter.model.identifiers import DossierKey
from adapter.services.access.people import Facts, actor_of
from adapter.services.access.rights import TABLE, Right
from adapter.services.access.staff_sessions import StaffAccount
from tests.harness.attached import letter
from tests.harness.demonstration import FRESH, entered_from_paper, fill
from tests.harness.fixtures import load_cases
from tests.harness.history import dossier_of
from tests.harness.people import TESTER, person
from tests.harness.personal_values import told_of_persons
from tests.harness.pki import shared_pki
from tests.harness.staff_pages import rights_of
from tests.harness.statements import brought, logged_in
from tests.harness.stores import ensure_tables
from tests.harness.units import HUUNGHI, MONGCAI, two_units
from tests.harness.website import OTHER, changed, configure

SITE = "http://walk.invalid"
ISSUER = "https://id.invalid"
OFFICE, ELSEWHERE = "HQ-HUUNGHI", "HQ-MONGCAI"
OURS = {
    Role.OFFICER: {"unit": HUUNGHI},
    Role.COMMANDER: {"unit": HUUNGHI},
    Role.CUSTOMS_OFFICER: {"office": OFFICE},
    Role.CUSTOMS_ADMINISTRATOR: {"office": OFFICE},
    Role.OPERATOR: {},
    Role.AUDITOR: {},
    Role.ADMINISTRATOR: {},
}
"""Who walks, by his role."""
THEIRS = {
    Role.COMMANDER: {"unit": MONGCAI},
    Role.CUSTOMS_OFFICER: {"office": ELSEWHERE},
    Role.CUSTOMS_ADMINISTRATOR: {"office": ELSEWHERE},
}
"""The same of another unit and of another office, which have nothing."""


@dataclass(frozen=True)
class StaffRoute:
    """A route of the staff's listener: its method, its path, the rights that it asks for."""

    method: str
    path: str
    rights: frozenset[Right]

    def is_for(self, role: Role) -> bool:
        return any(role in TABLE[right] for right in self.rights)


@dataclass(frozen=True)
class StaffWorld:
    """The installation, its listener, and what it holds that a path can name."""

    components: Components
    app: FastAPI
    suspension: Suspension
    paper: int
    delegation: int
    digest: str
    """Of a file that is attached to the dossiers and to what was on paper."""
    keys: Mapping[str, DossierKey]
    """The dossiers, by the fixtures that brought them."""
    letter: int
    """An authorisation that an officer of the unit has entered, with its scan."""
    secrets: dict[tuple[Role, bool], tuple[str, str]] = field(default_factory=dict)

    @property
    def first(self) -> DossierKey:
        """A dossier of the unit that waits for its officers."""
        return next(iter(self.keys.values()))

    def rows(self, table: Table) -> list[Any]:
        with self.components.database.reading() as connection:
            return list(connection.execute(select(table)))

    def session(self, role: Role, *, ours: bool = True) -> tuple[str, str]:
        """The cookie and the form token of somebody with that role, of our place or of the other one."""
        if (role, ours) not in self.secrets:
            code = login_of(role, ours=ours)
            secret = self.components.staff_sessions.admit(StaffAccount(ISSUER, code, code, None))
            found = self.components.staff_sessions.find(secret)
            assert found is not None
            self.secrets[role, ours] = secret, found.csrf
        return self.secrets[role, ours]

    def client(self, role: Role, *, ours: bool = True) -> httpx.AsyncClient:
        headers = {"Cookie": f"{STAFF_COOKIE}={self.session(role, ours=ours)[0]}", "Origin": SITE}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=SITE, headers=headers)

    def reply_of(self, key: DossierKey) -> str:
        """The digest of the newest reply about a dossier."""
        ids = [row.id for row in self.rows(tables.dossier) if (row.number, row.year) == (key.number, key.year)]
        return str([row.digest for row in self.rows(tables.outbox) if row.dossier_id in ids][-1])

    def told_of_persons(self) -> set[str]:
        """Every value of a person that the world holds, as it was declared, registered or typed."""
        values: set[str] = set()
        opened: set[str] = set()
        for row in self.rows(tables.inbox):
            try:
                persons, others = told_of_persons(self.components.catalogue, row.raw)
            except etree.XMLSyntaxError:
                continue
            values, opened = values | persons, opened | others
        values |= {self.suspension.number, "NGUYEN VAN GIAY", "B7654321"}
        values |= {str(row.number) for row in self.rows(tables.certificate) if row.number}
        return {each for each in values if len(each) >= LEAST and not any(each in other for other in opened)}


LEAST = 6
"""A shorter value stands somewhere as something else."""


def login_of(role: Role, *, ours: bool) -> str:
    """By which the register knows him."""
    return f"walk-{role.value}" if ours else f"away-{role.value}"


def staff_routes(app: FastAPI) -> list[StaffRoute]:
    """Every route that asks for a right of somebody who has logged in, as the router has them now."""
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        rights = frozenset(rights_of(dependant)) if dependant is not None else frozenset()
        if rights and not context.path.startswith("/api/"):
            found += [StaffRoute(method, context.path, rights) for method in sorted(context.methods - {"HEAD"})]
    return found


@contextmanager
def staff_world(folder: Path, database_url: str) -> Iterator[StaffWorld]:
    """The world until left, on one store and without a server."""
    whole = assemble(configure(folder, database_url, {**two_units(), "accounts.deputy": True}))
    ensure_tables(whole.database)
    fill(whole, shared_pki())
    whole.offices.add(CustomsOffice(ELSEWHERE, "Hải quan Móng Cái", None, ("MONGCAI",)), actor=TESTER)
    for ours, places in ((True, OURS), (False, THEIRS)):
        for role, place in places.items():
            code = login_of(role, ours=ours)
            whole.people.add(code, Facts(code.upper(), (role.value,), login=code, **place), actor=TESTER)
    suspension = whole.accounts.suspend(OTHER, unit=HUUNGHI, reason="Nghi bị chiếm đoạt", actor=TESTER)
    secret = logged_in(whole)
    with changed(whole.certificate_holders, approval=True):
        whole.certificate_holders.register(secret, brought(whole, secret, "unregistered"))
    digest = hashlib.sha256(letter()).hexdigest()
    paper, delegation = entered_from_paper(whole), _delegated(whole)
    _attached(whole, digest, paper)
    cases = {case.id: case for case in load_cases()}
    keys = {name: dossier_of(cases[name].message) for name in FRESH}
    yield StaffWorld(whole, create_staff(whole), suspension, paper, delegation, digest, keys, _entered(whole))
    whole.database.close()


def _delegated(whole: Components) -> int:
    """To the deputy, by the commander: both of our unit."""
    whole.people.add("pho-don", Facts("DANG VAN PHO", ("deputy",), unit=HUUNGHI, login="pho-don"), actor=TESTER)
    (commander,) = (actor_of(each) for each in whole.people.list() if each.id == login_of(Role.COMMANDER, ours=True))
    until = whole.legal_clock() + timedelta(days=1)
    return whole.delegations.grant("pho-don", "QĐ-1", valid_to=until, actor=commander)


def _entered(whole: Components) -> int:
    """A letter of authorisation, with its scan."""
    scan = whole.attachments.looked_at("uy-quyen.pdf", letter())
    officer = person("can-bo-2", Role.OFFICER, unit=HUUNGHI)
    return whole.authorisations.grant(OTHER, "0100109106", "UQ-1", scanned=scan, actor=officer)


def _attached(whole: Components, digest: str, paper: int) -> None:
    """One letter, attached to every dossier and to what was on paper."""
    raw, now = letter(), whole.legal_clock()
    kept = {"digest": digest, "kind": "pdf", "size": len(raw), "body": raw, "kept_at": now, "scan": "clean"}
    with whole.database.transaction() as connection:
        connection.execute(insert(tables.stored_file).values(**kept))
        dossiers = [row.id for row in connection.execute(select(tables.dossier.c.id))]
        for about in ({"paper_id": paper}, *({"dossier_id": each} for each in dossiers)):
            whose = {"digest": digest, "name": "công văn.pdf", "added_by": "person:can-bo", "added_at": now}
            attachments.attach(connection, whole.database, {**whose, **about})  # type: ignore[typeddict-item]
