"""The outbox and a broker that does not take everything: what cannot leave holds up nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pika
import pytest
from sqlalchemy import select, update

from adapter.bootstrap import now
from adapter.gateways.broker import Confirmed, Nacked, Outgoing, Returned, Unconfirmed, Verdict
from adapter.gateways.store.staying import Stays
from adapter.gateways.store.tables import inbox, outbox
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.services.replies.dispatch import Dispatch, Round, routing_key
from tests.harness.declarations import declarations
from tests.harness.people import TESTER, anybody
from tests.harness.scene import Scene

OFFICER = anybody("o-1", name="Trần Văn Bình", rank="Thiếu tá")
WINDOW = 2
REFUSALS = [Returned(312, "NO_ROUTE"), Nacked("refused by the broker"), Unconfirmed("no confirm")]


@dataclass
class Broker:
    """Encodes as the client library does, and takes all but what `refuses` names."""

    verdict: Verdict = field(default_factory=lambda: REFUSALS[0])
    refuses: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)
    got: list[Outgoing] = field(default_factory=list)

    def publish(self, batch: Sequence[Outgoing], **_: object) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for message in batch:
            message.properties().encode()
            pika.spec.Basic.Publish(exchange=message.exchange, routing_key=message.routing_key).encode()
            self.tried.append(message.message_id)
            if message.message_id in self.refuses:
                verdicts.append(self.verdict)
            else:
                self.got.append(message)
                verdicts.append(Confirmed())
        return verdicts


@dataclass
class Log:
    told: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: Event, /, **fields: Any) -> None:
        self.told.append((event, fields))


def dispatch(scene: Scene, broker: Broker, log: Log | None = None) -> Dispatch:
    return Dispatch(scene.components.database, broker, now, log or Log(), WINDOW)


def message_ids(scene: Scene) -> list[str]:
    """Of all replies, in the order they were written."""
    query = select(outbox.c.message_id).order_by(outbox.c.created_at, outbox.c.id)
    return [row.message_id for row in scene.store.rows(query)]


@pytest.mark.parametrize("verdict", REFUSALS, ids=lambda verdict: type(verdict).__name__)
def test_replies_that_never_leave_hold_up_no_other(scene: Scene, verdict: Verdict) -> None:
    """The oldest of all, and as many as a batch holds."""
    scene.take_in(declarations(0, WINDOW))
    hopeless = set(message_ids(scene))
    scene.take_in(declarations(WINDOW, 5))
    broker = Broker(verdict, refuses=hopeless)
    for _ in range(8):
        dispatch(scene, broker).round(transfers=True)
    assert {message.message_id for message in broker.got} == set(message_ids(scene)) - hopeless
    assert scene.store.unsent() == WINDOW
    broker.refuses.clear()
    dispatch(scene, broker).round(transfers=True)
    assert scene.store.unsent() == 0


def test_what_came_back_often_does_not_let_a_later_reply_of_its_dossier_pass(scene: Scene) -> None:
    (message,) = declarations(0, 1)
    scene.take_in([message])
    (first,) = message_ids(scene)
    scene.components.completion.complete(DossierKey(message.reference, 2026), OFFICER)
    broker = Broker(refuses={first})
    for _ in range(4):
        assert dispatch(scene, broker).round(transfers=True) == Round(sent=0, back=1)
    broker.refuses.clear()
    for _ in range(2):
        dispatch(scene, broker).round(transfers=True)
    assert [reply.type.partition(".")[2] for reply in broker.got] == ["20.21", "30.23"]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [*zip(REFUSALS, (Stays.RETURNED, Stays.REFUSED, Stays.UNCONFIRMED), strict=True)],
    ids=["returned", "refused", "unconfirmed"],
)
def test_an_operator_is_told_for_which_reason_a_reply_stays(scene: Scene, verdict: Verdict, reason: Stays) -> None:
    scene.take_in(declarations(0, 2))
    first = message_ids(scene)[0]
    broker = Broker(verdict, refuses={first})
    dispatch(scene, broker).round(transfers=False)
    told = scene.components.console.staying(None, actor=TESTER)
    assert reason.value in {each.reason for each in told.reasons}
    (shown,) = scene.components.console.staying(reason, actor=TESTER).replies
    assert (shown.message_id, shown.returns) == (first, 1)
    about = select(outbox.c.reference, inbox.c.public_id).join(inbox, inbox.c.id == outbox.c.inbox_id)
    (of,) = scene.store.rows(about.where(outbox.c.message_id == first))
    assert (shown.number, shown.answers) == (of.reference, of.public_id), "of its own dossier and message"


def test_what_came_back_is_left_out_of_a_round_for_new_ones(scene: Scene) -> None:
    scene.take_in(declarations(0, 1))
    (old,) = message_ids(scene)
    broker = Broker(refuses={old})
    dispatch(scene, broker).round(transfers=True)
    scene.take_in(declarations(1, 1))
    assert dispatch(scene, broker).round(transfers=True, returned=False) == Round(sent=1, back=0)
    assert dispatch(scene, broker).round(transfers=True, returned=False) == Round(sent=0, back=0)
    assert broker.tried.count(old) == 1


@pytest.mark.parametrize(
    ("verdict", "event"), list(zip(REFUSALS, [Event.RETURNED, Event.NACKED, Event.UNCONFIRMED], strict=True))
)
def test_what_stays_is_told_with_its_reason_and_nothing_is_told_that_did_not_happen(
    scene: Scene, verdict: Any, event: Event
) -> None:
    scene.take_in(declarations(0, 1))
    ids, log = message_ids(scene), Log()
    dispatch(scene, Broker(verdict, refuses=set(ids)), log).round(transfers=True)
    assert log.told == [
        (Event.CLAIMED, {"count": 1}),
        (event, {"count": 1, "reason": verdict.reason, "messages": ids}),
    ]


def test_a_reply_about_whatever_code_can_be_published(scene: Scene) -> None:
    """Also one that was stored when a code could still have letters of four bytes."""
    scene.take_in(declarations(0, 1))
    with scene.components.database.transaction() as connection:
        connection.execute(update(outbox).values(document_type="\U00010400" * 100, correlation_id="\U00010400" * 36))
    broker = Broker()
    assert dispatch(scene, broker).round(transfers=True) == Round(sent=1, back=0)
    assert broker.got[0].routing_key == "_" * 80 + ".20.21"


@pytest.mark.parametrize(
    ("code", "word"),
    [("BQP0100002", "BQP0100002"), ("a-b_C.9", "a-b_C_9"), ("é*#/ %", "______"), ("x" * 100, "x" * 80), ("", "_")],
)
def test_a_code_is_one_word_of_a_routing_key(code: str, word: str) -> None:
    """A topic key has its own use for dots, stars and hashes (AMQP 0-9-1, 3.1.3.3)."""
    assert routing_key(code, "10", "01") == f"{word}.10.01"
