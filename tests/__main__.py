"""`python -m tests`: the whole suite in three parts at once, since a core would wait while servers start and stop.

With arguments it is pytest with these arguments. Fails if any part does; each prints its own counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest")
GENERATED = "tests/acceptance/test_generated_messages.py"
BESIDE = {
    "without servers": ("tests/procedures", "tests/unit", "tests/architecture", GENERATED),
    "gateways and commands": ("tests/integration",),
}
"""Two parts; what is in neither, folders to come included, is the third. Parts with servers start their own."""


def main(arguments: list[str]) -> int:
    """Run, and give an exit code: that of a part that failed or was killed, else 0."""
    if arguments:
        return subprocess.run([*PYTEST, *arguments]).returncode
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        parts = {name: _begun(places, folder / name, held) for name, places in BESIDE.items()}
        others = [f"--ignore={place}" for places in BESIDE.values() for place in places]
        codes = [subprocess.run([*PYTEST, "-q", *others]).returncode]
        for name, process in parts.items():
            codes.append(process.wait())
            print(f"\n{name}:\n{(folder / name).read_text()}", flush=True)
    return next(filter(None, codes), 0)


def _begun(places: tuple[str, ...], told: Path, held: ExitStack) -> subprocess.Popen[bytes]:
    """A part that runs beside us and is ended with us."""
    with told.open("wb") as output:
        process = subprocess.Popen([*PYTEST, "-q", *places], stdout=output, stderr=subprocess.STDOUT)
    held.callback(process.wait)
    held.callback(process.terminate)
    return process


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
