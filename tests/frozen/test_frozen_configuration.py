"""The configuration of a released version starts this one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapter.bootstrap import assemble
from adapter.entrypoints.daemon import warn
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

    opened = assemble(kept.config, observe=observe)
    warn(opened)
    old_names = opened.settings.old_names
    assert told == [{"option": old, "now": RENAMED[old]} for old in old_names]
    assert set(old_names) <= set(RENAMED)


def test_a_key_of_an_old_configuration_that_is_renamed_is_told_once(
    kept: Frozen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made up for the proof, beside those that are: a key and a whole part had other names in its day."""
    made_up = {"workers.attempts_before": "workers.attempts", "journal_before": "log"}
    renamed = {**RENAMED, **made_up}
    monkeypatch.setattr("adapter.settings.old_names.RENAMED", renamed)
    monkeypatch.setattr("adapter.entrypoints.daemon.RENAMED", renamed)
    stated = yaml.safe_load(kept.config.read_text(encoding="utf-8"))
    stated["workers"]["attempts_before"] = stated["workers"].pop("attempts") + 1
    stated["journal_before"] = stated.pop("log")
    copy = tmp_path / "config.yaml"
    copy.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
    told: list[dict[str, Any]] = []

    def observe(event: Event, /, **fields: Any) -> None:
        assert event is Event.OLD_NAME
        told.append(fields)

    opened = assemble(copy, observe=observe)
    warn(opened)
    assert told == [{"option": old, "now": renamed[old]} for old in opened.settings.old_names]
    assert set(made_up) <= set(opened.settings.old_names)
    assert len(told) == len({each["option"] for each in told})
    assert opened.settings.workers.attempts == load_settings(kept.config).workers.attempts + 1
    assert opened.settings.log == load_settings(kept.config).log


def test_what_an_old_configuration_leaves_out_has_a_value(kept: Frozen, tmp_path: Path) -> None:
    """Nothing is asked for that was not known then: the file alone is enough, wherever it lies."""
    copy = tmp_path / "config.yaml"
    copy.write_bytes(kept.config.read_bytes())
    assert load_settings(copy).folders.schemas.is_dir()
