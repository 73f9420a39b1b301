"""Commands on a real broker: declaring, the broker's quarantine, the test window playing to a real intake."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pika
import pytest
from typer.testing import CliRunner, Result

from adapter.bootstrap import Components, assemble, new_message_id, now
from adapter.cli import app
from adapter.cli.simulated_transport import BrokerCarrier
from adapter.cli.simulated_window import window_for
from adapter.gateways.broker import Consumer, Publisher
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.replies.dispatch import Dispatch
from adapter.simulator.window import CarriedMessage
from tests.harness import configuration
from tests.harness.fixtures import load_cases, signed
from tests.harness.pki import SHARED_FOLDER, shared_pki
from tests.harness.second_opinion import verify_with_xmlsec1
from tests.harness.stores import ensure_tables
from tests.servers.process import wait_until

CASE = "BQP0100001/accepted-tour-group-entering"


@pytest.fixture
def config(tmp_path: Path, vhost_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration on a virtual host of its own, with an embedded database that has its tables."""
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)
    file = configuration.write(tmp_path, {"broker.url": vhost_url})
    built = assemble(file)
    ensure_tables(built.database)
    built.database.close()
    return file


def run(config: Path, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
    assert done.exit_code == code, done.output
    return done


def told(done: Result) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def adapter_works_once(config: Path) -> list[str]:
    """What the daemon does, once: take what lies in both queues, judge, store, send the answers. Gives the outcomes."""
    built: Components = assemble(config)
    # Of two messages in two queues the second may come a good while after the first.
    with Consumer(built.broker, queues=["adapter.control", "adapter.declarations"], linger_s=2.0) as consumer:
        deliveries = consumer.gather(10, 10)
        submissions = [
            Submission(each.body, Channel.WINDOW, now(), Digest(hashlib.sha256(each.body).hexdigest()))
            for each in deliveries
        ]
        settled = built.intake.receive(submissions)
        consumer.acknowledge([each.tag for each in deliveries])
    with Publisher(built.broker) as publisher:
        Dispatch(built.database, publisher, now, built.observe, most_unconfirmed=10).round(transfers=True)
    built.database.close()
    return [each.outcome.value for each in settled]


def a_declaration(folder: Path) -> Path:
    case = next(case for case in load_cases() if case.id == CASE)
    file = folder / "declaration.xml"
    file.write_bytes(signed(case, shared_pki()))
    return file


def test_the_topology_is_missing_then_declared_then_as_it_must_be(config: Path) -> None:
    before = told(run(config, "check", "--json", code=1))[0]["remarks"]
    assert any("missing; run nsw-adapter declare" in remark["text"] for remark in before)
    run(config, "declare")
    run(config, "declare")
    assert told(run(config, "check", "--json"))[0]["faults"] == 0


def test_sending_before_the_topology_is_declared_says_so(config: Path, tmp_path: Path) -> None:
    done = run(config, "simulate", "send", str(a_declaration(tmp_path)), "--pki", str(SHARED_FOLDER), code=3)
    assert len(done.stderr.splitlines()) == 1


def test_what_is_sent_reaches_the_adapter_and_its_answer_is_verified_and_receipted(
    config: Path, tmp_path: Path
) -> None:
    run(config, "declare")
    pki = ["--pki", str(SHARED_FOLDER)]
    (sent,) = told(run(config, "simulate", "send", str(a_declaration(tmp_path)), "--json", *pki))
    assert adapter_works_once(config) == ["accepted"]

    shown = told(run(config, "simulate", "window", "--seconds", "6", "--json", *pki))
    assert [(each["pair"], each["correlation_id"]) for each in shown] == [("20/21", sent["message_id"])]
    assert shown[0]["system_signature"] is True

    # The window has sent a heartbeat and its receipt for the acceptance meanwhile; both are in order.
    assert adapter_works_once(config) == ["accepted", "accepted"]
    (dossier,) = told(run(config, "dossier", "list", "--json"))[0]
    life = told(run(config, "dossier", "show", dossier["number"], str(dossier["year"]), "--json"))[0]
    assert [(reply["pair"], reply["answer"]) for reply in life["replies"]] == [("20/21", "receipt")]
    assert life["replies"][0]["delivered_at"] is not None
    beat = told(run(config, "simulate", "window", "--seconds", "5", "--heartbeat", "0", "--json", *pki))
    assert [each["pair"] for each in beat] == ["90/99"]


def test_no_answer_in_time_is_exit_code_1(config: Path, tmp_path: Path) -> None:
    run(config, "declare")
    file = str(a_declaration(tmp_path))
    done = run(config, "simulate", "send", file, "--wait", "0.5", "--pki", str(SHARED_FOLDER), code=1)
    assert "no answer that holds within 0.5 s" in done.stderr


def test_a_confirmation_carries_two_signatures_and_a_changed_one_does_not_hold(config: Path, tmp_path: Path) -> None:
    run(config, "declare")
    pki = ["--pki", str(SHARED_FOLDER)]
    run(config, "simulate", "send", str(a_declaration(tmp_path)), *pki)
    adapter_works_once(config)
    (dossier,) = told(run(config, "dossier", "list", "--json"))[0]
    key = [dossier["number"], str(dossier["year"])]
    run(config, "dossier", "complete", *key, "--officer", "o", "--name", "Tran Van Quan")
    built = assemble(config)
    with Publisher(built.broker) as publisher:
        Dispatch(built.database, publisher, now, built.observe, most_unconfirmed=10).round(transfers=True)
    with BrokerCarrier(built.broker) as carrier:
        window = window_for(built, carrier, SHARED_FOLDER)
        replies = window.replies(5)
    built.database.close()
    completion = next(reply for reply in replies if reply.pair == "30/23")
    assert (completion.system, completion.unit) == (True, True)
    certificate = SHARED_FOLDER / "unit.cert.pem"
    assert verify_with_xmlsec1(completion.body, place="declarant", certificate_pem=certificate)
    changed = window.read(CarriedMessage(completion.body.replace(b"Tran Van Quan", b"Tran Van Khac"), None, None))
    assert (changed.system, changed.unit, changed.holds) == (False, False, False)


def test_a_dead_letter_is_listed_and_replayed_into_its_queue(config: Path, vhost_url: str, tmp_path: Path) -> None:
    run(config, "declare")
    body = a_declaration(tmp_path).read_bytes()
    publish(vhost_url, routing_key="nobody.wants.this", body=body)
    (held,) = told(run(config, "quarantine", "list", "--json"))[0]["held"]
    digest = hashlib.sha256(body).hexdigest()
    assert (held["id"], held["source"], held["queue"]) == (digest, "broker", "adapter.declarations")
    payload = tmp_path / "payload.xml"
    run(config, "quarantine", "show", digest[:12], "--payload", str(payload))
    assert payload.read_bytes() == body
    assert "adapter.declarations again" in run(config, "quarantine", "replay", digest[:12]).stdout
    assert told(run(config, "quarantine", "list", "--json"))[0]["held"] == []
    assert adapter_works_once(config) == ["accepted"]


def test_a_message_of_one_kind_is_listed_though_others_lie_before_it(
    config: Path, vhost_url: str, tmp_path: Path
) -> None:
    """The limit counts what is asked for."""
    run(config, "declare")
    body, early = a_declaration(tmp_path).read_bytes(), b"<early/>"
    publish(vhost_url, routing_key="nobody.wants.this", body=early)
    reject(vhost_url, body)
    listed = run(config, "quarantine", "list", "--reason", "rejected", "--limit", "1", "--json")
    assert [held["id"] for held in told(listed)[0]["held"]] == [hashlib.sha256(body).hexdigest()]
    listed = run(config, "quarantine", "list", "--reason", "unroutable", "--limit", "1", "--json")
    assert [held["id"] for held in told(listed)[0]["held"]] == [hashlib.sha256(early).hexdigest()]


def reject(url: str, body: bytes) -> None:
    """Have a message dead-lettered by its consumer."""
    publish(url, routing_key="BQP0100001.10.01", body=body)
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for method, _, _ in channel.consume("adapter.declarations"):
        assert method is not None
        channel.basic_nack(method.delivery_tag or 0, requeue=False)
        break
    wait_until(lambda: channel.queue_declare("adapter.quarantine", passive=True).method.message_count == 2, seconds=60)
    connection.close()


def test_a_dead_letter_whose_properties_fit_only_as_they_came_is_replayed_all_the_same(
    config: Path, vhost_url: str, tmp_path: Path
) -> None:
    """Bytes that are no text are told as text, and are longer then than a property may be."""
    run(config, "declare")
    body, full = a_declaration(tmp_path).read_bytes(), b"\xff" * 255
    publish(vhost_url, routing_key="nobody", body=body, message_id=full, correlation_id=full, type=full)
    run(config, "quarantine", "replay", hashlib.sha256(body).hexdigest()[:12])
    assert told(run(config, "quarantine", "list", "--json"))[0]["held"] == []
    assert adapter_works_once(config) == ["accepted"]


def publish(url: str, *, routing_key: str, body: bytes, **properties: Any) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    stated = {"message_id": new_message_id(), **properties}
    channel.basic_publish("nsw.inbound", routing_key, body, pika.BasicProperties(**stated))
    connection.close()
