"""Deadlines on both databases: received, sent and delivered kept apart, alerts once each, figures."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.broker import Confirmed, Outgoing, Verdict
from adapter.gateways.store import deadline_figures, replies
from adapter.gateways.store.deadline_figures import Wanted
from adapter.gateways.store.journal_proof import Part
from adapter.gateways.store.tables import deadline, inbox, incident, outbox
from adapter.model.errors import NotAllowed
from adapter.model.events import Event
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.envelope import VIETNAM
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.deadlines import Agenda, DeadlineState, RunningDeadline
from tests.harness.declarations import PROCEDURE, declaration
from tests.harness.fixtures import CLOCK, Act, Case, load_cases, signed
from tests.harness.history import Desk, dossier_of, told_again
from tests.harness.people import TESTER, anybody
from tests.harness.pki import ROOT, shared_pki
from tests.harness.scene import Scene
from tests.harness.stores import Original, ensure_tables

OFFICER = anybody("cb-01", name="Tran Van Quan")
MINUTE = timedelta(minutes=1)


class Confirming:
    """A broker that confirms whatever it is given."""

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        return [Confirmed() for _ in batch]


@dataclass
class Post:
    """A border post in which the test moves the clock. A citizen is answered within one hour, Article 10(3)(b)."""

    scene: Scene
    now: datetime = CLOCK
    told: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)

    @property
    def components(self) -> Components:
        return self.scene.components

    def open(self) -> None:
        self.components.legal_clock = lambda: self.now
        self.components.observe = lambda event, /, **fields: self.told.append((event, fields))
        ensure_tables(self.components.database)

    def as_it_was(self) -> Post:
        """With no message yet, at the first hour."""
        self._original.put_back()
        self.now = CLOCK
        self.told.clear()
        return self

    @cached_property
    def _original(self) -> Original:
        return Original(self.components.database)

    def receive(self, number: int, *, door: Channel = Channel.WINDOW) -> DossierKey:
        message = declaration(number, signer="portal" if door is Channel.PORTAL else "nsw")
        settled = self.components.intake.receive([Submission(message.raw, door, self.now, Digest(message.digest))])
        assert settled[0].outcome.value == "accepted", settled
        return DossierKey(message.reference, 2026)

    def replace(self, key: DossierKey) -> None:
        """A newer version of the declaration comes (10/02)."""
        message = declaration("newer", reference=key.number, function="02", sent="2026-03-02 07:14:59")
        (settled,) = self.components.intake.receive(
            [Submission(message.raw, Channel.WINDOW, self.now, Digest(message.digest))]
        )
        assert settled.outcome.value == "accepted", settled

    def play(self, name: str) -> DossierKey:
        """The history of a fixture, each step ten minutes after the one before; its own message is not sent."""
        case = self.cases()[name]
        for number, step in enumerate(case.before):
            if step.act is None:
                self.send(told_again(case, number, self.cases()))
            else:
                Desk(self.components).act(case, step.act)
            self.now += 10 * MINUTE
        return dossier_of(case.message)

    def cases(self) -> dict[str, Case]:
        return {case.id: case for case in load_cases()}

    def send(self, case: Case) -> None:
        raw = signed(Desk(self.components).filled(case), shared_pki())
        digest = Digest(hashlib.sha256(raw).hexdigest())
        (settled,) = self.components.intake.receive([Submission(raw, case.channel, self.now, digest)])
        assert settled.outcome.value == "accepted", settled

    def named(self, key: DossierKey) -> dict[str, RunningDeadline]:
        """The dossier's deadlines by name, the newest of each."""
        return {due.name: due for due in self.dues(key)}

    def complete(self, key: DossierKey) -> None:
        self.components.completion.complete(key, OFFICER)

    def dispatch(self) -> None:
        """What waits in the outbox leaves: the broker confirms it."""
        components = self.components
        dispatch = Dispatch(
            components.database, Confirming(), lambda: self.now, components.observe, most_unconfirmed=100
        )
        while dispatch.round(transfers=True).sent:  # of a dossier one reply leaves at a time
            pass

    def deliver(self, key: DossierKey) -> None:
        """The declarant has the confirmation: the window's 99 came."""
        with self.components.database.transaction() as connection:
            kept = update(outbox).where(outbox.c.reference == key.number, outbox.c.kind == "Completion")
            connection.execute(kept.values(delivered_at=self.now))

    def dues(self, key: DossierKey) -> tuple[RunningDeadline, ...]:
        """The dossier's deadlines in the order they began."""
        return dossier_reader(self.components).life(key, personal=False, actor=TESTER).deadlines

    def only_open(self, key: DossierKey) -> RunningDeadline:
        """The dossier's one deadline that runs."""
        (due,) = [each for each in self.dues(key) if each.standing is not DeadlineState.LAPSED]
        return due

    def agenda(self, **wanted: Any) -> Agenda:
        since = CLOCK - timedelta(days=1)
        return self.components.deadlines.agenda(Wanted(**wanted), since=since, now=self.now, actor=TESTER)

    def only(self, key: DossierKey) -> RunningDeadline:
        """The dossier's one deadline, as its life shows it."""
        (due,) = self.dues(key)
        return due

    def alerts(self) -> list[tuple[Event, str]]:
        """Watch once; what was told."""
        self.told.clear()
        self.components.deadlines.watch()
        return [(event, fields["dossier"]) for event, fields in self.told]


@pytest.fixture(scope="module")
def automatic(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Post]:
    made = Post(Scene(tmp_path_factory.mktemp("post"), "amqp://127.0.0.1:1/%2F", standing_url))
    made.open()
    yield made
    made.scene.close()


@pytest.fixture
def post(automatic: Post) -> Post:
    return automatic.as_it_was()


@pytest.fixture(scope="module")
def by_an_officer(tmp_path_factory: pytest.TempPathFactory, other_standing_url: str) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("post")
    mappings = folder / "mappings"
    shutil.copytree(ROOT / "mappings", mappings)
    file = mappings / PROCEDURE / "2" / "procedure.yaml"
    text = file.read_text(encoding="utf-8")
    assert "acceptance: automatic" in text
    file.write_text(text.replace("acceptance: automatic", "acceptance: officer"), encoding="utf-8")
    made = Post(Scene(folder, "amqp://127.0.0.1:1/%2F", other_standing_url))
    made.scene.configure({"folders.mappings": str(mappings)})
    made.open()
    yield made
    made.scene.close()


@pytest.fixture
def officers_post(by_an_officer: Post) -> Post:
    """The same, where an officer accepts."""
    return by_an_officer.as_it_was()


def test_a_confirmation_that_was_sent_at_the_very_end_of_its_time_is_met(post: Post) -> None:
    """Article 10(3)(b): one hour from reception to sending; exactly one hour is in time."""
    key = post.receive(1)
    due = post.only(key)
    assert (due.standing, due.started_at, due.due_at) == (DeadlineState.RUNNING, CLOCK, CLOCK + 60 * MINUTE)
    post.now += 60 * MINUTE
    post.complete(key)
    assert post.only(key).standing is DeadlineState.SIGNED
    post.dispatch()

    due = post.only(key)
    assert (due.standing, due.ended_at, due.delivered_at) == (DeadlineState.MET, CLOCK + 60 * MINUTE, None)
    (figures,) = post.agenda().figures
    assert (figures.met, figures.late, figures.overdue, figures.open) == (1, 0, 0, 0)


def test_delivery_is_shown_and_does_not_decide_the_duty(post: Post) -> None:
    key = post.receive(1)
    post.now += 50 * MINUTE
    post.complete(key)
    post.dispatch()
    post.now += 300 * MINUTE
    post.deliver(key)

    due = post.only(key)
    assert (due.standing, due.answered_at, due.ended_at) == (
        DeadlineState.MET,
        CLOCK + 50 * MINUTE,
        CLOCK + 50 * MINUTE,
    )
    assert due.delivered_at == post.now


def test_a_confirmation_that_is_signed_and_does_not_leave_runs_on_and_is_alerted(post: Post) -> None:
    key = post.receive(1)
    post.now += 50 * MINUTE
    post.complete(key)
    assert [due.standing for due in post.agenda().due] == [DeadlineState.SIGNED]
    post.now = CLOCK + 61 * MINUTE
    assert post.only(key).standing is DeadlineState.OVERDUE
    seen = dossier_reader(post.components)
    assert [each.overdue for each in seen.dossiers(state=None, limit=9, actor=TESTER)] == [True]
    assert seen.life(key, personal=False, actor=TESTER).dossier.overdue
    assert post.alerts() == [(Event.DEADLINE_NEAR, str(key)), (Event.DEADLINE_PASSED, str(key))]
    post.dispatch()

    assert post.only(key).standing is DeadlineState.LATE
    (figures,) = post.agenda().figures
    assert (figures.met, figures.late, figures.overdue) == (0, 1, 0)


def test_on_the_portal_a_confirmation_is_sent_when_it_can_be_read(post: Post) -> None:
    key = post.receive(1, door=Channel.PORTAL)
    post.now += 50 * MINUTE
    post.complete(key)
    due = post.only(key)
    assert (due.standing, due.ended_at, due.delivered_at) == (DeadlineState.MET, CLOCK + 50 * MINUTE, None)


def test_an_officer_s_acceptance_does_not_move_the_reception(officers_post: Post) -> None:
    post = officers_post
    key = post.receive(1)
    post.now += 30 * MINUTE
    post.components.completion.accept(key, OFFICER)

    due = post.only(key)
    assert (due.noticed_at, due.started_at, due.due_at) == (CLOCK, CLOCK, CLOCK + 60 * MINUTE)
    overview = dossier_reader(post.components).life(key, personal=False, actor=TESTER).dossier
    assert overview.confirm_due_at == CLOCK + 60 * MINUTE
    post.now = CLOCK + 61 * MINUTE
    assert post.only(key).standing is DeadlineState.OVERDUE


def test_a_replacement_starts_the_duty_of_its_own_version(officers_post: Post) -> None:
    post = officers_post
    key = post.receive(1)
    post.now += 40 * MINUTE
    post.replace(key)

    due = post.only_open(key)
    assert (due.noticed_at, due.started_at, due.due_at) == (CLOCK, post.now, post.now + 60 * MINUTE)


def test_a_confirmation_says_when_the_version_that_it_confirms_was_received(post: Post) -> None:
    key = post.receive(1)
    post.now += 40 * MINUTE
    post.replace(key)
    post.complete(key)
    with post.components.database.reading() as connection:
        body = connection.execute(select(outbox.c.body).where(outbox.c.kind == "Completion")).scalar_one()
    assert etree.fromstring(body).findtext(".//ReceivedTime") == "2026-03-02 07:55:00"


def test_when_the_declarant_first_had_a_reply_stands_whatever_comes_again(post: Post) -> None:
    key = post.receive(1)
    post.complete(key)
    post.dispatch()
    for minutes, said in ((10, "receipt"), (200, "receipt"), (300, "error")):
        with post.components.database.transaction() as connection:
            row = connection.execute(select(outbox.c.id).where(outbox.c.kind == "Completion")).scalar_one()
            replies.mark_answered(connection, row, said, CLOCK + minutes * MINUTE)
    assert post.only(key).delivered_at == CLOCK + 10 * MINUTE
    with post.components.database.reading() as connection:
        assert connection.execute(select(outbox.c.answer).where(outbox.c.id == row)).scalar_one() == "receipt"


def test_a_duty_that_ends_this_very_moment_has_not_passed(officers_post: Post) -> None:
    officers_post.receive(1)
    officers_post.now += 60 * MINUTE
    assert [event for event, _ in officers_post.alerts()] == [Event.DEADLINE_NEAR]


def test_what_nobody_accepts_is_overdue_all_the_same(officers_post: Post) -> None:
    post = officers_post
    key = post.receive(1)
    post.now += 61 * MINUTE

    assert post.only(key).standing is DeadlineState.OVERDUE
    assert post.alerts() == [(Event.DEADLINE_NEAR, str(key)), (Event.DEADLINE_PASSED, str(key))]


def test_each_alert_is_sent_once_and_the_breach_once(post: Post) -> None:
    key = post.receive(1)
    post.now += 44 * MINUTE
    assert post.alerts() == []
    post.now += MINUTE  # three quarters of the hour
    assert post.alerts() == [(Event.DEADLINE_NEAR, str(key))]
    assert post.alerts() == []
    post.now += 16 * MINUTE
    assert post.alerts() == [(Event.DEADLINE_PASSED, str(key))]
    assert post.alerts() == []


def test_no_alert_for_what_was_sent(post: Post) -> None:
    key = post.receive(1)
    post.complete(key)
    post.dispatch()
    post.now += 61 * MINUTE
    assert post.alerts() == []


def test_a_refusal_leaves_nothing_due(officers_post: Post) -> None:
    post = officers_post
    key = post.receive(1)
    post.components.completion.refuse(key, OFFICER, reason="thử")
    post.now += 61 * MINUTE

    assert post.only(key).standing is DeadlineState.LAPSED
    assert post.alerts() == []
    assert post.agenda().due == ()


@pytest.mark.parametrize(("late", "standing"), [(0 * MINUTE, DeadlineState.LAPSED), (MINUTE, DeadlineState.LATE)])
def test_a_refusal_after_the_hour_leaves_the_duty_late(
    officers_post: Post, late: timedelta, standing: DeadlineState
) -> None:
    post = officers_post
    key = post.receive(1)
    post.now += 60 * MINUTE + late
    post.components.completion.refuse(key, OFFICER, reason="thử")

    assert post.only(key).standing is standing
    (figures,) = post.agenda().figures
    assert (figures.met, figures.late, figures.overdue) == (0, int(late > 0 * MINUTE), 0)


def test_a_version_replaced_after_its_hour_stays_late(post: Post) -> None:
    key = post.receive(1)
    post.now += 300 * MINUTE
    post.replace(key)
    post.complete(key)
    post.dispatch()

    assert sorted(due.standing for due in post.dues(key)) == [DeadlineState.LATE, DeadlineState.MET]
    (figures,) = post.agenda().figures
    assert (figures.met, figures.late, figures.overdue, figures.open) == (1, 1, 0, 0)


def test_the_list_says_what_ends_soon_and_what_has_passed(post: Post) -> None:
    first = post.receive(1)
    post.now += 50 * MINUTE
    second = post.receive(2)
    post.now += 20 * MINUTE  # the first is ten minutes over, the second has forty left

    assert [due.subject for due in post.agenda().due] == [str(first), str(second)]
    assert [due.subject for due in post.agenda(until=post.now).due] == [str(first)]
    soon = post.agenda(after=post.now, until=post.now + 60 * MINUTE)
    assert [due.subject for due in soon.due] == [str(second)]
    assert post.agenda(after=post.now, until=post.now + 39 * MINUTE).due == ()
    assert post.agenda(gate="NOWHERE").due == ()
    assert [each.dossiers for each in post.agenda().declared] == [2]


def test_after_an_incident_reconciliation_is_due_by_the_end_of_the_next_working_day(post: Post) -> None:
    key = post.receive(1)
    repaired = datetime.fromisoformat("2026-03-06T16:00:00+07:00")  # a Friday
    database = post.components.database
    with database.transaction() as connection:
        row_id = database.new_id(connection)
        row = {"id": row_id, "started_at": CLOCK, "ended_at": repaired, "cause": "broker", "reason": "", "actor": "t"}
        connection.execute(insert(incident).values(row))
        connection.execute(update(outbox).where(outbox.c.reference == key.number).values(route="transfer"))
    post.now = repaired
    post.components.deadlines.watch()
    post.components.deadlines.watch()  # begins once

    (due,) = [each for each in post.agenda().due if each.name == "reconcile"]
    assert due.due_at == datetime.fromisoformat("2026-03-09T23:59:59.999999+07:00")
    post.now = datetime.fromisoformat("2026-03-09T10:00:00+07:00")
    with database.transaction() as connection:
        connection.execute(update(outbox).values(answer="receipt"))
    post.components.deadlines.watch()
    assert [each.name for each in post.agenda().due] == ["confirm"]
    (figures,) = [each for each in post.agenda().figures if each.kind == "reconcile_within"]
    assert (figures.met, figures.late) == (1, 0)


def incident_until(post: Post, ended_at: datetime) -> None:
    """There was an incident for an hour, and it is over."""
    database = post.components.database
    with database.transaction() as connection:
        times = {"started_at": ended_at - 60 * MINUTE, "ended_at": ended_at}
        row = {"id": database.new_id(connection), **times, "cause": "broker", "reason": "", "actor": "t"}
        connection.execute(insert(incident).values(row))


def transfers_answered(post: Post, answer: str) -> None:
    with post.components.database.transaction() as connection:
        for row in connection.execute(select(outbox.c.id).where(outbox.c.route == "transfer")).all():
            replies.mark_answered(connection, row.id, answer, post.now)


def reconciling(post: Post) -> list[tuple[datetime | None, datetime | None]]:
    post.components.deadlines.watch()
    return [(each.started_at, each.due_at) for each in post.agenda().due if each.name == "reconcile"]


NEXT_DAY = datetime.fromisoformat("2026-03-03T23:59:59.999999+07:00")


def test_what_came_in_an_incident_and_was_decided_after_its_end_is_reconciled(officers_post: Post) -> None:
    """NĐ 85/2019/NĐ-CP Article 17(5): what entered directly, whenever it was decided."""
    post = officers_post
    key = post.receive(1, door=Channel.PORTAL)
    ended = post.now + 10 * MINUTE
    incident_until(post, ended)
    post.now = ended + MINUTE
    assert reconciling(post) == []
    post.components.completion.accept(key, OFFICER)
    assert reconciling(post) == [(post.now, NEXT_DAY)]
    transfers_answered(post, "receipt")
    assert reconciling(post) == []

    post.now += 10 * MINUTE
    post.complete(key)
    assert reconciling(post) == [(post.now, NEXT_DAY)]
    post.now += timedelta(days=5)
    transfers_answered(post, "receipt")
    assert reconciling(post) == []
    (figures,) = [each for each in post.agenda().figures if each.kind == "reconcile_within"]
    assert (figures.met, figures.late) == (1, 1)


def test_what_came_after_an_incident_is_not_of_it(officers_post: Post) -> None:
    post = officers_post
    incident_until(post, post.now - MINUTE)
    post.components.completion.accept(post.receive(1, door=Channel.PORTAL), OFFICER)
    assert reconciling(post) == []


def test_a_transfer_that_the_window_refused_is_not_reconciled(post: Post) -> None:
    post.receive(1, door=Channel.PORTAL)
    ended = post.now + MINUTE
    incident_until(post, ended)
    assert reconciling(post) == [(ended, NEXT_DAY)]
    transfers_answered(post, "error")
    assert reconciling(post) == [(ended, NEXT_DAY)]
    transfers_answered(post, "receipt")
    assert reconciling(post) == []


def test_a_dossier_is_transferred_once_the_window_has_each_part_of_it(post: Post) -> None:
    key = post.receive(1, door=Channel.PORTAL)
    post.complete(key)
    with post.components.database.transaction() as connection:
        mine = connection.execute(select(outbox).where(outbox.c.route == "transfer").order_by(outbox.c.ordinal)).all()
        first, second = (each.id for each in mine)
        replies.mark_answered(connection, first, "error", post.now)
        replies.mark_answered(connection, second, "receipt", post.now)
        assert replies.open_transfer(connection, mine[0].dossier_id)
        replies.mark_answered(connection, first, "receipt", post.now)
        assert not replies.open_transfer(connection, mine[0].dossier_id)


def test_a_deadline_that_begins_with_a_delivery_begins_when_the_declarant_has_it(post: Post) -> None:
    key = post.receive(1)
    database = post.components.database
    with database.transaction() as connection:
        acceptance = connection.execute(select(outbox.c.id).where(outbox.c.kind == "Acceptance")).scalar_one()
        change = update(deadline).values(started_at=None, due_at=None, starts_with=acceptance)
        connection.execute(change)
        delivered = CLOCK + 20 * MINUTE
        connection.execute(update(outbox).where(outbox.c.id == acceptance).values(delivered_at=delivered))
    post.components.deadlines.watch()

    assert (post.only(key).started_at, post.only(key).due_at) == (delivered, CLOCK + 80 * MINUTE)


NO_SEAFARER = "BQP0100004/asked-departure-of-one-who-is-no-seafarer"


def test_the_hours_are_those_of_the_version_that_is_complete(post: Post) -> None:
    """Article 16(2): three hours, one for a seafarer; form 14 made him one and completed the declaration."""
    case = post.cases()[NO_SEAFARER]
    key = dossier_of(case.message)
    licence = b"</TaxCode><LicenceNumber>01-0001/2024/TCDL-GPLHQT</LicenceNumber>"
    asked = replace(case, message=case.message.replace(b"</TaxCode>", licence, 1))
    post.send(asked)
    assert post.named(key)["confirm"].started_at is None
    post.now += 20 * MINUTE
    answer = post.cases()[AMENDED]
    message = answer.message.replace(dossier_of(answer.message).number.encode(), key.number.encode())
    for before, after in ((b"VisaTo", b"IsSeafarer"), (b"2026-03-31", b"0"), (b"2026-04-15", b"1")):
        message = message.replace(before, after)
    for tag in (b"Gate", b"BorderUnit"):
        there, here = (re.search(b"<%s>([^<]*)" % tag, each) for each in (message, asked.message))
        assert there is not None
        assert here is not None
        message = message.replace(there[1], here[1])
    post.send(replace(answer, message=message))

    due = next(each for each in post.dues(key) if each.kind == "confirm_within")
    assert (due.name, due.started_at, due.due_at) == ("confirmSeafarer", post.now, post.now + 60 * MINUTE)
    post.now += 61 * MINUTE
    assert Event.DEADLINE_PASSED in [event for event, _ in post.alerts()]


ON_REQUEST = "BQP0100003/accepted-on-request"
OWN = "BQP0100003/accepted-own-discovery-waits-for-approval"


def test_a_request_to_amend_gives_the_declarant_an_hour_from_when_he_has_it(post: Post) -> None:
    key = post.play(ON_REQUEST)  # asked at 07:25, now it is 07:35
    asked = CLOCK + 10 * MINUTE
    due = post.named(key)["answer"]
    assert (due.party, due.noticed_at, due.started_at) == ("declarant", asked, None)
    with post.components.database.transaction() as connection:
        request = update(outbox).where(outbox.c.kind == "AmendmentRequest")
        connection.execute(request.values(delivered_at=post.now))
    post.components.deadlines.watch()

    due = post.named(key)["answer"]
    assert (due.started_at, due.due_at) == (asked + 10 * MINUTE, asked + 70 * MINUTE)
    post.now = asked + 70 * MINUTE
    post.send(post.cases()[ON_REQUEST])
    assert post.named(key)["answer"].standing is DeadlineState.MET


def test_an_amendment_is_confirmed_within_an_hour_of_its_reception(post: Post) -> None:
    key = post.play(ON_REQUEST)
    post.send(post.cases()[ON_REQUEST])
    received = post.now
    due = post.named(key)["confirm"]
    assert (due.kind, due.started_at, due.due_at) == ("confirm_amendment_within", received, received + 60 * MINUTE)
    post.now += 30 * MINUTE
    post.complete(key)
    post.dispatch()

    assert post.named(key)["confirm"].standing is DeadlineState.MET
    assert post.agenda().due == ()  # form 15 confirms the declaration too


@pytest.mark.parametrize(("had", "standing"), [(True, DeadlineState.LATE), (False, DeadlineState.UNKNOWN)])
def test_an_answer_after_its_hour_is_late_where_it_is_known_that_the_request_was_had(
    post: Post, had: bool, standing: DeadlineState
) -> None:
    key = post.play(ON_REQUEST)  # asked at 07:25
    if had:
        with post.components.database.transaction() as connection:
            request = update(outbox).where(outbox.c.kind == "AmendmentRequest")
            connection.execute(request.values(delivered_at=CLOCK + 10 * MINUTE))
        post.components.deadlines.watch()
    post.now = CLOCK + 71 * MINUTE
    case = post.cases()[ON_REQUEST]
    post.send(replace(case, message=re.sub(rb"<sendDate>[^<]*", b"<sendDate>2026-03-02 08:26:00", case.message)))
    assert post.named(key)["answer"].standing is standing
    (figures,) = [each for each in post.agenda().figures if each.kind == "amend_within"]
    assert (figures.late, figures.unknown) == (int(had), int(not had))


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize(
    ("had", "after", "standing"),
    [
        (120, 60, DeadlineState.MET),
        (120, 61, DeadlineState.LATE),
        (10, 61, DeadlineState.LATE),
        (None, 130, DeadlineState.UNKNOWN),
    ],
    ids=["had-late-answered-in-time", "had-late-answered-late", "answered-late", "unknown-when-had"],
)
def test_an_answer_is_called_late_by_when_the_request_was_had(
    post: Post, *, watched: bool, had: int | None, after: int, standing: DeadlineState
) -> None:
    """Article 11(3)(b): within one hour of receiving the request, whenever that was made."""
    key = post.play(ON_REQUEST)  # asked at 07:25
    since = CLOCK + (10 if had is None else had) * MINUTE
    if had is not None:
        with post.components.database.transaction() as connection:
            request = update(outbox).where(outbox.c.kind == "AmendmentRequest")
            connection.execute(request.values(delivered_at=since))
    if watched:
        post.components.deadlines.watch()
    post.now = since + after * MINUTE
    case = post.cases()[ON_REQUEST]
    sent = post.now.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S").encode()
    post.send(replace(case, message=re.sub(rb"<sendDate>[^<]*", b"<sendDate>" + sent, case.message)))

    with post.components.database.transaction() as connection:
        (findings,) = connection.execute(select(inbox.c.findings).where(inbox.c.received_at == post.now)).scalars()
    assert ("BQP230" in [each["code"] for each in findings]) == (standing is DeadlineState.LATE)
    assert post.named(key)["answer"].standing is standing


def test_form_15_that_waits_to_leave_answers_its_own_amendment_though_another_one_came(post: Post) -> None:
    key = post.play(ON_REQUEST)
    post.send(post.cases()[ON_REQUEST])
    post.complete(key)
    asked_again(post)
    post.dispatch()
    life = dossier_reader(post.components).life(key, personal=False, actor=TESTER)
    stands = [each.standing for each in life.deadlines if each.kind == "confirm_amendment_within"]
    assert sorted(stands) == [DeadlineState.MET, DeadlineState.RUNNING]


def asked_again(post: Post) -> None:
    """The officer asks once more, and the declarant answers with another value at once."""
    case = post.cases()[ON_REQUEST]
    Desk(post.components).act(case, Act.REQUEST)
    name = re.search(rb"<messageId>([^<]+)", case.message)
    assert name is not None
    changed = case.message.replace(name[1], b"f" + name[1][1:])
    old, new = (re.search(rb"<%s>([^<]+)" % tag, changed) for tag in (b"OldValue", b"NewValue"))
    assert old is not None
    assert new is not None
    changed = changed.replace(new[1], b"E99999999").replace(old[1], new[1])
    sent = post.now.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S").encode()
    post.send(replace(case, message=re.sub(rb"<sendDate>[^<]*", b"<sendDate>" + sent, changed)))


def test_an_amendment_left_unconfirmed_for_two_hours_is_late_though_another_one_came(post: Post) -> None:
    key = post.play(ON_REQUEST)
    post.send(post.cases()[ON_REQUEST])
    post.now += 120 * MINUTE
    asked_again(post)
    post.complete(key)
    post.dispatch()

    stands = [each.standing for each in post.dues(key) if each.kind == "confirm_amendment_within"]
    assert sorted(stands) == [DeadlineState.LATE, DeadlineState.MET]
    (figures,) = [each for each in post.agenda().figures if each.kind == "confirm_amendment_within"]
    assert (figures.met, figures.late) == (1, 1)


def test_what_is_found_in_order_after_all_leaves_no_answer_due(post: Post) -> None:
    key = post.play(ON_REQUEST)
    post.complete(key)
    assert post.named(key)["answer"].standing is DeadlineState.LAPSED


def test_an_amendment_that_waits_for_approval_runs_from_its_reception_and_a_declined_one_lapses(post: Post) -> None:
    key = post.play(OWN)
    post.send(post.cases()[OWN])
    received = post.now
    due = post.named(key)["confirm"]
    assert (due.standing, due.started_at, due.due_at) == (DeadlineState.RUNNING, received, received + 60 * MINUTE)
    Desk(post.components).act(post.cases()[OWN], Act.DECLINE)
    assert post.named(key)["confirm"].standing is DeadlineState.LAPSED


LETTER = "BQP0100004/accepted-original-letter-to-follow"
AT_HAND = "BQP0100004/accepted-tourists-at-a-land-gate"
AMENDED = "BQP0100005/accepted-visa-asked-for-longer"
THREE_DAYS = datetime.fromisoformat("2026-03-05T23:59:59.999999+07:00")
"""From the visa, received on arrival on 2 March: the first day is not counted."""


def confirmed(post: Post, name: str) -> DossierKey:
    case = post.cases()[name]
    post.send(case)
    post.complete(dossier_of(case.message))
    post.dispatch()
    return dossier_of(case.message)


def bring(post: Post, key: DossierKey, at: datetime | None = None) -> datetime:
    return post.components.handing_in.brought(key, "originalLetter", OFFICER, at=at)


def amend(post: Post, key: DossierKey, field: str, old: str, new: str) -> None:
    """The declarant is asked for another value and gives it; the amendment is confirmed."""
    case = post.cases()[AMENDED]
    message = case.message.replace(dossier_of(case.message).number.encode(), key.number.encode())
    for before, after in (("VisaTo", field), ("2026-03-31", old), ("2026-04-15", new)):
        message = message.replace(before.encode(), after.encode())
    Desk(post.components).act(replace(case, message=message), Act.REQUEST)
    post.send(replace(case, message=message))
    post.complete(key)
    post.dispatch()


def test_the_original_letter_is_due_three_days_after_the_visa_once_that_was_confirmed(post: Post) -> None:
    """Article 16(3)(b)."""
    case = post.cases()[LETTER]
    post.send(case)
    key = dossier_of(case.message)
    assert "originalLetter" not in post.named(key)
    post.complete(key)
    post.dispatch()

    due = post.named(key)["originalLetter"]
    assert (due.party, due.due_at, due.standing) == ("declarant", THREE_DAYS, DeadlineState.RUNNING)
    assert [each.name for each in post.agenda().due] == ["originalLetter"]
    post.now = THREE_DAYS + MINUTE
    assert post.alerts() == [(Event.DEADLINE_NEAR, str(key)), (Event.DEADLINE_PASSED, str(key))]
    assert post.named(key)["originalLetter"].standing is DeadlineState.OVERDUE


@pytest.mark.parametrize(("late", "standing"), [(0 * MINUTE, DeadlineState.MET), (MINUTE, DeadlineState.LATE)])
def test_the_letter_that_was_handed_in_is_due_no_more(post: Post, late: timedelta, standing: DeadlineState) -> None:
    key = confirmed(post, LETTER)
    post.now = THREE_DAYS + late
    assert bring(post, key) == post.now

    assert post.named(key)["originalLetter"].standing is standing
    assert post.agenda().due == ()
    entries = dossier_reader(post.components).life(key, personal=False, actor=TESTER).journal
    assert [(each.event, each.actor, each.detail) for each in entries][-1] == (
        "dossier.brought", "person:cb-01",
        {"deadline": "originalLetter", "brought_at": post.now.isoformat()},
    )  # fmt: skip
    proof = dossier_reader(post.components).journal_proof(Part(), actor=TESTER)
    assert (proof.chains, proof.faults) == (1, [])
    with pytest.raises(NotAllowed, match="to be brought: nothing"):
        bring(post, key)


def test_a_letter_is_in_time_by_when_it_was_brought_and_not_by_when_that_was_recorded(post: Post) -> None:
    key = confirmed(post, LETTER)
    post.now = THREE_DAYS + 600 * MINUTE
    assert bring(post, key, THREE_DAYS - MINUTE) == THREE_DAYS - MINUTE
    assert post.named(key)["originalLetter"].standing is DeadlineState.MET
    entry = dossier_reader(post.components).life(key, personal=False, actor=TESTER).journal[-1]
    assert (entry.at, entry.detail["brought_at"]) == (post.now, (THREE_DAYS - MINUTE).isoformat())


def test_a_letter_is_brought_neither_tomorrow_nor_before_its_dossier(post: Post) -> None:
    received = post.now
    key = confirmed(post, LETTER)
    post.now += 60 * MINUTE
    with pytest.raises(NotAllowed, match="still to come"):
        bring(post, key, post.now + MINUTE)
    with pytest.raises(NotAllowed, match="lies before dossier"):
        bring(post, key, received - MINUTE)
    assert post.named(key)["originalLetter"].standing is DeadlineState.RUNNING
    assert bring(post, key, received) == received


def test_a_letter_that_is_at_hand_is_not_due(post: Post) -> None:
    key = confirmed(post, AT_HAND)
    assert list(post.named(key)) == ["confirm"]
    with pytest.raises(NotAllowed, match="no originalLetter is to be brought"):
        bring(post, key)
    with pytest.raises(NotAllowed, match="there is no dossier NONE/2026"):
        bring(post, DossierKey("NONE", 2026))


@pytest.mark.parametrize(
    ("name", "old", "new", "standing"),
    [(LETTER, "1", "0", DeadlineState.LAPSED), (AT_HAND, "0", "1", DeadlineState.RUNNING)],
    ids=["at-hand-after-all", "to-follow-after-all"],
)
def test_what_is_to_be_brought_follows_the_amended_declaration(
    post: Post, name: str, old: str, new: str, standing: DeadlineState
) -> None:
    key = confirmed(post, name)
    amend(post, key, "OriginalLetterLater", old, new)
    due = post.named(key)["originalLetter"]
    assert (due.standing, due.due_at) == (standing, THREE_DAYS)


def letters_due(post: Post, key: DossierKey) -> list[str | None]:
    """What the confirmations of a dossier say of the letter's last day, in their order."""
    kinds = outbox.c.kind.in_(("Completion", "AmendmentCompletion"))
    query = select(outbox.c.body).where(outbox.c.reference == key.number, kinds).order_by(outbox.c.ordinal)
    with post.components.database.reading() as connection:
        bodies = connection.execute(query).scalars().all()
    return [etree.fromstring(body).findtext(".//OriginalLetterDue") for body in bodies]


@pytest.mark.parametrize(
    ("field", "old", "new", "due"),
    [
        ("VisaTo", "2026-03-31", "2026-04-15", "2026-03-05"),
        ("ExpectedArrival", "2026-03-02 20:00:00", "2026-03-03 20:00:00", "2026-03-06"),
        ("OriginalLetterLater", "1", "0", None),
    ],
    ids=["something-else", "the-arrival", "the-letter-is-at-hand"],
)
def test_form_15_says_of_the_letter_what_the_amended_declaration_brings_about(
    post: Post, field: str, old: str, new: str, due: str | None
) -> None:
    """Article 16(3)(b) goes on when the dossier is amended: three days from the visa of the version in force."""
    key = confirmed(post, LETTER)
    amend(post, key, field, old, new)
    assert letters_due(post, key) == ["2026-03-05", due]


def test_what_was_brought_is_not_asked_for_again_after_an_amendment(post: Post) -> None:
    key = confirmed(post, LETTER)
    bring(post, key)
    amend(post, key, "VisaTo", "2026-03-31", "2026-04-15")
    assert post.named(key)["originalLetter"].standing is DeadlineState.MET
    assert post.agenda().due == ()
    assert letters_due(post, key) == ["2026-03-05", None]


def test_a_letter_that_is_still_asked_for_after_an_amendment_is_missed_once(post: Post) -> None:
    key = confirmed(post, LETTER)
    post.now = THREE_DAYS + MINUTE
    amend(post, key, "VisaTo", "2026-03-31", "2026-04-15")

    assert [each.standing for each in post.dues(key) if each.name == "originalLetter"] == [DeadlineState.OVERDUE]
    (figures,) = [each for each in post.agenda().figures if each.kind == "bring_within"]
    assert (figures.late, figures.overdue) == (0, 1)


def test_the_command_lists_and_a_monitor_hears_of_what_has_passed(post: Post) -> None:
    key = post.receive(1)
    config = ["--json", "--config", str(post.scene.config)]

    def asked(*options: str, code: int) -> Any:
        done = CliRunner().invoke(app, ["deadlines", *options, *config])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    told = asked("--at", "2026-03-02T07:30:00", code=0)
    assert [(due["subject"], due["standing"]) for due in told["due"]] == [(str(key), "running")]
    assert told["due"][0]["due_at"] == "2026-03-02T08:15:00+07:00"
    assert asked("--overdue", "--at", "2026-03-02T08:15:00", code=0)["due"] == []
    assert asked("--overdue", "--at", "2026-03-02T08:15:01", code=1)["due"][0]["standing"] == "overdue"
    assert asked("--due-within", "0.5", "--at", "2026-03-02T07:30:00", code=0)["due"] == []
    assert len(asked("--due-within", "1", "--at", "2026-03-02T07:30:00", code=0)["due"]) == 1
    assert asked("--procedure", "BQP0199999", "--at", "2026-03-02T07:30:00", code=0)["due"] == []


def test_a_time_that_is_none_is_usage(post: Post) -> None:
    done = CliRunner().invoke(app, ["deadlines", "--at", "yesterday", "--config", str(post.scene.config)])
    assert done.exit_code == 2


def test_figures_of_what_runs_count_so_many_of_each_kind_and_no_more(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.receive(1)
    post.receive(2)
    post.receive(3)

    def counted() -> dict[tuple[str, str], int]:
        with post.components.database.reading() as connection:
            return deadline_figures.counts(connection, post.now)

    assert counted() == {}
    post.now = CLOCK + 50 * MINUTE
    assert counted() == {("border_guard", "near"): 3}
    post.now = CLOCK + 61 * MINUTE
    assert counted() == {("border_guard", "broken"): 3}
    monkeypatch.setattr(deadline_figures, "COUNTED", 2)
    assert counted() == {("border_guard", "broken"): 2}
    with post.components.database.transaction() as connection:
        connection.execute(update(deadline).values(party="declarant"))
    post.receive(4)
    post.now = CLOCK + 130 * MINUTE
    found = counted()
    assert found["declarant", "broken"] == 2
    assert found["border_guard", "broken"] == 1, "older ones of the other party do not hide it"
