"""What becomes of pooled connections when the database changes under them: fail-over, freeze, lost state, poolers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapter.gateways.addresses import several_hosts
from adapter.gateways.store.database import Database, DatabaseUnavailable
from adapter.gateways.store.pooling import refuse_transaction_pooling
from adapter.model.errors import Misconfigured
from tests.conftest import demand
from tests.servers.pooler import Pooler
from tests.servers.postgresql import Postgres
from tests.servers.process import free_ports, wait_until

PATIENCE_S = 60.0


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    made = Database(postgresql_url, pool=1, answer_s=20.0)
    yield made
    made.close()


def backend(database: Database) -> int:
    with database.transaction() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def fail(database: Database, state: str) -> None:
    """Have the server raise an error of that SQLSTATE."""
    with database.transaction() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{state}'; END $$")


# -- a connection does not outlive what broke it ------------------------------------------------------------------

_LOST = [
    *("08000", "08003", "08006", "08P01", "57P01", "57P02", "57P03", "57P05", "53300", "58030", "XX001"),
    *("25000", "25001", "25006", "25P01", "25P02", "26000", "42P05", "34000", "24000", "3B001", "2D000", "0B000"),
]
_OWN = ["40001", "40P01", "55P03", "57014"]


@pytest.mark.parametrize("state", _LOST)
def test_after_a_protocol_or_state_error_time_must_pass_and_the_connection_is_not_used_again(
    database: Database, state: str
) -> None:
    before = backend(database)
    with pytest.raises(DatabaseUnavailable):
        fail(database, state)
    assert backend(database) != before


@pytest.mark.parametrize("state", _OWN)
def test_a_transaction_that_loses_against_another_keeps_its_connection(database: Database, state: str) -> None:
    before = backend(database)
    with pytest.raises(DatabaseUnavailable):
        fail(database, state)
    assert backend(database) == before


def test_a_prepared_statement_whose_table_was_migrated_is_no_defect_of_the_message(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE migrated (a int)"))

    def read() -> None:
        with database.transaction() as connection:
            connection.execute(text("SELECT * FROM migrated")).all()

    for _ in range(10):  # after five the driver prepares it
        read()
    other = Database(str(database.engine.url.render_as_string(hide_password=False)))
    with other.transaction() as connection:
        connection.execute(text("ALTER TABLE migrated ALTER a TYPE bigint"))
    other.close()
    with pytest.raises(DatabaseUnavailable):
        read()
    read()


def test_a_connection_that_only_reads_after_a_fail_over_is_replaced(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE written (a int)"))
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))

    def write() -> None:
        with database.transaction() as connection:
            connection.execute(text("INSERT INTO written VALUES (1)"))

    with pytest.raises(DatabaseUnavailable):
        write()
    write()


def test_a_session_that_the_server_ended_is_replaced_at_the_next_use(database: Database) -> None:
    mine = backend(database)
    other = Database(str(database.engine.url.render_as_string(hide_password=False)))
    with other.transaction() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    other.close()
    with pytest.raises(DatabaseUnavailable):
        backend(database)
    assert backend(database) != mine


# -- frozen ------------------------------------------------------------------


@pytest.fixture
def cluster(database_folder: Path) -> Iterator[Postgres]:
    demand("postgresql")
    made = Postgres(database_folder / "primary", fsync=False)
    try:
        made.start()
        yield made
    finally:
        made.thaw()
        made.remove()


def test_a_frozen_server_is_given_up_and_used_again_when_it_goes_on(cluster: Postgres) -> None:
    database = Database(cluster.url, pool=1, answer_s=1.0)
    backend(database)
    cluster.freeze()
    with pytest.raises(DatabaseUnavailable, match="NoAnswer"):
        backend(database)
    with pytest.raises(DatabaseUnavailable):  # a new connection is not let in
        backend(database)
    cluster.thaw()
    assert wait_until(database.reachable, seconds=PATIENCE_S)
    database.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool=1, answer_s=0.5)
    before = backend(database)
    with pytest.raises(DatabaseUnavailable, match="QueryCanceled"), database.transaction() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert backend(database) == before
    database.close()


# -- several hosts ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "hosts", "ports"),
    [
        ("postgresql+psycopg://u:p@one:6432,two/db", "one,two", "6432,5432"),
        ("postgresql+psycopg://u@[::1]:1,two:2/db?sslmode=verify-full", "::1,two", "1,2"),
    ],
)
def test_several_hosts_are_written_as_libpq_does(stated: str, hosts: str, ports: str) -> None:
    url = several_hosts(stated)
    assert (url.query["host"], url.query["port"], url.database, url.username) == (hosts, ports, "db", "u")


def test_hosts_that_cannot_be_read_are_told_without_the_password() -> None:
    with pytest.raises(Misconfigured) as raised:
        Database("postgresql+psycopg://u:secret@one:x,two/db")
    assert "secret" not in str(raised.value)


def test_after_a_fail_over_the_host_that_writes_is_found(cluster: Postgres, database_folder: Path) -> None:
    standby = Postgres(database_folder / "standby", fsync=False)
    try:
        standby.follow(cluster)
        (dead,) = free_ports(1)
        first, second = cluster._secret["port"], standby._secret["port"]
        password = cluster._secret["password"]
        hosts = f"127.0.0.1:{dead},127.0.0.1:{second},127.0.0.1:{first}"
        database = Database(f"postgresql+psycopg://nsw:{password}@{hosts}/postgres", pool=2, answer_s=5.0)
        with database.transaction() as connection:
            connection.execute(text("CREATE TABLE kept (a int)"))
        copy = Database(standby.url, pool=1)

        def followed() -> bool:
            with copy.reading() as connection:
                return connection.execute(text("SELECT to_regclass('kept')")).scalar_one() is not None

        assert wait_until(followed, seconds=PATIENCE_S)
        copy.close()
        cluster.kill()
        with pytest.raises(DatabaseUnavailable):
            backend(database)
        with pytest.raises(DatabaseUnavailable):  # the standby is there, and does not take writes
            backend(database)
        standby.promote()

        def written() -> bool:
            try:
                with database.transaction() as connection:
                    connection.execute(text("INSERT INTO kept VALUES (1)"))
            except DatabaseUnavailable:
                return False
            return True

        assert wait_until(written, seconds=PATIENCE_S)
        database.close()
    finally:
        standby.remove()


# -- poolers ------------------------------------------------------------------


@pytest.fixture
def pooled(request: pytest.FixtureRequest, postgresql_url: str, database_folder: Path) -> Iterator[str]:
    demand("pgbouncer")
    made = Pooler(database_folder / "pooler", server_url=postgresql_url, mode=request.param)
    try:
        made.start()
        yield made.url
    finally:
        made.stop()


@pytest.mark.parametrize("pooled", ["transaction"], indirect=True)
def test_a_pooler_in_transaction_mode_is_refused_in_one_line(pooled: str) -> None:
    database = Database(pooled)
    with pytest.raises(Misconfigured) as raised:
        refuse_transaction_pooling(database)
    assert len(str(raised.value).splitlines()) == 1
    assert "session mode" in str(raised.value)
    database.close()


@pytest.mark.parametrize("pooled", ["session"], indirect=True)
def test_a_pooler_in_session_mode_works(pooled: str) -> None:
    database = Database(pooled, answer_s=20.0)
    refuse_transaction_pooling(database)
    for _ in range(10):
        backend(database)
    with database.alone("clock") as mine:
        assert mine
        other = Database(pooled)
        with other.alone("clock") as theirs:
            assert not theirs
        other.close()
    database.close()


def test_no_pooler_and_an_embedded_database_are_not_refused(postgresql_url: str, sqlite_url: str) -> None:
    """A refusal would be raised."""
    for url in (postgresql_url, sqlite_url):
        database = Database(url)
        refuse_transaction_pooling(database)
        database.close()
