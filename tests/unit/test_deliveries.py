"""What the broker hands over becomes a value of our own; what its properties and headers claim may be anything."""

from __future__ import annotations

from dataclasses import replace

import pika
import pytest

from adapter.gateways.broker.messages import Delivery, delivery
from adapter.services.messages.quarantine import _dead

METHOD = pika.spec.Basic.Deliver(delivery_tag=7, redelivered=True, exchange="inbound", routing_key="a.10.01")


def taken(properties: pika.BasicProperties) -> Delivery:
    return delivery((1, 7), METHOD, properties, b"<Envelope/>", queue="declarations")


def test_what_is_stated_is_told_as_it_is() -> None:
    headers = {"x-first-death-queue": "declarations", "x-first-death-reason": "rejected"}
    told = taken(
        pika.BasicProperties(
            message_id="m-1",
            correlation_id="c-1",
            type="a.10.01",
            app_id="nsw",
            timestamp=1_772_410_500,
            headers=headers,
        )
    )
    assert (told.message_id, told.correlation_id, told.type, told.app_id) == ("m-1", "c-1", "a.10.01", "nsw")
    assert (told.death_queue, told.death_reason) == ("declarations", "rejected")
    assert (told.exchange, told.routing_key, told.queue) == ("inbound", "a.10.01", "declarations")
    assert (told.timestamp, told.redelivered, told.unreadable) == (1_772_410_500, True, False)


def test_what_is_not_stated_is_nothing() -> None:
    told = taken(pika.BasicProperties())
    assert {told.message_id, told.correlation_id, told.type, told.app_id, told.death_queue, told.death_reason} == {None}


def test_bytes_that_are_no_text_are_told_escaped() -> None:
    assert taken(pika.BasicProperties(message_id=b"m\xff")).message_id == "m\\xff"


@pytest.mark.parametrize("claimed", [7, True, ["rejected"], {"a": "b"}])
def test_a_header_that_is_no_text_tells_nothing(claimed: object) -> None:
    assert taken(pika.BasicProperties(headers={"x-first-death-reason": claimed})).death_reason is None


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (("unreadable", True), "cannot be decoded"),
        (("death_reason", None), "no queue took it"),
        (("death_reason", "rejected"), "rejected in declarations"),
    ],
)
def test_an_operator_is_told_why_each_is_held(of: tuple[str, object], said: str) -> None:
    name, value = of
    held = replace(taken(pika.BasicProperties()), death_queue="declarations", **{name: value})  # type: ignore[arg-type]
    assert said in _dead(held).reason
