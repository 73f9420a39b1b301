"""After a restore that lost time: what the window publishes again is held, so that nothing is accepted twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store import messages
from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.errors import Misconfigured
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission
from adapter.services.messages.deciding import HELD
from tests.harness.declarations import Message, declaration
from tests.harness.fixtures import load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene, submission
from tests.harness.stores import ensure_tables

GAP_ENDS = "2026-03-02T08:00:00+07:00"


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    made = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", database_url)
    ensure_tables(made.components.database)
    yield made
    made.close()


def holding(scene: Scene) -> Components:
    """The adapter as it runs after the restore."""
    scene.configure({"waiting.hold_sent_before": GAP_ENDS})
    return assemble(scene.config)


def told(opened: Components, message: Message) -> tuple[str, bool]:
    settled = opened.intake.receive([submission(message)])[0]
    return settled.state, settled.duplicate


def test_what_is_lost_is_held_what_is_known_and_what_is_new_is_answered(scene: Scene) -> None:
    known, lost, fresh = declaration(1), declaration(2), declaration(3, sent="2026-03-02 08:00:01")
    scene.take_in([known])
    opened = holding(scene)
    assert told(opened, known) == ("settled", True)
    assert told(opened, fresh) == ("settled", False)
    for _ in range(2):
        assert told(opened, lost) == ("parked", False), "however often it comes"
    with opened.database.reading() as connection:
        assert messages.unanswered(connection) == 1, "readiness tells it"
        (row,) = connection.execute(select(inbox).where(inbox.c.state == "parked")).all()
        assert row.note == HELD
        assert connection.execute(select(outbox).where(outbox.c.inbox_id == row.id)).all() == [], "nothing is answered"
        assert connection.execute(select(dossier).where(dossier.c.number == lost.reference)).all() == []
    assert opened.intake.wake(row, may_wait=True).state == "settled", "the operator has compared, and released it"
    with opened.database.reading() as connection:
        assert len(connection.execute(select(dossier).where(dossier.c.number == lost.reference)).all()) == 1
    opened.database.close()


def test_what_the_window_says_of_itself_is_not_held(scene: Scene) -> None:
    """Its heartbeats would lie parked, and the window would be called down."""
    case = next(case for case in load_cases() if case.id == "BQP0100000/accepted-heartbeat")
    raw = signed(case, shared_pki())
    opened = holding(scene)
    beat = Submission(raw, case.channel, case.clock, Digest(hashlib.sha256(raw).hexdigest()))
    assert [settled.state for settled in opened.intake.receive([beat])] == ["settled"]
    opened.database.close()


def test_a_time_to_come_holds_everything_and_is_a_fault(scene: Scene) -> None:
    scene.configure({"waiting.hold_sent_before": "2999-01-01T00:00:00+07:00"})
    with pytest.raises(Misconfigured, match="lies in the future"):
        assemble(scene.config)
