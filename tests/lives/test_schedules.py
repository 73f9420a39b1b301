"""No dossier lost or double, and no illegal change of mode, whatever happens to the window and to us.

A seeded few schedules in `make test`, a thousand under NSW_PROVE=full. Outages of both sides, processes killed before
any statement, duplicates by both doors, overrides, notices, links, and a clock that jumps, in any order; then
everything works again, and what is in the store and at the broker is counted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event, select

from adapter.bootstrap import assemble
from adapter.gateways.store.tables import dossier
from adapter.gateways.store.windows import Notice
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Channel
from adapter.services.watch.mode import Mode, Sight
from tests.harness.declarations import PROCEDURE
from tests.harness.history import OFFICER
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.registered import register_declarants
from tests.harness.stores import Original, ensure_tables
from tests.lives.outages import PAPERS, Installation, Moment, by_the_window

FULL = os.environ.get("NSW_PROVE") == "full"
PASSPORT = st.integers(0, len(PAPERS) - 1)
KILLED = st.none() | st.integers(0, 30)
OPEN = (Mode.DIRECT, Mode.MAINTENANCE)


class Schedules(RuleBasedStateMachine):
    """Rules are what may happen at any time; `teardown` lets everything work again, and counts."""

    processes: ClassVar[list[Any]] = []
    moment: ClassVar[Moment]
    original: ClassVar[Original]

    def __init__(self) -> None:
        super().__init__()
        self.original.put_back()
        for each in self.processes:  # a connection to the store of the schedule before it
            each.database.engine.dispose()
        self.moment.now = Moment().now
        self.here = Installation(list(self.processes), self.moment)
        self.here.restart()
        self.links: list[tuple[Any, bool]] = []
        self.unlinked: set[str] = set()
        self.latest = self.moment.now
        for each in self.processes:
            event.listen(each.database.engine, "before_cursor_execute", self.here.point)
            event.listen(each.database.engine, "commit", self.here.point)

    # The window and its declarants

    @rule(which=PASSPORT, again=st.integers(0, 1), kills_at=KILLED)
    def the_window_declares(self, which: int, again: int, kills_at: int | None) -> None:
        """Anything that it has sent may come again: the same bytes."""
        number = f"NSW{which}{again}"
        self.here.unsettled[number] = by_the_window(which, number)
        self.here.sent[number] = self.here.unsettled[number]
        self.take(kills_at)

    @rule(kills_at=KILLED)
    def what_lies_in_the_queue_is_given_again(self, kills_at: int | None) -> None:
        self.take(kills_at)
        if self.here.broker_up:
            self.here.receive_again()

    def take(self, kills_at: int | None) -> None:
        if self.here.broker_up:
            self.here.doing(self.here.receive, kills_at)

    @rule(which=PASSPORT, kills_at=KILLED)
    def a_program_declares_at_the_portal(self, which: int, kills_at: int | None) -> None:
        """It tries again what it was told nothing of, and what it was told of too."""
        self.submit(which, kills_at)

    def submit(self, which: int, kills_at: int | None) -> None:
        here, before = self.here, self.entered()
        mode, linked = here.whole.window.state().mode, self.linked()
        here.doing(lambda: here.declare_at_the_portal(which), kills_at)
        fresh = self.entered() - before
        assert len(fresh) <= 1
        if fresh:
            assert mode in OPEN or not linked, f"taken while it was {mode}"
            self.unlinked |= set() if linked else fresh
            self.latest = max(self.latest, here.moment.now)

    def entered(self) -> set[str]:
        """The numbers of the dossiers that came by the portal."""
        query = select(dossier.c.number).where(dossier.c.channel == Channel.PORTAL.value)
        with self.here.whole.database.reading() as connection:
            return set(connection.execute(query).scalars())

    @rule(number=st.integers(0, 5), kills_at=KILLED)
    def an_officer_confirms(self, number: int, kills_at: int | None) -> None:
        known = sorted([*self.here.by_window, *self.here.by_portal.values()])

        def confirm() -> None:
            with suppress(NotAllowed):
                self.here.whole.completion.complete(DossierKey(known[number % len(known)], 2026), OFFICER)

        if known:
            self.here.doing(confirm, kills_at)

    # The broker, and our own processes

    @rule(up=st.booleans())
    def the_broker_goes_or_comes(self, up: bool) -> None:
        self.here.broker_up = up
        self.here.look()

    @rule(doubts=st.booleans(), kills_at=KILLED)
    def the_dispatcher_works(self, doubts: bool, kills_at: int | None) -> None:
        self.here.broker_doubts = doubts
        self.here.doing(self.here.dispatch, kills_at)

    @rule()
    def a_process_is_started_anew(self) -> None:
        self.here.restart()

    @rule(seconds=st.integers(1, 7200))
    def we_are_away_ourselves(self, seconds: int) -> None:
        """Nobody looks at the window meanwhile."""
        self.here.pass_time(seconds)

    @rule(times=st.integers(1, 4), kills_at=KILLED)
    def the_link_flaps(self, times: int, kills_at: int | None) -> None:
        for _ in range(times):
            self.here.broker_up = not self.here.broker_up
            self.here.pass_time(1)
            self.here.doing(self.here.look, kills_at)

    # Time, notices and words

    @rule(seconds=st.integers(1, 7200), looks=st.integers(1, 4), kills_at=KILLED)
    def time_passes(self, seconds: int, looks: int, kills_at: int | None) -> None:
        for _ in range(looks):
            self.here.pass_time(seconds / looks)
            self.here.doing(self.here.look, kills_at)

    @rule(seconds=st.integers(-2 * 86400, 2 * 86400))
    def the_clock_is_set(self, seconds: int) -> None:
        self.here.pass_time(seconds)
        self.here.look()

    @rule(word=st.sampled_from([Sight.UP, Sight.DOWN]), minutes=st.integers(1, 120), kills_at=KILLED)
    def the_operator_says(self, word: Sight, minutes: int, kills_at: int | None) -> None:
        until = self.here.moment.now + timedelta(minutes=minutes)
        window = self.here.whole.window
        self.here.doing(lambda: window.override(word, reason="điện thoại", until=until, actor=TESTER), kills_at)

    @rule(kills_at=KILLED)
    def the_operator_takes_it_back(self, kills_at: int | None) -> None:
        self.here.doing(lambda: self.here.whole.window.end_override(actor=TESTER), kills_at)

    @rule(kills_at=KILLED)
    def the_operator_confirms(self, kills_at: int | None) -> None:
        def confirm() -> None:
            try:
                self.here.whole.window.confirm_suspicion(reason="12/TB", actor=TESTER)
            except NotAllowed:
                assert self.here.whole.window.state().mode is not Mode.SUSPECT

        self.here.doing(confirm, kills_at)

    @rule(ahead=st.integers(1, 3600), lasts=st.integers(60, 7200), kills_at=KILLED)
    def maintenance_is_announced(self, ahead: int, lasts: int, kills_at: int | None) -> None:
        begins = self.here.moment.now + timedelta(seconds=ahead)
        notice = Notice("7/TB", begins, begins + timedelta(seconds=lasts), "Bảo trì")
        self.here.doing(lambda: self.here.whole.window.plan(notice, actor=TESTER), kills_at)

    # The link of the procedure

    @precondition(lambda self: self.here.moment.now > self.latest)
    @rule(is_linked=st.booleans(), kills_at=KILLED)
    def the_link_is_stated(self, is_linked: bool, kills_at: int | None) -> None:
        stated, text = self.here.whole.links.state, "CV 12/TCHQ"
        self.here.doing(lambda: stated(PROCEDURE, None, linked=is_linked, document=text, actor=TESTER), kills_at)
        # Killed before the commit, it is not stated.
        self.links = [(each.since, each.linked) for each in self.here.whole.links.stated()]

    def linked(self) -> bool:
        """As was stated last before now; else as the mapping says."""
        said = [(since, linked) for since, linked in self.links if since <= self.here.moment.now]
        return max(said, key=lambda each: each[0])[1] if said else True

    @invariant()
    def every_change_of_mode_is_legal(self) -> None:
        self.here.judge_modes()

    def teardown(self) -> None:
        """Everything works again; then it is counted."""
        try:
            if sys.exc_info()[0] is None:
                self.all_works_again()
        finally:
            for each in self.processes:
                event.remove(each.database.engine, "before_cursor_execute", self.here.point)
                event.remove(each.database.engine, "commit", self.here.point)

    def all_works_again(self) -> None:
        here = self.here
        here.broker_up, here.broker_doubts = True, False
        here.whole.window.end_override(actor=TESTER)
        here.pass_time(3 * 86400)  # every announcement is over
        for which in list(here.tried):
            self.submit(which, None)
        for _ in range(20):
            here.pass_time(2)
            here.look()
            here.receive()
            here.dispatch()
        here.receive_again()
        here.dispatch()
        assert here.whole.window.state().mode in (Mode.NORMAL, Mode.NEVER_HEARD)
        here.judge_modes()
        here.judge_dossiers()
        here.judge_answers(self.unlinked)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two processes of one installation, whose clocks a schedule moves."""
    config, moment = furnish(tmp_path_factory.mktemp("schedules")).config, Moment()
    made = [assemble(config), assemble(config)]
    ensure_tables(made[0].database)
    register_declarants(made[0], shared_pki())
    for each in made:
        each.__dict__["legal_clock"] = lambda: moment.now
        each.window = replace(each.window, clock=lambda: moment.now)
    Schedules.processes, Schedules.moment, Schedules.original = list(made), moment, Original(made[0].database)
    yield
    for each in made:
        each.database.close()


def test_whatever_happens_no_dossier_is_lost_or_double_and_every_change_of_mode_is_legal(standing: None) -> None:
    run_state_machine_as_test(
        seed(20190015)(Schedules),
        settings=settings(
            max_examples=1_000 if FULL else 4,
            stateful_step_count=30 if FULL else 20,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
