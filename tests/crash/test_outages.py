"""The broker gone, the database gone: nothing is lost, nothing is acknowledged early, and it resumes alone.

On the session's node and a cluster of the test's own, which are stopped and killed here. NSW_PROVE=full takes the full
30 seconds.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select, text

from adapter.gateways.store.database import Database
from adapter.gateways.store.dossiers import lock_name
from adapter.gateways.store.tables import outbox
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.services.watch.mode import Sight
from tests.conftest import demand
from tests.harness.declarations import declaration, declarations, for_the_second_door
from tests.harness.partner import DECLARATIONS
from tests.harness.people import declarant
from tests.harness.pki import shared_pki, shared_tls
from tests.harness.scene import Scene, opened
from tests.harness.second_opinion import verify_with_xmlsec1
from tests.servers import softhsm
from tests.servers.postgresql import Postgres
from tests.servers.process import wait_until
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

FULL = os.environ.get("NSW_PROVE") == "full"
GONE_S = 30.0 if FULL else 4.0
COUNT = 300 if FULL else 60
CITIZEN = declarant("001085012345")

pytestmark = pytest.mark.slow


@pytest.fixture
def node(rabbit: Rabbit, _vhosts_of_outages: None) -> Rabbit:
    """The node, up, whatever the test before has left."""
    if not rabbit.processes():
        rabbit.start()
    return rabbit


@pytest.fixture(scope="module")
def _vhosts_of_outages(rabbit: Rabbit) -> None:
    if not rabbit.processes():
        rabbit.start()
    rabbit.add_vhosts(["restarted", "gone", "store-gone", "in-hand", "secure", "token-gone"])


# -- the broker ---------------------------------------------------------------------------------


def test_a_broker_that_restarts_under_load_loses_nothing(node: Rabbit, tmp_path: Path, postgresql_url: str) -> None:
    messages = declarations(0, COUNT)
    with opened(Scene(tmp_path, node.vhost_url("restarted"), postgresql_url)) as scene:
        scene.configure({"workers.batch": 8, "broker.heartbeat_s": 5, "workers.attempts": 40})
        started = [scene.start(part) for part in ("worker", "worker", "dispatcher")]
        wait_until(lambda: False, seconds=QUORUM_SETTLE_SECONDS)
        publishing = threading.Thread(target=scene.partner.publish, args=[messages], kwargs={"pause_s": 0.02})
        publishing.start()
        scene.until(lambda: scene.store.settled() >= 10, "under load")
        node.kill()
        node.start()
        publishing.join()
        scene.until_done(messages)
        assert all(each.process.poll() is None for each in started), "it must resume without being started again"
        scene.finish()
        scene.assert_whole(messages)


def test_while_the_broker_is_gone_declarations_enter_directly_and_their_transfers_leave_in_order(
    node: Rabbit, tmp_path: Path, postgresql_url: str
) -> None:
    by_window = declarations(0, COUNT)
    with opened(Scene(tmp_path, node.vhost_url("gone"), postgresql_url)) as scene:
        scene.configure({
            "window.broker_down_s": 2.0, "window.suspect_s": 1.0,
            "window.back_s": 1.0,
            "broker.heartbeat_s": 5,
            "workers.attempts": 40,
        })  # fmt: skip
        daemon = scene.daemon()
        scene.until_ready()
        publishing = threading.Thread(target=scene.partner.publish, args=[by_window], kwargs={"pause_s": 0.02})
        publishing.start()
        scene.until(lambda: scene.store.settled() >= 10, "under load")
        node.stop()
        scene.until(lambda: scene.components.window.state().condition is Sight.DOWN, "the door opens")
        assert "worker-0: broker" in scene.readyz()[1]
        directly = [enter(scene, number) for number in range(10)]
        wait_until(lambda: False, seconds=GONE_S)
        assert transfers_sent(scene) == []
        directly += [enter(scene, number) for number in range(10, 15)]

        node.start()
        publishing.join()
        scene.until_done(by_window)
        scene.until(lambda: len(transfers_sent(scene)) == 15, "the transfers have left")
        scene.until_ready()
        assert daemon.process.poll() is None
        scene.finish()
        assert transfers_sent(scene) == directly, "in the order of the decisions"
        scene.assert_answered(by_window)
        assert scene.store.effects() == {**{m.reference: 1 for m in by_window}, **dict.fromkeys(directly, 1)}
        assert scene.store.faults() == []


def enter(scene: Scene, number: int) -> str:
    """A declaration without a number by the portal, answered at once; the number it was given."""
    admitted = scene.components.door.submit(for_the_second_door(number), CITIZEN)
    assert (admitted.state, admitted.outcome) == ("accepted", "accepted")
    assert admitted.reference is not None
    return admitted.reference


def transfers_sent(scene: Scene) -> list[str]:
    """The dossier numbers of the transfers on nsw.replies, in the order they came, each once."""
    came = [reply for reply in scene.partner.collect() if reply.type == "BQP0100002.40.01"]
    numbers = [etree.fromstring(reply.body).findtext(".//Transfer/DossierNumber") for reply in came]
    return list(dict.fromkeys(str(number) for number in numbers))


# -- the database -------------------------------------------------------------------------------


def test_a_database_that_dies_under_load_loses_nothing_and_nothing_is_acknowledged_early(
    node: Rabbit, tmp_path: Path, cluster: Postgres
) -> None:
    messages = declarations(0, COUNT)
    with opened(Scene(tmp_path, node.vhost_url("store-gone"), cluster.create_database("adapter"))) as scene:
        scene.configure({"workers.batch": 4, "workers.attempts": 40})
        daemon = scene.daemon()
        scene.until_ready()
        scene.partner.publish(messages[: COUNT // 2])
        scene.until(lambda: scene.store.settled() >= 5, "under load")
        cluster.kill()
        scene.partner.publish(messages[COUNT // 2 :])
        scene.until_quiet(lambda: "dispatcher-1: database" in scene.readyz()[1], "readiness tells")
        assert scene.readyz()[0] == 503
        held = waiting_at(node, "store-gone")
        wait_until(lambda: False, seconds=GONE_S)
        assert waiting_at(node, "store-gone") == held, "acknowledged without a store"
        assert held >= COUNT // 2

        cluster.start()
        scene.components.database.close()  # this process has its own dead connections
        scene.until_ready()
        assert scene.store.settled() + held >= COUNT, "acknowledged before it was stored"
        scene.until_done(messages)
        restarted = [told for told in daemon.events(Event.WORKER_STOPPED) if told["part"] == "worker"]
        assert restarted == [], "the worker resumes alone"
        scene.finish()
        scene.assert_whole(messages)


def waiting_at(node: Rabbit, vhost: str) -> int:
    """Messages that are not acknowledged, whoever holds them: asked of the queue itself, the statistics lag seconds."""
    asked = (
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"{DECLARATIONS}">>)), '
        "{ok, {_, Count}, _} = ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1), Count."
    )
    return int(node.evaluate(asked))


def test_a_message_in_hand_does_not_become_poison_because_the_database_goes_away(
    node: Rabbit, tmp_path: Path, cluster: Postgres
) -> None:
    """A try is counted because its worker may die of it; a server that goes away during it says nothing of it."""
    message = declaration(0)
    with opened(Scene(tmp_path, node.vhost_url("in-hand"), cluster.create_database("adapter"))) as scene:
        scene.configure({"workers.attempts": 3})
        scene.partner.publish([message])
        scene.start("worker", die_at=Event.GATHERED).ended()
        database = scene.components.database
        with database.transaction() as connection:
            database.lock(connection, [lock_name(DossierKey(message.reference, 2026))])
            worker = scene.start("worker")
            for _ in range(5):
                scene.until(lambda: end_the_one_that_waits(database), "it waits for its dossier")
            assert worker.told(Event.UNAVAILABLE)
        scene.start("dispatcher")
        scene.until_done([message])
        scene.finish()
        scene.assert_whole([message])


def end_the_one_that_waits(database: Database) -> bool:
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"
    with database.transaction() as connection:
        return bool(connection.execute(text(query)).all())


# -- the way to the broker ----------------------------------------------------------------------


def test_over_amqps_with_a_client_certificate_a_message_is_answered(
    node: Rabbit, tmp_path: Path, postgresql_url: str
) -> None:
    files = shared_tls()
    message = declaration(0)
    with opened(Scene(tmp_path, node.vhost_url("secure"), postgresql_url)) as scene:
        scene.configure({
            "broker.url": node.tls_vhost_url("secure"),
            "broker.tls": {"ca": str(files.ca), "certificate": str(files.client), "key": str(files.client_key)},
        })  # fmt: skip
        for part in ("worker", "dispatcher"):
            scene.start(part)
        scene.partner.publish([message])
        scene.until_done([message])
        scene.finish()
        scene.assert_whole([message])
        (reply,) = scene.partner.got
        certificate = shared_pki().certificate_file("system")
        assert verify_with_xmlsec1(reply.body, place="system", certificate_pem=certificate)
        (row,) = scene.store.rows(select(outbox))
        assert (row.body, row.digest) == (reply.body, reply.digest)


# -- the hardware module ------------------------------------------------------------------------


def test_while_the_key_is_gone_nothing_is_taken_up_and_all_is_answered_when_it_is_back(
    node: Rabbit, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    demand("softhsm2")
    module = softhsm.furnish(tmp_path / "softhsm")
    for name, value in module.environment.items():
        monkeypatch.setenv(name, value)
    module.put("border", {"system": shared_pki().key_file("system")})
    before, meanwhile = declarations(0, COUNT), declarations(COUNT, 2 * COUNT)
    with opened(Scene(tmp_path, node.vhost_url("token-gone"), postgresql_url)) as scene:
        inside = {
            "module": str(softhsm.MODULE),
            "token": "border",
            "label": "system",
            "pin_file": str(module.pin_file),
        }
        chain = str(shared_pki().folder / "system.chain.pem")
        scene.configure({"keys.system": {"pkcs11": inside, "certificates": chain}, "keys.look_s": 0.5})
        daemon = scene.daemon()
        scene.until_ready()
        scene.partner.publish(before)
        scene.until(lambda: scene.store.settled() >= 5, "under load")
        module.away()
        scene.until(lambda: "worker-0: keys" in scene.readyz()[1], "readiness tells")
        settled = scene.store.settled()
        scene.partner.publish(meanwhile)
        wait_until(lambda: False, seconds=GONE_S)
        assert scene.store.settled() == settled, "nothing is taken up that cannot be answered"

        module.back()
        scene.until_done([*before, *meanwhile])
        scene.until_ready()
        assert daemon.process.poll() is None, "it must resume without being started again"
        scene.finish()
        scene.assert_whole([*before, *meanwhile])
