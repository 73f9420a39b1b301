"""A message that ends whoever takes it up, or that cannot even be decoded, is put aside; its neighbours all pass."""

from __future__ import annotations

import signal
import struct
from pathlib import Path

import pika
import pytest
from sqlalchemy import select

from adapter.gateways.store.tables import inbox, outbox
from adapter.model.events import Event
from tests.harness.declarations import Message, declaration, declarations
from tests.harness.partner import QUARANTINE
from tests.harness.scene import Running, Scene

ATTEMPTS = 3
INNOCENTS = 40
BEGINNINGS_S = 400.0
"""Several workers begin one after the other, and a busy machine takes half a minute for each."""

pytestmark = pytest.mark.crash


def poisoned(scene: Scene, poison: Message) -> Path:
    file = scene.folder / "poison"
    file.write_text(poison.digest)
    return file


def restart_until_parked(scene: Scene, poison: Message) -> int:
    """Start the worker again whenever it has died, as the supervisor does; how often it died."""
    scene.configure({"workers.attempts": ATTEMPTS})
    file = poisoned(scene, poison)
    deaths = 0
    while deaths <= 2 * ATTEMPTS:
        worker = scene.start("worker", poison=file)
        scene.until(lambda w=worker: w.told(Event.PARKED) or w.killed, "parked or dead")  # type: ignore[misc]
        if not worker.killed:
            return deaths
        deaths += 1
    pytest.fail(f"the worker died {deaths} times and parked nothing")


def test_a_message_that_kills_its_worker_is_parked_and_its_neighbours_all_pass(scene: Scene) -> None:
    innocents = declarations(0, INNOCENTS)
    poison = declaration("poison")
    # In the middle of the first batch, and of one prefetch with all the others.
    scene.partner.publish([*innocents[:5], poison, *innocents[5:]])
    scene.start("dispatcher")

    deaths = restart_until_parked(scene, poison)

    # Once among its neighbours, then alone as often as is configured: never less, never for ever.
    assert deaths == 1 + ATTEMPTS
    scene.until(lambda: scene.store.settled() == INNOCENTS, "the innocents settled")
    scene.until_done(innocents)
    scene.finish()
    scene.assert_answered(innocents)
    (parked,) = scene.store.rows(select(inbox).where(inbox.c.state == "parked"))
    assert (parked.digest, parked.raw) == (poison.digest, poison.raw)
    assert scene.partner.answers(poison.message_id) == []
    assert scene.store.effects() == {message.reference: 1 for message in innocents}
    assert scene.store.rows(select(outbox.c.id).where(outbox.c.inbox_id == parked.id)) == []
    assert scene.partner.ready(QUARANTINE) == 0, "it is parked in the store, where an operator can replay it"


def test_a_parked_message_passes_when_an_operator_replays_it_after_the_mending(scene: Scene) -> None:
    poison = declaration("poison")
    scene.partner.publish([poison])
    restart_until_parked(scene, poison)
    scene.finish()
    (parked,) = scene.store.rows(select(inbox))

    scene.components.intake.wake(parked, may_wait=False)

    scene.start("dispatcher")
    scene.until_done([poison])
    scene.finish()
    scene.assert_whole([poison])


DEADLY = """
import os, signal
from adapter.services.messages import intake
judged = intake.judged

def dying(submission, *others):
    if submission.digest == os.environ["DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return judged(submission, *others)

intake.judged = dying
"""
"""What a defect in a library does: whoever begins to judge that one message is gone, and tells nobody why."""


def test_a_message_that_cost_a_worker_its_life_waits_until_the_innocents_behind_it_have_passed(scene: Scene) -> None:
    innocents = declarations(0, 10)
    deadly = declaration("deadly")
    (scene.folder / "sitecustomize.py").write_text(DEADLY)
    scene.configure({"workers.attempts": ATTEMPTS})
    scene.partner.publish([deadly, *innocents])

    daemon = scene.daemon(PYTHONPATH=str(scene.folder), DEADLY=deadly.digest)
    scene.until(lambda: scene.store.settled() == len(innocents), "the innocents settled", BEGINNINGS_S)
    ended = deaths(daemon)
    scene.until_done(innocents, BEGINNINGS_S)
    scene.until(lambda: scene.store.states().get("parked") == 1, "the deadly one parked", BEGINNINGS_S)

    # They go again as soon as it is known which of them it was: after the one death that nobody could have foreseen.
    # A second one may have come since, of the next try of the one that waited.
    assert ended <= 2
    assert deaths(daemon) == 1 + ATTEMPTS
    (parked,) = scene.store.rows(select(inbox).where(inbox.c.state == "parked"))
    assert (parked.digest, parked.raw) == (deadly.digest, deadly.raw)
    scene.finish()
    scene.assert_answered(innocents)


def deaths(daemon: Running) -> int:
    """How many workers of the daemon were killed."""
    return sum(told.get("code") == -signal.SIGKILL for told in daemon.events(Event.WORKER_STOPPED))


class OutOfTime(pika.BasicProperties):
    """A header table with a timestamp past year 9999, which the client library's decoder cannot read."""

    def encode(self) -> list[bytes]:
        table = b"\x01hT" + struct.pack(">Q", 2**53)
        return [struct.pack(">HI", pika.BasicProperties.FLAG_HEADERS, len(table)) + table]


def test_a_message_with_an_undecodable_header_table_is_quarantined_and_the_worker_lives_on(scene: Scene) -> None:
    innocents = declarations(0, INNOCENTS)
    unreadable = declaration("unreadable")
    scene.partner.publish(innocents[:5])
    scene.partner.publish_with(unreadable, OutOfTime())
    scene.partner.publish(innocents[5:])

    worker = scene.start("worker")
    scene.start("dispatcher")
    scene.until_done(innocents)
    scene.until(lambda: scene.partner.ready(QUARANTINE) == 1, "quarantined")

    assert alive_with_one_connection(worker)
    scene.finish()
    scene.assert_whole(innocents)
    assert scene.partner.bodies(QUARANTINE) == [unreadable.raw]
    assert scene.partner.answers(unreadable.message_id) == []


def test_a_message_that_breaks_its_batch_is_parked_alone(scene: Scene) -> None:
    """Broken, not deadly: a declaration whose dossier the database will not have, a defect of ours."""
    innocents = declarations(0, INNOCENTS)
    defect = declaration("defect")
    forbid_dossier(scene, defect.reference)
    scene.partner.publish([*innocents[:5], defect, *innocents[5:]])

    worker = scene.start("worker")
    scene.start("dispatcher")
    scene.until_done(innocents)
    scene.until(lambda: scene.store.states() == {"settled": INNOCENTS, "parked": 1}, "one parked, the others settled")

    assert alive_with_one_connection(worker)
    scene.finish()
    scene.assert_answered(innocents)
    assert scene.store.effects() == {message.reference: 1 for message in innocents}
    assert scene.store.faults() == []


def alive_with_one_connection(worker: Running) -> bool:
    connected = [told for told in worker.events(Event.BROKER) if told.get("kind") == "broker.connected"]
    return worker.process.poll() != -signal.SIGKILL and len(connected) == 1


def forbid_dossier(scene: Scene, reference: str) -> None:
    with scene.components.database.transaction() as connection:
        connection.exec_driver_sql(f"ALTER TABLE dossier ADD CHECK (number <> '{reference}')")
