"""A config.yaml of an installation's own: the repository's, with the test PKI, its own database and broker.

The one place where tests write a configuration. Paths in it are absolute, so it may lie in any folder.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from adapter.simulator.pki import Pki
from tests.harness.pki import ROOT, shared_pki

NO_BROKER = "amqp://nobody@127.0.0.1:1/"
"""Nobody listens there: for what needs no broker."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write(
    folder: Path,
    changes: Mapping[str, Any] | None = None,
    *,
    pki: Pki | None = None,
    database_url: str | None = None,
) -> Path:
    """Write the file into the folder, with `changes` by the key's path ("web.portal.port": value); gives the file.

    Without a URL the database is a SQLite file in the folder, and without "broker.url" there is no broker.
    """
    document = stated(pki or shared_pki())
    own = {
        "folders.state": str(folder),
        "database.url": database_url or f"sqlite:///{folder / 'adapter.db'}",
        "broker.url": NO_BROKER,
        "web.portal.port": 0,  # any that is free: many installations live on one machine here
        "web.staff.port": 0,
        "web.health_port": 0,
    }
    _change(document, own | dict(changes or {}))
    folder.mkdir(parents=True, exist_ok=True)
    return _save(document, folder / "config.yaml")


def edit(config: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change a file that was written before, as an operator does in his editor."""
    document = yaml.load(config.read_bytes(), _LOADER)
    change(document)
    return _save(document, config)


def stated(pki: Pki) -> dict[str, Any]:
    """The repository's configuration as it is read from anywhere, with a test PKI's keys and anchors."""
    document: dict[str, Any] = pickle.loads(_read(pki.folder))
    return document


@cache
def _read(pki: Path) -> bytes:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8").replace("var/pki", str(pki))
    document: dict[str, Any] = yaml.load(text, _LOADER)
    for name in ("schemas", "mappings", "queues"):
        document["folders"][name] = str(ROOT / name)
    return pickle.dumps(document)


def _change(document: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Set each key by its path."""
    for path, value in changes.items():
        part = document
        *parents, key = path.split(".")
        for name in parents:
            part = part.setdefault(name, {})
        part[key] = value


def _save(document: Mapping[str, Any], file: Path) -> Path:
    """Write it so that only its owner reads it, as an operator keeps a file with a password."""
    file.touch(mode=0o600)
    # In one step: a process that was started a moment ago may be reading it.
    draft = file.with_suffix(".draft")
    draft.touch()
    draft.chmod(file.stat().st_mode & 0o777)
    draft.write_text(yaml.dump(document, Dumper=_DUMPER, allow_unicode=True, sort_keys=False), encoding="utf-8")
    draft.replace(file)
    return file
