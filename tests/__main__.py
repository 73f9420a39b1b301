"""`python -m tests [quick | prove [PROOF…] | arguments of pytest]`: the suite in parts, as many at once as there are
cores and one more, since a core would wait while servers start and stop.

Without arguments the whole suite; `quick`: what one runs after each small step; `prove`: the long proofs in full, whose
results are written into docs/proofs.md. Fails if any part does; each tells its own counts, and all what they cost.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests import proofs
from tests.parts import PROOFS, QUICK, parts

_ROOM_BYTES = 8_000_000_000
"""A suite writes less than a third of that at one time."""
PYTEST = (sys.executable, "-m", "pytest")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a part: pytest's last line, and seconds of wall clock and CPU."""

    name: str
    code: int
    told: str
    wall: float
    cpu: float

    @property
    def is_whole(self) -> bool:
        """Whether all its tests ran: all passed, or some failed."""
        return self.code in (0, 1)


def main(arguments: Sequence[str]) -> int:
    """Run, and give an exit code: that of a part that failed or was killed, else 0."""
    match list(arguments):
        case []:
            return _told(run(parts()))
        case ["quick"]:
            return _told(run(QUICK))
        case ["prove", *names]:
            return _proved(names or list(PROOFS))
        case _:
            return subprocess.run([*PYTEST, *arguments]).returncode


def _proved(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in PROOFS]
    if unknown:
        print(f"no proof {', '.join(unknown)}; there are: {', '.join(PROOFS)}", file=sys.stderr)
        return 2
    codes = []
    for name in names:
        results = run(PROOFS[name], {"NSW_PROVE": "full"})
        codes.append(_told(results))
        if all(each.is_whole for each in results):  # an interrupted one proves nothing: its last result stays
            told, wall = [each.told for each in results], max(each.wall for each in results)
            proofs.note(name, told, wall, sum(each.cpu for each in results))
    return next(filter(None, codes), 0)


def run(chosen: Mapping[str, Sequence[str]], environment: Mapping[str, str] | None = None) -> list[Result]:
    """All of them, beside one another; what each prints is shown when it ends. `environment`: of the long proofs, whose
    million dossiers stay out of memory."""
    at_once = (os.cpu_count() or 1) + 1
    with (
        tempfile.TemporaryDirectory(prefix="nsw-suite-", dir=None if environment else _memory()) as folder,
        ThreadPoolExecutor(at_once) as pool,
    ):
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        own = {**os.environ, "TMPDIR": folder, **(environment or {})}
        own.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would each compile the program anew
        begun = [pool.submit(_run, name, given, Path(folder), own) for name, given in chosen.items()]
        return [each.result() for each in begun]


def _memory() -> Path | None:
    """Where files are kept in memory, if there is much of it: what the suite writes is deleted a second later, and a
    database that is copied to a disk costs three times the CPU. None: the usual place."""
    place, told = Path("/dev/shm"), Path("/proc/meminfo")
    if not place.is_dir() or not os.access(place, os.W_OK) or not told.exists():
        return None
    available = re.search(r"^MemAvailable:\s+(\d+) kB", told.read_text(), re.M)
    room = min(shutil.disk_usage(place).free, int(available[1]) * 1024 if available else 0)
    return place if room >= _ROOM_BYTES else None


def _run(name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Result:
    costs, told = folder / f"{name}.json", folder / f"{name}.txt"
    command = [sys.executable, "-m", "tests.measured", str(costs), *PYTEST, "-q", "-p", "tests.costs", *arguments]
    with told.open("wb") as output:
        code = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment).returncode
    text = told.read_text(errors="replace")
    print(f"\n{name}:\n{text}", flush=True)
    cost = json.loads(costs.read_text()) if costs.exists() else {"wall": 0.0, "cpu": 0.0}
    last = re.findall(r"^=* ?(.*(?:passed|failed|error).*?) in ", text, re.M)
    return Result(name, code, last[-1] if last else f"ended with {code}", cost["wall"], cost["cpu"])


def _told(results: Sequence[Result]) -> int:
    print(f"\n{'part':24} {'wall, s':>8} {'CPU, s':>8}")
    for each in results:
        print(f"{each.name:24} {each.wall:8.0f} {each.cpu:8.0f}  {each.told}")
    print(f"{'together':24} {'':8} {sum(each.cpu for each in results):8.0f}", flush=True)
    return next((each.code for each in results if each.code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
