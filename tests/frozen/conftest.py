"""Every frozen store on either database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from adapter.cli import inspection, rehearsing
from adapter.gateways.store.database import Database
from adapter.gateways.store.upgrade import upgrade
from tests.frozen.keeping import DATABASES, every
from tests.frozen.recording import Told, tell_and_record
from tests.frozen.seed import fill
from tests.frozen.standing import Standing, restored
from tests.harness.plans import swell
from tests.harness.seed.store import Seed
from tests.harness.seed.template import ONCE
from tests.harness.shares import FULL
from tests.harness.stores import PostgresStores
from tests.servers.postgresql import Postgres


@pytest.fixture(autouse=True)
def _no_schema_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands compile every schema for each store, which no store changes; in a long proof they do."""
    for each in () if FULL else (inspection, rehearsing):
        monkeypatch.setattr(each, "check", lambda *_: [])


STORES = [(frozen, database) for frozen in every() for database in DATABASES]
NAMES = [f"{frozen.version}-{database}" for frozen, database in STORES]


def _restored(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[Standing]:
    frozen, database = request.param
    cluster = request.getfixturevalue("postgres") if database == "postgresql" else None
    made = restored(frozen, database, factory.mktemp("frozen"), cluster)
    yield made
    made.components.database.close()


@pytest.fixture(params=STORES, ids=NAMES)
def untouched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """As it was kept, not migrated; each test has its own."""
    yield from _restored(request, tmp_path_factory)


@pytest.fixture(scope="module", params=STORES, ids=NAMES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Migrated by this version; the tests of a module share it."""
    for made in _restored(request, tmp_path_factory):
        upgrade(made.components.database)
        yield made


DOSSIERS, TIMES = (1_000_000, 1) if FULL else (1_700, 30)
"""Written, and for how many each of them stands where a planner is asked."""
RAW = 0.02


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, new_store: Callable[[str], str]) -> Iterator[Told]:
    """Told once, for who asks what it asked, and for many copies of what it leaves."""
    made = tell_and_record(tmp_path_factory.mktemp("story"), new_store("story"))
    yield made
    made.made.components.database.close()


@pytest.fixture(scope="session")
def seed(story: Told) -> Seed:
    """Many copies of what the story leaves; not written yet."""
    return Seed(story.rows, count=DOSSIERS, raw=RAW)


@pytest.fixture(scope="session")
def seeded(seed: Seed, postgres: Postgres) -> Iterator[Database]:
    """A store of many dossiers, which no test may change; NSW_SEEDED_URL names one that `make seed` made of as many.

    In `make test` it is a small one, whose planner believes that it is large.
    """
    given = os.environ.get("NSW_SEEDED_URL")
    database = Database(given or postgres.create_database("seeded"))
    if given:
        upgrade(database)
    else:
        fill(database, seed)
    swell(database, TIMES, once=ONCE - {"journal_seal"})
    yield database
    database.close()


@pytest.fixture(scope="session")
def new_store(_postgresql_stores: PostgresStores) -> Callable[[str], str]:
    """Makes an empty store with its tables on PostgreSQL; gives its URL."""
    return _postgresql_stores.create
