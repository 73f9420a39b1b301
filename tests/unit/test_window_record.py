"""What a reader is told of the window, and the record that each of its incidents leaves (NĐ 85/2019 Article 17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import incident
from adapter.model.errors import NotAllowed
from adapter.services.watch.mode import Sight, WindowPatience
from adapter.services.watch.window import Window, WindowState
from tests.harness.people import TESTER, anybody
from tests.harness.stores import ensure_tables

PATIENCE = WindowPatience(broker_down_s=60, heartbeat_max_age_s=None, stale_s=30, back_s=10)
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Watch:
    """A window that is looked at as time passes."""

    def __init__(self, database: Database) -> None:
        self.now = BEGIN
        self.window = Window(database, lambda: self.now, PATIENCE, lambda *_, **__: None)

    def look(self, seconds: float, *, broker_up: bool) -> WindowState:
        self.now += timedelta(seconds=seconds)
        self.window.refresh(broker_up=broker_up, started_at=BEGIN)
        return self.window.state()


@pytest.fixture
def watch(sqlite_url: str) -> Iterator[Watch]:
    database = Database(sqlite_url)
    ensure_tables(database)
    yield Watch(database)
    database.close()


def test_whoever_asks_is_told_why_the_window_is_down(watch: Watch) -> None:
    gone = watch.look(0, broker_up=False)
    assert gone.reason == "not heard yet since 08:00, the broker cannot be reached"
    down = watch.look(60, broker_up=False)
    assert (down.condition, down.cause) == (Sight.DOWN, "broker")
    assert down.reason == "the broker cannot be reached for 60 s"
    watch.look(5, broker_up=True)
    back = watch.look(10, broker_up=True)
    assert (back.condition, back.cause, back.reason, back.incident) == (
        Sight.UP,
        "none",
        "broker and window answer",
        None,
    )


def test_the_override_is_the_reason_as_long_as_it_stands(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.window.override(Sight.DOWN, reason="line cut", actor=anybody("kt"))
    told = watch.look(5, broker_up=True)
    assert (told.condition, told.cause, told.reason) == (Sight.DOWN, "override", "line cut")


def test_what_nobody_looks_at_is_unknown(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.now += timedelta(seconds=31)
    assert watch.window.state().condition is Sight.UNKNOWN


def test_the_end_of_an_override_is_back_to_what_is_seen_at_once(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.look(60, broker_up=True)
    watch.window.override(Sight.DOWN, reason="line cut", actor=anybody("kt"))
    watch.window.end_override(actor=anybody("kt"))
    up = watch.window.state()
    assert (up.condition, up.cause, up.incident) == (Sight.UP, "none", None)


def test_an_outage_that_was_denied_is_told_as_soon_as_the_denial_ends(watch: Watch) -> None:
    watch.look(0, broker_up=False)
    watch.window.override(Sight.UP, reason="a trial of the line", actor=anybody("kt"))
    watch.look(60, broker_up=False)
    watch.window.end_override(actor=anybody("kt"))
    down = watch.window.state()
    assert (down.condition, down.cause) == (Sight.DOWN, "broker")
    assert down.incident == "broker 2026-03-02 08:01:00"


def test_an_override_that_ends_where_nobody_has_looked_leaves_nothing_known(watch: Watch) -> None:
    watch.window.override(Sight.DOWN, reason="line cut", actor=anybody("kt"))
    watch.window.end_override(actor=anybody("kt"))
    assert watch.window.state().condition is Sight.UNKNOWN
    assert watch.look(1, broker_up=False).condition is Sight.UP


def test_an_outage_that_outlives_the_operators_word_has_an_incident_of_its_own(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.window.override(Sight.DOWN, reason="works on the line", actor=anybody("kt"))
    watch.look(5, broker_up=False)
    watch.window.end_override(actor=anybody("kt"))
    assert watch.window.state().condition is Sight.UP, "the broker has only just gone"
    still = watch.look(60, broker_up=False)
    assert (still.condition, still.cause) == (Sight.DOWN, "broker")
    assert still.incident == "broker 2026-03-02 08:01:05"


def incidents(watch: Watch) -> list[tuple[str, str, datetime, datetime | None]]:
    with watch.window.database.reading() as connection:
        rows = connection.execute(select(incident).order_by(incident.c.started_at)).all()
    return [(row.cause, row.actor, row.started_at, row.ended_at) for row in rows]


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@pytest.mark.parametrize("word", [Sight.UP, Sight.DOWN])
def test_an_override_during_an_outage_neither_ends_nor_splits_its_incident(watch: Watch, word: Sight) -> None:
    watch.look(0, broker_up=False)
    watch.look(60, broker_up=False)
    watch.window.override(word, reason="a trial of the line", actor=anybody("kt"))
    overridden = watch.look(30, broker_up=False)
    assert (overridden.condition, overridden.cause) == (word, "override")
    watch.window.end_override(actor=anybody("kt"))
    assert (watch.window.state().condition, watch.window.state().cause) == (Sight.DOWN, "broker")
    watch.look(30, broker_up=True)
    assert watch.look(10, broker_up=True).condition is Sight.UP
    assert incidents(watch) == [("broker", "clock", after(60), after(130))]


def test_an_outage_that_is_denied_begins_and_ends_as_it_is_seen(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.window.override(Sight.UP, reason="a false alarm", actor=anybody("kt"))
    watch.look(0, broker_up=False)
    denied = watch.look(60, broker_up=False)
    assert (denied.condition, denied.seen, denied.incident) == (
        Sight.UP,
        Sight.DOWN,
        "broker 2026-03-02 08:01:00",
    )
    watch.look(10, broker_up=True)
    watch.look(10, broker_up=True)
    assert incidents(watch) == [("broker", "clock", after(60), after(80))]
    assert (watch.window.state().condition, watch.window.state().seen) == (Sight.UP, Sight.UP)


def test_the_incident_that_an_operator_declared_lasts_as_long_as_his_word_or_what_is_seen(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.window.override(Sight.DOWN, reason="works on the line", actor=anybody("kt"))
    watch.look(10, broker_up=False)
    watch.look(60, broker_up=False)
    watch.window.end_override(actor=anybody("kt"))
    seen = watch.look(10, broker_up=False)
    assert (seen.condition, seen.cause, seen.reason) == (
        Sight.DOWN,
        "broker",
        "the broker cannot be reached for 70 s",
    )
    watch.look(10, broker_up=True)
    watch.look(10, broker_up=True)
    assert incidents(watch) == [("override", "person:kt", after(0), after(100))]


def test_the_operators_word_takes_his_own_incident_back(watch: Watch) -> None:
    watch.look(0, broker_up=True)
    watch.window.override(Sight.DOWN, reason="wrong gate", actor=anybody("kt"))
    watch.now += timedelta(seconds=5)
    watch.window.override(Sight.UP, reason="it was another line", actor=anybody("kt"))
    assert incidents(watch) == [("override", "person:kt", after(0), after(5))]


def test_the_mode_has_lasted_since_it_changed_not_since_it_was_said_again(watch: Watch) -> None:
    watch.look(0, broker_up=False)
    watch.look(60, broker_up=False)
    watch.now += timedelta(seconds=30)
    watch.window.override(Sight.DOWN, reason="the manager has telephoned", actor=anybody("kt"))
    assert watch.window.state().since == after(60)


def test_an_end_that_has_passed_cannot_be_expected(watch: Watch) -> None:
    with pytest.raises(NotAllowed, match="lies before now"):
        watch.window.override(Sight.DOWN, reason="điện thoại", actor=TESTER, expected_end=watch.now - timedelta(days=1))
    assert watch.window.state().incident is None
