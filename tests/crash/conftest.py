"""The scene of a test, on a fresh database and a fresh virtual host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.scene import Scene, opened


@pytest.fixture
def scene(tmp_path: Path, vhost_url: str, postgresql_url: str) -> Iterator[Scene]:
    """On PostgreSQL."""
    with opened(Scene(tmp_path, vhost_url, postgresql_url)) as prepared:
        yield prepared


@pytest.fixture
def embedded_scene(tmp_path: Path, vhost_url: str, sqlite_url: str) -> Iterator[Scene]:
    """On SQLite."""
    with opened(Scene(tmp_path, vhost_url, sqlite_url)) as prepared:
        yield prepared
