"""The first steps of the documents can be followed: what stands in their marked blocks is run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.called import as_file
from tests.harness.pki import ROOT, shared_pki
from tests.harness.shares import FULL

BLOCKS = {
    str(file.relative_to(ROOT)): block
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for block in re.findall(r"<!-- run -->\n```\w*\n(.*?)^```", file.read_text(encoding="utf-8"), re.M | re.S)
}


def _checkout(folder: Path) -> Path:
    """A folder that looks like a working copy to whoever follows the README: the data is linked, `var/` is its own."""
    for name in ("schemas", "mappings", "queues", "prints", "fixtures", "docs"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "config.yaml", folder / "config.yaml")  # a link would lead back to the real var/
    shutil.copytree(shared_pki().folder, folder / "var" / "pki")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    return folder


@contextmanager
def _callable(program: Path) -> Iterator[None]:
    """In a long proof they start from nothing, as a reader starts them; in `make test` they are forked."""
    if not FULL:
        with as_file(program):
            yield
        return
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m adapter.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    yield


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_first_steps_can_be_followed(name: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NSW_")}
    environment["PYTHONPATH"] = str(ROOT)
    command = ["/bin/sh", "-e", "-c", BLOCKS[name]]
    folder = _checkout(tmp_path)
    with _callable(folder / ".venv" / "bin" / "nsw-adapter"):
        ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"outcome": "accepted"' in ran.stdout


def test_there_are_blocks_to_run() -> None:
    assert {"README.md", "docs/examples/new-procedure/README.md"} <= BLOCKS.keys()
