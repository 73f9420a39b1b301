"""What `make test` takes of a long table that `make prove` goes through whole: the same rows in each run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from tests.harness.fixtures import Case

FULL = os.environ.get("NSW_PROVE") == "full"
_Row = TypeVar("_Row")


def places_of(case: Case) -> set[Hashable]:
    """How its procedure's messages end, and each finding at its place: a rule broken in one procedure is seen."""
    ends = (case.procedure, case.expect.stage, case.expect.outcome)
    return {ends, *((case.procedure, each.name, re.sub(r"\[\d+\]", "", each.pointer)) for each in case.expect.findings)}


def words_of(case: Case) -> set[Hashable]:
    """The kinds of a fixture: how a message ends, whatever its procedure, and each finding."""
    return {(case.expect.stage, case.expect.outcome), *(each.name for each in case.expect.findings)}


def share(rows: Sequence[_Row], every: int, kinds: Callable[[_Row], Iterable[Hashable]] = lambda _: ()) -> list[_Row]:
    """Every n-th row, and the first of each kind; `kinds`: those that a row is of. All in a long proof."""
    if FULL:
        return list(rows)
    seen: set[Hashable] = set()
    taken = []
    for number, row in enumerate(rows):
        new = set(kinds(row)) - seen
        seen |= new
        if new or number % every == 0:
            taken.append(row)
    return taken
