"""The clock is set forward and back: what only measures an age does not wait out the jump, evidence stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import deadline, inbox, window
from adapter.model.ages import age, not_after
from adapter.model.catalogue import Catalogue
from adapter.model.events import Event
from adapter.services.messages.item import Patience
from adapter.services.messages.waiting import Waiting
from adapter.services.watch.deadlines import Deadlines
from adapter.services.watch.mode import Sight, WindowPatience
from adapter.services.watch.window import Window
from tests.harness.shares import FULL

BEGIN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PATIENCE = WindowPatience(broker_down_s=60, heartbeat_max_age_s=300, stale_s=30, back_s=10)
WAITS = Patience(overtaken_s=120, evidence_s=3600, retry_s=60)
DAY = 86400.0
JUMPS = st.lists(st.tuples(st.floats(-120 * DAY, 120 * DAY), st.booleans(), st.booleans()), max_size=4)
"""By how many seconds the clock is set; whether the broker answers and a heartbeat comes meanwhile."""
PROVE = settings(
    max_examples=25 if FULL else 10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class World:
    """A store and a clock that the test sets."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, BEGIN
        self.told: list[tuple[Event, dict[str, Any]]] = []
        self.window = Window(database, self.clock, PATIENCE, self.observe)
        self.deadlines = Deadlines(database, lambda: CATALOGUE, self.clock, self.observe)
        self.woken: list[str] = []
        intake: Any = SimpleNamespace(patience=WAITS, wake=self.wake)
        self.waiting = Waiting(database, intake, self.clock, self.observe)

    def clock(self) -> datetime:
        return self.now

    def observe(self, event: Event, /, **fields: Any) -> None:
        self.told.append((event, fields))

    def wake(self, row: Any, *, may_wait: bool) -> Any:
        del may_wait
        self.woken.append(row.public_id)
        self.run(update(inbox).where(inbox.c.id == row.id).values(state="settled"))
        return SimpleNamespace(public_id=row.public_id, outcome=SimpleNamespace(value="refused"), state="settled")

    def run(self, statement: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(statement)

    def rows(self, query: Any) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(query))

    def pass_by(self, seconds: float, *, up: bool) -> Sight:
        """Ticks of the clock for so long."""
        begun = self.now
        for _ in range(6):
            self.now += timedelta(seconds=seconds / 6)
            self.window.refresh(broker_up=up, started_at=begun)
        return self.window.state().condition

    def heartbeat(self) -> None:
        self.run(update(window).values(heartbeat_at=self.now))

    def again(self) -> World:
        """As at the beginning, in the same store."""
        for table in (inbox, deadline):
            self.run(delete(table))
        empty = dict.fromkeys(("refreshed_at", "broker_up_since", "broker_down_since", "heartbeat_at", "since"))
        self.run(update(window).values(**empty, mode="unknown"))
        return World(self.database)


CATALOGUE = Catalogue.__new__(Catalogue)


@pytest.fixture
def world(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    database = Database(sqlite_url)
    monkeypatch.setattr(Deadlines, "_begin", lambda self, connection: None)  # what begins deadlines is no age
    yield World(database)
    database.close()


def test_the_window_is_up_again_after_a_jump_of_ninety_days_and_back(world: World) -> None:
    assert world.pass_by(5, up=True) is Sight.UP
    world.heartbeat()
    world.now += timedelta(days=90)
    world.pass_by(70, up=False)
    assert world.pass_by(5, up=True) is Sight.DOWN
    world.heartbeat()
    world.now -= timedelta(days=90)
    assert world.pass_by(PATIENCE.back_s + 5, up=True) is Sight.UP


@PROVE
@given(jumps=JUMPS)
def test_however_the_clock_was_set_the_mode_is_right_after_its_own_patience(world: World, jumps: Any) -> None:
    world = world.again()
    for seconds, up, beats in jumps:
        world.now += timedelta(seconds=seconds)
        if beats:
            world.heartbeat()
        world.pass_by(20, up=up)
    world.heartbeat()
    assert world.pass_by(PATIENCE.back_s + 5, up=True) is Sight.UP
    assert world.pass_by(PATIENCE.broker_down_s + 20, up=False) is Sight.DOWN
    world.heartbeat()
    assert world.pass_by(PATIENCE.back_s + 5, up=True) is Sight.UP
    assert PATIENCE.heartbeat_max_age_s is not None
    assert world.pass_by(PATIENCE.heartbeat_max_age_s + 60, up=True) is Sight.DOWN, "no heartbeat"
    world.heartbeat()
    world.pass_by(PATIENCE.back_s + 5, up=True)
    for back in (0.0, 100 * DAY):
        world.now -= timedelta(seconds=back)
        world.window.state()
        world.now += timedelta(seconds=PATIENCE.stale_s + 1)
        assert world.window.state().condition is Sight.UNKNOWN, "nobody looks any more"
        world.pass_by(5, up=True)


def wait(world: World, number: int, waits_for: str, since: datetime) -> None:
    _, until, since = WAITS.until(_Named(waits_for), since, since)  # type: ignore[arg-type]
    empty: dict[str, Any] = {
        "findings": [],
        "signers": [],
        "sender": "s",
        "raw": b"",
        "digest": "d",
        "channel": "window",
    }
    row = {**empty, "id": number, "public_id": str(number), "identity": str(number), "received_at": since}
    waits = {"state": "waiting", "waits_for": waits_for, "waits_until": until, "waits_since": since}
    world.run(insert(inbox).values(**row, **waits))


class _Named(str):
    """A wait by its name."""


@PROVE
@given(ahead=st.floats(0, 400 * DAY), waits_for=st.sampled_from(["predecessor", "evidence"]))
def test_a_message_that_began_to_wait_in_the_future_waits_no_longer_than_any_other(
    world: World, ahead: float, waits_for: str
) -> None:
    world = world.again()
    received = world.now + timedelta(seconds=ahead)
    wait(world, 1, waits_for, received)
    for _ in range(3):
        world.waiting.wake()
        world.now += WAITS.longest() + timedelta(seconds=1)
    assert world.woken == ["1"]
    (row,) = world.rows(select(inbox))
    assert row.received_at == received, "when it was received is evidence"


def due_in(world: World, hours: float) -> datetime:
    due = world.now + timedelta(hours=hours)
    values: dict[str, Any] = {
        "id": 1,
        "name": "confirm",
        "kind": "confirm_within",
        "party": "border_guard",
        "amount": hours,
    }
    values |= {"unit": "hours", "noticed_at": world.now, "warn_at": world.now + timedelta(hours=hours * 0.75)}
    world.run(insert(deadline).values(**values, alert_due_at=due, started_at=world.now, due_at=due))
    return due


@PROVE
@given(jumps=st.lists(st.floats(-120 * DAY, 120 * DAY), max_size=5))
def test_a_deadline_is_marked_as_told_only_when_it_is_due(world: World, jumps: list[float]) -> None:
    world = world.again()
    due = due_in(world, 4)
    begun = world.rows(select(deadline))[0]
    for seconds in jumps:
        world.now += timedelta(seconds=seconds)
        world.deadlines.watch()
        (row,) = world.rows(select(deadline))
        assert (row.warned_at is not None, row.breached_at is not None) == (row.warn_at <= world.now, due < world.now)
    world.now = due + timedelta(minutes=1)
    world.deadlines.watch()
    (row,) = world.rows(select(deadline))
    assert row.breached_at is not None
    told = [event for event, _ in world.told]
    assert told.count(Event.DEADLINE_PASSED) == 1 + sum(
        1 for e, f in world.told if e is Event.DEADLINE_BACK and f["passed"]
    )
    assert (row.noticed_at, row.due_at) == (begun.noticed_at, begun.due_at), "deadlines are evidence"


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_no_age_is_negative_and_no_rewritten_stamp_is_of_the_future(now: datetime, stamp: datetime) -> None:
    assert age(now, stamp) >= 0
    rewritten = not_after(now, stamp)
    assert rewritten is not None
    assert rewritten <= now
    assert age(now, stamp) == age(now, rewritten)
