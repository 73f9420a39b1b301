"""An installation on each kind of database, for what needs no broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapter.bootstrap import Components
from adapter.services.watch.mode import Sight
from tests.harness.registers import gate
from tests.harness.scene import Scene
from tests.harness.stores import Original, ensure_tables
from tests.harness.website import Website, configure, website
from tests.servers.identity import IdentityProvider


@pytest.fixture(scope="module")
def _gate(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[tuple[Components, Original]]:
    with gate(tmp_path_factory.mktemp("gate"), standing_url) as made:
        yield made, Original(made.database)


@pytest.fixture
def whole(_gate: tuple[Components, Original]) -> Components:
    """A gate's adapter on either database, which no message has reached yet. Modules have others."""
    made, original = _gate
    original.put_back()
    return made


@pytest.fixture(scope="module")
def _portal(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("portal")
    config = configure(folder, f"sqlite:///{folder / 'adapter.db'}", provider.settings())
    with website(config, urlsplit(provider.site).port or 0) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def site(_portal: Website) -> Website:
    """On SQLite; people can log in, and the window is down by the operator's word. Modules have others."""
    return _portal.as_it_was()


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    """On a fresh database; nobody listens where its broker would be."""
    made = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", database_url)
    ensure_tables(made.components.database)
    yield made
    made.close()
