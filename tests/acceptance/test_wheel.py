"""The installed wheel works from anywhere: its data travels with it, and an operator's file stands where he likes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.fixtures import load_cases, signed
from tests.harness.pki import ROOT, shared_pki


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tree and installed into a folder of its own."""
    work = tmp_path_factory.mktemp("wheel")
    kept = shutil.ignore_patterns(".venv", "var", ".git", "*.egg-info", "build", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, work / "tree", ignore=kept, symlinks=True)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", work / "dist", work / "tree")
    (wheel,) = (work / "dist").glob("*.whl")
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", work / "site", wheel)
    return work / "site"


def _run(*command: object, cwd: Path | None = None, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NSW_")}
    if site is not None:
        environment["PYTHONPATH"] = str(site)
    ran = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran


def _operators_file(folder: Path) -> Path:
    """config.yaml as an operator would have it: alone in a folder, keys and anchors beside it."""
    file = folder / "config.yaml"
    shutil.copy(ROOT / "config.yaml", file)
    (folder / "var").mkdir()
    (folder / "var" / "pki").symlink_to(shared_pki().folder)
    return file


def test_the_wheel_judges_a_message_far_from_its_source(installed: Path, tmp_path: Path) -> None:
    case = next(case for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")
    message = tmp_path / "message.xml"
    message.write_bytes(signed(case, shared_pki()))
    config = _operators_file(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = ("-m", "adapter.cli", "judge", message, "--json", "--at", case.clock.isoformat(), "--config", config)
    ran = _run(sys.executable, *command, cwd=elsewhere, site=installed)
    stated = json.loads(ran.stdout)
    assert (stated["outcome"], stated["stage"]) == ("accepted", None)
    assert list(elsewhere.iterdir()) == []


def test_the_wheel_brings_every_data_file(installed: Path) -> None:
    for name in ("schemas", "mappings", "queues"):
        wanted = {str(file.relative_to(ROOT)) for file in (ROOT / name).rglob("*") if file.is_file()}
        brought = {
            str(file.relative_to(installed / "adapter" / "data"))
            for file in (installed / "adapter" / "data" / name).rglob("*")
            if file.is_file()
        }
        assert wanted == brought
        assert wanted, name
