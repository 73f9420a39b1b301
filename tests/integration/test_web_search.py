"""A long list of choices is searched as people type: the script of the pages, run by Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.harness.pki import ROOT

SCRIPT = ROOT / "adapter" / "entrypoints" / "web" / "static" / "form.js"
STATES = ["Việt Nam", "Hàn Quốc", "Đan Mạch", "Trung Quốc", "Hoa Kỳ", "Cộng hòa dân chủ nhân dân Lào"]


def found(folder: Path, typed: str) -> list[str]:
    module = folder / "form.mjs"  # by its name an older Node knows that it is a module
    module.write_bytes(SCRIPT.read_bytes())
    program = f"import {{matching}} from {json.dumps(module.as_uri())};"
    program += f"console.log(JSON.stringify(matching({json.dumps(STATES)}, {json.dumps(typed)})))"
    run = subprocess.run(
        ["node", "--input-type=module", "--no-warnings", "-e", program], capture_output=True, text=True, check=True
    )
    names: list[str] = json.loads(run.stdout)
    return names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("han", ["Hàn Quốc"]),
        ("dan mach", ["Đan Mạch"]),
        ("ĐAN", ["Đan Mạch", "Cộng hòa dân chủ nhân dân Lào"]),
        ("quoc", ["Hàn Quốc", "Trung Quốc"]),
        ("lào", ["Cộng hòa dân chủ nhân dân Lào"]),
        ("Vie\u0323\u0302t", ["Việt Nam"]),
        ("x", []),
        ("", STATES),
    ],
)
def test_a_choice_is_found_by_the_beginning_of_its_words_without_accents(
    tmp_path: Path, typed: str, names: list[str]
) -> None:
    assert found(tmp_path, typed) == names


def test_the_script_is_small() -> None:
    assert SCRIPT.stat().st_size < 8_000
