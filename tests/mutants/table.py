"""The table of mutants, by family and kind, for one suite or for two over the same program."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.mutants.plugin import CAUGHT, ENDLESS, UNDECIDED

_NOTICED = (CAUGHT, ENDLESS)


def table(after: Path, before: Path | None = None) -> str:
    """As Markdown; with `before` only what both suites were tried on, and below it what only the one before noticed."""
    now, then = read(after), read(before) if before else {}
    names = [name for name in now if decided(now, name) and (not before or decided(then, name))]
    rows: Counter[tuple[str, str]] = Counter()
    for name in names:
        found = now[name]
        family = found["module"].split("/")[1]
        for place in ((family, found["kind"]), (family, "all"), ("all", "all")):
            rows[*place, "made"] += 1  # type: ignore[index]
            rows[*place, "after"] += noticed(found)  # type: ignore[index]
            rows[*place, "before"] += noticed(then[name]) if then else 0  # type: ignore[index]
            rows[*place, "both"] += not noticed(found) and not (then and noticed(then[name]))  # type: ignore[index]
    places = sorted(
        {key[:2] for key in rows}, key=lambda place: (place[0] == "all", place[0], place[1] == "all", place[1])
    )
    lines = ["| family | kind | made | caught before | caught after | survived both |", "|---|---|---|---|---|---|"]
    for family, kind in places:
        made, was, is_, both = (rows[family, kind, which] for which in ("made", "before", "after", "both"))  # type: ignore[index]
        lines.append(f"| {family} | {kind} | {made} | {was if then else '–'} | {is_} | {both} |")
    missed = [name for name in names if then and noticed(then[name]) and not noticed(now[name])]
    alive = [name for name in names if not noticed(now[name]) and name not in missed]
    return "\n".join([*lines, "", "Caught before only:", *missed, "", "Survived:", *alive])


def decided(found: dict[str, dict[str, Any]], name: str) -> bool:
    """Whether it was tried at all, to an end."""
    return name in found and found[name]["became"] != UNDECIDED


def noticed(found: dict[str, Any]) -> bool:
    """Whether a test failed over it; one that made tests run for ever was noticed too."""
    return found["became"] in _NOTICED


def read(file: Path) -> dict[str, dict[str, Any]]:
    """Results by mutant, in the order they were worked out."""
    return {found["name"]: found for found in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
