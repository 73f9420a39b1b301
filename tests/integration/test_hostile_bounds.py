"""Each hostile file is judged within two seconds of CPU and 256 MiB, by a worker that judges the next genuine one.

In `make test` of each class one that ends at each stage, and every sixteenth; all in a long proof.
The bounds are the operating system's (tests/harness/bounded.py): what breaks one ends the worker.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import bounds
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.hostile import load_attacks
from tests.harness.pki import ROOT, shared_pki
from tests.harness.premises import furnish
from tests.harness.shares import share

GENUINE = "BQP0100001/accepted-single-foreigner"
_START = 60


def written(folder: Path, cases: list[Case]) -> list[Path]:
    files = []
    for number, case in enumerate(cases):
        files.append(folder / f"{case.channel}.{number:04}.{case.id.replace('/', '.')}")
        files[-1].write_bytes(signed(case, shared_pki()))
    return files


def worker(folder: Path, files: list[Path]) -> subprocess.CompletedProcess[str]:
    place = furnish(folder / "components")
    command = [sys.executable, "-m", "tests.harness.bounded", str(place.config), CLOCK.isoformat(), *map(str, files)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_START + 2 * len(files)
    )


def test_every_hostile_file_stays_within_its_bounds_and_the_next_genuine_message_passes(tmp_path: Path) -> None:
    genuine = next(case for case in load_cases() if case.id == GENUINE)
    attacks = share(load_attacks(), 16, lambda case: (case.id.partition("/")[0], case.expect.stage))
    order = [genuine] + [case for attack in attacks for case in (attack, genuine)]
    files = written(tmp_path, order)
    run = worker(tmp_path, files)
    told = dict(line.rsplit(" ", 1) for line in run.stdout.splitlines())
    wanted = {file.name: str(case.expect.outcome) for file, case in zip(files, order, strict=True)}
    otherwise = [
        f"{name}: {told.get(name, 'it ended the worker')}" for name in wanted if told.get(name) != wanted[name]
    ]
    assert not otherwise, f"{otherwise[0]}; exit code {run.returncode}; {run.stderr[-2000:]}"
    assert len(told) == len(wanted)
    assert run.returncode == 0


@pytest.mark.parametrize(
    ("waste", "code", "said"),
    [
        ("while True: pass", -signal.SIGPROF, ""),
        ("bytearray(300 << 20)", 1, "MemoryError"),
        ("bytearray(99 << 20)", 0, ""),
    ],
    ids=["time", "memory", "neither"],
)
def test_a_worker_that_goes_over_its_bounds_is_seen(waste: str, code: int, said: str) -> None:
    """The proof can fail: the same limits end a process that wastes time or memory, and no other."""
    program = f"import {bounds.__name__} as b; b.CPU_SECONDS = 0.1; b.limit_memory(); b.limit_time()\n{waste}"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_START)
    assert (run.returncode, said in run.stderr) == (code, True)
