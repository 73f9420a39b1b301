"""What broke in systems like ours, by the thread that tells of it, and that it cannot break so here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg
from sqlalchemy import select

from adapter.bootstrap import now
from adapter.gateways.broker import Confirmed, Outgoing, Verdict
from adapter.gateways.store.tables import inbox, journal
from adapter.model.errors import Misconfigured
from adapter.model.events import Event, unobserved
from adapter.services.messages.intake import Intake
from adapter.services.messages.waiting import Waiting
from adapter.services.replies.correspondence import Keys
from adapter.services.replies.dispatch import Dispatch
from tests.harness.declarations import declaration, declarations
from tests.harness.scene import Scene, submission


@dataclass
class Window:
    """A broker that takes everything, and what it took."""

    got: list[Outgoing] = field(default_factory=list)

    def publish(self, batch: Sequence[Outgoing], **_: object) -> list[Verdict]:
        self.got.extend(batch)
        return [Confirmed() for _ in batch]


def failing(intake: Intake) -> Intake:
    """The intake while our key cannot be used: nothing can be answered, through no fault of the sender."""

    def keys() -> Keys:
        raise Misconfigured("the key file cannot be read")

    correspondence = replace(intake.asking.correspondence, keys=keys)
    return replace(intake, asking=replace(intake.asking, correspondence=correspondence))


def left(scene: Scene) -> list[Outgoing]:
    """Everything that leaves when timers and dispatcher have had their rounds."""
    components, window = scene.components, Window()
    Waiting(components.database, components.intake, now, unobserved).wake()
    while Dispatch(components.database, window, now, unobserved, 100).round(transfers=True).sent:
        pass
    return window.got


def test_holodeck_142_a_duplicate_of_what_failed_gets_no_receipt(scene: Scene) -> None:
    """Holodeck #142: the duplicate of a message whose delivery had failed still got a positive receipt.

    There a duplicate was known by its id alone. Here only a settled message has an answer that can be sent again; one
    that is parked has none, so its duplicate is judged, and answered only when that succeeds.
    """
    message = declaration(0)
    broken = failing(scene.components.intake)
    for _ in range(3):
        (settled,) = broken.receive([submission(message)])
        assert settled.state == "parked"
    assert left(scene) == []
    assert scene.store.dossiers() == {}


def test_holodeck_117_a_duplicate_that_is_detected_is_not_delivered_again(scene: Scene) -> None:
    """Holodeck #117: duplicates were detected, logged, and delivered to the back end all the same.

    Here detection and effect are one transaction under one lock: a duplicate adds an outbox row with the stored bytes,
    and no version, no row, no journal entry.
    """
    message = declaration(0)
    scene.take_in([message])
    journal_before = entries(scene)
    scene.take_in([message])
    scene.take_in([message, message])
    assert scene.store.effects() == {message.reference: 1}
    assert entries(scene) == journal_before
    replies = left(scene)
    assert len(replies) == 4
    assert len({reply.body for reply in replies}) == 1


def entries(scene: Scene) -> int:
    return len(scene.store.rows(select(journal.c.id)))


def test_holodeck_140_a_message_in_failure_is_not_delivered_later(scene: Scene) -> None:
    """Holodeck #140: a message whose state was FAILURE was delivered to the back end nevertheless.

    Here the state is not a label beside the effect: what is parked or rejected has no dossier and no declaration, and
    timers and dispatcher find nothing to do for it, however often they look. Only an operator's replay takes it up.
    """
    parked, rejected = declaration(0), declaration(1, function="02")
    failing(scene.components.intake).receive([submission(parked)])
    (row,) = scene.store.rows(select(inbox))
    (settled,) = scene.components.intake.receive([submission(rejected)])
    assert settled.state == "waiting"
    (waiting,) = scene.store.rows(select(inbox).where(inbox.c.state == "waiting"))
    scene.components.intake.wake(waiting, may_wait=False)  # its wait is over: rejected
    for _ in range(3):
        left(scene)
    assert scene.store.dossiers() == {}
    assert scene.store.effects() == {}
    assert scene.store.states() == {"parked": 1, "settled": 1}

    scene.components.intake.wake(row, may_wait=True)
    assert scene.store.effects() == {parked.reference: 1}


def test_pyas2_33_a_message_whose_earlier_try_failed_is_processed_when_it_comes_again(scene: Scene) -> None:
    """django-pyas2 #33: the duplicate check ignored that the earlier try had failed: the message was never processed.

    Here only a try that settled makes a duplicate. The parked copy is closed with it; an operator who replays it all
    the same gets the stored answer once more, and no second effect.
    """
    message = declaration(0)
    failing(scene.components.intake).receive([submission(message)])
    (parked,) = scene.store.rows(select(inbox))
    assert scene.store.dossiers() == {}

    (settled,) = scene.components.intake.receive([submission(message)])

    assert (settled.state, settled.duplicate) == ("settled", False)
    assert "parked" not in scene.store.states()
    assert scene.store.effects() == {message.reference: 1}
    (answer,) = left(scene)
    assert answer.type == "BQP0100002.20.21"

    (again,) = scene.components.intake.receive([submission(message)])
    replayed = scene.components.intake.wake(parked, may_wait=True)
    assert again.duplicate
    assert replayed.duplicate
    assert scene.store.effects() == {message.reference: 1}
    assert {copy.body for copy in left(scene)} == {answer.body}
    assert "parked" not in scene.store.states()


def test_openas2_260_an_effect_without_its_answer_is_impossible(scene: Scene) -> None:
    """OpenAS2 #260: the file was handed over before the receipt was sent; the sender sent again, processed twice.

    Here effect and signed answer are one transaction: where no answer can be made, nothing has happened.
    """
    message = declaration(0)
    failing(scene.components.intake).receive([submission(message)])
    assert scene.store.dossiers() == {}
    assert scene.store.effects() == {}
    scene.take_in([message])
    scene.take_in([message])
    assert scene.store.effects() == {message.reference: 1}


def test_openas2_260_a_sender_that_repeats_while_the_answer_cannot_leave_is_processed_once(scene: Scene) -> None:
    """The same thread, its other half: the answer exists but has not gone out when the sender loses patience.

    Here with a real worker and no dispatcher: the message comes three times before any answer leaves.
    """
    message = declaration(0)
    scene.start("worker")
    for times in (1, 2, 3):
        scene.partner.publish([message])
        scene.until(lambda t=times: scene.store.unsent() == t, "one more answer waits")  # type: ignore[misc]
    scene.start("dispatcher")
    scene.until(lambda: len(scene.partner.collect()) == 3, "all three have left")
    scene.finish()
    scene.assert_whole([message])


def test_wso2_3771_the_consumer_resumes_by_itself_when_the_back_end_recovers(scene: Scene, postgresql_url: str) -> None:
    """WSO2 product-integrator-mi #3771: the RabbitMQ processor stays inactive after the back end has recovered.

    There too many failures deactivate it until somebody restarts it. Here the worker waits with its batch in hand,
    unacknowledged, for as long as it takes, and goes on in the same process on the same connection.
    """
    first, second = declarations(0, 10), declarations(10, 10)
    worker, dispatcher = scene.start("worker"), scene.start("dispatcher")
    scene.partner.publish(first)
    scene.until_done(first)

    close_database(scene, postgresql_url, closed=True)
    scene.partner.publish(second)
    # More failures in a row than any limit of retries would bear; the pauses between them grow to seconds.
    scene.until_quiet(lambda: len(worker.events(Event.UNAVAILABLE)) >= 5, "it keeps trying")
    assert scene.partner.collect()[10:] == []
    close_database(scene, postgresql_url, closed=False)

    scene.until_done([*first, *second])
    assert (worker.process.poll(), dispatcher.process.poll()) == (None, None)
    assert worker.told(Event.AVAILABLE)
    connected = [told for told in worker.events(Event.BROKER) if told["kind"] == "broker.connected"]
    assert len(connected) == 1, "the connection to the broker was kept meanwhile"
    scene.finish()
    scene.assert_whole([*first, *second])


def close_database(scene: Scene, url: str, *, closed: bool) -> None:
    """Turn everybody out of one database and let nobody in, or open it again."""
    scene.components.database.close()
    server, _, name = url.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {'false' if closed else 'true'}")
        if closed:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
