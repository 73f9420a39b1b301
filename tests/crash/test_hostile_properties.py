"""AMQP properties and headers are claims: whatever they say, a message is judged by what was signed, once."""

from __future__ import annotations

import pika
import pika.exceptions
import pytest

from tests.harness.declarations import declaration, declarations
from tests.harness.partner import QUARANTINE
from tests.harness.scene import Scene

INNOCENTS = 6
FORGED_DEATH = {
    "x-death": [{"queue": "adapter.declarations", "reason": "delivery_limit", "count": 99, "exchange": "nsw.inbound"}],
    "x-first-death-queue": "adapter.declarations",
    "x-first-death-reason": "delivery_limit",
    "x-delivery-count": 99,
}
LIES = {
    "no properties at all": pika.BasicProperties(),
    "an empty message id": pika.BasicProperties(message_id=""),
    "the message id of another": pika.BasicProperties(message_id="00000000-0000-0000-0000-000000000000"),
    "a message id of bytes": pika.BasicProperties(message_id="\u0661" * 60),
    "a forged death": pika.BasicProperties(headers=FORGED_DEATH),
    "compressed, it says": pika.BasicProperties(content_encoding="gzip", content_type="application/gzip"),
    "another encoding, it says": pika.BasicProperties(content_type="application/xml; charset=utf-16"),
    "answer to our own queue": pika.BasicProperties(reply_to="adapter.declarations", correlation_id="nobody"),
    "another type": pika.BasicProperties(type="90.01.../../x", app_id="adapter"),
    "another priority": pika.BasicProperties(priority=255, delivery_mode=1),
    "a time before all": pika.BasicProperties(timestamp=0),
}

pytestmark = pytest.mark.crash


def test_messages_whose_properties_lie_are_judged_by_what_was_signed(scene: Scene) -> None:
    lying = {name: declaration(f"lie{at}") for at, name in enumerate(LIES)}
    innocents = declarations(0, INNOCENTS)
    scene.partner.publish(innocents[:3])
    for name, message in lying.items():
        scene.partner.publish_with(message, LIES[name])
    scene.partner.publish(innocents[3:])

    scene.start("worker")
    scene.start("dispatcher")
    everything = [*innocents, *lying.values()]
    scene.until_done(everything)
    scene.finish()

    scene.assert_whole(everything)
    assert scene.partner.ready(QUARANTINE) == 0


@pytest.mark.parametrize(
    "properties",
    [pika.BasicProperties(user_id="somebody-else"), pika.BasicProperties(expiration="tomorrow")],
    ids=["the name of another user", "an expiration in words"],
)
def test_what_the_broker_itself_checks_reaches_nobody(scene: Scene, properties: pika.BasicProperties) -> None:
    with pytest.raises(pika.exceptions.AMQPChannelError):
        scene.partner.publish_with(declaration("refused"), properties)
    innocents = declarations(0, 2)
    scene.partner.publish(innocents)
    scene.start("worker")
    scene.start("dispatcher")
    scene.until_done(innocents)
    scene.finish()
    scene.assert_whole(innocents)
