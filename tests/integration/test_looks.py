"""What the clock looks at for operators: a real broker's queues, the parts of a daemon, certificates, figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pika
import pytest
from sqlalchemy import select, update

from adapter.bootstrap import Components, assemble, now
from adapter.entrypoints.health import Health
from adapter.entrypoints.survey import Survey
from adapter.gateways.broker.topology import declare
from adapter.gateways.daemon_parts import DaemonParts
from adapter.gateways.store.snapshots import QueueSeen
from adapter.gateways.store.tables import snapshot, throughput
from adapter.gateways.store.throughput import begin_of, minute_of
from adapter.model.actor import Role
from adapter.model.errors import NoRight, Unavailable
from adapter.model.events import Event, unobserved
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.console import TrafficPart, TrafficSpan
from tests.harness import configuration
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.outbound import Confirming
from tests.harness.people import TESTER, person
from tests.harness.pki import shared_tls
from tests.harness.registers import gate
from tests.harness.stores import ensure_tables
from tests.servers.process import free_ports, wait_until
from tests.servers.rabbitmq import Rabbit, Tls

PATIENCE_S = 60.0


@contextmanager
def components(folder: Path, url: str, management: Mapping[str, Any]) -> Iterator[Components]:
    """An adapter on a real broker whose management interface it asks."""
    made = assemble(configuration.write(folder, {"broker.url": url, "broker.management": management}))
    ensure_tables(made.database)
    yield made
    made.database.close()


def looked(made: Components) -> Mapping[str, QueueSeen]:
    made.looks.look_at_queues()
    found = made.console.queues(actor=TESTER)
    assert found is not None
    return {each.name: each for each in found.seen.queues} if found.seen else {}


def given(channel: Any) -> int:
    """The tag of a message of the queue: the broker may still be putting it there."""
    tags: list[int] = []

    def is_given() -> bool:
        method, _, _ = channel.basic_get("adapter.declarations")
        tags.extend([method.delivery_tag] if method is not None else [])
        return bool(tags)

    assert wait_until(is_given, seconds=PATIENCE_S)
    return tags[0]


def test_queues_are_told_by_the_broker_over_tls_and_what_was_seen_stays_while_it_is_away(
    rabbit: Rabbit, vhost_url: str, tmp_path: Path
) -> None:
    files = shared_tls()
    address = rabbit.manage(Tls(ca=files.ca, cert=files.server, key=files.server_key))
    secret = tmp_path / "password"
    secret.write_text("guest\n")
    stated = {"url": address, "user": "guest", "password_file": str(secret), "ca": str(files.ca)}
    with components(tmp_path, vhost_url, stated) as made:
        declare(made.broker, made.topology)
        channel = pika.BlockingConnection(pika.URLParameters(vhost_url)).channel()
        assert wait_until(lambda: looked(made)["adapter.declarations"].messages == 0, seconds=PATIENCE_S)
        channel.confirm_delivery()
        for _ in range(3):
            channel.basic_publish("nsw.inbound", "BQP0100001.10.01", b"<x/>")
        channel.basic_nack(given(channel))
        given(channel)

        def is_seen() -> bool:
            queue = looked(made)["adapter.declarations"]
            return (queue.messages, queue.unacknowledged, queue.redelivered) == (3, 1, 1) and bool(queue.oldest_at)

        assert wait_until(is_seen, seconds=PATIENCE_S, step=0.5)
        queues = looked(made)
        assert set(queues) == {each.name for each in made.topology.queues}
        oldest = queues["adapter.declarations"].oldest_at
        assert oldest is not None
        assert oldest <= now()
        channel.queue_delete("adapter.control")
        assert wait_until(lambda: looked(made)["adapter.control"].is_missing, seconds=PATIENCE_S, step=0.5)

        secret.write_text("wrong")
        made.looks.look_at_queues()
        refused = made.console.queues(actor=TESTER)
        assert refused is not None
        assert refused.fault is not None
        assert "refuses guest" in refused.fault
        assert refused.seen is not None
        assert refused.taken_at is not None
        assert refused.taken_at < refused.tried_at
        channel.connection.close()

    with components(tmp_path, vhost_url, {**stated, "ca": str(files.client)}) as made:
        made.looks.look_at_queues()
        stranger = made.console.queues(actor=TESTER)
        assert stranger is not None
        assert "SSLCertVerificationError" in (stranger.fault or "")


def test_a_broker_that_is_not_asked_leaves_no_snapshot(tmp_path: Path) -> None:
    with gate(tmp_path) as made:
        made.looks.look_at_queues()
        assert made.console.queues(actor=TESTER) is None


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"url": "http://broker.inner:15672"}, "a password goes over https"),
        ({"url": "amqp://127.0.0.1"}, "url"),
    ],
)
def test_an_address_that_cannot_be_is_refused(tmp_path: Path, stated: Mapping[str, str], told: str) -> None:
    whole = {"user": "guest", "password_file": "secret", **stated}
    with pytest.raises(Exception, match=told):
        assemble(configuration.write(tmp_path, {"broker.management": whole}))


def test_parts_are_told_by_the_health_server_with_memory_and_age(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    health = Health("127.0.0.1", port)
    health.parts = {"worker-0": {"alive": True, "broker": False, "database": True, "keys": True}}
    health.seen = [("worker-0", False, 150 * 2**20, 3600.0)]
    health.unanswered = 2
    health.start()
    with gate(tmp_path) as made:
        looks = replace(made.looks, parts=DaemonParts("0.0.0.0", port).seen, machine="gate-1")
        looks.look_at_parts()
        (seen,) = made.console.machines(actor=TESTER)
        assert seen.seen is not None
        (part,) = seen.seen.parts
        assert (seen.machine, part.name, part.ready, part.resident_bytes) == ("gate-1", "worker-0", False, 150 * 2**20)
        assert timedelta(minutes=59) < now() - part.started_at < timedelta(minutes=62)
        assert seen.seen.missing == ("worker-0: broker",)
        assert "2 message(s)" in seen.seen.notes[0]
        health.stop()
        looks.look_at_parts()
        (away,) = made.console.machines(actor=TESTER)
        assert away.seen == seen.seen, "what was seen stays"
        assert f"127.0.0.1:{port}" in (away.fault or "")
        with made.database.transaction() as connection:
            connection.execute(update(snapshot).values(tried_at=now() - timedelta(days=2)))
        replace(looks, machine="gate-2").look_at_parts()
        assert [each.machine for each in made.console.machines(actor=TESTER)] == ["gate-2"], "one day is enough"


def test_certificates_stand_in_the_order_of_their_ends_with_what_stops_then(tmp_path: Path) -> None:
    with gate(tmp_path) as made:
        made.looks.look_at_certificates()
        found = made.console.certificates(actor=TESTER)
        assert found is not None
        assert found.seen is not None
        ends = [each.valid_to for each in found.seen.certificates]
        assert ends == sorted(ends)
        own = {each.name: each.stops for each in found.seen.certificates if each.use == "keys"}
        assert "no reply can be signed" in own["system"]
        with made.database.reading() as connection:
            assert "CN=" not in str(connection.execute(select(snapshot.c.content)).scalar()), "no subject is kept"


def received(made: Components, *names: str, gate: str = "HUUNGHI") -> None:
    for name in names:
        sent = declaration(name, gate=gate)
        made.intake.receive([Submission(sent.raw, Channel.WINDOW, CLOCK, Digest(sent.digest))])


def hour(made: Components) -> TrafficPart:
    """The one in which messages came."""
    parts = made.console.traffic(TrafficSpan.DAY, actor=TESTER).parts
    (found,) = (each for each in parts if each.counted and each.counted.messages)
    return found


def test_messages_are_counted_by_outcome_and_by_how_long_their_answers_took(tmp_path: Path, database_url: str) -> None:
    with gate(tmp_path, database_url) as made:
        received(made, "one", "two")
        received(made, "three", gate="NOWHERE")
        looks = replace(made.looks, legal_clock=lambda: CLOCK + timedelta(seconds=70))
        while begin_of(minute_of(CLOCK)) not in _counted(made):
            looks.count_messages()
        first = hour(made).counted
        assert first is not None
        assert (first.messages, first.accepted, first.rejected) == (3, 2, 1)
        assert (first.answered, first.unsent) == (0, 3)
        rounds = Dispatch(made.database, Confirming(), lambda: CLOCK + timedelta(seconds=3), unobserved, 9)
        for _ in range(4):
            rounds.round(transfers=True)
        replace(looks, legal_clock=lambda: CLOCK + timedelta(minutes=30)).count_messages()
        then = hour(made).counted
        assert then is not None
        assert (then.answered, then.unsent) == (3, 0)
        assert (then.within_1s, then.within_5s, then.within_300s) == (0, 3, 3)
        assert 2.9 < then.slowest_s < 3.1
        procedures = made.console.traffic(TrafficSpan.WEEK, actor=TESTER).procedures
        assert [(each.procedure, each.messages) for each in procedures] == [("BQP0100002", 3)]
        assert len(made.console.traffic(TrafficSpan.MONTH, actor=TESTER).parts) == 30
        replace(looks, legal_clock=lambda: CLOCK + timedelta(days=40)).count_messages()
        assert begin_of(minute_of(CLOCK)) not in _counted(made), "older than a month"


def _counted(made: Components) -> set[object]:
    with made.database.reading() as connection:
        return {begin_of(minute) for minute in connection.execute(select(throughput.c.minute)).scalars()}


def test_deadlines_are_counted_in_the_background(tmp_path: Path) -> None:
    with gate(tmp_path) as made:
        received(made, "one")
        assert made.console.deadlines(actor=TESTER) is None
        made.looks.look_at_deadlines()
        found = made.console.deadlines(actor=TESTER)
        assert found is not None
        assert found.seen is not None
        assert [(each.procedure, each.gate, each.open) for each in found.seen.figures] == [("BQP0100002", "HUUNGHI", 1)]


def test_counts_are_those_that_the_clock_kept_with_their_age_and_read_anew_where_it_keeps_none(tmp_path: Path) -> None:
    made = assemble(configuration.write(tmp_path, {}))
    ensure_tables(made.database)
    at = now()
    reading = replace(made.reading, clock=lambda: at)
    assert reading.newest() == reading.read({})
    kept = replace(
        reading.read({"broker": 3.5}),
        quarantined=2,
        returned=7,
        waiting={"window": 3, "portal": 0, "transfer": 0, "unit": 0},
    )
    reading.keep(kept)
    assert reading.newest() == kept
    later = replace(reading, clock=lambda: at + timedelta(seconds=29))
    assert later.newest() == kept, "with the time at which it was read"
    for moved in (timedelta(seconds=31), timedelta(seconds=-1)):
        read = replace(reading, clock=lambda moved=moved: at + moved).newest()
        assert (read.returned, read.at) == (0, at + moved), "no clock runs, or it was set"
    made.database.close()


def test_whoever_is_no_operator_reads_none_of_it(tmp_path: Path) -> None:
    officer = person("can-bo", Role.OFFICER)
    with gate(tmp_path) as made:
        for read in (made.console.queues, made.console.machines, made.console.certificates, made.console.deadlines):
            with pytest.raises(NoRight):
                read(actor=officer)
        with pytest.raises(NoRight):
            made.console.traffic(TrafficSpan.DAY, actor=officer)
        with pytest.raises(NoRight):
            made.console.staying(None, actor=officer)


@dataclass
class Log:
    told: list[tuple[Event, str]] = field(default_factory=list)

    def __call__(self, event: Event, /, **fields: Any) -> None:
        self.told.append((event, str(fields.get("reason"))))


def test_a_look_that_fails_ends_no_other_and_is_logged_once(tmp_path: Path) -> None:
    del tmp_path
    done, log = [], Log()

    def away() -> None:
        raise Unavailable("the database is away")

    def wrong() -> None:
        raise KeyError("secret")

    with Survey([(0.01, away), (0.01, away), (0.01, wrong), (0.01, lambda: done.append(1))], log):
        assert wait_until(lambda: len(done) > 2, seconds=PATIENCE_S)
    assert log.told.count((Event.UNAVAILABLE, "the database is away")) == 1
    assert len(log.told) == 2, "each look's own fault, though others between succeed"
    assert not any("secret" in reason for _, reason in log.told)
