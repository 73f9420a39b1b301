"""Since when the oldest message of a queue waits, told by its counts: the broker does not tell it of a quorum queue.

Messages leave a queue in the order in which they came. If `published` have come since the broker began and `messages`
are there, the oldest is the one after the first `published - messages`: it came after that many had come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.snapshots import Arrived

_KEPT = 120
"""Moments that are remembered of one queue; of more every second one is left out."""


@dataclass(frozen=True, slots=True)
class Head:
    """When the oldest message came; None: there is none, or nothing is known. `at_latest`: it may be older."""

    at: datetime | None
    at_latest: bool
    arrived: tuple[Arrived, ...]


def head(before: Sequence[Arrived], published: int | None, messages: int | None, now: datetime) -> Head:
    """`before`: what earlier looks remembered, the oldest first."""
    if published is None or messages is None:
        return Head(None, at_latest=False, arrived=())
    if before and (published < before[-1].published or before[-1].at > now):
        before = ()  # the broker began anew and counts from 0, or the clock was set back
    known = [*before, Arrived(at=now, published=published)]
    if not messages:
        return Head(None, at_latest=False, arrived=(known[-1],))
    gone = published - messages
    earlier = [place for place, each in enumerate(known) if each.published <= gone]
    kept = known[earlier[-1] :] if earlier else known
    if len(kept) > _KEPT:
        kept = [kept[0], *kept[1:-1:2], kept[-1]]
    return Head(kept[0].at, at_latest=not earlier, arrived=tuple(kept))
