"""A house on each kind of database, for what needs no broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scene import Scene
from tests.harness.stores import ensure_tables
from tests.servers.identity import IdentityProvider, identity_provider


@pytest.fixture(scope="module")
def provider(server_folder: Path, node_packages: Path, request: pytest.FixtureRequest) -> Iterator[IdentityProvider]:
    """A provider of electronic identity accounts on loopback."""
    with identity_provider(server_folder / f"identity-{request.module.__name__}") as made:
        yield made


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    """On a fresh database; nobody listens where its broker would be."""
    made = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", database_url)
    ensure_tables(made.house.database)
    yield made
    made.close()
