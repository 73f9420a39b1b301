"""A frozen store brought back: on a database of its own, under the configuration of its day and the keys of today."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from adapter.bootstrap import Components, assemble
from tests.frozen.keeping import Frozen
from tests.frozen.post import configured
from tests.harness.pki import SHARED_FOLDER, shared_pki
from tests.servers.postgresql import Postgres

_NUMBERS = count()
_WORLDS = ("public", "government", "timestamping")


@dataclass(frozen=True, slots=True)
class Standing:
    """The store, restored and not migrated yet."""

    frozen: Frozen
    database: str
    """sqlite | postgresql"""
    config: Path
    components: Components

    @property
    def old_replies(self) -> dict[str, str]:
        return self.frozen.digests(self.database)


def restored(frozen: Frozen, database: str, folder: Path, postgres: Postgres | None) -> Standing:
    """Bring a store back below a folder. `postgres`: the cluster, where that is the database."""
    if postgres is None:
        file = folder / "adapter.db"
        frozen.to_sqlite(file)
        url = f"sqlite:///{file}"
    else:
        url = postgres.create_database(f"frozen_{next(_NUMBERS)}")
        frozen.to_postgresql(url)
    return standing(frozen, database, folder, url)


def standing(frozen: Frozen, database: str, folder: Path, url: str) -> Standing:
    """The configuration of that day: its keys have been rolled over to today's, its certificates are still trusted."""
    shared_pki()
    text = frozen.config.read_text(encoding="utf-8")
    config = configured(text, folder, database_url=url, pki=SHARED_FOLDER)
    stated: dict[str, Any] = yaml.safe_load(config.read_text(encoding="utf-8"))
    for name, partner in stated["trust"]["partners"].items():
        partner["certificates"].insert(0, str(frozen.pki / f"{name}.cert.pem"))
    for kind in ("anchors", "intermediates", "crls"):
        for world in _WORLDS:
            _both(frozen.pki / kind / world, SHARED_FOLDER / kind / world, folder / kind / world)
    text = yaml.safe_dump(stated, allow_unicode=True)
    for kind in ("anchors", "intermediates", "crls"):
        text = text.replace(str(SHARED_FOLDER / kind), str(folder / kind))
    config.write_text(text, encoding="utf-8")
    return Standing(frozen, database, config, assemble(config))


def _both(old: Path, new: Path, folder: Path) -> None:
    """The certificates or lists of both days in one folder, as after a roll-over."""
    folder.mkdir(parents=True)
    for age, place in (("old", old), ("new", new)):
        for file in place.glob("*") if place.is_dir() else ():
            shutil.copy(file, folder / f"{age}-{file.name}")
