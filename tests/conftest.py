"""Fixtures that hand real servers to the tests: started on first use, one per session, gone at its end.

A missing server fails the tests that need it; only ALLOW_SKIPS=1 makes them skip. NSW_AMQP_URL names a broker to use
instead of a private one. No test may use a server that is not handed to it here.
"""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from tests.harness import compiled
from tests.harness.pki import shared_tls
from tests.harness.stores import PostgresStores, sqlite_store
from tests.servers import identity
from tests.servers.identity import IdentityProvider, identity_provider
from tests.servers.install import missing
from tests.servers.postgresql import Postgres
from tests.servers.rabbitmq import Rabbit, Tls


def pytest_configure() -> None:
    """Look for rings of dead objects less often: thousands of tests, trees and schemas stay, and to go through them
    again and again took a seventh of the time."""
    gc.set_threshold(20_000, 10, 10)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_sessionfinish() -> None:
    """pytest looks five times at its end for what was never closed, and so does the interpreter: two seconds of CPU."""
    gc.freeze()


def pytest_sessionstart() -> None:
    """Turn SIGTERM (a cancelled build) into an orderly end: otherwise the servers would outlive the session."""
    owner = os.getpid()

    def end(signum: int, _: FrameType | None) -> None:
        if os.getpid() != owner:  # a forked child that has not set a handler of its own
            os._exit(128 + signum)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with compiled.once():
        yield


def demand(package: str) -> None:
    """Fail, or with ALLOW_SKIPS=1 skip, the test whose server is not installed."""
    if missing([package]):
        unavailable(f"{package} is not installed (make test installs it as root)")


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("ALLOW_SKIPS") == "1":
        pytest.skip(reason)
    pytest.fail(f"{reason}; ALLOW_SKIPS=1 would skip", pytrace=False)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach too; pytest's are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="nsw-servers-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(database_folder: Path) -> Iterator[Postgres]:
    """A durable cluster of the test's own, which it may freeze or end."""
    demand("postgresql")
    made = Postgres(database_folder / "cluster")
    try:
        made.start()
        yield made
    finally:
        made.thaw()
        made.remove()


@pytest.fixture(scope="session")
def rabbit(server_folder: Path) -> Iterator[Rabbit]:
    """The session's own RabbitMQ node, with a TLS listener; a test may restart it, or kill it if it starts it again."""
    demand("rabbitmq-server")
    files = shared_tls()
    node = Rabbit(server_folder / "rabbitmq", tls=Tls(ca=files.ca, cert=files.server, key=files.server_key))
    try:
        node.start()
        yield node
    finally:
        node.remove()


@pytest.fixture(scope="session")
def amqp_url(request: pytest.FixtureRequest) -> str:
    """The broker's default virtual host, shared by the session: for tests that only need an answer."""
    given = os.environ.get("NSW_AMQP_URL")
    if given:
        return given
    node: Rabbit = request.getfixturevalue("rabbit")
    return node.url


@pytest.fixture(scope="session")
def _vhosts(rabbit: Rabbit) -> Iterator[str]:
    def supply() -> Iterator[str]:
        for number in count():
            rabbit.add_vhosts([f"test-{number}"])
            yield f"test-{number}"

    return supply()


@pytest.fixture
def vhost(rabbit: Rabbit, _vhosts: Iterator[str]) -> str:
    """The name of a virtual host that no other test has seen, on a node that runs."""
    if not rabbit.processes():
        rabbit.start()
    return next(_vhosts)


@pytest.fixture
def vhost_url(rabbit: Rabbit, vhost: str) -> str:
    """The URL of a fresh virtual host on the session's private node (the topology's names are fixed)."""
    return rabbit.vhost_url(vhost)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """The session's own PostgreSQL cluster, hurried (no fsync): who proves durability makes another."""
    demand("postgresql")
    cluster = Postgres(server_folder / "postgresql", fsync=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def _database_names() -> Iterator[str]:
    return (f"test_{number}" for number in count())


@pytest.fixture(scope="session")
def _postgresql_stores(postgres: Postgres) -> Iterator[PostgresStores]:
    made = PostgresStores(postgres)
    yield made
    made.close()


@pytest.fixture
def postgresql_url(_postgresql_stores: PostgresStores) -> Iterator[str]:
    """A PostgreSQL database with its tables, as if nobody had had it."""
    with _postgresql_stores.lent() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file with its tables (not in memory: several connections must see it)."""
    return sqlite_store(tmp_path / "adapter.sqlite3")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with its tables, of each kind that the adapter supports."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def standing_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with its tables, of each kind, for a whole module: each test has it put back as it was first."""
    yield from _standing(request.param, request, tmp_path_factory)


@pytest.fixture(scope="module")
def other_standing_url(
    standing_url: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Another one of the same kind, for a module with two of them."""
    kind = "sqlite" if standing_url.startswith("sqlite") else "postgresql"
    yield from _standing(kind, request, tmp_path_factory)


def _standing(kind: str, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[str]:
    if kind == "sqlite":
        yield sqlite_store(factory.mktemp("standing-store") / "adapter.sqlite3")
        return
    stores: PostgresStores = request.getfixturevalue("_postgresql_stores")
    with stores.lent() as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgres: Postgres, _database_names: Iterator[str]) -> Iterator[str]:
    name = next(_database_names)
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database without tables, of each kind that the adapter supports: for what makes them."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def database_folder() -> Iterator[Path]:
    """A folder in which a test can make a PostgreSQL cluster of its own."""
    folder = Path(tempfile.mkdtemp(prefix="nsw-cluster-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """Where the packages of tests/servers/node are installed."""
    demand("nodejs")
    demand("npm")
    return identity.install()


@pytest.fixture(scope="session")
def provider(server_folder: Path, node_packages: Path) -> Iterator[IdentityProvider]:
    """A provider of electronic identity accounts on loopback; no test stops it."""
    with identity_provider(server_folder / "identity") as made:
        yield made


@pytest.fixture(scope="session")
def other_provider(server_folder: Path, node_packages: Path) -> Iterator[IdentityProvider]:
    """Another one, for a site that stands for a whole module: each provider knows one portal, at one port."""
    with identity_provider(server_folder / "other-identity") as made:
        yield made
