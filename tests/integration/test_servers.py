"""The private servers themselves: they start, answer, survive a kill with their data, and leave no process behind."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import psycopg
import pytest
from sqlalchemy import create_engine, insert, inspect, select, text

from adapter.gateways.store import tables
from adapter.gateways.store.database import Database
from tests.conftest import demand
from tests.harness.pki import ROOT, shared_tls
from tests.harness.stores import Original, PostgresStores
from tests.servers.install import services_stay_down
from tests.servers.postgresql import Postgres
from tests.servers.process import MARK, alive, free_ports, marked
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

PERSISTENT = pika.BasicProperties(delivery_mode=2)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_is_given_to_one_process_as_long_as_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nothing listens there: another suite on the machine must not take the port of a server that is down."""
    theirs = "from tests.servers.process import free_ports; print(*free_ports(1), flush=True); input()"
    command = [sys.executable, "-c", theirs]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        draws = [port, port, *free_ports(1), *(number for number in range(15000, 32000) if number != port)]
        monkeypatch.setattr("random.randint", lambda *_: draws.pop(0))
        mine = free_ports(2)
        other.communicate("\n")
    assert port not in mine
    assert len(set(mine)) == 2
    draws[:] = [port]
    assert free_ports(1) == [port], "it is free again with the end of who had it"


@pytest.fixture(scope="module")
def own_node(server_folder: Path) -> Iterator[Rabbit]:
    """A node of this module's own."""
    demand("rabbitmq-server")
    own = Rabbit(server_folder / "own-rabbitmq")
    try:
        yield own
    finally:
        own.remove()


@pytest.fixture
def node(own_node: Rabbit) -> Rabbit:
    """The module's own node, which a test may kill: the next one finds it running."""
    if not own_node.processes():
        own_node.start()
    return own_node


def test_the_private_broker_is_reached_on_loopback_only(rabbit: Rabbit) -> None:
    addresses = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout.split()
    own = (rabbit.ports.amqp, rabbit.ports.amqps, rabbit.ports.distribution, rabbit.ports.mapper)
    seen = {a for a in addresses if a.rpartition(":")[2] in map(str, own)}
    assert {a.rpartition(":")[0] for a in seen} <= {"127.0.0.1", "[::1]"}
    assert {a.rpartition(":")[2] for a in seen} == set(map(str, own))


def test_a_durable_message_survives_the_kill_of_the_broker(node: Rabbit) -> None:
    with pika.BlockingConnection(pika.URLParameters(node.url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"})
        time.sleep(QUORUM_SETTLE_SECONDS)
        channel.basic_publish("", "kept", b"<Envelope/>", properties=PERSISTENT, mandatory=True)
    before = node.processes()
    node.kill()
    assert not any(map(alive, before))
    node.start()
    with pika.BlockingConnection(pika.URLParameters(node.url)) as connection:
        channel = connection.channel()
        _, _, body = next(channel.consume("kept", inactivity_timeout=30, auto_ack=True))
        assert body == b"<Envelope/>"


def test_tls_admits_a_client_with_a_certificate_and_no_other(rabbit: Rabbit) -> None:
    files, parameters = shared_tls(), pika.URLParameters(rabbit.tls_url)
    bare = ssl.create_default_context(cafile=str(files.ca))
    parameters.ssl_options = pika.SSLOptions(bare, "localhost")
    with pytest.raises((pika.exceptions.AMQPConnectionError, ssl.SSLError)):
        pika.BlockingConnection(parameters)
    known = ssl.create_default_context(cafile=str(files.ca))
    known.load_cert_chain(files.client, files.client_key)
    parameters.ssl_options = pika.SSLOptions(known, "localhost")
    with pika.BlockingConnection(parameters) as connection:
        assert connection.is_open


def test_a_stopped_broker_leaves_no_process_and_no_port(node: Rabbit) -> None:
    before = node.processes()
    assert {Path(f"/proc/{pid}/comm").read_text().strip() for pid in before} >= {"beam.smp", "epmd"}
    node.stop()
    assert node.processes() == []
    assert not any(map(alive, before))
    assert not any(map(listening, (node.ports.amqp, node.ports.distribution, node.ports.mapper)))


def test_a_broker_started_by_the_command_is_stopped_by_another_process(server_folder: Path) -> None:
    demand("rabbitmq-server")
    folder = server_folder / "by-command"
    command = [sys.executable, "-m", "tests.servers.rabbitmq"]
    try:
        started = subprocess.run([*command, "start", folder], capture_output=True, text=True, check=True)
        with pika.BlockingConnection(pika.URLParameters(started.stdout.strip())) as connection:
            assert connection.is_open
    finally:
        subprocess.run([*command, "stop", folder], check=True)
    assert marked(str(folder)) == []
    assert subprocess.run([*command, "url", folder], capture_output=True).returncode == 1


def test_each_test_gets_a_virtual_host_of_its_own(rabbit: Rabbit, vhost_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(vhost_url)) as connection:
        connection.channel().queue_declare("adapter.declarations", durable=True)
    elsewhere = pika.URLParameters(rabbit.url)
    with pika.BlockingConnection(elsewhere) as connection, pytest.raises(pika.exceptions.ChannelClosedByBroker):
        connection.channel().queue_declare("adapter.declarations", passive=True)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_database(empty_database_url: str, turn: str) -> None:
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (turn text)"))
    engine.dispose()


def test_a_store_is_put_back_as_it_was_for_the_next_test(database_url: str) -> None:
    """Its rows and what numbers were drawn; that a test has changed its tables is put back too, or is told."""
    database = Database(database_url)

    def drawn(name: str) -> int:
        with database.transaction() as connection:
            connection.execute(insert(tables.counter).values(name=name, value=1))
            return database.new_id(connection)

    def kept() -> set[str]:
        with database.reading() as connection:
            return set(connection.execute(select(tables.counter.c.name)).scalars()) - {"ids"}

    drawn("before")
    database._ids = []
    original = Original(database)
    first = drawn("after")
    original.put_back()
    assert (kept(), drawn("again")) == ({"before"}, first)
    with database.transaction() as connection:
        connection.execute(text("ALTER TABLE counter ADD COLUMN later text"))
    if database.is_embedded:
        original.put_back()
        assert "later" not in {each["name"] for each in inspect(database.engine).get_columns("counter")}
        assert kept() == {"before"}
    else:
        with pytest.raises(AssertionError, match="whoever changes tables"):
            original.put_back()
    database.close()


def test_a_database_that_was_lent_is_as_new_for_the_next_who_asks(request: pytest.FixtureRequest) -> None:
    """One whose tables were changed is not lent again."""
    stores: PostgresStores = request.getfixturevalue("_postgresql_stores")

    def rows(url: str, *statements: str) -> list[object]:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            for each in statements:
                connection.execute(each)
            return connection.execute("SELECT name, value FROM counter ORDER BY name").fetchall()

    with stores.lent() as first:
        new = rows(first)
        left_open = psycopg.connect(first.replace("+psycopg", ""))
        assert rows(first, "INSERT INTO counter VALUES ('left', 1)", "UPDATE counter SET value = 9") != new
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    with stores.lent() as second, stores.lent() as beside:
        assert (second, rows(second), rows(beside)) == (first, new, new)
        assert beside != second
        rows(second, "ALTER TABLE counter ADD COLUMN later text")
    with stores.lent() as third, stores.lent() as fourth:
        assert first not in (third, fourth)
        assert (rows(third), rows(fourth)) == (new, new)


def test_what_postgresql_committed_survives_its_kill(cluster: Postgres) -> None:
    address = cluster.create_database("kept").replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.execute("CREATE TABLE dossier AS SELECT 1 AS number")
    before = cluster.processes()
    cluster.kill()
    assert not any(map(alive, before))
    cluster.start()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT number FROM dossier").fetchall() == [(1,)]


def test_a_stopped_cluster_leaves_no_process_and_no_port(cluster: Postgres) -> None:
    before = cluster.processes()
    port = psycopg.conninfo.conninfo_to_dict(cluster.url.replace("+psycopg", ""))["port"]
    assert listening(int(str(port)))
    cluster.stop()
    assert cluster.processes() == []
    assert not any(map(alive, before))
    assert not listening(int(str(port)))


@pytest.mark.parametrize("which", ["cluster", "postgres"])
def test_postgresql_asks_for_its_password(request: pytest.FixtureRequest, which: str) -> None:
    """One that is durable, and the session's own that is hurried."""
    server: Postgres = request.getfixturevalue(which)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace("+psycopg", ""), password="another")


def test_only_marked_processes_count_as_ours(tmp_path: Path) -> None:
    mine = subprocess.Popen(["sleep", "60"], env=os.environ | {MARK: str(tmp_path)})
    other = subprocess.Popen(["sleep", "60"], env=os.environ | {MARK: f"{tmp_path}-other"})
    try:
        assert marked(str(tmp_path)) == [mine.pid]
    finally:
        for each in (mine, other):
            each.kill()
            each.wait()


def test_setting_up_packages_restores_the_start_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr("tests.servers.install.REFUSAL", policy)
    with services_stay_down():
        assert subprocess.run([policy, "rabbitmq-server", "start"]).returncode == 101
    assert not policy.exists()
    policy.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(RuntimeError), services_stay_down():
        raise RuntimeError
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
