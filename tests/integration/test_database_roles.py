"""Each listener with a role of its own on a real PostgreSQL: it does its work, and reaches nothing else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from adapter.bootstrap import Components, Reach, assemble, now
from adapter.cli.app import app
from adapter.entrypoints.web.app import create_staff
from adapter.entrypoints.web.browser import PORTAL_COOKIE, STAFF_COOKIE
from adapter.entrypoints.web.guard import right_of
from adapter.gateways.store import grants, tables, windows
from adapter.gateways.store.database import Database
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Actor, ActorKind, Role
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Meaning
from adapter.services.access.people import Facts
from adapter.services.access.rights import TABLE, Right
from adapter.services.access.sessions import AccountHolder
from adapter.services.access.staff_sessions import StaffAccount
from adapter.services.access.tokens import Machine
from adapter.services.decisions.shown import SESSION, Shown
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.reception import Caller
from adapter.services.watch.mode import Mode, Sight
from tests.harness import attached, configuration
from tests.harness.deciding import deciding, showing
from tests.harness.history import ITEMS, OFFICER
from tests.harness.people import TESTER, declarant
from tests.harness.statements import brought, granting, logged_in, signed, who
from tests.harness.stores import Original, PostgresStores
from tests.harness.website import CITIZEN, citizen_message, configure, serving, website
from tests.servers.postgresql import Postgres

ROLES = {"portal": "nsw_test_portal", "staff": "nsw_test_staff"}
XML = {"Content-Type": "application/xml"}


@dataclass
class Post:
    """One installation: the owner's components, and each listener's with its role."""

    whole: Components
    portal: Components
    staff: Components
    portal_url: str
    staff_url: str
    original: Original


def _with_role(database: Database, role: str) -> str:
    """The url of the same database for a role that is made here, with a password of its own."""
    password = secrets.token_hex(8)
    with database.session() as connection:
        connection.execute(text(f'DROP ROLE IF EXISTS "{role}"'))
        connection.execute(text(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'"))
    url = make_url(database.engine.url).set(username=role, password=password)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, _postgresql_stores: PostgresStores
) -> Iterator[Post]:
    config = configure(tmp_path_factory.mktemp("roles"), _postgresql_stores.create("roles"))
    with website(config) as site:
        site.window(Sight.DOWN)
        whole = site.components
        urls = {name: _with_role(whole.database, role) for name, role in ROLES.items()}
        for _ in range(2):  # doing them again changes nothing
            with whole.database.session() as connection:
                for statement in grants.statements(ROLES):
                    connection.execute(text(statement))
        stated = {name: {"database_url": url} for name, url in urls.items()}
        configuration.edit(config, lambda told: [told["web"][name].update(stated[name]) for name in stated])
        portal, staff = assemble(config, reach=Reach.PORTAL), assemble(config, reach=Reach.STAFF)
        with deciding(whole), serving(portal) as at, serving(staff, listener="staff") as inner:
            yield Post(whole, portal, staff, at, inner, Original(whole.database))
        portal.close()
        staff.close()
        with whole.database.session() as connection:
            for role in ROLES.values():
                connection.execute(text(f'DROP OWNED BY "{role}"'))
                connection.execute(text(f'DROP ROLE "{role}"'))
    postgres.drop_database("roles")


@pytest.fixture
def post(standing: Post) -> Post:
    """An installation that no declaration has reached yet: its store is put back, with the roles' rights in it."""
    for each in (standing.portal, standing.staff):
        each.database.engine.dispose()
        each.database._ids = []
    standing.original.put_back()
    return standing


def _refused(made: Components, statement: str) -> bool:
    with pytest.raises(ProgrammingError) as told, made.database.engine.begin() as connection:
        connection.execute(text(statement))
    return "permission denied" in str(told.value)


def test_the_portal_s_role_declares_reads_and_opens_an_answer(post: Post) -> None:
    _, token = post.whole.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    bearer = {"Authorization": f"Bearer {token}", **XML}
    with httpx.Client(base_url=post.portal_url, timeout=120) as client:
        told = client.post("/api/v1/declarations", content=citizen_message(), headers=bearer)
        assert (told.status_code, told.json()["outcome"]) == (202, "accepted")
        assert client.get(told.headers["location"], headers=bearer).json()["replies"], "read, and so delivered"
        assert client.get("/api/v1/window").status_code == 200
        assert client.get("/readyz").json() == {"status": "ready"}

        reference, year = told.json()["reference"], told.json()["year"]
        post.whole.completion.complete(DossierKey(reference, year), OFFICER)
        holder = AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None)
        secret = post.portal.sessions.start(holder)
        cookie = {"Cookie": f"{PORTAL_COOKIE}={secret}"}
        csrf = getattr(post.portal.sessions.find(secret), "csrf", "")
        for page in ("/", "/feed.atom", "/xac-minh", "/ho-so", f"/ho-so/{year}/{reference}"):
            assert client.get(page, headers=cookie).status_code == 200, page
        (digest,) = [row.digest for row in _rows(post, tables.outbox) if row.kind == "Completion" and not row.copy_of]
        opened = client.post(
            f"/ho-so/{year}/{reference}/tra-loi/{digest}",
            data={"csrf": csrf},
            headers={**cookie, "Sec-Fetch-Site": "same-origin"},
        )
        assert opened.status_code == 303
        assert [row.delivered_at for row in _rows(post, tables.outbox) if row.digest == digest] != [None]


def test_an_account_that_is_suspended_on_the_inner_network_has_no_session_at_the_portal(post: Post) -> None:
    """The staff's role sees no session of the portal: the portal asks the register with each request."""
    secret = post.portal.sessions.start(AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None))
    assert post.portal.sessions.find(secret) is not None
    post.staff.accounts.suspend(CITIZEN, unit=None, reason="Nghi bị chiếm đoạt", actor=TESTER)
    assert [row.number for row in _rows(post, tables.notification)] == [CITIZEN], "he is told"
    with httpx.Client(base_url=post.portal_url, timeout=120) as client:
        told = client.get("/ho-so", headers={"Cookie": f"{PORTAL_COOKIE}={secret}"})
        assert (told.status_code, "Nguyễn Văn An" in told.text) == (403, False)
    assert _rows(post, tables.session) == []
    post.staff.accounts.restore(CITIZEN, unit=None, reason="Đã xác minh", actor=TESTER)
    assert post.portal.sessions.find(secret) is None


def test_the_portal_s_role_keeps_drafts_and_sends_them(post: Post) -> None:
    drafts = post.portal.drafts
    procedure = next(each for each in drafts.offered() if each.code == "BQP0100002")
    draft = drafts.begin(CITIZEN, procedure, "HUUNGHI", {"name": "Nguyễn Văn An", "number": CITIZEN})
    assert [each.public_id for each in drafts.unsent(CITIZEN)] == [draft.public_id]
    drafts.check(draft)
    secret = post.portal.sessions.start(AccountHolder("https://id.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None))
    with showing(Shown(SESSION, secret)):
        assert post.portal.sessions.find(secret) is not None
        draft, prepared = drafts.prepare(draft)
        assert draft.key is not None
        assert draft.key.number.encode() in prepared
        assert drafts.send(CITIZEN, draft.public_id, draft.message_key).outcome == "rejected", "it lacks most answers"
    files, citizen = post.portal.attachments, declarant(CITIZEN)
    files.to_draft(citizen, draft.public_id, "K", "a.png", attached.picture())
    for _ in range(2):  # uploaded again, it is kept anew
        files.to_nothing_yet(citizen, "b.png", attached.picture())
    files.trim(CITIZEN, draft.public_id, ())
    drafts.discard(CITIZEN, draft.public_id)
    assert drafts.unsent(CITIZEN) == []


def test_the_portal_s_role_reads_a_mode_that_was_refreshed_before_the_clock_was_set_back(post: Post) -> None:
    """It may not write the time anew; the part that decides does so when it is asked next."""
    ahead = now() + timedelta(hours=1)
    with post.whole.database.transaction() as connection:
        windows.write(connection, refreshed_at=ahead)
    with httpx.Client(base_url=post.portal_url, timeout=120) as client:
        for page in ("/", "/api/v1/window"):
            assert client.get(page).status_code == 200, page
    with post.portal.database.reading() as connection:
        assert post.portal.window.mode_now(connection).mode is Mode.DIRECT
        assert windows.read(connection).refreshed_at == ahead
    post.whole.window.state()
    with post.whole.database.reading() as connection:
        assert (windows.read(connection).refreshed_at or ahead) < ahead


READS_NOT = (
    "person",
    "customs_office",
    "journal",
    "journal_seal",
    "counter",
    "attempt",
    "emergency_secret",
)
WRITES_NOT = (
    "UPDATE outbox SET body = ''",
    "UPDATE outbox SET digest = ''",
    "DELETE FROM outbox",
    "INSERT INTO inbox SELECT * FROM inbox",
    "UPDATE dossier SET state = 'completed'",
    "UPDATE deadline SET kind = ''",
    "UPDATE counter SET value = 0",
    "UPDATE token SET revoked_at = NULL",
    "UPDATE authorisation SET principal = ''",
    "DELETE FROM authorisation",
    "DELETE FROM suspension",
    "UPDATE statement_value SET used_at = NULL",
    "INSERT INTO certificate SELECT * FROM certificate",
    "UPDATE certificate SET state = 'active'",
    "DELETE FROM journal",
    "UPDATE \"window\" SET mode = 'down'",
    "CREATE TABLE mine (id int)",
)


def test_the_portal_s_role_reads_nobody_of_the_staff_and_no_journal(standing: Post) -> None:
    assert [table for table in READS_NOT if not _refused(standing.portal, f'SELECT 1 FROM "{table}" LIMIT 1')] == []


@pytest.mark.parametrize("statement", WRITES_NOT)
def test_the_portal_s_role_writes_nothing_that_is_signed_judged_or_counted(standing: Post, statement: str) -> None:
    assert _refused(standing.portal, statement)


def test_the_portal_s_role_sees_tokens_and_sessions_of_declarants_alone(post: Post) -> None:
    post.whole.people.add("hoa", Facts("LE THI HOA", (Role.ADMINISTRATOR,), login="hoa"), actor=TESTER)
    post.whole.tokens.issue_to_person("hoa", "hoa", actor=TESTER)
    post.whole.tokens.issue(Machine.CUSTOMS, "customs", office="*", actor=TESTER)
    post.whole.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    secret = post.whole.staff_sessions.admit(StaffAccount("https://id.invalid", "1", "hoa", None))
    with post.portal.database.reading() as connection:
        assert connection.execute(text("SELECT role FROM token")).scalars().all() == ["declarant"]
        assert connection.execute(text("SELECT area FROM session")).scalars().all() == []
    with post.staff.database.reading() as connection:
        assert len(connection.execute(text("SELECT role FROM token")).scalars().all()) == 3
        assert connection.execute(text("SELECT area FROM session")).scalars().all() == ["staff"]
    assert post.staff.staff_sessions.find(secret) is not None


def test_the_staff_s_role_looks_up_and_its_officer_acts_through_the_part_that_decides(post: Post) -> None:
    told = _declared(post)
    _, customs = post.whole.tokens.issue(Machine.CUSTOMS, "customs", office="*", actor=TESTER)
    post.whole.people.add("hoa", Facts("LE THI HOA", (Role.ADMINISTRATOR,)), actor=TESTER)
    post.whole.people.add(
        "binh", Facts("TRAN VAN BINH", (Role.OFFICER,), unit="CK-HUUNGHI", login="binh"), actor=TESTER
    )
    with httpx.Client(base_url=post.staff_url, timeout=120) as client:
        asked = {"reference": told["reference"], "year": told["year"]}
        bearer = {"Authorization": f"Bearer {customs}"}
        assert len(client.get("/api/v1/lookup/dossiers", params=asked, headers=bearer).json()["dossiers"]) == 1
        secret = post.staff.staff_sessions.admit(StaffAccount("https://id.invalid", "1", "binh", None))
        cookie = {"Cookie": f"{STAFF_COOKIE}={secret}"}
        start = client.get("/", headers=cookie)
        assert start.status_code == 200
        done = post.staff.acts.do(secret, "complete", DossierKey(told["reference"], told["year"]), {})
    assert done.state == "completed"
    for statement in (
        "UPDATE dossier SET state = 'completed'",
        "DELETE FROM journal",
        "INSERT INTO outbox SELECT * FROM outbox",
    ):
        assert _refused(post.staff, statement)
    assert _refused(post.staff, "SELECT 1 FROM draft")


def test_the_staff_s_role_shows_every_page_to_whoever_may_see_it(post: Post) -> None:
    told = _declared(post)
    post.whole.offices.add(CustomsOffice("HN", "Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
    (message,) = _rows(post, tables.inbox)
    answer = next(row.message_id for row in _rows(post, tables.outbox))
    known = {"year": told["year"], "number": told["reference"], "digest": "0" * 64}
    of_path = {"/van-hanh/thong-diep/{id}": message.public_id, "/van-hanh/tra-loi/{id}": answer}
    shown, listener = set[str](), create_staff(post.staff)
    for role in sorted(STAFF_ROLES, key=lambda each: each is not Role.ADMINISTRATOR):
        place = {"unit": "CK-HUUNGHI"} if role in UNIT_ROLES else {"office": "HN"} if role in OFFICE_ROLES else {}
        post.whole.people.add(role.value, Facts(role.value, (role,), login=role.value, **place), actor=TESTER)
        secret = post.staff.staff_sessions.admit(StaffAccount("https://id.invalid", role.value, role.value, None))
        with httpx.Client(base_url=post.staff_url, timeout=120, cookies={STAFF_COOKIE: str(secret)}) as client:
            for path in sorted(_read_by(listener, role) - shown):
                answered = client.get(path.format_map(_Or1({**known, "id": of_path.get(path, "1")})))
                assert answered.status_code < 500, path
                shown |= {path} if answered.status_code == 200 else set()
    assert {*of_path, "/van-hanh", "/can-bo", "/quan-tri", "/hai-quan"} <= shown


class _Or1(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "1"


def _read_by(app: FastAPI, role: Role) -> set[str]:
    """The pages of a role, as their routes name them."""
    return {
        context.path
        for context in iter_route_contexts(app.routes)
        if "GET" in context.methods
        and any(role in TABLE[right] for right in _rights(getattr(context, "dependant", None)))
    }


def _rights(dependant: Dependant | None) -> set[Right]:
    below = dependant.dependencies if dependant is not None else []
    return {right for each in below if (right := right_of(each.call)) is not None}.union(*map(_rights, below))


def _declared(post: Post) -> dict[str, Any]:
    _, token = post.whole.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
    bearer = {"Authorization": f"Bearer {token}", **XML}
    address = f"{post.portal_url}/api/v1/declarations"
    told: dict[str, Any] = httpx.post(address, content=citizen_message(), headers=bearer, timeout=120).json()
    return told


def _rows(post: Post, table: Any) -> list[Any]:
    with post.whole.database.reading() as connection:
        return list(connection.execute(table.select()).all())


def test_of_every_table_it_is_said_what_the_listeners_may_do() -> None:
    assert grants.unnamed() == set(), "add it to PORTAL, STAFF or NOBODY in adapter/gateways/store/grants.py"
    named = set(grants.PORTAL) | set(grants.STAFF) | grants.NOBODY
    assert named <= set(tables.metadata.tables)


def test_the_command_prints_what_is_granted() -> None:
    done = CliRunner().invoke(app, ["database", "grants", "--portal", "nsw_portal"])
    assert done.exit_code == 0
    assert 'GRANT UPDATE ("delivered_at", "readable_at") ON "outbox" TO "nsw_portal";' in done.stdout
    assert "nsw_staff" not in done.stdout
    assert CliRunner().invoke(app, ["database", "grants"]).exit_code == 2


@pytest.mark.parametrize("role", ['x"; DROP TABLE inbox; --', "", "a b", "x" * 64])
def test_a_name_that_is_none_of_a_role_is_refused(role: str) -> None:
    with pytest.raises(NotAllowed, match="no name of a role"):
        list(grants.statements({"portal": role}))


def test_the_portals_role_suffices_to_open_a_request_to_answer_it_and_to_authorise(post: Post) -> None:
    """His hour begins in the transaction in which he opens the request; a grant is written by the portal itself."""
    admitted = post.whole.door.declare(citizen_message(), Caller(CITIZEN))
    key = DossierKey(str(admitted.reference), int(admitted.year or 0))
    post.whole.amendments.request(key, OFFICER, reason="Sai số giấy tờ", items=ITEMS)
    actor = Actor(ActorKind.PERSON, "an", "Nguyễn Văn An", roles=frozenset({Role.DECLARANT}), number=CITIZEN)
    found = post.portal.own_dossiers.read(actor, key.number, key.year)
    assert found is not None
    assert all(post.portal.own_dossiers.open(actor, key.number, key.year, each.digest) for each in found.answers)
    opened = post.portal.own_dossiers.read(actor, key.number, key.year)
    assert opened is not None
    assert [each.due_at is not None for each in opened.limits if each.kind == "amend_within"] == [True]
    draft = post.portal.corrections.begin(actor, key.number, key.year, Meaning.AMENDMENT_REQUESTED)
    assert draft is not None
    (row_id,) = post.portal.grants.give(actor, "001190004567", "UQ-1", until=None, procedures=())
    post.portal.grants.withdraw(actor, row_id, reason="Không cần nữa")


def test_the_portal_s_role_gives_statements_out_and_the_part_that_decides_takes_them(post: Post) -> None:
    """The listener holds no right to use a value or to write a certificate; asked over the socket, it is done."""
    portal = post.portal
    secret = logged_in(portal)
    taken = portal.certificate_holders.register(secret, brought(portal, secret))
    portal.certificate_holders.suspend(secret, taken.id, "Mất token")
    assert [each.state.value for each in portal.own_certificates.of(who(portal, secret)) if each.id == taken.id] == [
        "suspended"
    ]
    with pytest.raises(TurnedAway) as told:
        portal.certificate_holders.register(secret, brought(portal, secret))
    assert [each.name for each in told.value.findings] == ["registration_suspended"], "the refusal as it was made"
    citizen = logged_in(portal, CITIZEN, None)
    assert portal.grant_signers.give(citizen, granting(portal, citizen))
    file = signed(citizen_message(), "citizen")
    statement = signed(portal.signed_uploads.statement(hashlib.sha256(file).hexdigest()) or b"", "citizen")
    told_by = portal.signed_uploads.acknowledged(portal.signed_uploads.send(statement, file))
    assert told_by is not None
    assert told_by.outcome == "accepted"
    assert [row.bound_to for row in _rows(post, tables.inbox)] == [CITIZEN]
