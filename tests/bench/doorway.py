"""CPU of one declaration at the portal by stage, in this process and without HTTP; against PostgreSQL.

A stage within another counts for itself alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from adapter.bootstrap import assemble
from adapter.gateways.store.own_numbers import Series
from adapter.services.door import sealing
from adapter.services.door.doorkeeper import Doorkeeper
from adapter.services.door.precheck import Threshold
from adapter.services.door.submission import Door
from adapter.services.door.taking import Judging
from adapter.services.messages.intake import Intake
from tests.bench.posts import Post
from tests.harness.people import declarant

WARM_UP = 30
_STAGES: tuple[tuple[str, Any, str], ...] = (
    ("read", Threshold, "present"),
    ("let in", Doorkeeper, "refused"),
    ("number", Series, "issue"),
    ("seal", sealing, "sealed"),
    ("judge", Intake, "judge"),
    ("store", Intake, "_store"),
    ("read back", Judging, "_stored"),
)


def measure(config: Path, given: Sequence[Post]) -> dict[str, float]:
    """CPU milliseconds of one declaration by stage; "else" is what lies between them."""
    part = assemble(config)
    part.load_keys()
    spent: dict[str, float] = defaultdict(float)
    with _timed(spent):
        for post in given[:WARM_UP]:
            _submit(part.door, post)
        spent.clear()
        begun = process_time()
        for post in given[WARM_UP:]:
            _submit(part.door, post)
        whole = process_time() - begun
    part.database.close()
    spent["else"] = whole - sum(spent.values())
    return {name: seconds * 1000 / len(given[WARM_UP:]) for name, seconds in spent.items()}


def _submit(door: Door, post: Post) -> None:
    door.submit(post.body, declarant(post.bound_to))


@contextmanager
def _timed(spent: dict[str, float]) -> Iterator[None]:
    with ExitStack() as held:
        for stage, place, name in _STAGES:
            held.enter_context(patch.object(place, name, _timing(spent, stage, getattr(place, name))))
        yield


def _timing(spent: dict[str, float], stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def timing(*arguments: Any, **named: Any) -> Any:
        begun, counted = process_time(), sum(spent.values())
        try:
            return call(*arguments, **named)
        finally:
            within = sum(spent.values()) - counted
            spent[stage] += process_time() - begun - within

    return timing
