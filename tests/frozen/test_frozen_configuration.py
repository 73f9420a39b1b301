"""The configuration of a released version starts this one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import house
from adapter.entrypoints.supervisor import warn
from adapter.model.events import Event
from adapter.settings import RENAMED, load_settings
from tests.frozen.keeping import Frozen, every


@pytest.fixture(params=every(), ids=lambda frozen: frozen.version)
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Frozen:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)
    frozen: Frozen = request.param
    return frozen


def test_an_old_configuration_starts_with_one_warning_for_each_renamed_key(kept: Frozen) -> None:
    told: list[dict[str, Any]] = []

    def observe(event: Event, /, **fields: Any) -> None:
        assert event is Event.OLD_NAME
        told.append(fields)

    opened = house(kept.config, observe=observe)
    warn(opened)
    old_names = opened.settings.old_names
    assert told == [{"option": old, "now": RENAMED[old]} for old in old_names]
    assert set(old_names) <= set(RENAMED)


def test_what_an_old_configuration_leaves_out_has_a_value(kept: Frozen, tmp_path: Path) -> None:
    """Nothing is asked for that was not known then: the file alone is enough, wherever it lies."""
    copy = tmp_path / "config.yaml"
    copy.write_bytes(kept.config.read_bytes())
    assert load_settings(copy).folders.schemas.is_dir()
