"""Every frozen store on either database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter.gateways.upgrade import upgrade
from tests.frozen.keeping import DATABASES, every
from tests.frozen.standing import Standing, restored

STORES = [(frozen, database) for frozen in every() for database in DATABASES]
NAMES = [f"{frozen.version}-{database}" for frozen, database in STORES]


def _restored(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Iterator[Standing]:
    frozen, database = request.param
    cluster = request.getfixturevalue("postgres") if database == "postgresql" else None
    made = restored(frozen, database, factory.mktemp("frozen"), cluster)
    yield made
    made.house.database.close()


@pytest.fixture(params=STORES, ids=NAMES)
def untouched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """As it was kept, not migrated; each test has its own."""
    yield from _restored(request, tmp_path_factory)


@pytest.fixture(scope="module", params=STORES, ids=NAMES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Migrated by this version; the tests of a module share it."""
    for made in _restored(request, tmp_path_factory):
        upgrade(made.house.database)
        yield made
