"""Walks over every page of staff and every read of its services: who was shown a value of a person is in the journal.

The routes are read from the router, the reads from the services: one that is new is walked too, or fails.
"""

from __future__ import annotations

import html
import importlib
import inspect
import os
import pkgutil
import re
from collections.abc import Callable, Iterator

import anyio
import httpx
import pytest

from adapter import services
from adapter.bootstrap import Components
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store import tables
from adapter.model.actor import Actor, Role
from adapter.model.journal_events import JournalEvent
from adapter.services.dossiers.versions import Versions
from adapter.services.dossiers.worklist import WorkFilter
from tests.harness.attached import letter
from tests.harness.people import TESTER
from tests.harness.personal_values import EXAMPLE
from tests.harness.staff_world import OFFICE, OURS, THEIRS, StaffRoute, StaffWorld, login_of, staff_routes, staff_world
from tests.harness.website import OTHER

SHOWN = {
    *(JournalEvent.DOSSIER_PERSONAL_SHOWN, JournalEvent.WORKLIST_SHOWN, JournalEvent.PAPER_SHOWN),
    *(JournalEvent.ATTACHMENT_GIVEN, JournalEvent.REGISTER_SHOWN, JournalEvent.CALL_LIST_SHOWN),
    *(JournalEvent.LOOKUP_DOSSIERS, JournalEvent.LOOKUP_REPLY, JournalEvent.MESSAGE_UNMASKED),
}
"""The entries that say of somebody that values of persons were shown to him."""
NAMES_NOBODY = {
    "/van-hanh/cong-hong/tep/{name}": "a letter to everybody about a failure of the portal",
    "/van-hanh/su-co/{number}/bao-cao.pdf": "a report of an outage: counts, times and numbers of dossiers",
}
"""Files whose text is not looked into, and why none of a person's values can be in them."""
NOT_OPEN_NOW = {
    "/van-hanh/cong-hong/goi": "only while the portal itself has failed; tests/integration/test_failing_pages.py",
    "/van-hanh/cong-hong/tep/{name}": "as the list of whom to call",
    "/van-hanh/su-co/{number}": "there was no outage",
    "/van-hanh/su-co/{number}/bao-cao.pdf": "there was no outage",
    "/quan-tri/de-nghi/{number}": "nothing is proposed",
    "/can-bo/ho-so/{year}/{number}/pairs": "nothing was declared twice; tests/integration/test_officer_pages.py",
}
"""Pages that this world has nothing for, and where else they are looked at."""
FULL = os.environ.get("NSW_PROVE") == "full"
STEP = 1 if FULL else 7
"""Of the dossiers each so-many-th is opened: the first and the confirmed one."""
EXAMPLES = {"C1234567", "NGUYEN VAN AN", "Nguyễn Văn An"}
"""Pages say by them how a number or a name is written, and persons of the world have them too."""
_QUERIES = {"/can-bo/moi": "?tu=0", "/can-bo/giay/moi": "?thu-tuc=BQP0100002"}
"""What a route cannot be asked without."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffWorld]:
    folder = tmp_path_factory.mktemp("walked")
    with staff_world(folder, f"sqlite:///{folder / 'adapter.db'}") as made:
        yield made


def _fillings(world: StaffWorld, path: str) -> list[dict[str, str]]:
    """What the parameters of a route are filled with; one that is not known here fails the walk."""
    dossiers = [{"year": str(key.year), "number": key.number} for key in list(world.keys.values())[::STEP]]
    if "{" not in path:
        return [{}]
    if path.endswith(("/tra-loi/{digest}.pdf", "/ket-qua.pdf", "/ket-qua.xml")):
        (_, key), *_ = reversed(world.keys.items())
        return [{"year": str(key.year), "number": key.number, "digest": world.reply_of(key)}]
    if "{year}/{number}" in path:
        return [{**each, "digest": world.digest} for each in dossiers]
    for mark, named in (
        ("/can-bo/giay/{number}", {"number": str(world.paper), "digest": world.digest}),
        ("/can-bo/tai-khoan/cap-pho/{id}", {"id": str(world.delegation)}),
        ("/can-bo/tai-khoan/{id}", {"id": str(world.suspension.id)}),
        ("/can-bo/uy-quyen/{id}", {"id": str(world.letter)}),
        ("/thong-diep/{id}", {"id": world.rows(tables.inbox)[0].public_id}),
        ("/tra-loi/{id}", {"id": world.rows(tables.outbox)[0].message_id}),
        ("/phan-quyen-tra-cuu/{person}", {"person": login_of(Role.CUSTOMS_OFFICER, ours=True)}),
        ("/quan-tri/nguoi/{id}", {"id": "can-bo"}),
        ("/quan-tri/lam/{act}", {"act": "person_add"}),
        ("/quan-tri/danh-muc/{name}", {"name": next(iter(world.components.catalogue.codelists))}),
        ("/quan-tri/quy-tac/{code}/{version}", {"code": "BQP0100002", "version": "2"}),
        ("{number}", {"number": "1"}),
        ("/cong-hong/tep/{name}", {"name": "thong-bao.pdf"}),
    ):
        if mark in path:
            return [named]
    raise AssertionError(f"say here what the parameters of {path} are")


SEEING = (Role.OFFICER, Role.COMMANDER, Role.CUSTOMS_OFFICER, Role.AUDITOR)
"""Who sees values of persons, and who is to see none; the long proof walks as everybody."""


@pytest.mark.parametrize("role", OURS if FULL else SEEING)
def test_whoever_was_shown_a_value_of_a_person_is_in_the_journal(world: StaffWorld, role: Role) -> None:
    routes = [each for each in staff_routes(world.app) if each.method == "GET" and each.is_for(role)]
    if role is Role.COMMANDER:  # the others are an officer's, and are walked as his
        routes = [each for each in routes if not each.is_for(Role.OFFICER)]
    opened, unnoted, noted = anyio.run(_walk, world, role, routes)
    assert unnoted == []
    assert {path for path, served in opened.items() if not served} <= set(NOT_OPEN_NOW)
    assert bool(noted) == (role is not Role.ADMINISTRATOR), "else nothing was looked at"


async def _walk(
    world: StaffWorld, role: Role, routes: list[StaffRoute]
) -> tuple[dict[str, bool], list[tuple[str, str]], set[str]]:
    """Which routes opened; where a value was shown without an entry; where with one."""
    values, seen = world.told_of_persons() - EXAMPLES, _entries(world, role)
    opened: dict[str, bool] = {}
    unnoted: list[tuple[str, str]] = []
    noted: set[str] = set()
    async with world.client(role) as client:
        for route in routes:
            for named in _fillings(world, route.path):
                answer = await client.get(route.path.format(**named) + _QUERIES.get(route.path, ""))
                opened[route.path] = opened.get(route.path, False) or answer.status_code in (200, 409)
                now = _entries(world, role)
                shown = _shown(route.path, answer, values) if answer.status_code == 200 else ""
                if shown and now > seen:
                    noted.add(route.path)
                elif shown:
                    unnoted.append((route.path, shown))
                seen = now
    return opened, unnoted, noted


def _entries(world: StaffWorld, role: Role) -> int:
    """How often the journal says that something was shown to him."""
    return _entries_of(world, f"person:{login_of(role, ours=True)}")


def _entries_of(world: StaffWorld, name: str) -> int:
    return sum(row.actor == name and row.event in SHOWN for row in world.rows(tables.journal))


def _shown(path: str, answer: httpx.Response, values: set[str]) -> str:
    """A value of a person that is there, or that it is a file; empty where there is none."""
    if not answer.headers["content-type"].startswith(("text/html", "text/plain")):
        return "" if path in NAMES_NOBODY else "a file"
    text = EXAMPLE.sub("", html.unescape(answer.text))
    return next((value for value in sorted(values) if value in text), "")


NAMING = {
    *("Suspension", "AccountsShown", "SentNotice", "Authorisation", "Registered", "StoredPaperRecord", "GivenFile"),
    *(
        "GrantLetter",
        "CaseFile",
        "Life",
        "Comparison",
        "WorkPage",
        "FailureState",
        "MessageView",
        "CustomsAnswer",
        "CustomsAnswers",
    ),
}
"""What services give that has a value of a person in it."""
Read = Callable[[Components, StaffWorld, Actor], object]
READS: dict[str, Read] = {
    "Accounts.list": lambda whole, _, who: whole.accounts.list(actor=who),
    "Accounts.overview": lambda whole, _, who: whole.accounts.overview(actor=who),
    "Accounts.may_restore": lambda whole, world, who: whole.accounts.may_restore(world.suspension.id, actor=who),
    "Accounts.told": lambda whole, _, who: whole.accounts.told(actor=who),
    "Authorisations.list": lambda whole, _, who: whole.authorisations.list(actor=who),
    "EnteredGrants.of_unit": lambda whole, _, who: whole.entered_grants.of_unit(who),
    "EnteredGrants.about": lambda whole, _, who: whole.entered_grants.about(OTHER, who),
    "EnteredGrants.letter": lambda whole, world, who: whole.entered_grants.letter(world.letter, who),
    "Registry.list": lambda whole, _, who: whole.registry.list(actor=who),
    "Registry.waiting": lambda whole, _, who: whole.registry.waiting(actor=who),
    "Registry.show": lambda whole, world, who: whole.registry.show(
        str(world.rows(tables.certificate)[0].id), actor=who
    ),
    "CaseFiles.open": lambda whole, world, who: whole.case_files.open(world.first, who),
    "DossierReader.life": lambda whole, world, who: dossier_reader(whole).life(world.first, personal=True, actor=who),
    "Versions.of": lambda whole, world, who: Versions(
        whole.database, lambda: whole.catalogue, whole.installation.units, whole.legal_clock
    ).of(world.first, personal=True, actor=who),
    "WorkLists.page": lambda whole, _, who: whole.work_lists.page(who, WorkFilter(), None),
    "PaperRecords.show": lambda whole, world, who: whole.paper_records.show(world.paper, actor=who),
    "PaperScans.file": lambda whole, world, who: whole.paper_scans.file(world.paper, world.digest, actor=who),
    "AttachmentsGiven.case_file": lambda whole, world, who: whole.attachments_given.case_file(
        world.first, who, world.digest
    ),
    "AttachmentsGiven.letter": lambda whole, world, who: whole.attachments_given.letter(world.letter, who),
    "MessageBrowser.unmask": lambda whole, world, who: whole.message_browser.unmask(
        world.rows(tables.inbox)[0].public_id, reason="x", actor=who
    ),
}
"""Each read that shows such a value, as it is called."""
NOT_A_READ = {
    **dict.fromkeys(("Accounts.suspend", "Accounts.restore"), "an act, which has its own entry"),
    **dict.fromkeys((f"Registry.{each}" for each in ("suspend", "restore", "approve", "decline")), "as these"),
    "Registry.noted": "writes the entry of an act",
    "OwnCertificates.of": "a declarant's own",
    "AttachmentsGiven.own_file": "a declarant's own",
    "AttachmentsGiven.to_officer": "a part of case_file and of PaperScans.file, and writes their entry",
    "PaperRecords.unchecked": "lists show number, procedure and time alone, as the walk over pages holds",
    "PaperRecords.sent_back": "as PaperRecords.unchecked",
    "MessageBrowser.show": "masked",
    "PortalFailureActs.state": "whom to call is left out",
    "PortalFailureActs.contacts": "only while the portal has failed; tests/integration/test_failing_pages.py",
    "SearchBox.one": "asks Searches.search",
    "Searches.search": "tests/integration/test_customs_searches.py; the walk over pages too",
}
"""What gives such a value and is not asked here, and why."""


def test_each_read_of_a_service_that_names_a_person_is_in_the_journal(world: StaffWorld) -> None:
    assert _giving() == READS.keys() | NOT_A_READ.keys(), "say of a new one how it is read, or why it need not be"
    whole = world.components
    silent = []
    for name, read in READS.items():
        before = _entries_of(world, TESTER.journal_name)
        assert read(whole, world, TESTER), name
        if _entries_of(world, TESTER.journal_name) == before:
            silent.append(name)
    assert silent == []


def _giving() -> set[str]:
    """The public methods of services that somebody calls by name and that give what NAMING lists."""
    found = set()
    for module in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        for _, of in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if of.__module__ != module.name:
                continue
            for name, method in vars(of).items():
                stated = getattr(method, "__annotations__", {})
                given = set(re.findall(r"\w+", str(stated.get("return"))))
                asks = any("Actor" in str(kind) for each, kind in stated.items() if each != "return")
                if not name.startswith("_") and asks and given & NAMING:
                    found.add(f"{of.__name__}.{name}")
    return found


OF_NO_PLACE = {
    "/can-bo/chung-thu-so/": "a certificate is registered for every unit; any of their officers answers",
    "/can-bo/uy-quyen/": "who may act for whom holds at every gate: its principal withdraws it at any unit",
    "/van-hanh/": "operators are of no unit: they see every message, masked",
    "/quan-tri/": "administrators are of no unit",
}
"""Paths with an id that belongs to no unit and no office, and why."""
FORM = {
    **{"seen": "1", "reason": "x", "ground": "x", "remarks": "x", "amendment": "1", "name": "originalLetter"},
    **{"other": "RQ1/2026", "verdict": "same", "gate": "MONGCAI", "o": "gate", "gate.wrong": "x", "gate.asked": "x"},
    **{"document": "x", "procedure": "BQP0100001", "act": "withdraw", "what": "KHAC", "ly-do": "x"},
}
"""What the forms of every act state, as far as one form can."""
BRIEF = {"session", "rate", "snapshot", "counter", "lookup_trace"}
"""Tables that say nothing of a dossier; the last one has that customs asked, as the journal has."""

_ASKED = (f"'{JournalEvent.LOOKUP_DOSSIERS}'", f"'{JournalEvent.LOOKUP_REPLY}'")
"""Entries that somebody of customs has asked, whatever he found."""


def _with_an_id(world: StaffWorld) -> list[StaffRoute]:
    """The routes whose path names something of one unit or one office."""
    routes = [each for each in staff_routes(world.app) if "{" in each.path]
    return [each for each in routes if not each.path.startswith(tuple(OF_NO_PLACE))]


def _held(world: StaffWorld) -> dict[str, list[str]]:
    kept = (each for each in tables.metadata.sorted_tables if each.name not in BRIEF)
    rows = {each.name: [repr(tuple(row)) for row in world.rows(each)] for each in kept}
    return {
        name: sorted(row for row in each if not any(event in row for event in _ASKED)) for name, each in rows.items()
    }


async def _asked(world: StaffWorld, route: StaffRoute, named: dict[str, str], *, ours: bool) -> int:
    """What the route answers somebody who has its right, of our place or of another one."""
    role = next(each for each in (Role.COMMANDER, Role.CUSTOMS_ADMINISTRATOR) if route.is_for(each))
    sent: dict[str, object] = {}
    if route.method == "POST":
        sent["data"] = {**FORM, "csrf": world.session(role, ours=ours)[1]}
    if route.path.endswith("/ban-quet"):
        sent["files"] = {"file": ("scan.pdf", letter(), "application/pdf")}
    async with world.client(role, ours=ours) as client:
        answer = await client.request(route.method, route.path.format(**named), **sent)  # type: ignore[arg-type]
    return answer.status_code


def test_another_unit_s_and_another_office_s_ids_are_not_there_and_nothing_changes(world: StaffWorld) -> None:
    routes = _with_an_id(world)
    assert len(routes) >= MOST_KNOWN
    ids = [(route, named) for route in routes for named in _fillings(world, route.path)]
    for role in THEIRS:
        world.session(role, ours=False)
    before = _held(world)

    async def ask() -> list[tuple[str, str, int]]:
        return [(route.method, route.path, await _asked(world, route, named, ours=False)) for route, named in ids]

    assert [each for each in anyio.run(ask) if each[2] != 404] == []
    after = _held(world)
    assert {name: [set(after[name]) ^ set(before[name])] for name in after if after[name] != before[name]} == {}


MOST_KNOWN = 30
"""So many such routes there were when this was written: fewer means that they are not found."""
_GIVES_NOTHING_HERE = {"/can-bo/ho-so/{year}/{number}/pairs"}
"""404 for its own unit too: nothing was declared twice."""


def test_what_is_named_in_an_address_or_a_form_is_of_one_s_own_unit_or_not_there(world: StaffWorld) -> None:
    key, paper = world.first, world.paper

    async def ask() -> list[httpx.Response]:
        csrf = world.session(Role.COMMANDER, ours=False)[1]
        async with world.client(Role.COMMANDER, ours=False) as officer:
            answers = [
                await officer.get(f"/can-bo/xac-nhan?d={key.year}/{key.number}"),
                await officer.post("/can-bo/xac-nhan", data={"csrf": csrf, "d": f"{key.year}/{key.number}@1"}),
                await officer.get(f"/can-bo/giay/moi?thu-tuc=BQP0100002&tu={paper}"),
            ]
        async with world.client(Role.CUSTOMS_ADMINISTRATOR, ours=False) as customs:
            return [*answers, await customs.get(f"/phan-quyen-tra-cuu?co-quan={OFFICE}")]

    world.session(Role.CUSTOMS_ADMINISTRATOR, ours=False)
    world.session(Role.COMMANDER, ours=False)
    before = _held(world)
    chosen, confirmed, *rest = anyio.run(ask)
    assert key.number not in "".join(chosen.text.partition("<main")[1:])
    assert confirmed.status_code == 200, "a list that says of each what became of it"
    assert [each.status_code for each in rest] == [404, 404]
    assert _held(world) == before


def test_its_own_unit_and_office_are_answered_by_the_same_requests(world: StaffWorld) -> None:
    """Else the walk above would hold of a site that answers nobody. It comes last: it changes the world."""
    routes = [each for each in _with_an_id(world) if each.path not in _GIVES_NOTHING_HERE]

    async def ask() -> list[tuple[str, str, int]]:
        asked = [(each, _fillings(world, each.path)[-1]) for each in routes]
        return [(route.method, route.path, await _asked(world, route, named, ours=True)) for route, named in asked]

    assert [each for each in anyio.run(ask) if each[2] not in (200, 303, 409, 422)] == []
