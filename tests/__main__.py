"""`python -m tests`: the whole suite in four parts at once, since a core would wait while servers start and stop.

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
INTEGRATION = "tests/integration"
DOORS = [str(file) for kind in ("cli", "web") for file in sorted(Path(INTEGRATION).glob(f"test_{kind}*.py"))]
BESIDE = {
    "without servers": ["tests/procedures", "tests/unit", "tests/architecture", GENERATED],
    "commands and doors": DOORS,
    "gateways": [INTEGRATION, *(f"--ignore={file}" for file in DOORS)],
}
"""Three parts; what is in none of them, folders to come included, is the fourth. Parts with servers start their own."""
OTHERS = [f"--ignore={place}" for place in (*BESIDE["without servers"], INTEGRATION)]


def main(arguments: list[str]) -> int:
    """Run, and give an exit code: that of a part that failed or was killed, else 0."""
    if arguments:
        return subprocess.run([*PYTEST, *arguments]).returncode
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        parts = {name: _begun(arguments, folder / name, held) for name, arguments in BESIDE.items()}
        codes = [subprocess.run([*PYTEST, "-q", *OTHERS]).returncode]
        for name, process in parts.items():
            codes.append(process.wait())
            print(f"\n{name}:\n{(folder / name).read_text()}", flush=True)
    return next(filter(None, codes), 0)


def _begun(arguments: list[str], told: Path, held: ExitStack) -> subprocess.Popen[bytes]:
    """A part that runs beside us and is ended with us."""
    with told.open("wb") as output:
        process = subprocess.Popen([*PYTEST, "-q", *arguments], stdout=output, stderr=subprocess.STDOUT)
    held.callback(process.wait)
    held.callback(process.terminate)
    return process


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
