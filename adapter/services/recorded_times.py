"""Times of events that are recorded later: the event counts by its own time, and the journal keeps both."""

from __future__ import annotations

from datetime import datetime

from adapter.model.errors import NotAllowed
from adapter.pipeline.envelope import write_time


def happened_at(stated: datetime | None, *, now: datetime, since: datetime, what: str) -> datetime:
    """The stated time, or now. `what` it happened to began at `since`.

    Raises:
        NotAllowed: the time is to come, or lies before what it happened to.
    """
    at = stated or now
    if at > now:
        raise NotAllowed(f"{write_time(at)} is still to come: say when it was")
    if stated is not None and at < since:
        raise NotAllowed(f"{write_time(at)} lies before {what}, which began at {write_time(since)}")
    return at
