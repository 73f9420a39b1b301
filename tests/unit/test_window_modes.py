"""The mode over time: outages, flapping links, overrides with ends, notices, maintenance, clocks that jump."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapter.services.watch.mode import (
    Mode,
    ModeBasis,
    Sight,
    Sighting,
    Signs,
    WindowPatience,
    advice,
    sighting,
    stored_mode,
)
from tests.harness.modes import LEGAL

FULL = os.environ.get("NSW_PROVE") == "full"
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PATIENCE = WindowPatience(broker_down_s=60, heartbeat_max_age_s=300, stale_s=30, back_s=10, suspect_s=600)
UP = Sighting(Sight.UP, "none", "well")
GONE = Sighting(Sight.DOWN, "broker", "gone")
SILENT = Sighting(Sight.DOWN, "heartbeat", "silent")
ANNOUNCED = Sighting(Sight.DOWN, "notice", "Sự cố máy chủ")
SAID_DOWN = Sighting(Sight.DOWN, "override", "line cut")
SAID_UP = Sighting(Sight.UP, "override", "a trial")
BASE = ModeBasis(AT, Mode.NORMAL, AT - timedelta(days=1), UP)
SUSPECTED = replace(BASE, before=Mode.SUSPECT, since=AT - timedelta(seconds=10), seen=GONE)


def mode(basis: ModeBasis, patience: WindowPatience = PATIENCE) -> Mode:
    return advice(basis, patience).mode


@pytest.mark.parametrize("seen", [GONE, SILENT])
@pytest.mark.parametrize("before", [Mode.NEVER_HEARD, Mode.NORMAL, Mode.RECONCILING])
def test_what_is_seen_down_is_suspected_first(before: Mode, seen: Sighting) -> None:
    assert mode(replace(BASE, before=before, seen=seen)) is Mode.SUSPECT


@pytest.mark.parametrize(("seconds", "becomes"), [(599, Mode.SUSPECT), (600, Mode.DIRECT)])
def test_a_suspicion_becomes_an_incident_by_itself_when_it_has_lasted(seconds: float, becomes: Mode) -> None:
    lasted = replace(SUSPECTED, since=AT - timedelta(seconds=seconds))
    assert mode(lasted) is becomes
    assert mode(lasted, replace(PATIENCE, confirm_only=True)) is Mode.SUSPECT


def test_the_operator_confirms_a_suspicion_at_once() -> None:
    told = advice(replace(SUSPECTED, confirmed="12/TB"), replace(PATIENCE, confirm_only=True))
    assert (told.mode, told.cause, told.reason) == (Mode.DIRECT, "confirmed", "12/TB")


def test_what_was_only_suspected_is_over_without_reconciling() -> None:
    assert mode(replace(SUSPECTED, seen=UP)) is Mode.NORMAL
    assert mode(replace(SUSPECTED, seen=UP, heard=False)) is Mode.NEVER_HEARD
    assert mode(replace(SUSPECTED, seen=UP, opened=True)) is Mode.RECONCILING, "the portal was open before it"


@pytest.mark.parametrize("before", [each for each in Mode if each is not Mode.UNKNOWN])
def test_a_notice_and_an_operators_word_need_no_suspicion(before: Mode) -> None:
    assert mode(replace(BASE, before=before, seen=ANNOUNCED)) is Mode.DIRECT
    assert mode(replace(BASE, before=before, said=SAID_DOWN)) is Mode.DIRECT


@pytest.mark.parametrize("before", [Mode.DIRECT, Mode.MAINTENANCE])
def test_open_doors_close_by_reconciling_only(before: Mode) -> None:
    back = replace(BASE, before=before, opened=True)
    assert mode(back) is Mode.RECONCILING
    assert mode(replace(back, seen=GONE, said=SAID_UP)) is Mode.RECONCILING
    assert mode(replace(back, seen=GONE)) is Mode.DIRECT, "maintenance that is over while the window is away goes on"


def test_reconciling_lasts_as_long_as_something_waits() -> None:
    back = replace(BASE, before=Mode.RECONCILING, opened=True)
    assert mode(replace(back, pending=True)) is Mode.RECONCILING
    assert mode(back) is Mode.NORMAL


def test_announced_maintenance_is_its_own_mode_and_the_operators_word_goes_before_it() -> None:
    away = replace(BASE, maintenance="Nâng cấp")
    assert advice(away, PATIENCE) == advice(replace(away, seen=GONE), PATIENCE)
    assert mode(away) is Mode.MAINTENANCE
    assert mode(replace(away, said=SAID_UP)) is Mode.NORMAL
    assert mode(replace(away, said=SAID_DOWN)) is Mode.DIRECT


def test_who_was_never_heard_is_heard_by_anything_that_comes_or_leaves() -> None:
    never = replace(BASE, before=Mode.NEVER_HEARD, heard=False)
    assert mode(never) is Mode.NEVER_HEARD
    assert mode(replace(never, heard=True)) is Mode.NORMAL


@pytest.mark.parametrize(
    ("stage", "condition", "becomes"),
    [
        (None, "up", Mode.NORMAL),
        (None, "down", Mode.DIRECT),
        (None, "unknown", Mode.NEVER_HEARD),
        ("suspect", "unknown", Mode.SUSPECT),
        ("maintenance", "down", Mode.MAINTENANCE),
        ("direct", "up", Mode.NORMAL),
        ("normal", "down", Mode.DIRECT),
    ],
)
def test_a_row_of_an_old_clock_is_read_as_what_it_is(stage: str | None, condition: str, becomes: Mode) -> None:
    assert stored_mode(stage, condition) is becomes


@dataclass
class World:
    """What is true outside."""

    broker: bool = True
    notice: str | None = None
    away: tuple[datetime, datetime] | None = None
    said: tuple[Sighting, datetime] | None = None
    heard: bool = False
    waits: int = 0


class Schedules(RuleBasedStateMachine):
    """A clock that looks every few seconds at a world in which anything happens."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.world = AT, World()
        self.mode, self.since, self.opened = Mode.NEVER_HEARD, AT, False
        self.seen = Sight.UNKNOWN
        self.up_since: datetime | None = None
        self.down_since: datetime | None = None
        self.beat: datetime | None = None
        self.path = [self.mode]

    def look(self, confirmed: str | None = None) -> None:
        """As `Turn` does it, on values."""
        world, now = self.world, self.now
        self.since = min(self.since, now)
        self.beat = min(self.beat, now) if self.beat else None
        self.up_since = min(self.up_since or now, now) if world.broker else None
        self.down_since = None if world.broker else min(self.down_since or now, now)
        signs = Signs(now, AT, self.up_since, self.down_since, self.beat, world.notice)
        seen = sighting(signs, PATIENCE, self.seen)
        self.seen = seen.condition
        said = world.said[0] if world.said and now < world.said[1] else None
        away = "Bảo trì" if world.away and world.away[0] <= now < world.away[1] else None
        basis = ModeBasis(
            now, self.mode, self.since, seen, said, away, confirmed, world.heard, self.opened, world.waits > 0
        )
        told = advice(basis, PATIENCE)
        if told.mode is not self.mode:
            assert told.mode in LEGAL[self.mode], f"{self.mode} -> {told.mode}"
            self.check(basis, told.mode)
            self.mode, self.since = told.mode, now
            self.path.append(told.mode)
        if self.mode in (Mode.DIRECT, Mode.MAINTENANCE):
            self.opened = True
        elif self.mode in (Mode.NORMAL, Mode.NEVER_HEARD):
            self.opened = False

    def check(self, basis: ModeBasis, becomes: Mode) -> None:
        """Each door is opened and closed by a reason that stands."""
        if becomes is Mode.NORMAL and basis.before is Mode.RECONCILING:
            assert not basis.pending
        if becomes is Mode.DIRECT:
            suspected = basis.before is Mode.SUSPECT
            lasted = suspected and (basis.now - self.since).total_seconds() >= PATIENCE.suspect_s
            known = basis.said or basis.confirmed or basis.seen.cause == "notice"
            assert lasted or known or basis.before is Mode.MAINTENANCE
        if becomes is Mode.SUSPECT:
            assert basis.seen.condition is Sight.DOWN
            assert basis.said is None
        if becomes is Mode.MAINTENANCE:
            assert basis.maintenance

    @rule(seconds=st.integers(1, 1200), looks=st.integers(1, 6))
    def time_passes(self, seconds: int, looks: int) -> None:
        for _ in range(looks):
            self.now += timedelta(seconds=seconds / looks)
            self.look()

    @rule(seconds=st.integers(-90 * 86400, 90 * 86400))
    def the_clock_is_set(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.look()

    @rule(up=st.booleans())
    def the_broker_goes_or_comes(self, up: bool) -> None:
        self.world.broker = up
        self.look()

    @rule(times=st.integers(1, 8))
    def the_link_flaps(self, times: int) -> None:
        for _ in range(times):
            self.world.broker = not self.world.broker
            self.now += timedelta(seconds=PATIENCE.back_s / 2)
            self.look()

    @rule()
    def a_message_comes(self) -> None:
        self.world.heard, self.beat = True, self.now
        self.look()

    @rule(stands=st.booleans())
    def the_manager_announces(self, stands: bool) -> None:
        self.world.notice = "Sự cố máy chủ" if stands else None
        self.look()

    @rule(ahead=st.integers(0, 3600), lasts=st.integers(1, 7200))
    def maintenance_is_announced(self, ahead: int, lasts: int) -> None:
        begins = self.now + timedelta(seconds=ahead)
        self.world.away = (begins, begins + timedelta(seconds=lasts))
        self.look()

    @rule(word=st.sampled_from([SAID_UP, SAID_DOWN]), lasts=st.integers(1, 7200))
    def the_operator_says(self, word: Sighting, lasts: int) -> None:
        self.world.said = (word, self.now + timedelta(seconds=lasts))
        self.look()

    @rule()
    def the_operator_takes_it_back(self) -> None:
        self.world.said = None
        self.look()

    @rule()
    def the_operator_confirms(self) -> None:
        if self.mode is Mode.SUSPECT:
            self.look("12/TB")

    @rule(waits=st.integers(0, 3))
    def what_waits_changes(self, waits: int) -> None:
        self.world.waits = waits

    @rule()
    def all_is_well_for_an_hour(self) -> None:
        """However it was before: the window works, and the mode is normal as soon as nothing waits."""
        self.world = World(heard=True)
        for _ in range(4):
            self.now += timedelta(seconds=PATIENCE.back_s)
            self.beat = self.now
            self.look()
        assert self.mode is Mode.NORMAL

    @rule()
    def it_is_away_for_an_hour(self) -> None:
        """However it was before: the portal is open."""
        self.world.broker, self.world.said, self.world.away = False, None, None
        for _ in range(20):
            self.now += timedelta(seconds=180)
            self.look()
        assert self.mode is Mode.DIRECT

    @invariant()
    def the_mode_that_nobody_knows_is_never_kept(self) -> None:
        assert self.mode is not Mode.UNKNOWN


TestSchedules = Schedules.TestCase
TestSchedules.settings = settings(max_examples=1000 if FULL else 150, stateful_step_count=30, deadline=None)
