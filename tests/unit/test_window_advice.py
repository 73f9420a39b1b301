"""The window's mode, as a pure function of its signs (Article 9(2); NĐ 85/2019 Article 17)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapter.services.watch.mode import Mode, Signs, WindowPatience, advice

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
    assert advice(WELL, PATIENCE, Mode.UNKNOWN).mode is Mode.UP


@pytest.mark.parametrize(("seconds", "mode"), [(59.9, Mode.UP), (60.0, Mode.DOWN), (3600.0, Mode.DOWN)])
def test_the_broker_is_waited_for_as_long_as_configured(seconds: float, mode: Mode) -> None:
    assert advice(down(seconds), PATIENCE, Mode.UP).mode is mode


def test_a_window_that_was_down_stays_down_while_the_broker_is_away() -> None:
    assert advice(down(5), PATIENCE, Mode.DOWN).mode is Mode.DOWN


@pytest.mark.parametrize(("age", "mode"), [(299, Mode.UP), (300, Mode.UP), (301, Mode.DOWN)])
def test_a_missing_heartbeat_is_an_incident_though_the_broker_answers(age: float, mode: Mode) -> None:
    result = advice(replace(WELL, heartbeat_at=ago(age)), PATIENCE, Mode.UP)
    assert result.mode is mode
    if mode is Mode.DOWN:
        assert result.cause == "heartbeat"


def test_no_heartbeat_since_the_start_counts_from_the_start() -> None:
    signs = replace(WELL, heartbeat_at=None, started_at=ago(301))
    assert advice(signs, PATIENCE, Mode.UP).mode is Mode.DOWN
    assert advice(replace(signs, started_at=ago(10)), PATIENCE, Mode.UP).mode is Mode.UP


def test_heartbeats_are_not_watched_where_that_is_configured() -> None:
    unwatched = replace(PATIENCE, heartbeat_max_age_s=None)
    assert advice(replace(WELL, heartbeat_at=ago(86400)), unwatched, Mode.UP).mode is Mode.UP


@pytest.mark.parametrize(("back", "mode"), [(9.9, Mode.DOWN), (10.0, Mode.UP)])
def test_a_link_that_comes_and_goes_does_not_make_the_doors_flap(back: float, mode: Mode) -> None:
    assert advice(replace(WELL, broker_up_since=ago(back)), PATIENCE, Mode.DOWN).mode is mode


def test_a_formal_notice_opens_the_second_door_though_everything_answers() -> None:
    result = advice(replace(WELL, notice="Sự cố máy chủ"), PATIENCE, Mode.UP)
    assert (result.mode, result.cause, result.reason) == (Mode.DOWN, "notice", "Sự cố máy chủ")


@pytest.mark.parametrize(
    ("before", "said"), [(Mode.UNKNOWN, "not heard yet since 07:59"), (Mode.UP, "not heard since 07:59")]
)
def test_while_the_broker_is_waited_for_the_reason_says_since_when_and_why(before: Mode, said: str) -> None:
    """At night `window status` must not say `up` and nothing else while nobody can reach the broker."""
    told = advice(replace(down(5), broker_fault="connection refused"), PATIENCE, before)
    assert (told.mode, told.reason) == (Mode.UP, f"{said}, the broker cannot be reached: connection refused")
    later = advice(replace(down(61), broker_fault="connection refused"), PATIENCE, before)
    assert (later.mode, later.reason) == (Mode.DOWN, "the broker cannot be reached for 61 s: connection refused")
