"""The broker's memory or disk alarm: it reads nothing that is published. Replies wait, that is told, they go on after.

Figures for whoever runs it with -s; nothing passes or fails by them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from tests.harness.declarations import declarations
from tests.harness.history import OFFICER
from tests.harness.scene import Running, Scene
from tests.servers.rabbitmq import Rabbit

COUNT, CONFIRMED = 60, 5
PATIENCE_S = 180.0
ALARMS = {
    "memory": (
        "vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1}).",
        "vm_memory_monitor:set_vm_memory_high_watermark(0.6).",
    ),
    "disk": (
        'rabbit_disk_monitor:set_disk_free_limit("999999GB").',
        'rabbit_disk_monitor:set_disk_free_limit("10MB").',
    ),
}


@contextmanager
def alarm(rabbit: Rabbit, which: str) -> Iterator[None]:
    begin, end = ALARMS[which]
    try:
        rabbit.evaluate(begin)
        yield
    finally:
        rabbit.evaluate(end)


def kinds(daemon: Running, kind: str) -> int:
    return sum(each["kind"] == kind for each in daemon.events(Event.BROKER))


def is_noted(scene: Scene) -> bool:
    return any("broker.blocked" in note for note in scene.notes())


@pytest.mark.parametrize("which", ALARMS)
def test_while_the_broker_is_in_alarm_messages_are_taken_and_replies_wait_and_leave_after(
    scene: Scene, rabbit: Rabbit, which: str
) -> None:
    messages = declarations(0, COUNT)
    scene.configure({"workers.batch": 8})
    daemon = scene.daemon()
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until(lambda: scene.store.settled() >= 5, "under load")
    with alarm(rabbit, which):
        began = time.monotonic()
        scene.until(lambda: scene.store.settled() == COUNT, "what lies in the queue is taken all the same", PATIENCE_S)
        # Whatever has left before the alarm, these have not.
        for message in messages[:CONFIRMED]:
            scene.components.completion.complete(DossierKey(message.reference, 2026), OFFICER)
        scene.until(lambda: kinds(daemon, "broker.blocked") > 0, "told by the log", PATIENCE_S)
        told_s = time.monotonic() - began
        scene.until(lambda: is_noted(scene), "and by readiness", PATIENCE_S)
        waiting = scene.store.unsent()
        assert waiting >= CONFIRMED
    over = time.monotonic()
    scene.until(lambda: not scene.store.unsent(), "everything leaves", PATIENCE_S)
    scene.until_done(messages, PATIENCE_S)
    after_s = time.monotonic() - over
    scene.until(lambda: not is_noted(scene), "readiness notes it no more", PATIENCE_S)
    assert [*daemon.events(Event.WORKER_STOPPED), *daemon.events(Event.WORKER_KILLED)] == [], "no part ends"
    assert daemon.events(Event.PARKED) == []
    copies = len(scene.partner.collect())
    print(
        f"\nDRILL {which} alarm: sent {COUNT}, stored {scene.store.settled()}, replies that waited {waiting}, copies "
        f"of answers {copies}, told after {told_s:.1f} s, all left {after_s:.1f} s after its end"
    )
    scene.finish()
    scene.store.assert_one_effect_each(messages)
    scene.assert_answered(messages[CONFIRMED:])
    for message in messages[:CONFIRMED]:
        answers = scene.partner.answers(message.message_id)
        assert {each.type.removeprefix("BQP0100002.") for each in answers} == {"20.21", "30.23"}
        assert len({each.digest for each in answers}) == 2, "no two of a kind differ"
