"""The migrations are one chain: two that were written side by side would leave an installation without a way up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from adapter.gateways.store import upgrade

FOLDER = Path(upgrade.__file__).parent / "migrations"


def test_each_migration_follows_the_one_before_and_bears_its_number() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    found = sorted(ScriptDirectory.from_config(config).walk_revisions(), key=lambda each: each.revision)
    assert found
    numbers = [each.revision for each in found]
    assert numbers == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert [each.down_revision for each in found] == [None, *(earlier for earlier, _ in pairwise(numbers))]
    assert all(Path(each.path).name.startswith(f"{each.revision}_") for each in found)
