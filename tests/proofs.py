"""docs/proofs.md: when each long proof was last run in full, where, and with what result."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

FILE = Path("docs/proofs.md")
_HEAD = """# The long proofs, and their last results

Written by `make prove`, one row for each proof when it ends. What each proves:
[0009](decisions/0009-the-long-proofs.md).

| Proof | Run on | Result | Wall, min | CPU, min | Machine |
|---|---|---|---|---|---|
"""


def note(proof: str, told: Sequence[str], wall: float, cpu: float) -> None:
    """Put the proof's row in the place of its last one; `wall` and `cpu` are seconds."""
    rows = {found[1]: found[0] for found in re.finditer(r"^\| (\w+) \| .*$", _text(), re.M)}
    rows.pop("Proof", None)
    today = datetime.now(UTC).date().isoformat()
    rows[proof] = f"| {proof} | {today} | {'; '.join(told)} | {wall / 60:.0f} | {cpu / 60:.0f} | {_machine()} |"
    FILE.write_text(_HEAD + "".join(f"{rows[name]}\n" for name in sorted(rows)), encoding="utf-8")


def _text() -> str:
    return FILE.read_text(encoding="utf-8") if FILE.exists() else ""


def _machine() -> str:
    """Cores, model and how busy it was: a figure without them says nothing."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    load = os.getloadavg()[2]
    return f"{os.cpu_count()} cores, {found[1].strip() if found else 'unknown'}, load {load:.0f}"
