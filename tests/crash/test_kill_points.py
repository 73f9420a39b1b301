"""SIGKILL of a real process after every step: each message still has one effect, and one answer in all its copies.

On PostgreSQL at every point; on SQLite at those where its transactions differ. The process dies at the second
occurrence, so in the middle of its work, and is then started as usual.
"""

from __future__ import annotations

import signal

import pytest

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.partner import DECLARATIONS
from tests.harness.scene import PATIENCE_S, Scene
from tests.servers.process import wait_until

COUNT = 24
CHANGES = {"workers.batch": 8, "broker.unconfirmed_publishes": 8}  # several rounds, so that the second is not the last

WORKER = [
    Event.GATHERED,
    Event.VERIFIED,
    Event.LOCKED,
    Event.INSERTED,
    Event.COMMITTING,
    Event.COMMITTED,
    Event.ACKNOWLEDGED,
]
DISPATCHER = [Event.CLAIMED, Event.PUBLISHED, Event.CONFIRMED, Event.SENT]

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("event", WORKER, ids=lambda event: event.value)
def test_a_worker_killed_after_any_step_loses_and_doubles_nothing(scene: Scene, event: Event) -> None:
    die_as_a_worker(scene, event)


def test_a_worker_killed_when_its_acknowledgement_has_gone_out_loses_and_doubles_nothing(scene: Scene) -> None:
    die_as_a_worker(scene, Event.ACKNOWLEDGED, after=0.3)


@pytest.mark.parametrize("event", DISPATCHER, ids=lambda event: event.value)
def test_a_dispatcher_killed_after_any_step_loses_nothing_and_repeats_identically(scene: Scene, event: Event) -> None:
    die_as_a_dispatcher(scene, event)


@pytest.mark.parametrize("event", [Event.INSERTED, Event.COMMITTED], ids=lambda event: event.value)
def test_a_worker_on_sqlite_killed_around_its_commit_loses_and_doubles_nothing(
    embedded_scene: Scene, event: Event
) -> None:
    die_as_a_worker(embedded_scene, event)


@pytest.mark.parametrize("event", [Event.PUBLISHED, Event.CONFIRMED], ids=lambda event: event.value)
def test_a_dispatcher_on_sqlite_killed_before_it_marks_repeats_identically(embedded_scene: Scene, event: Event) -> None:
    die_as_a_dispatcher(embedded_scene, event)


def die_as_a_worker(scene: Scene, event: Event, *, after: float = 0.0) -> None:
    scene.configure(CHANGES)
    messages = declarations(0, COUNT)
    scene.partner.publish(messages)
    scene.start("dispatcher")
    dying = scene.start("worker", die_at=event, nth=2, after=after)
    assert dying.ended() == -signal.SIGKILL, dying.log.read_text()
    # The broker gives back what the dead one held as soon as it sees that the connection is gone.
    had = wait_until(lambda: scene.partner.ready(DECLARATIONS) > 0, seconds=PATIENCE_S)
    assert had, "it died with nothing in hand"
    scene.start("worker")
    scene.until_done(messages)
    scene.finish()
    scene.assert_whole(messages)


def die_as_a_dispatcher(scene: Scene, event: Event) -> None:
    scene.configure(CHANGES)
    messages = declarations(0, COUNT)
    scene.take_in(messages)
    dying = scene.start("dispatcher", die_at=event, nth=2)
    assert dying.ended() == -signal.SIGKILL, dying.log.read_text()
    left = scene.store.unsent()
    assert left == (COUNT - 16 if event is Event.SENT else COUNT - 8)
    scene.start("dispatcher")
    scene.until_done(messages)
    scene.finish()
    scene.assert_whole(messages)
    repeated = len(scene.partner.got) - COUNT
    assert repeated == (8 if event in (Event.PUBLISHED, Event.CONFIRMED) else 0)
