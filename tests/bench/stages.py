"""CPU of one message by stage, in this process: judging as the pipeline marks it, storing as intake observes it.

Against PostgreSQL in batches as a worker takes them; the broker is not part of this.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from adapter.bootstrap import Components, assemble
from adapter.gateways.store.upgrade import upgrade
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import judge
from adapter.pipeline.signature.seal import seal
from adapter.services.ledger.ledger import Ledger
from adapter.services.replies import correspondence
from tests.bench.messages import messages

BATCH = 32
_OBSERVED = {Event.VERIFIED: "judge", Event.LOCKED: "lock", Event.INSERTED: "fold", Event.COMMITTED: "commit"}


def measure(config: Path, *, count: int, first: int, persons: int = 20) -> dict[str, float]:
    """CPU milliseconds of one message by stage. `NSW_DATABASE_URL` says where it is stored."""
    spent: dict[str, float] = defaultdict(float)
    last = process_time()

    def lap(name: str | None) -> None:
        nonlocal last
        now = process_time()
        if name is not None:
            spent[name] += now - last
        last = process_time()

    def observe(event: Event, /, **_: Any) -> None:
        if event in _OBSERVED:
            lap(_OBSERVED[event])

    part = assemble(config, observe=observe)
    upgrade(part.database)
    part.ground  # noqa: B018  loaded before the first message, as are the keys
    part.load_keys()
    submissions = _submissions(first, count, persons)
    for batch in _batches(submissions[:BATCH]):
        part.intake.receive(batch)
    rest = submissions[BATCH:]
    spent.clear()
    _judge(part, rest, lap)
    with _inner(spent):
        for batch in _batches(rest):
            lap(None)
            part.intake.receive(batch)
            lap("after")
    part.database.close()
    spent["fold"] -= spent["sign"] + spent["insert"]
    del spent["judge"]  # the same again, undivided
    return {name: seconds * 1000 / len(rest) for name, seconds in spent.items()}


def _submissions(first: int, count: int, persons: int) -> list[Submission]:
    return [
        Submission(message.raw, Channel.WINDOW, datetime.now(UTC), Digest(hashlib.sha256(message.raw).hexdigest()))
        for message in messages(first, count + BATCH, persons=persons)
    ]


def _batches(submissions: Sequence[Submission]) -> Iterator[Sequence[Submission]]:
    return (submissions[at : at + BATCH] for at in range(0, len(submissions), BATCH))


def _judge(part: Components, submissions: Sequence[Submission], lap: Callable[[str | None], None]) -> None:
    for submission in submissions:
        lap(None)
        outcome = judge(submission, part.ground, lap)
        assert not outcome.findings, "messages of the benchmark are flagged: a finding costs its own words"


@contextmanager
def _inner(spent: dict[str, float]) -> Iterator[None]:
    """Time two calls that lie inside the fold: sealing a reply, and writing all rows."""

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*arguments: Any, **named: Any) -> Any:
            begun = process_time()
            try:
                return call(*arguments, **named)
            finally:
                spent[name] += process_time() - begun

        return timing

    with (
        patch.object(correspondence, "seal", timed("sign", seal)),
        patch.object(Ledger, "write", timed("insert", Ledger.write)),
    ):
        yield
