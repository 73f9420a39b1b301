"""The window's mode, as a pure function of its signs (Article 9(2); NĐ 85/2019 Article 17)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapter.services.watch.mode import Sight, Signs, WindowPatience, sighting

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PATIENCE = WindowPatience(broker_down_s=60, heartbeat_max_age_s=300, stale_s=30, back_s=10)
WELL = Signs(
    now=NOW,
    started_at=NOW - timedelta(hours=1),
    broker_up_since=NOW - timedelta(hours=1),
    broker_down_since=None,
    heartbeat_at=NOW - timedelta(seconds=30),
    notice=None,
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def down(seconds: float) -> Signs:
    return replace(WELL, broker_up_since=None, broker_down_since=ago(seconds))


def test_a_window_that_answers_is_up() -> None:
    assert sighting(WELL, PATIENCE, Sight.UNKNOWN).condition is Sight.UP


@pytest.mark.parametrize(("seconds", "mode"), [(59.9, Sight.UP), (60.0, Sight.DOWN), (3600.0, Sight.DOWN)])
def test_the_broker_is_waited_for_as_long_as_configured(seconds: float, mode: Sight) -> None:
    assert sighting(down(seconds), PATIENCE, Sight.UP).condition is mode


def test_a_window_that_was_down_stays_down_while_the_broker_is_away() -> None:
    assert sighting(down(5), PATIENCE, Sight.DOWN).condition is Sight.DOWN


@pytest.mark.parametrize(("age", "mode"), [(299, Sight.UP), (300, Sight.UP), (301, Sight.DOWN)])
def test_a_missing_heartbeat_is_an_incident_though_the_broker_answers(age: float, mode: Sight) -> None:
    result = sighting(replace(WELL, heartbeat_at=ago(age)), PATIENCE, Sight.UP)
    assert result.condition is mode
    if mode is Sight.DOWN:
        assert result.cause == "heartbeat"


def test_no_heartbeat_since_the_start_counts_from_the_start() -> None:
    signs = replace(WELL, heartbeat_at=None, started_at=ago(301))
    assert sighting(signs, PATIENCE, Sight.UP).condition is Sight.DOWN
    assert sighting(replace(signs, started_at=ago(10)), PATIENCE, Sight.UP).condition is Sight.UP


def test_heartbeats_are_not_watched_where_that_is_configured() -> None:
    unwatched = replace(PATIENCE, heartbeat_max_age_s=None)
    assert sighting(replace(WELL, heartbeat_at=ago(86400)), unwatched, Sight.UP).condition is Sight.UP


@pytest.mark.parametrize(("back", "mode"), [(9.9, Sight.DOWN), (10.0, Sight.UP)])
def test_a_link_that_comes_and_goes_does_not_make_the_doors_flap(back: float, mode: Sight) -> None:
    assert sighting(replace(WELL, broker_up_since=ago(back)), PATIENCE, Sight.DOWN).condition is mode


def test_a_formal_notice_opens_the_second_door_though_everything_answers() -> None:
    result = sighting(replace(WELL, notice="Sự cố máy chủ"), PATIENCE, Sight.UP)
    assert (result.condition, result.cause, result.reason) == (Sight.DOWN, "notice", "Sự cố máy chủ")


@pytest.mark.parametrize(
    ("before", "said"),
    [(Sight.UNKNOWN, "not heard yet since 07:59"), (Sight.UP, "not heard since 07:59")],
)
def test_while_the_broker_is_waited_for_the_reason_says_since_when_and_why(before: Sight, said: str) -> None:
    """At night `window status` must not say `up` and nothing else while nobody can reach the broker."""
    told = sighting(replace(down(5), broker_fault="connection refused"), PATIENCE, before)
    assert (told.condition, told.reason) == (
        Sight.UP,
        f"{said}, the broker cannot be reached: connection refused",
    )
    later = sighting(replace(down(61), broker_fault="connection refused"), PATIENCE, before)
    assert (later.condition, later.reason) == (
        Sight.DOWN,
        "the broker cannot be reached for 61 s: connection refused",
    )
