"""No page that an operator or auditor can open shows a value of a person: every route, over many fixtures at once.

The routes are read from the listener itself: a page that is new is walked too, and fails where no address of it opens.
Values of persons are also typed into every search and act: what finds or refuses them shows them in no other place.
"""

from __future__ import annotations

import hashlib
import html
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from lxml import etree
from lxml import html as pages
from pypdf import PdfReader
from sqlalchemy import Table, select, update

from adapter.bootstrap import Components
from adapter.entrypoints.web.app import create_staff
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.entrypoints.web.operator.failing import FILES
from adapter.gateways.store import tables
from adapter.model.actor import Role
from adapter.model.outcomes import PublishFault
from adapter.model.procedure import Label
from adapter.services.access.people import Facts
from adapter.services.access.staff_sessions import StaffAccount
from adapter.services.portal_failure.failure import FailureReport
from adapter.services.watch.mode import Sight
from tests.harness.attached import letter
from tests.harness.fixtures import load_cases, submission
from tests.harness.people import TESTER
from tests.harness.personal_values import EXAMPLE, told_of_persons
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.shares import FULL, share
from tests.harness.staff_pages import paths_of
from tests.harness.website import ENTERPRISE

ROLES = (Role.OPERATOR, Role.AUDITOR)
STEP = 1 if FULL else 5
"""Of the messages, answers and dossiers each so-many-th is opened; the lists show all of them."""
EVERY = 10
"""So-many-th of the fixtures is received in `make test`, with one of each procedure's outcomes."""
PARKED, TOGETHER = 8, 50
"""Each so-many-th message is parked; so many are received at a time."""
LEAST = 6
"""Of all fixtures together a shorter value (a year) stands somewhere as something else."""


@dataclass(frozen=True)
class Everything:
    """An installation that has received every fixture, and what these say of persons."""

    components: Components
    secrets: frozenset[str]
    app: FastAPI

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

    def sought(self) -> list[str]:
        """Values of persons to be typed in: numbers, since those are what somebody looks for, and a name."""
        numbers = sorted((each for each in self.secrets if each.isalnum() and each[-4:].isdigit()), key=_scattered)
        names = sorted((each for each in self.secrets if " " in each and each.isupper()), key=_scattered)
        return [*numbers[:SOUGHT], *names[:1]]


def _scattered(value: str) -> str:
    """An order that is always the same and has nothing to do with the values."""
    return hashlib.sha256(value.encode()).hexdigest()


_NAMED: list[tuple[str, Table, Callable[[Any], dict[str, str]]]] = [
    ("/thong-diep/{id}", tables.inbox, lambda row: {"id": row.public_id}),
    ("/tra-loi/{id}", tables.outbox, lambda row: {"id": row.message_id}),
    ("/su-co/{number}", tables.incident, lambda row: {"number": str(row.id)}),
    ("{year}/{number}", tables.dossier, lambda row: {"year": str(row.year), "number": row.number, "digest": "0" * 64}),
    ("/can-bo/uy-quyen/{id}", tables.authorisation, lambda row: {"id": str(row.id)}),
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
        cases = share(load_cases(), EVERY, lambda case: ((case.procedure, case.expect.outcome),))
        messages = [submission(case, shared_pki()) for case in cases]
        for each in messages:
            with suppress(etree.XMLSyntaxError):
                persons, others = told_of_persons(components.catalogue, each.raw)
                secret, opened = secret | persons, opened | others
        for each in messages[::PARKED]:
            components.intake.park(each, "a defect: KeyError")
        for at in range(0, len(messages), TOGETHER):
            components.intake.receive(messages[at : at + TOGETHER])
        with components.database.transaction() as connection:
            connection.execute(update(tables.outbox).values(fault=PublishFault.RETURNED.value))
        components.call_list.write()
        scan = components.attachments.looked_at("uy-quyen.pdf", letter())
        components.authorisations.grant("0100112437", ENTERPRISE, "UQ-1", scanned=scan, actor=TESTER)
        components.window.override(Sight.DOWN, reason="Điện thoại", actor=TESTER)
        components.people.add("quan-tri", Facts("QT", (Role.ADMINISTRATOR,)), actor=TESTER)
        for role in ROLES:
            components.people.add(role.value, Facts(role.value, (role,), login=role.value), actor=TESTER)
        whole = {each for each in secret if len(each) >= LEAST and not any(each in other for other in opened)}
        yield Everything(components, frozenset(whole), create_staff(components))


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_value_of_a_person_and_each_opens(everything: Everything, role: Role) -> None:
    opened, leaks = anyio.run(_walk, everything, role, _opened)
    assert leaks == []
    assert {path for path, answered in opened.items() if min(answered) >= 400} <= DURING_A_FAILURE


def test_a_value_of_a_person_that_is_searched_for_stands_in_its_box_alone(everything: Everything) -> None:
    asked, leaks = anyio.run(_walk, everything, Role.OPERATOR, _searched)
    assert leaks == []
    assert [path for path in FOUND_BY if 200 not in asked[path]] == []
    assert {404, 422} <= set().union(*asked.values()), "pages of errors were seen too"


def test_an_act_that_is_refused_with_a_value_of_a_person_shows_none(everything: Everything) -> None:
    asked, leaks = anyio.run(_walk, everything, Role.OPERATOR, _acted)
    assert leaks == []
    assert {409, 422, 404} <= set().union(*asked.values())


def test_while_the_portal_has_failed_only_the_call_list_names_persons_and_that_is_journalled(
    everything: Everything,
) -> None:
    with failing(everything) as operator:
        shown, leaks = anyio.run(_walk, everything, Role.OPERATOR, _failed)
        assert {path for path, _ in leaks} == {CALLS}
        assert shown == {f"{FAILING}": {200}, CALLS: {200}, f"{FAILING}/tep/{{name}}": {200}}
        told = [row for row in everything.rows(tables.journal) if row.event == "portal.call_list_shown"]
        assert [row.actor for row in told] == [operator]


FAILING = "/van-hanh/cong-hong"
CALLS = f"{FAILING}/goi"
"""Names and numbers are what it is for; who sees it has announced the failure with a reason, or another one has."""
FOUND_BY = ("/van-hanh/thong-diep", "/can-bo")
"""Pages with a search."""
SOUGHT = 3 if FULL else 1
"""So many numbers are typed in, and a name."""


@contextmanager
def failing(everything: Everything) -> Iterator[str]:
    """The portal has failed by an operator's word; gives how the journal names him."""
    acts = everything.components.failure_acts
    report = FailureReport(
        acts.failure.clock() - timedelta(hours=1), Label("Hỏng máy chủ.", "A server has failed."), None
    )
    acts.begin(report, actor=TESTER)
    yield f"person:{Role.OPERATOR.value}"
    acts.end(None, actor=TESTER)


Asking = Callable[[Everything, httpx.AsyncClient, list[str], str], AsyncIterator[tuple[str, str, httpx.Response]]]
"""Asks pages: gives path, what was typed, and the answer."""


async def _walk(
    everything: Everything, role: Role, asking: Asking
) -> tuple[dict[str, set[int]], list[tuple[str, str]]]:
    components = everything.components
    secret = components.staff_sessions.admit(StaffAccount("https://id.invalid", role.value, role.value, None))
    session = components.staff_sessions.find(secret)
    assert session is not None
    opened: dict[str, set[int]] = {}
    leaks = []
    headers = {"Cookie": f"{STAFF_COOKIE}={secret}", "Origin": "http://walk.invalid"}
    transport = httpx.ASGITransport(app=everything.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://walk.invalid", headers=headers) as client:
        async for path, typed, answer in asking(everything, client, paths_of(everything.app, role), session.csrf):
            opened.setdefault(path, set()).add(answer.status_code)
            shown = _shown(answer, typed)
            leaks += [(path, value) for value in everything.secrets if value in shown]
    return opened, leaks


def _shown(answer: httpx.Response, typed: str) -> str:
    """What a reader sees, with every address behind it; without the boxes in which what he typed stands again, and
    the address of the page itself."""
    kind = answer.headers.get("content-type", "")
    if kind == "application/pdf":
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    text = answer.text
    if typed and kind.startswith("text/html"):
        document = pages.document_fromstring(answer.content)
        for box in document.xpath("//input[@value]"):
            box.set("value", box.get("value").replace(typed, ""))
        for way in document.xpath("//ul[@class='languages']//a"):  # to the page where he is
            way.set("href", unquote(way.get("href")).replace(typed, ""))
        for box in document.xpath("//textarea"):
            box.text = (box.text or "").replace(typed, "")
        text = pages.tostring(document, encoding="unicode")
    return EXAMPLE.sub("", html.unescape(unquote(text)))


async def _opened(
    everything: Everything, client: httpx.AsyncClient, paths: list[str], csrf: str
) -> AsyncIterator[tuple[str, str, httpx.Response]]:
    del csrf
    for path in paths:
        for named in everything.fillings(path):
            yield path, "", await client.get(path.format(**named) + _QUERIES.get(path, ""))


async def _searched(
    everything: Everything, client: httpx.AsyncClient, paths: list[str], csrf: str
) -> AsyncIterator[tuple[str, str, httpx.Response]]:
    """Into each text that a page takes by its address, and in place of what is in its path."""
    del csrf
    taken = {
        route.path: [each.alias for one in _with_parts(route.dependant) for each in one.query_params]
        for route in iter_route_contexts(everything.app.routes)
        if getattr(route, "dependant", None) is not None and "GET" in route.methods
    }
    for value in everything.sought():
        for path in paths:
            for named in everything.fillings(path)[:1]:
                for name in dict.fromkeys(taken[path]):
                    yield path, value, await client.get(path.format(**named), params={name: value})
                for mark in named:
                    place = path.format(**{**named, mark: quote(value, safe="")})
                    yield f"{path} without", value, await client.get(place + _QUERIES.get(path, ""))


def _with_parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _with_parts(each)


async def _acted(
    everything: Everything, client: httpx.AsyncClient, paths: list[str], csrf: str
) -> AsyncIterator[tuple[str, str, httpx.Response]]:
    """Acts that are refused: without a reason, with an end that cannot be meant, on what is not there."""
    del paths
    message, reply = everything.rows(tables.inbox)[0].public_id, everything.rows(tables.outbox)[0].message_id
    for value in everything.sought():
        for path, form in (
            ("/van-hanh/cong/down", {"ly-do": value, "den": value}),
            ("/van-hanh/cong/confirm", {"ly-do": value}),
            (f"/van-hanh/thong-diep/{message}/hien", {"ly-do": "", "khoa": value}),
            (f"/van-hanh/thong-diep/{quote(value, safe='')}/hien", {"ly-do": value}),
            (f"/van-hanh/tra-loi/{reply}/gui-lai", {"ly-do": value}),
            (f"/van-hanh/tra-loi/{reply}/gui-lai", {"ly-do": ""}),
            (f"/van-hanh/tra-loi/{quote(value, safe='')}/gui-lai", {"ly-do": value}),
            ("/van-hanh/cach-ly", {"vi-sao": value}),
            (FAILING, {"ly-do": value, "tu": value, "den": value}),
            (CALLS, {"ho-so": value, "ket-qua": "reached", "ghi-chu": value}),
            (CALLS, {"ho-so": value, "ket-qua": value}),
        ):
            yield path, value, await client.post(path, data={"csrf": csrf, **form})


async def _failed(
    everything: Everything, client: httpx.AsyncClient, paths: list[str], csrf: str
) -> AsyncIterator[tuple[str, str, httpx.Response]]:
    del everything, csrf
    for path in (each for each in paths if each.startswith(FAILING)):
        for name in FILES if "{name}" in path else ("",):
            yield path, "", await client.get(path.format(name=name))
