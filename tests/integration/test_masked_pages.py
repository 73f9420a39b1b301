"""No page that an operator or auditor can open shows a value of a person: every route, over all fixtures at once.

The routes are read from the listener itself: a page that is new is walked too, and fails where no address of it opens.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from lxml import etree
from sqlalchemy import Table, select

from adapter.bootstrap import Components
from adapter.entrypoints.web.app import create_staff
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.entrypoints.web.guard import right_of
from adapter.gateways.store import tables
from adapter.model.actor import Role
from adapter.services.access.people import Facts
from adapter.services.access.rights import TABLE, Right
from adapter.services.access.staff_sessions import StaffAccount
from adapter.services.watch.mode import Sight
from tests.harness.fixtures import load_cases, submission
from tests.harness.people import TESTER
from tests.harness.personal_values import EXAMPLE, told_of_persons
from tests.harness.pki import shared_pki
from tests.harness.registers import gate

ROLES = (Role.OPERATOR, Role.AUDITOR)
STEP = 1 if os.environ.get("NSW_PROVE") == "full" else 20
"""Of the messages, answers and dossiers each so-many-th is opened; the lists show all of them."""
PARKED, TOGETHER = 8, 50
"""Each so-many-th message is parked; so many are received at a time."""
LEAST = 6
"""Of all fixtures together a shorter value (a year) stands somewhere as something else."""


@dataclass(frozen=True)
class Everything:
    """An installation that has received every fixture, and what these say of persons."""

    components: Components
    secrets: frozenset[str]

    def rows(self, table: Table) -> list[Any]:
        with self.components.database.reading() as connection:
            return list(connection.execute(select(table).order_by(table.c.id)))

    def fillings(self, path: str) -> list[dict[str, str]]:
        """What the parameters of a route are filled with; one that is not known here fails the walk."""
        if "{" not in path:
            return [{}]
        for mark, table, named in _NAMED:
            if mark in path:
                return [named(row) for row in self.rows(table)][::STEP] or [{}]
        raise AssertionError(f"say in _NAMED what the parameters of {path} are")


_NAMED: list[tuple[str, Table, Callable[[Any], dict[str, str]]]] = [
    ("/thong-diep/{id}", tables.inbox, lambda row: {"id": row.public_id}),
    ("/tra-loi/{id}", tables.outbox, lambda row: {"id": row.message_id}),
    ("/su-co/{number}", tables.incident, lambda row: {"number": str(row.id)}),
    ("{year}/{number}", tables.dossier, lambda row: {"year": str(row.year), "number": row.number, "digest": "0" * 64}),
    ("/cong-hong/tep/{name}", tables.incident, lambda _: {"name": "thong-bao.pdf"}),
]
"""By a part of a route's path the table whose rows fill its parameters, and how."""

DURING_A_FAILURE = {"/van-hanh/cong-hong/tep/{name}"}
"""Open only while the portal itself has failed; a letter to everybody, which names nobody."""
_QUERIES = {"/can-bo/moi": "?tu=0"}
"""What a route cannot be asked without."""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    with gate(tmp_path_factory.mktemp("all")) as components:
        secret, opened = set[str](), set[str]()
        messages = [submission(case, shared_pki()) for case in load_cases()]
        for each in messages:
            with suppress(etree.XMLSyntaxError):
                persons, others = told_of_persons(components.catalogue, each.raw)
                secret, opened = secret | persons, opened | others
        for each in messages[::PARKED]:
            components.intake.park(each, "a defect: KeyError")
        for at in range(0, len(messages), TOGETHER):
            components.intake.receive(messages[at : at + TOGETHER])
        components.window.override(Sight.DOWN, reason="Điện thoại", actor=TESTER)
        components.people.add("quan-tri", Facts("QT", (Role.ADMINISTRATOR,)), actor=TESTER)
        for role in ROLES:
            components.people.add(role.value, Facts(role.value, (role,), login=role.value), actor=TESTER)
        whole = {each for each in secret if len(each) >= LEAST and not any(each in other for other in opened)}
        yield Everything(components, frozenset(whole))


def _pages(app: FastAPI, role: Role) -> list[str]:
    """The paths of all that the role may open."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and "GET" in route.methods and any(role in TABLE[each] for each in _rights(dependant)):
            found.append(route.path)
    return found


def _rights(dependant: Dependant) -> Iterator[Right]:
    for each in dependant.dependencies:
        if (right := right_of(each.call)) is not None:
            yield right
        yield from _rights(each)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_value_of_a_person_and_each_opens(everything: Everything, role: Role) -> None:
    components = everything.components
    secret = components.staff_sessions.admit(StaffAccount("https://id.invalid", role.value, role.value, None))
    app = create_staff(components)
    opened, leaks = anyio.run(_walk, everything, app, secret, _pages(app, role))
    assert leaks == []
    assert {path for path, answered in opened.items() if min(answered) >= 400} <= DURING_A_FAILURE


async def _walk(
    everything: Everything, app: FastAPI, secret: str, paths: list[str]
) -> tuple[dict[str, set[int]], list[tuple[str, str]]]:
    opened: dict[str, set[int]] = {}
    leaks = []
    headers = {"Cookie": f"{STAFF_COOKIE}={secret}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://walk.invalid", headers=headers) as client:
        for path in paths:
            for named in everything.fillings(path):
                answer = await client.get(path.format(**named) + _QUERIES.get(path, ""))
                opened.setdefault(path, set()).add(answer.status_code)
                shown = EXAMPLE.sub("", html.unescape(answer.text))
                leaks += [(path, value) for value in everything.secrets if value in shown]
    return opened, leaks
