"""The demonstration's play on PostgreSQL with two competing workers: every fixture published at once, answered once.

In `make test` a share: each way to end and each finding, a fixture of each class of attacks, by a
daemon that is forked. All of them, by one that starts from nothing, in a long proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from adapter.bootstrap import assemble
from adapter.model.catalogue import Catalogue
from adapter.model.stages import Channel
from tests.harness.attacks.canary import heard
from tests.harness.daemon import Daemon
from tests.harness.fixtures import Case, load_cases, submission
from tests.harness.history import Desk, told_again
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.harness.play import ANSWER_SECONDS, Line, Play, players
from tests.harness.premises import NO_PAGES, Premises, furnish
from tests.harness.registers import furnish_register
from tests.harness.shares import FULL, share, words_of
from tests.harness.single_window import SingleWindow
from tests.harness.stores import PostgresStores
from tests.servers.process import marked, wait_until
from tests.servers.rabbitmq import Rabbit

WORKERS = 2
QUIET_SECONDS = 1.5
STOP_SECONDS = 60.0
SELDOM = 100
"""Of what is of no new kind every hundredth, in `make test`."""


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, rabbit: Rabbit, _vhosts: Iterator[str], _postgresql_stores: PostgresStores
) -> Premises:
    """On the session's servers, with a virtual host and a database of the module's own."""
    urls = {
        "broker_url": rabbit.vhost_url(next(_vhosts)),
        "database_url": _postgresql_stores.create("through_broker"),
    }
    made = furnish(tmp_path_factory.mktemp("place"), {"workers.count": WORKERS, **NO_PAGES}, **urls)
    furnish_register(made, load_cases())
    return made


@pytest.fixture(scope="module")
def play(place: Premises) -> Iterator[Play]:
    """The window's means against a daemon."""
    daemon = Daemon(place, forked=not FULL)
    try:
        daemon.start()
        window = SingleWindow(place.broker_url)
        try:
            yield players(place, window)
        finally:
            window.close()
    finally:
        code = daemon.stop()
    assert code == 0, "the daemon did not stop in order"
    assert _personal(assemble(place.config).catalogue, daemon.log.read_text()) == set(), "the log tells of persons"
    # multiprocessing's resource tracker ends a moment after the process that it serves.
    assert wait_until(lambda: not marked(daemon.mark), seconds=STOP_SECONDS), "the daemon left a process"


def _personal(catalogue: Catalogue, told: str) -> set[str]:
    """Personal values of the fixtures in what is told; shorter ones may stand there by chance."""
    procedures = [each for versions in catalogue.procedures.values() for each in versions]
    specs = [spec for each in procedures for spec in each.fields]
    specs += [spec for each in procedures for group in each.groups for spec in group.fields]
    elements = "|".join({spec.path.rpartition("/")[2] for spec in specs if spec.personal})
    written = re.compile(rf"<({elements})>([^<]{{7,}})</".encode())
    values = {value.decode(errors="replace") for case in load_cases() for _, value in written.findall(case.message)}
    assert values, "no fixture has a personal value"
    return {value for value in values if value in told}


def test_every_fixture_sent_at_once_and_again_is_answered_once_with_the_same_bytes(play: Play) -> None:
    alone = [case for case in load_cases() if not case.before and case.channel is Channel.WINDOW]
    cases = [*share(alone, SELDOM, words_of), *share(load_attacks(), SELDOM, _class_of)]
    turns = list(play.turns(cases).values())
    first = play.exchange(turns)
    again = play.exchange(turns)
    assert len(first) == len(turns) > 0
    assert _wrong(first) == []
    assert _wrong(again) == []
    assert [line.body for line in again] == [line.body for line in first]
    assert play.window.more(seconds=QUIET_SECONDS) == []
    assert not heard(), "somebody followed an address out of a hostile message"


def test_every_fixture_with_a_history_is_answered_as_expected_after_it(play: Play, place: Premises) -> None:
    """All histories side by side, step by step: what is sent goes through the broker, what officers do to the store.

    What the portal alone carries begins in the store too, and is answered there.
    """
    cases = share([case for case in load_cases() if case.before and case.channel is Channel.WINDOW], SELDOM, words_of)
    known = {case.id: case for case in load_cases()}
    desk = Desk(assemble(place.config))
    begun_there = {case.id for case in cases if known[str(case.before[0].send)].channel is Channel.PORTAL}
    assert len(begun_there) < len(cases)
    for step in range(max(len(case.before) for case in cases)):
        now = [case for case in cases if step < len(case.before)]
        sent = {case.id: told_again(case, step, known) for case in now if case.before[step].send}
        desk.components.intake.receive(
            [submission(sent[name], shared_pki()) for name in sorted(sent.keys() & begun_there)]
        )
        lines = play.exchange([play.turn(each) for name, each in sent.items() if name not in begun_there])
        assert _wrong(lines) == []
        acts = [(case, act) for case in now if (act := case.before[step].act)]
        for case, act in acts:
            desk.act(case, act)
        answers = len([case for case, _ in acts if case.id not in begun_there])
        assert len(play.window.collect(answers, seconds=ANSWER_SECONDS)) == answers
    assert _wrong(play.exchange([play.turn(desk.filled(case)) for case in cases])) == []
    assert play.window.more(seconds=QUIET_SECONDS) == []
    desk.components.database.close()


def _class_of(attack: Case) -> set[str]:
    return {attack.id.partition("/")[0]}


def _wrong(lines: list[Line]) -> list[str]:
    return [f"{line.label}: {problem}" for line in lines for problem in line.problems]
