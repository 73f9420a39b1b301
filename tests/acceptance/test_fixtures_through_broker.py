"""The demonstration's play on PostgreSQL with two competing workers: every fixture published at once, answered once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.partner import SingleWindow
from tests.demo.play import Line, Play, players
from tests.demo.premises import Daemon, furnish
from tests.harness.attacks.canary import heard
from tests.harness.fixtures import load_cases
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.servers.process import marked

WORKERS = 2
QUIET_SECONDS = 1.5


@pytest.fixture
def play(tmp_path: Path, vhost_url: str, postgresql_url: str) -> Iterator[Play]:
    """The window's means against a daemon on the session's servers."""
    place = furnish(tmp_path, pki=shared_pki(), broker_url=vhost_url, database_url=postgresql_url, workers=WORKERS)
    daemon = Daemon(place)
    try:
        daemon.start()
        window = SingleWindow(vhost_url)
        try:
            yield players(place, window)
        finally:
            window.close()
    finally:
        code = daemon.stop()
    assert code == 0, "the daemon did not stop in order"
    assert marked(daemon.mark) == [], "the daemon left a process"


def test_every_fixture_sent_at_once_and_again_is_answered_once_with_the_same_bytes(play: Play) -> None:
    turns = list(play.turns([*load_cases(), *load_attacks()]).values())
    first = play.exchange(turns)
    again = play.exchange(turns)
    assert len(first) == len(turns) > 0
    assert _wrong(first) == []
    assert _wrong(again) == []
    assert [line.body for line in again] == [line.body for line in first]
    assert play.window.more(seconds=QUIET_SECONDS) == []
    assert not heard(), "somebody followed an address out of a hostile message"


def _wrong(lines: list[Line]) -> list[str]:
    return [f"{line.label}: {problem}" for line in lines for problem in line.problems]
