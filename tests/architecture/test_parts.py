"""The suite is run in parts: no test is in none of them, and none is run twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import __main__ as running
from tests import one_database, proofs
from tests.harness import shares
from tests.harness.pki import ROOT
from tests.parts import PROOFS, PROVED_ALONE, PROVED_TESTS, QUICK, parts


def files(arguments: Sequence[str]) -> list[Path]:
    """The test files that pytest would collect with these arguments."""
    left_out = {ROOT / each.partition("=")[2] for each in arguments if each.startswith("--ignore=")}
    paths = [ROOT / each for each in arguments if each.startswith("tests/")]
    found = [file for path in paths for file in ([path] if path.is_file() else path.rglob("test_*.py"))]
    return [file for file in found if file not in left_out]


def test_each_test_file_is_in_exactly_one_part_or_is_proved_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    alone = [ROOT / file for file in PROVED_ALONE]
    counted = Counter([*(file for arguments in parts().values() for file in files(arguments)), *alone])
    everything = Counter((ROOT / "tests").rglob("test_*.py"))
    assert counted == everything
    proved = {file for chosen in PROOFS.values() for arguments in chosen.values() for file in files(arguments)}
    assert set(alone) <= proved


def test_each_test_that_is_proved_alone_is_there_and_in_a_proof() -> None:
    """Else a new name would bring it back into `make test`, or no proof would run it."""
    proved = {file for chosen in PROOFS.values() for arguments in chosen.values() for file in files(arguments)}
    for test in PROVED_TESTS:
        file, _, name = test.partition("::")
        named, which, _ = name.partition("[")
        rest = "" if which else r"\w*"
        begun = re.findall(rf"^def {named}{rest}\(", (ROOT / file).read_text(encoding="utf-8"), re.M)
        assert len(begun) == 1, test
        assert ROOT / file in proved, test
    left_out = {f"--deselect={test}" for test in PROVED_TESTS}
    assert left_out <= {each for arguments in parts().values() for each in arguments}
    assert not any(set(left_out) & set(arguments) for chosen in PROOFS.values() for arguments in chosen.values())


def test_a_folder_that_is_new_is_in_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests" / "scale").mkdir(parents=True)
    (tmp_path / "tests" / "scale" / "test_size.py").touch()
    monkeypatch.chdir(tmp_path)
    assert [name for name, arguments in parts().items() if "tests/scale" in arguments] == [
        "kills, outages, from queue to queue"
    ]


def test_every_long_proof_and_every_quick_part_has_tests() -> None:
    assert {"attacks", "kills", "messages"} <= PROOFS.keys()
    for chosen in (QUICK, *PROOFS.values()):
        assert [name for name, arguments in chosen.items() if not files(arguments)] == []


def test_a_proof_that_is_not_there_is_told_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert running.main(["prove", "nothing"]) == 2
    assert "no proof nothing; there are: attacks, consoles, data, databases, kills" in capsys.readouterr().err


def test_a_proof_s_last_result_takes_the_place_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "FILE", tmp_path / "proofs.md")
    proofs.note("kills", ["70 passed"], 60.0, 60.0)
    proofs.note("attacks", ["9 passed", "2 passed"], 600.0, 1200.0)
    proofs.note("kills", ["1 failed, 73 passed"], 900.0, 600.0)
    rows = [line.split(" | ") for line in (tmp_path / "proofs.md").read_text(encoding="utf-8").splitlines()[-2:]]
    assert [(row[0], *row[2:5]) for row in rows] == [
        ("| attacks", "9 passed; 2 passed", "10", "20"),
        ("| kills", "1 failed, 73 passed", "15", "10"),
    ]


def test_a_proof_that_was_interrupted_leaves_its_last_result(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(proofs, "note", lambda name, told, wall, cpu: noted.append((name, told)))
    for code, told in ((0, "9 passed"), (1, "1 failed, 8 passed"), (2, "3 passed"), (143, "ended with 143")):
        result = running.Result("kills", code, told, 1.0, 1.0)
        monkeypatch.setattr(running, "run", lambda *_, each=result: [each])
        assert running.main(["prove", "kills"]) == code
    assert noted == [("kills", ["9 passed"]), ("kills", ["1 failed, 8 passed"])]


class Item:
    """As a collected test tells of itself."""

    def __init__(self, nodeid: str, **params: str) -> None:
        self.nodeid, self.callspec = nodeid, SimpleNamespace(params=params)


def test_what_is_left_to_one_database_is_proved_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    folder = "tests/integration"
    one, other, both = (f"{folder}/test_{name}.py::test_it" for name in ("presses", "mail", "store"))
    left: list[Any] = [
        *(Item(one, standing_url="postgresql"), Item(one, database_url="postgresql", case="a")),
        *(Item(other, standing_url="sqlite"), Item(other, database_url="sqlite", case="a")),
    ]
    kept: list[Any] = [
        *(Item(one, standing_url="sqlite"), Item(other, standing_url="postgresql"), Item(one, case="postgresql")),
        *(Item(both, database_url="sqlite"), Item(both, database_url="postgresql"), SimpleNamespace(nodeid=one)),
    ]
    assert [one_database.is_left_out(each) for each in (*left, *kept)] == [True] * 4 + [False] * 6
    named = [*one_database.ON_BOTH, *one_database.ON_POSTGRESQL]
    assert len(named) == len({*named})
    assert [file for file in named if not (ROOT / file).is_file()] == []
    shared = [file for part in parts().values() if "tests.one_database" in part for file in files(part)]
    proved = [file for chosen in PROOFS.values() for part in chosen.values() for file in files(part)]
    assert {*shared} <= {*proved}
    assert not [part for chosen in PROOFS.values() for part in chosen.values() if "tests.one_database" in part]


def test_a_share_has_each_kind_and_a_long_proof_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["a1", "a2", "b1", "a3", "a4", "c1", "a5"]
    monkeypatch.setattr(shares, "FULL", False)
    assert shares.share(rows, 3, lambda row: (row[0],)) == ["a1", "b1", "a3", "c1", "a5"]
    assert shares.share(rows, 100) == ["a1"]
    monkeypatch.setattr(shares, "FULL", True)
    assert shares.share(rows, 100) == rows


def test_a_part_that_fails_fails_the_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside it: whatever its caller's environment says, the program is compiled once for all processes."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    good, bad = tmp_path / "test_good.py", tmp_path / "test_bad.py"
    good.write_text("import sys\ndef test_it(): assert not sys.dont_write_bytecode\n", encoding="utf-8")
    bad.write_text("def test_it(): assert 0\n", encoding="utf-8")
    plugins = (each for name in ("cacheprovider", "schemathesis", "hypothesispytest") for each in ("-p", f"no:{name}"))
    rest = ["--rootdir", str(tmp_path), "-c", "/dev/null", *plugins]
    results = running.run({"good": [str(good), *rest], "bad": [str(bad), *rest]})
    assert [(each.code, each.told) for each in results] == [(0, "1 passed"), (1, "1 failed")]
    assert running._told(results) == 1
    assert "1 failed" in capsys.readouterr().out
    assert all(each.cpu > 0 for each in results)


def test_what_a_process_left_behind_costs_too(tmp_path: Path) -> None:
    """Else the servers, which nobody waits for, would cost nothing."""
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}], start_new_session=True)"
    told = tmp_path / "cost.json"
    command = [sys.executable, "-m", "tests.measured", str(told), sys.executable, "-c", orphan]
    subprocess.run(command, cwd=ROOT, check=True)
    assert json.loads(told.read_text(encoding="utf-8"))["cpu"] >= 0.2
