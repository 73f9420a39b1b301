"""The mode as the store keeps it: suspicion and confirmation, overrides that end, maintenance, reconciling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from adapter.gateways.store import windows
from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import incident, journal, outbox, window
from adapter.gateways.store.windows import Notice
from adapter.model.errors import NotAllowed
from adapter.model.events import Event
from adapter.services.watch.mode import Mode, Sight, WindowPatience
from adapter.services.watch.state import WindowState
from adapter.services.watch.window import Window
from tests.harness.people import TESTER
from tests.harness.stores import ensure_tables

BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PATIENCE = WindowPatience(60, None, 30, 10, suspect_s=600, override_s=3600, remind_s=600)
WHY = {"reason": "Điện thoại TCHQ", "actor": TESTER}
ANSWER: dict[str, Any] = {
    **{"id": 1, "kind": "Receipt", "route": "window", "document_type": "BQP0100002", "type": "20", "function": "21"},
    **{"message_id": "m-1", "reference": "1", "digest": "d", "body": b"", "returns": 0, "ordinal": 0},
}


class Watch:
    """A window that is looked at as time passes."""

    def __init__(self, database: Database) -> None:
        self.now, self.database = BEGIN, database
        self.told: list[tuple[Event, dict[str, Any]]] = []
        self.window = Window(
            database, lambda: self.now, PATIENCE, lambda event, **more: self.told.append((event, more))
        )

    def look(self, seconds: float, *, broker_up: bool = True) -> WindowState:
        self.now += timedelta(seconds=seconds)
        self.window.refresh(broker_up=broker_up, started_at=BEGIN)
        return self.window.state()

    def suspect(self) -> WindowState:
        self.look(0)
        self.look(10, broker_up=False)
        return self.look(60, broker_up=False)

    def run(self, statement: Any) -> None:
        with self.database.transaction() as connection:
            connection.execute(statement)

    def rows(self, query: Any) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(query))


@pytest.fixture
def watch(sqlite_url: str) -> Iterator[Watch]:
    database = Database(sqlite_url)
    ensure_tables(database)
    yield Watch(database)
    database.close()


def test_a_suspicion_opens_the_portal_when_it_has_lasted(watch: Watch) -> None:
    state = watch.suspect()
    assert (state.mode, state.condition) == (Mode.SUSPECT, Sight.UNKNOWN)
    assert "suspected to be down" in watch.window.note()
    assert [more["stage"] for event, more in watch.told if event is Event.WINDOW][-1] == "suspect", "he is alerted"
    with watch.database.reading() as connection:
        assert watch.window.mode_now(connection).again_s == 600
    assert watch.look(599, broker_up=False).mode is Mode.SUSPECT
    assert watch.look(1, broker_up=False).mode is Mode.DIRECT
    assert watch.look(5).mode is Mode.DIRECT, "it must be back for a while"
    assert watch.look(10).mode is Mode.RECONCILING


def test_only_a_suspicion_is_confirmed(watch: Watch) -> None:
    watch.look(0)
    with pytest.raises(NotAllowed, match="nothing is suspected"):
        watch.window.confirm_suspicion(**WHY)
    watch.window = replace(watch.window, patience=replace(PATIENCE, confirm_only=True))
    watch.suspect()
    assert watch.look(86400, broker_up=False).mode is Mode.SUSPECT, "he alone may"
    watch.window.confirm_suspicion(**WHY, expected_end=watch.now + timedelta(hours=2))
    state = watch.window.state()
    assert (state.mode, state.expected_end) == (Mode.DIRECT, watch.now + timedelta(hours=2))
    assert watch.look(1, broker_up=False).mode is Mode.DIRECT
    assert [row.event for row in watch.rows(select(journal.c.event))].count("window.confirm") == 1


def test_an_override_reminds_of_its_end_once_and_ends_by_itself(watch: Watch) -> None:
    watch.look(0)
    watch.window.override(Sight.DOWN, **WHY, until=watch.now + timedelta(seconds=1000))
    watch.look(300)
    assert Event.OVERRIDE_ENDS not in [event for event, _ in watch.told]
    for _ in range(3):
        assert watch.look(110).mode is Mode.DIRECT
    assert [event for event, _ in watch.told].count(Event.OVERRIDE_ENDS) == 1
    state = watch.look(400)
    assert (state.mode, state.override_by) == (Mode.RECONCILING, None)
    assert [row.ended_at for row in watch.rows(select(incident))] == [watch.now]
    ended = watch.rows(select(journal.c.actor).where(journal.c.event == "window.override_end"))
    assert [row.actor for row in ended] == ["clock"]


def test_an_override_without_an_end_gets_the_configured_one(watch: Watch) -> None:
    watch.look(0)
    watch.window.override(Sight.UP, **WHY)
    assert watch.window.state().override_until == watch.now + timedelta(seconds=PATIENCE.override_s)
    with pytest.raises(NotAllowed, match="would end before now"):
        watch.window.override(Sight.UP, **WHY, until=watch.now)


def test_an_override_that_is_over_is_not_told_though_nobody_looks(watch: Watch) -> None:
    watch.look(0)
    watch.window.override(Sight.DOWN, **WHY, until=watch.now + timedelta(seconds=5))
    watch.now += timedelta(hours=1)
    assert watch.window.state().mode is Mode.UNKNOWN


def test_announced_maintenance_begins_and_ends_by_its_times(watch: Watch) -> None:
    watch.look(0)
    begins = watch.now + timedelta(seconds=100)
    watch.window.plan(Notice("14/TB", begins, begins + timedelta(seconds=100), "Nâng cấp"), actor=TESTER)
    assert watch.look(50).mode is Mode.NEVER_HEARD
    state = watch.look(60)
    assert (state.mode, state.cause, state.reason, state.incident) == (
        Mode.MAINTENANCE,
        "maintenance",
        "Nâng cấp",
        "14/TB",
    )
    assert watch.look(89).mode is Mode.MAINTENANCE
    assert watch.look(1).mode is Mode.RECONCILING
    (kept,) = watch.rows(select(incident))
    assert (kept.cause, kept.notice_number, kept.ended_at) == ("maintenance", "14/TB", watch.now)
    assert watch.look(1).mode is Mode.NEVER_HEARD


def test_maintenance_that_is_called_off_does_not_begin(watch: Watch) -> None:
    watch.look(0)
    watch.window.plan(Notice("14/TB", watch.now + timedelta(seconds=100), None, "Nâng cấp"), actor=TESTER)
    watch.window.end_notice(**WHY, number="14/TB")
    assert watch.look(200).mode is Mode.NEVER_HEARD
    assert watch.rows(select(incident)) == []


def test_reconciling_lasts_until_what_waited_has_left(watch: Watch) -> None:
    watch.run(insert(outbox).values(**ANSWER, created_at=BEGIN))
    watch.look(0)
    watch.window.override(Sight.DOWN, **WHY)
    watch.window.end_override(actor=TESTER)
    assert watch.window.state().mode is Mode.RECONCILING
    assert watch.look(5).mode is Mode.RECONCILING
    later = {"id": 2, "message_id": "m-2", "created_at": watch.now + timedelta(seconds=1)}
    watch.run(insert(outbox).values(**{**ANSWER, **later}))
    watch.run(update(outbox).where(outbox.c.id == 1).values(sent_at=watch.now))
    assert watch.look(5).mode is Mode.NEVER_HEARD, "what is answered now is not what waited"


def test_whatever_comes_from_the_window_or_leaves_to_it_ends_that_it_was_never_heard(watch: Watch) -> None:
    assert watch.look(0).mode is Mode.NEVER_HEARD
    hearing = windows.Hearing()
    for at in (watch.now, watch.now + timedelta(hours=1)):
        with watch.database.transaction() as connection:
            hearing.note(connection, at)
    assert watch.look(1).mode is Mode.NORMAL
    assert [row.heard_at for row in watch.rows(select(window.c.heard_at))] == [BEGIN], "the first time is kept"


def test_what_was_heard_in_a_transaction_that_was_rolled_back_is_heard_again(watch: Watch) -> None:
    hearing = windows.Hearing(monotonic=lambda: 0.0)
    with suppress(ZeroDivisionError), watch.database.transaction() as connection:
        hearing.note(connection, watch.now)
        raise ZeroDivisionError
    with watch.database.transaction() as connection:
        hearing.note(connection, watch.now)
    assert watch.look(0).mode is Mode.NORMAL


def test_a_store_that_was_put_back_hears_the_window_within_a_minute(watch: Watch) -> None:
    passed = 0.0
    hearing = windows.Hearing(monotonic=lambda: passed)
    for _ in range(2):
        with watch.database.transaction() as connection:
            hearing.note(connection, watch.now)
    watch.run(update(window).values(heard_at=None))
    passed = 61.0
    with watch.database.transaction() as connection:
        hearing.note(connection, watch.now)
    assert [row.heard_at for row in watch.rows(select(window.c.heard_at))] == [watch.now]


def test_a_clock_of_an_old_release_beside_us_is_understood(watch: Watch) -> None:
    watch.suspect()
    watch.run(update(window).values(mode="down", since=watch.now))
    assert watch.window.state().mode is Mode.DIRECT
    assert watch.look(1, broker_up=False).mode is Mode.DIRECT
