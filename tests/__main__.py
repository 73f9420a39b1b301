"""`python -m tests`: the whole suite in two halves at once, since one core would wait while servers start.

With arguments it is pytest with these arguments. Fails if either half does; each prints its own counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

ALONE = ("tests/procedures", "tests/unit", "tests/architecture", "tests/acceptance/test_generated_messages.py")
"""The half that needs no server; the other one is everything else, folders to come included."""


def main(arguments: list[str]) -> int:
    """Run, and give pytest's exit code: of the two halves the worse."""
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return subprocess.run([*pytest, *arguments]).returncode
    others = [f"--ignore={place}" for place in ALONE]
    with tempfile.TemporaryFile("w+") as told:
        half = subprocess.Popen([*pytest, "-q", *ALONE], stdout=told, stderr=subprocess.STDOUT)
        try:
            code = subprocess.run([*pytest, "-q", *others]).returncode
            codes = (code, half.wait())
        finally:
            half.kill()
            half.wait()
        told.seek(0)
        print(f"\n{' '.join(ALONE)}:\n{told.read()}", flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
