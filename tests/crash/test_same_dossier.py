"""Messages of one dossier: serialised over two workers, folded in order inside one batch, waited for when overtaken."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from adapter.gateways.store.dossiers import lock_name
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from tests.harness.declarations import Message, declaration
from tests.harness.partner import DECLARATIONS
from tests.harness.pki import ROOT
from tests.harness.scene import Scene

ACCEPTED, REJECTED, RECEIPT = "BQP0100002.20.21", "BQP0100002.10.00", "BQP0100002.10.99"

pytestmark = pytest.mark.crash


def officer_accepts(scene: Scene, **changes: object) -> None:
    """Mappings in which an officer accepts, so that a dossier can still be replaced."""
    mappings = scene.folder / "mappings"
    if not mappings.exists():
        shutil.copytree(ROOT / "mappings", mappings)
        file = mappings / "BQP0100002" / "2" / "procedure.yaml"
        stated = file.read_text(encoding="utf-8")
        assert "acceptance: automatic" in stated
        file.write_text(stated.replace("acceptance: automatic", "acceptance: officer"), encoding="utf-8")
    scene.configure({"folders.mappings": str(mappings), **changes})


def answers(scene: Scene, message: Message) -> list[str]:
    return [reply.type for reply in scene.partner.answers(message.message_id)]


def codes(scene: Scene, message: Message) -> list[str]:
    return [finding["code"] for finding in scene.store.outcome(message).findings]


def rivals(number: int) -> tuple[Message, Message]:
    """Two declarations by different messages for one dossier."""
    reference = f"RIVAL{number}"
    return tuple(declaration(f"{number}-{side}", reference=reference) for side in "ab")  # type: ignore[return-value]


def test_two_workers_with_one_dossier_wait_for_each_other(scene: Scene) -> None:
    """Both have judged their message and stand before the dossier's lock; one is accepted, the other sees it."""
    scene.configure({"workers.batch": 1, "broker.prefetch": 1})
    pair = rivals(0)
    key = DossierKey(pair[0].reference, 2026)
    database = scene.components.database
    workers = [scene.start("worker"), scene.start("worker")]
    with database.transaction() as connection:
        database.lock(connection, [lock_name(key)])
        scene.partner.publish(pair)
        scene.until(lambda: all(worker.told(Event.VERIFIED) for worker in workers), "both have judged")
        assert not any(worker.told(Event.LOCKED) for worker in workers)
    scene.start("dispatcher")
    scene.until_done(pair)
    scene.finish()
    assert_one_wins(scene, [pair])


def test_many_rivals_over_two_workers_have_one_winner_each(scene: Scene) -> None:
    scene.configure({"workers.batch": 4, "broker.prefetch": 4})
    pairs = [rivals(number) for number in range(30)]
    for _ in range(2):
        scene.start("worker")
    scene.start("dispatcher")
    everything = [message for pair in pairs for message in pair]
    scene.partner.publish(everything)
    scene.until_done(everything)
    scene.finish()
    assert_one_wins(scene, pairs)


def assert_one_wins(scene: Scene, pairs: list[tuple[Message, Message]]) -> None:
    assert scene.store.dossiers() == {pair[0].reference: 1 for pair in pairs}
    assert scene.store.effects() == {pair[0].reference: 1 for pair in pairs}
    for pair in pairs:
        assert Counter(kind for message in pair for kind in answers(scene, message)) == {ACCEPTED: 1, REJECTED: 1}
        (loser,) = [message for message in pair if answers(scene, message) == [REJECTED]]
        assert codes(scene, loser) == ["BQP201"]  # dossier_exists
    assert scene.store.faults() == []
    assert scene.partner.ready(DECLARATIONS) == 0


def test_duplicates_and_a_replacement_inside_one_batch_are_folded_in_order(scene: Scene) -> None:
    officer_accepts(scene)
    first = declaration(1)
    second = declaration("1b", reference=first.reference, function="02", purpose="Du lịch", sent="2026-03-02 07:14:59")
    scene.partner.publish([first, first, second, first])
    worker = scene.start("worker")
    scene.start("dispatcher")
    scene.until_done([first, second])
    scene.finish()
    assert [told["count"] for told in worker.events(Event.GATHERED)] == [4], "not one batch: this proved nothing"
    assert scene.store.dossiers() == {first.reference: 1}
    assert scene.store.effects() == {first.reference: 2}
    assert len({reply.digest for reply in scene.partner.answers(first.message_id)}) == 1
    assert (answers(scene, first), answers(scene, second)) == ([RECEIPT] * 3, [RECEIPT])
    assert scene.store.states() == {"settled": 2}
    assert scene.store.faults() == []


def test_a_replacement_that_overtakes_its_declaration_waits_and_is_applied(scene: Scene) -> None:
    officer_accepts(scene)
    first = declaration(2)
    second = declaration("2b", reference=first.reference, function="02", purpose="Du lịch", sent="2026-03-02 07:14:59")
    for part in ("worker", "dispatcher", "clock"):
        scene.start(part)
    scene.partner.publish([second])
    scene.until(lambda: scene.store.states() == {"waiting": 1}, "it waits")
    scene.until(lambda: len(scene.partner.collect()) == 1, "it is receipted")
    assert answers(scene, second) == [RECEIPT]
    assert scene.store.dossiers() == {}

    scene.partner.publish([first])

    scene.until(lambda: scene.store.states() == {"settled": 2}, "it is woken")
    scene.until_done([first, second])
    scene.finish()
    assert scene.store.effects() == {first.reference: 2}
    assert scene.store.outcome(second).outcome == "accepted"
    assert scene.store.faults() == []


def test_what_waits_in_vain_is_rejected_after_its_bounded_wait(scene: Scene) -> None:
    officer_accepts(scene, **{"waiting.overtaken_s": 1.0})
    orphan = declaration("orphan", function="02")
    for part in ("worker", "dispatcher", "clock"):
        scene.start(part)
    scene.partner.publish([orphan])
    scene.until(lambda: scene.store.states() == {"settled": 1}, "its wait is over")
    scene.until(lambda: len(scene.partner.collect()) == 2, "receipted, then answered")
    scene.finish()
    assert answers(scene, orphan) == [RECEIPT, REJECTED]
    assert codes(scene, orphan) == ["BQP202"]  # dossier_unknown
    assert scene.store.dossiers() == {}
