"""No order of messages and officers' acts makes a duty, a completion or a sentence about paper untrue.

A seeded few lives in `make test`, many under NSW_PROVE=full. What is true is worked out by `law`, from the articles.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from adapter.bootstrap import Components
from tests.harness.registers import gate
from tests.lives.gate import FORMS, Gate
from tests.lives.player import Player

COUNT = 3_000 if os.environ.get("NSW_PROVE") == "full" else 10
LIFE = st.tuples(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 2**16), min_size=8, max_size=24))


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    folder: Path = tmp_path_factory.mktemp("lives")
    with gate(folder, f"sqlite:///{folder / 'adapter.db'}") as made:
        yield made


def live(components: Components, kind: str, choices: list[int]) -> None:
    player = Player(Gate(components, FORMS[kind]))
    try:
        for choice in choices:
            player.step(choice)
        player.do("dispatch", "confirms")
    except BaseException as error:
        error.add_note(f"a {kind}: {'; '.join(player.told)}")
        raise


def test_of_a_ship_that_is_withdrawn_no_later_confirmation_leaves(components: Components) -> None:
    """The first one has left, and the one of its amendment is signed and waits."""
    player = Player(Gate(components, FORMS["ship"]))
    confirmed = [("declare", "now"), ("officer", "accept"), ("officer", "complete"), ("dispatch", "confirms")]
    amended = [("own", "now"), ("officer", "approve"), ("officer", "complete")]
    for name, how in [*confirmed, *amended, ("withdraw", "now"), ("dispatch", "confirms")]:
        player.do(name, how)
    left, held = player.law.confirmations
    assert (left.sent is not None, held.in_hand) == (True, False)
    assert len(player.gate.taken_back) == 1


def test_whatever_happens_what_is_told_is_true(components: Components) -> None:
    @seed(20190328)
    @settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(LIFE)
    def prove(life: tuple[str, list[int]]) -> None:
        live(components, *life)

    prove()
