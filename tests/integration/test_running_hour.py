"""The hour of a request to amend while its declarant is suspended: it goes on, or stands still, as configured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM
from adapter.services.dossiers.own_records import RunningLimit
from adapter.services.watch.deadlines import DeadlineState, RunningDeadline
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.scene import Scene
from tests.integration.test_deadlines import MINUTE, ON_REQUEST, Post

GUIDE, ENTERPRISE, STRANGER = "001190004567", "0100109106", "079085001234"
HAD = CLOCK + 20 * MINUTE
HOUR = 60 * MINUTE


@pytest.fixture(scope="module", params=["goes_on", "stands_still"])
def any_hour(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[tuple[Post, bool]]:
    folder = tmp_path_factory.mktemp("hour")
    made = Post(Scene(folder, "amqp://127.0.0.1:1/%2F", f"sqlite:///{folder / 'store.db'}"))
    made.scene.configure({"accounts.running_hour": request.param})
    made.open()
    yield made, request.param == "stands_still"
    made.scene.close()


@pytest.fixture
def running(any_hour: tuple[Post, bool]) -> tuple[Post, DossierKey, bool]:
    """The declarant has had the request for no minute yet."""
    post, stands = any_hour
    return post, had(post), stands


def had(post: Post) -> DossierKey:
    key = post.as_it_was().play(ON_REQUEST)
    post.now = HAD
    with post.components.database.transaction() as connection:
        request = update(outbox).where(outbox.c.kind == "AmendmentRequest")
        connection.execute(request.values(delivered_at=HAD))
    post.components.deadlines.watch()
    return key


def suspend(post: Post, number: str = GUIDE, unit: str | None = None) -> None:
    post.components.accounts.suspend(number, unit=unit, reason="Nghi bị chiếm đoạt", actor=TESTER)


def restore(post: Post, number: str = GUIDE) -> None:
    post.components.accounts.restore(number, unit=None, reason="Đã xác minh", actor=TESTER)


def after(post: Post, minutes: int) -> list[str]:
    """So many minutes later the clock looks; the names of its alerts of this hour."""
    post.now += minutes * MINUTE
    post.told.clear()
    post.components.deadlines.watch()
    return [event.name for event, fields in post.told if fields["deadline"] == "answer"]


def hour(post: Post, key: DossierKey) -> RunningDeadline:
    return post.named(key)["answer"]


def shown(post: Post, key: DossierKey) -> RunningLimit:
    case = post.components.case_files.open(key, TESTER)
    (limit,) = [each for each in case.limits if each.name == "answer"]
    return limit


def test_the_hour_goes_on_or_stands_still_and_goes_on_with_the_time_left(
    running: tuple[Post, DossierKey, bool],
) -> None:
    post, key, stands = running
    assert shown(post, key).stands is None, "nobody is suspended"
    after(post, 20)
    suspend(post)
    told = after(post, 50)
    assert shown(post, key).stands is stands, "the officer's page says which"
    if not stands:
        assert (told, hour(post, key).standing) == (["DEADLINE_NEAR", "DEADLINE_PASSED"], DeadlineState.OVERDUE)
        return
    assert (told, hour(post, key).standing) == ([], DeadlineState.RUNNING)
    assert hour(post, key).due_at == post.now + 40 * MINUTE, "what is left stays the same"
    restore(post)
    due = post.now + 40 * MINUTE
    assert after(post, 5) == []
    assert (hour(post, key).due_at, shown(post, key).stands) == (due, None)
    assert after(post, 34) == ["DEADLINE_NEAR"]
    assert after(post, 1) == [], "what ends this very moment has not passed"
    assert after(post, 1) == ["DEADLINE_PASSED"]


@pytest.mark.parametrize("seen", [True, False])
def test_an_hour_that_was_over_is_not_begun_again_by_a_suspension(
    running: tuple[Post, DossierKey, bool], *, seen: bool
) -> None:
    post, key, _ = running
    post.now += 61 * MINUTE
    told = after(post, 0) if seen else []
    suspend(post)
    assert told + after(post, 10) == ["DEADLINE_NEAR", "DEADLINE_PASSED"]
    assert (hour(post, key).due_at, shown(post, key).stands) == (HAD + HOUR, None)


@pytest.mark.parametrize(
    ("number", "elsewhere", "stops"),
    [(ENTERPRISE, False, True), (STRANGER, False, False), (GUIDE, True, False)],
    ids=["the principal", "somebody else", "at another unit"],
)
def test_it_stands_for_whoever_could_not_answer_at_the_dossier_s_unit(
    running: tuple[Post, DossierKey, bool], number: str, *, elsewhere: bool, stops: bool
) -> None:
    post, key, stands = running
    with post.components.database.reading() as connection:
        unit = connection.execute(select(dossier.c.unit).where(dossier.c.number == key.number)).scalar_one()
    suspend(post, number, "CK-MONGCAI" if elsewhere else unit)
    after(post, 30)
    assert hour(post, key).due_at == HAD + HOUR + (30 * MINUTE if stands and stops else timedelta())
    assert shown(post, key).stands is (stands if stops else None)


@pytest.mark.parametrize("watched", [True, False])
def test_an_answer_after_the_restoration_is_late_by_the_time_left(
    running: tuple[Post, DossierKey, bool], *, watched: bool
) -> None:
    """Without a look of the clock since then too: the register says when the hour stood still."""
    post, key, stands = running
    post.now += 50 * MINUTE
    suspend(post)
    post.now += 100 * MINUTE
    restore(post)
    if watched:
        post.components.deadlines.watch()
    post.now += 10 * MINUTE
    case = post.cases()[ON_REQUEST]
    sent = post.now.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S").encode()
    post.send(replace(case, message=re.sub(rb"<sendDate>[^<]*", b"<sendDate>" + sent, case.message)))
    with post.components.database.reading() as connection:
        (findings,) = connection.execute(select(inbox.c.findings).where(inbox.c.received_at == post.now)).scalars()
    assert ("BQP230" in [each["code"] for each in findings]) is not stands
    assert hour(post, key).standing is (DeadlineState.MET if stands else DeadlineState.LATE)


STEPS = st.lists(st.tuples(st.sampled_from(["suspend", "restore", "look"]), st.integers(0, 40)), max_size=8)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_of_suspensions_it_ends_when_its_free_minutes_are_used(
    any_hour: tuple[Post, bool], steps: list[tuple[str, int]]
) -> None:
    """Counted minute by minute beside it: those in which he was free use it up."""
    post, stands = any_hour
    key, is_suspended, left, due = had(post), False, 60, HAD + HOUR
    for act, minutes in steps:
        if act == "suspend" and not is_suspended:
            suspend(post)
        if act == "restore" and is_suspended:
            restore(post)
        is_suspended = {"suspend": True, "restore": False}.get(act, is_suspended)
        told = after(post, minutes)
        used = 0 if is_suspended and stands else min(minutes, left)
        left -= used
        if left:
            due = post.now + left * MINUTE
        elif used:
            due = post.now - (minutes - used) * MINUTE
        assert hour(post, key).due_at == due
        assert ("DEADLINE_PASSED" in told) <= (left == 0)
