"""The installed wheel works from anywhere: its data travels with it, and an operator's file stands where he likes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.harness.daemon import Program
from tests.harness.fixtures import load_cases, signed
from tests.harness.pki import ROOT, shared_pki


def _operators_file(folder: Path) -> Path:
    """config.yaml as an operator would have it: alone in a folder, keys and anchors beside it."""
    file = folder / "config.yaml"
    shutil.copy(ROOT / "config.yaml", file)
    (folder / "var").mkdir()
    (folder / "var" / "pki").symlink_to(shared_pki().folder)
    return file


def test_the_wheel_judges_a_message_far_from_its_source(wheel: Program, tmp_path: Path) -> None:
    case = next(case for case in load_cases() if case.id == "BQP0100001/accepted-tour-group-entering")
    message = tmp_path / "message.xml"
    message.write_bytes(signed(case, shared_pki()))
    config = _operators_file(tmp_path)
    ran = wheel.run("judge", message, "--json", "--at", case.clock.isoformat(), "--config", config)
    stated = json.loads(ran.stdout)
    assert (stated["outcome"], stated["stage"]) == ("accepted", None)
    assert list(wheel.folder.iterdir()) == []


def test_nothing_of_the_checkout_is_in_the_installed_program(wheel: Program) -> None:
    """Or every proof on the wheel would prove the checkout."""
    loaded = "import adapter.cli, sys; print(*{m.__file__ for n, m in sys.modules.items() if n.startswith('adapter')})"
    command = [sys.executable, "-c", loaded]
    told = subprocess.check_output(command, cwd=wheel.folder, env=wheel.environment, text=True)
    assert {Path(file).is_relative_to(wheel.data.parent) for file in told.split()} == {True}


def test_the_wheel_brings_every_data_file(wheel: Program) -> None:
    for name in ("schemas", "mappings", "queues", "prints"):
        wanted = {str(file.relative_to(ROOT)) for file in (ROOT / name).rglob("*") if file.is_file()}
        brought = {str(file.relative_to(wheel.data)) for file in (wheel.data / name).rglob("*") if file.is_file()}
        assert wanted == brought
        assert wanted, name


def test_the_wheel_brings_every_file_of_the_pages(wheel: Program) -> None:
    """Templates, words, style, fonts and their licences."""

    def files(of: Path) -> set[str]:
        return {str(each.relative_to(of)) for each in of.rglob("*") if each.is_file() and each.suffix != ".pyc"}

    web = Path("entrypoints") / "web"
    assert files(wheel.data.parent / web) == files(ROOT / "adapter" / web)
    assert {"words/vi.yaml", "static/app.css", "templates/layout.html"} <= files(wheel.data.parent / web)
