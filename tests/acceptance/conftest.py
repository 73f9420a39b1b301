"""The program as an operator has it: its wheel, built and installed far from its source."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.harness.daemon import Program
from tests.harness.pki import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The wheel, built from a copy of the tree, installed into a folder of its own and called from an empty one."""
    work = tmp_path_factory.mktemp("wheel")
    kept = shutil.ignore_patterns(".venv", "var", ".git", "*.egg-info", "build", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, work / "tree", ignore=kept, symlinks=True)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", work / "dist", work / "tree")
    (built,) = (work / "dist").glob("*.whl")
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", work / "site", built)
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    return Program(folder=elsewhere, site=work / "site")


def _run(*command: object) -> None:
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
