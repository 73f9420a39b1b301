"""`python -m tests.mutants map|hunt|table`: which tests run what; change by change, whether they notice; the table.

All of it goes on where it stopped: each line that stands in a file is not worked out again.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

import pytest

from tests.harness.pki import ROOT
from tests.mutants.changes import chosen
from tests.mutants.plugin import Hunting, Mapping
from tests.mutants.table import table

SEED, COUNT = 20261129, 300
BOUND_S = 8.0
"""CPU seconds of tests for one mutant: whoever has survived so long is called a survivor of so many tests."""
_ELSEWHERE = re.compile(
    r"\b(?:provider|other_provider|vhost|vhost_url|rabbit|amqp_url|cluster): |subprocess|forked"
    r"|create_connection|SoftHsm"
)
"""In a file whose tests ask for a server or start a process, or that fail in a fork whatever the program does: a thread
that listens is not forked, nor is a session with a module of keys."""


def tests() -> list[str]:
    """Tests that do everything in their own process; those that start the program anew, or have a server that other
    tests share, cannot see a change in memory."""
    files = sorted((ROOT / "tests" / "integration").glob("test_*.py"))
    here = [str(file.relative_to(ROOT)) for file in files if _is_here(file.read_text(encoding="utf-8"))]
    return ["tests/unit", "tests/procedures", *here]


def _is_here(text: str) -> bool:
    """A site of the file's own has no identity provider, as that of the folder has."""
    return not _ELSEWHERE.search(text) and ("site: " not in text or "def site(" in text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("act", choices=["map", "hunt", "table"])
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "mutants", help="where results are kept")
    parser.add_argument("--count", type=int, default=COUNT, help="how many of the seeded order")
    parser.add_argument("--bound", type=float, default=BOUND_S, help="CPU seconds of tests for each")
    parser.add_argument("--minutes", type=float, default=600, help="begin no mutant after that")
    parser.add_argument("--before", type=Path, help="table: the results of another suite over the same program")
    parser.add_argument("-k", default="not postgresql", help="which tests, as for pytest")
    parser.add_argument("tests", nargs="*", help="which files, as for pytest")
    given = parser.parse_intermixed_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    ran, results = given.folder / "map.jsonl", given.folder / "mutants.jsonl"
    if given.act == "table":
        print(table(results, given.before))
        return 0
    files = given.tests or tests()
    if given.act == "map":
        plugin: Mapping | Hunting = Mapping(ROOT, ran)
    else:
        mutants = chosen(ROOT, given.count, SEED)
        plugin = Hunting(ROOT, mutants, ran, results, given.bound, time.time() + given.minutes * 60)
    # The tool has imported the program before pytest begins, and pytest warns of what it could not rewrite for that.
    options = ["-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*files, *options, "-k", given.k], plugins=[plugin]))


if __name__ == "__main__":
    sys.exit(main())
