"""The process of the portal and the part that decides, with a real Unix socket between them."""

from __future__ import annotations

import os
import pickle
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from adapter.bootstrap import Components, OutOfReach, Reach, assemble
from adapter.entrypoints.decisions.serve import listening
from adapter.gateways.decisions.line import DecisionsLine
from adapter.gateways.store import tables
from adapter.model.actor import Actor, ActorKind, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.events import unobserved
from adapter.model.identifiers import DossierKey
from adapter.services.access.browser_sessions import Session
from adapter.services.access.tokens import Machine
from adapter.services.decisions.callers import Callers
from adapter.services.decisions.shown import SESSION, TOKEN, Shown
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import Caller
from adapter.services.door.sealing import sealed, write_number
from adapter.services.dossiers.acts import SessionOver
from adapter.services.dossiers.paper_values import PaperForm, PaperRefused, PaperWhy
from adapter.services.watch.mode import Sight
from tests.harness.deciding import deciding, showing
from tests.harness.fixtures import CLOCK, load_cases, submission
from tests.harness.history import dossier_of
from tests.harness.people import TESTER, anybody, person
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, citizen_message, configure, serving, website

DECLARATIONS = "/api/v1/declarations"
CASE = next(case for case in load_cases() if case.id == "BQP0100002/accepted-citizen-signed")


@dataclass
class Post:
    """The installation that decides, and a portal that only asks it; it serves once somebody asks where it is."""

    whole: Components
    portal: Components
    serve: Callable[[], str]
    token: str

    @cached_property
    def url(self) -> str:
        return self.serve()

    def declare(self, message: bytes, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/xml"}
        return httpx.post(f"{self.url}{DECLARATIONS}", content=message, headers=headers, timeout=120)

    def rows(self, table: Any) -> list[Any]:
        with self.whole.database.reading() as connection:
            return list(connection.execute(table.select()).all())


@pytest.fixture
def post(tmp_path: Path, sqlite_url: str) -> Iterator[Post]:
    """On SQLite alone: the line between the processes has nothing to do with the store."""
    with posted(tmp_path, sqlite_url) as made:
        yield made


@pytest.fixture
def on_both(tmp_path: Path, database_url: str) -> Iterator[Post]:
    with posted(tmp_path, database_url) as made:
        yield made


@contextmanager
def posted(folder: Path, database_url: str) -> Iterator[Post]:
    with website(configure(folder, database_url)) as site:
        site.window(Sight.DOWN)
        portal = assemble(folder / "config.yaml", reach=Reach.PORTAL)
        _, token = site.components.tokens.issue(Machine.DECLARANT, "a program", CITIZEN, actor=TESTER)
        with ExitStack() as served:
            yield Post(site.components, portal, lambda: served.enter_context(serving(portal)), token)
        portal.close()


def test_a_declaration_goes_through_the_portal_and_is_decided_behind_the_socket(on_both: Post) -> None:
    post = on_both
    with deciding(post.whole):
        first, again = post.declare(citizen_message(messageId="one")), post.declare(citizen_message(messageId="one"))
        assert httpx.get(f"{post.url}/readyz", timeout=60).status_code == 200
    assert (first.status_code, first.json()["outcome"]) == (202, "accepted")
    assert again.json() == first.json(), "sent again, the same number and answer"
    (row,) = post.rows(tables.inbox)
    assert row.bound_to == CITIZEN
    assert "system" not in post.portal.keyrings.own


def test_while_nobody_decides_the_api_says_when_to_come_again_and_nothing_is_stored(post: Post) -> None:
    answer = post.declare(citizen_message())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    ready = httpx.get(f"{post.url}/readyz", timeout=60)
    assert (ready.status_code, "judges and signs" in ready.json()["detail"]) == (503, True)
    assert post.rows(tables.inbox) == []
    with deciding(post.whole):
        assert post.declare(citizen_message()).status_code == 202


def test_a_declarant_is_told_behind_the_socket_what_he_was_told_before_it(on_both: Post) -> None:
    post = on_both
    with deciding(post.whole):
        strange = post.declare(citizen_message(reference="BPTTHN2026000099990", preReference="BPTTHN2026000099990"))
        assert (strange.status_code, strange.json()["type"].rpartition(":")[2]) == (403, "number-of-another")
        assert strange.json()["findings"], "with the finding in words"
        post.whole.window.override(Sight.UP, reason="a test", actor=TESTER)
        shut = post.declare(citizen_message(messageId="later"))
    assert shut.json()["type"].rpartition(":")[2] in ("door-closed", "window-unknown")


def test_a_token_that_is_revoked_while_the_portal_still_believes_it_declares_nothing(on_both: Post) -> None:
    """The portal's word that it has seen a token is worth nothing: whoever decides looks it up again."""
    post = on_both
    post.whole.tokens.revoke("a program", actor=TESTER)
    believed = Actor(TESTER.kind, "token:1", number=CITIZEN)
    with deciding(post.whole), showing(Shown(TOKEN, post.token)), pytest.raises(SessionOver):
        post.portal.door.declare(citizen_message(), Caller(believed.number or ""))
    assert post.rows(tables.inbox) == []


@pytest.mark.parametrize("shown", [None, Shown(TOKEN, "nsw_" + "A" * 43), Shown(SESSION, "x"), Shown("Basic", "YTpi")])
def test_a_portal_that_shows_nobody_gets_nothing(post: Post, shown: Shown | None) -> None:
    with deciding(post.whole), showing(shown), pytest.raises((SessionOver, Exception)) as told:
        post.portal.reception.number("m", "HN", Caller(CITIZEN), None)
    assert type(told.value).__name__ in ("SessionOver", "Unavailable")
    assert post.rows(tables.contingency) == []


def test_a_portal_that_speaks_for_another_than_who_has_shown_himself_is_refused(post: Post) -> None:
    with deciding(post.whole), showing(Shown(TOKEN, post.token)):
        for caller in (Caller(OTHER), Caller(CITIZEN, organisation="0100109106")):
            with pytest.raises(NotAllowed, match="another number"):
                post.portal.reception.number("m", "HN", caller, None)
            with pytest.raises(NotAllowed, match="another number"):
                post.portal.door.declare(citizen_message(), caller)
    assert post.rows(tables.inbox) == []


def test_who_has_authorised_a_declarant_is_no_organisation_of_his() -> None:
    """A grant may be for some procedures; an organisation's own account speaks for it in all of them."""
    agent = Actor(ActorKind.PERSON, "12", roles=frozenset({Role.DECLARANT}), number=CITIZEN, on_behalf_of=ENTERPRISE)

    def ask(actor: Actor, caller: Caller) -> None:
        session = Session("digest", "csrf", actor, {}, datetime.now(UTC))
        Callers(lambda token: None, lambda secret: session, lambda value: None).declarant("Session s", caller)

    ask(agent, Caller(CITIZEN, ENTERPRISE))
    ask(replace(agent, by_grant=True), Caller(CITIZEN))
    with pytest.raises(NotAllowed, match="another number"):
        ask(replace(agent, by_grant=True), Caller(CITIZEN, ENTERPRISE))


def test_the_token_of_customs_declares_nothing_behind_the_socket(post: Post) -> None:
    _, customs = post.whole.tokens.issue(Machine.CUSTOMS, "customs", office="*", actor=TESTER)
    with deciding(post.whole), showing(Shown(TOKEN, customs)), pytest.raises(NoRight):
        post.portal.reception.number("m", "HN", Caller(CITIZEN), None)


def test_what_is_sealed_by_another_key_than_the_pinned_one_is_rejected(post: Post) -> None:
    """Whoever has taken the portal's process without its key: the declaration is rejected as any forged seal."""
    with deciding(post.whole), showing(Shown(TOKEN, post.token)):
        tree = _presented(post)
        forged = sealed(tree, post.whole.keyrings.own["system"].current()).body
        admitted = post.portal.reception.take(forged, Caller(CITIZEN))
    assert admitted.outcome == "rejected"
    assert post.rows(tables.dossier) == []


def test_what_was_changed_after_it_was_sealed_is_rejected(post: Post) -> None:
    with deciding(post.whole), showing(Shown(TOKEN, post.token)):
        body = sealed(_presented(post), post.portal.portal_key()).body.replace(b"<Gate>", b"<Gate> ", 1)
        changed = body.replace(CITIZEN.encode(), OTHER.encode(), 1)
        assert changed != body
        admitted = post.portal.reception.take(changed, Caller(CITIZEN))
    assert admitted.outcome == "rejected"


def test_a_sealed_number_of_somebody_else_is_turned_away(post: Post) -> None:
    """The portal has looked whose number it is; whoever decides looks again."""
    _, other = post.whole.tokens.issue(Machine.DECLARANT, "another program", OTHER, actor=TESTER)
    with deciding(post.whole):
        with showing(Shown(TOKEN, other)):
            taken = post.portal.reception.number("theirs", "HN", Caller(OTHER), None)
        with showing(Shown(TOKEN, post.token)):
            tree = post.portal.threshold.present(
                citizen_message(reference=taken.number, preReference=taken.number),
                f"portal:{CITIZEN}",
                post.portal.legal_clock(),
            ).tree
            with pytest.raises(TurnedAway) as turned:
                post.portal.reception.take(sealed(tree, post.portal.portal_key()).body, Caller(CITIZEN))
    assert turned.value.why is Why.NUMBER
    assert turned.value.findings


HOSTILE = [
    ("/declarations", b"", {}),
    ("/declarations", b"<Envelope/>", {"X-Caller": "{}"}),
    ("/declarations", b"<Envelope/>", {"X-Caller": '{"number": ["a"]}'}),
    ("/declarations", b"<Envelope/>", {"X-Caller": pickle.dumps(Caller(CITIZEN)).hex()}),
    ("/numbers", pickle.dumps({"name": "m"}), {"X-Caller": "null"}),
    ("/acts", pickle.dumps({"act": "complete"}), {"Authorization": "Session x"}),
    ("/acts", b"[]", {"Authorization": "Session x"}),
    ("/acts", b'{"act": "complete", "dossier": {"number": "A", "year": "x"}, "arguments": {}}', {}),
    ("/acts", b'{"act": "complete", "dossier": {"number": "A", "year": 2026}, "arguments": []}', {}),
    ("/acts", b"\xff\xfe", {"Authorization": "Bearer x"}),
    ("/acts", b"[" * 100_000, {"Authorization": "Session x"}),
]


@pytest.mark.parametrize(("path", "body", "headers"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_question_is_refused_without_being_unpickled_or_failing(
    post: Post, path: str, body: bytes, headers: dict[str, str]
) -> None:
    with deciding(post.whole):
        answer = post.portal.decisions.ask(path, body, headers)
    assert answer.status == 409
    assert orjson.loads(answer.body)["kind"] in ("not_allowed", "session_over", "turned_away")


def test_a_body_longer_than_any_message_is_not_read_to_its_end(post: Post) -> None:
    with deciding(post.whole):
        answer = post.portal.decisions.ask("/declarations", b"x" * 10_000_000, {})
    assert answer.status == 413


def test_only_its_own_user_reaches_the_socket(post: Post) -> None:
    with deciding(post.whole):
        folder = post.whole.decisions_folder
        (place,) = folder.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [], "nothing is left"


def test_a_folder_whose_path_is_longer_than_a_sockets_may_be_is_listened_in(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)

    def answer(place: socket.socket) -> None:
        connection, _ = place.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    with listening(folder) as place:
        answering = threading.Thread(target=answer, args=[place], daemon=True)
        answering.start()
        line = DecisionsLine(folder, 10.0)
        assert line.answers()
        line.close()
    answering.join(10)
    assert list(folder.iterdir()) == []


class Listening:
    """What listens on a socket of the folder, in the test's own hands."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        self.place = socket.socket(socket.AF_UNIX)
        self.place.bind(str(folder / f"{name}.sock"))
        self.place.listen(5)

    def taken(self) -> socket.socket:
        """The next connection, its question read."""
        self.place.settimeout(120)
        connection, _ = self.place.accept()
        connection.settimeout(120)
        connection.recv(10_000)
        return connection


def test_one_that_takes_nothing_more_still_answers_what_it_has_taken(tmp_path: Path) -> None:
    """A reload: the old process finishes what it holds, while others cannot connect to it any more."""
    folder = tmp_path / "d"
    old, line, answers = Listening(folder, "1"), DecisionsLine(folder, 120.0), list[int]()
    asking = threading.Thread(target=lambda: answers.append(line.ask("/declarations", b"x", {}).status), daemon=True)
    asking.start()
    with old.taken() as held:
        old.place.close()
        assert not line.answers(), "it takes nothing more"
        (folder / "1.sock").unlink()
        assert not line.answers(), "and its name is gone"
        held.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        asking.join(120)
    assert answers == [200]
    assert not line.answers()
    assert line._ends == {}, "nothing of it is kept"


def test_whoever_asks_only_whether_somebody_is_there_does_not_wait_as_long_as_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.gateways.decisions.line.ALIVE_S", 0.5)
    hanging, line, told = Listening(tmp_path / "d", "1"), DecisionsLine(tmp_path / "d", 300.0), list[bool]()
    asking = threading.Thread(target=lambda: told.append(line.answers()), daemon=True)
    asking.start()
    with hanging.taken():
        asking.join(60)
    assert told == [False]
    hanging.place.close()
    line.close()


def test_what_a_killed_process_left_is_passed_by_and_taken_away(post: Post) -> None:
    folder = post.whole.decisions_folder
    folder.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "1.sock"))
    with deciding(post.whole):
        assert [each.name for each in folder.iterdir()] == [f"{os.getpid()}.sock"]
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert post.portal.decides()


def test_an_officers_act_goes_over_the_line_in_the_name_of_his_session(on_both: Post) -> None:
    post = on_both
    post.whole.intake.receive([submission(CASE, shared_pki())])
    officer = anybody("o-7", name="TRAN VAN BINH", rank="Thiếu tá")
    post.whole.acts = replace(post.whole.acts, recognise={"of-binh": officer}.get)  # type: ignore[type-var]
    staff = Components(post.whole.settings, unobserved, reach=Reach.STAFF)
    with deciding(post.whole):
        done = staff.acts.do("of-binh", "complete", dossier_of(CASE.message), {"remarks": "Đã kiểm tra"})
        assert done.state == "completed"
        with pytest.raises(SessionOver):
            staff.acts.do("of-nobody", "complete", dossier_of(CASE.message), {})
        with pytest.raises(NotAllowed, match="possible"):
            staff.acts.do("of-binh", "complete", dossier_of(CASE.message), {})
    staff.close()


def test_a_replay_of_parked_messages_goes_over_the_line_in_the_name_of_a_session(post: Post) -> None:
    post.whole.intake.park(submission(CASE, shared_pki()), "broken")
    people = {"of-lan": person("lan", Role.OPERATOR), "of-son": person("son", Role.AUDITOR)}
    post.whole.replays = replace(post.whole.replays, recognise=people.get)  # type: ignore[type-var]
    staff = Components(post.whole.settings, unobserved, reach=Reach.STAFF)
    with deciding(post.whole):
        with pytest.raises(SessionOver):
            staff.replays.replay("of-nobody", None)
        with pytest.raises(NoRight):
            staff.replays.replay("of-son", None)
        assert staff.replays.replay("of-lan", "another") == ()
        (done,) = staff.replays.replay("of-lan", "broken")
        assert (done.state, done.outcome) == ("settled", "accepted")
        assert staff.replays.replay("of-lan", None) == ()
    staff.close()


def test_a_paper_record_goes_over_the_line_in_the_name_of_a_session(post: Post) -> None:
    people = {f"of-{name}": person(name, Role.OFFICER, unit="*") for name in ("an", "binh")}
    post.whole.paper_acts = replace(post.whole.paper_acts, recognise=people.get)  # type: ignore[type-var]
    staff = Components(post.whole.settings, unobserved, reach=Reach.STAFF)
    rows = {"children": [{"fullName": "NGUYEN THI CON"}]}
    form = PaperForm("BQP0100002", "12/GIAY", 2026, CLOCK, None, None, {"gate": "HUUNGHI"}, rows)
    with deciding(post.whole):
        with pytest.raises(SessionOver):
            staff.paper_acts.enter("of-nobody", form)
        wrong = staff.paper_acts.enter("of-an", form)
        staff.paper_acts.send_back("of-binh", wrong, "Sai số")
        entry = staff.paper_acts.enter("of-an", form)
        with pytest.raises(PaperRefused, match="somebody else") as told:
            staff.paper_acts.check("of-an", entry)
        assert told.value.why is PaperWhy.OWN
        assert staff.paper_acts.check("of-binh", entry) == DossierKey("12GIAY", 2026)
    staff.close()
    first, second = post.rows(tables.paper_record)
    assert (first.returned_by, second.checked_by) == ("binh", "binh")
    assert (second.received_at, second.rows) == (CLOCK, rows)


@pytest.mark.parametrize("reach", [Reach.PORTAL, Reach.STAFF])
def test_a_listener_s_process_opens_no_key_but_its_own(reach: Reach, tmp_path: Path, sqlite_url: str) -> None:
    made = assemble(configure(tmp_path, sqlite_url), reach=reach)
    made.load_keys()
    made.keys_ready()
    assert (sorted(made.keyrings.own), dict(made.keyrings.units)) == (
        [reach.value] if reach is Reach.PORTAL else [],
        {},
    )
    with pytest.raises(OutOfReach):
        made.keys()


def test_the_portal_s_process_runs_no_look_up(tmp_path: Path, sqlite_url: str) -> None:
    made = assemble(configure(tmp_path, sqlite_url), reach=Reach.PORTAL)
    with pytest.raises(OutOfReach, match="looks nothing up"):
        made.lookup  # noqa: B018
    with pytest.raises(KeyError):
        made.keyrings.own["system"]


def _presented(post: Post) -> Any:
    """A numberless declaration as the portal has it before it is sealed, with a number that is the caller's."""
    tree = post.portal.threshold.present(citizen_message(), f"portal:{CITIZEN}", post.portal.legal_clock()).tree
    write_number(tree, post.portal.reception.number("m", "HN", Caller(CITIZEN), None))
    return tree
