"""Judges messages again that waited for their declaration or for evidence. Seals the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadlines, messages, seals
from adapter.gateways.store.database import Database
from adapter.model.ages import age
from adapter.model.events import Event, Observe
from adapter.pipeline.decide import Wait
from adapter.services.messages.intake import Intake

SEALED_AT_ONCE = 20_000
"""Entries of one seal: the clock does other work between two seals."""


@dataclass(frozen=True)
class Waiting:
    """The use cases of the clock process; `clock` gives the real time."""

    database: Database
    intake: Intake
    clock: Callable[[], datetime]
    observe: Observe

    def wake(self) -> int:
        """Judge again the messages whose time has come; gives how many. A beginning in the future is set to now."""
        now = self.clock()
        latest = now + self.intake.patience.longest()
        with self.database.reading() as connection:
            due, ahead = messages.woken(connection, now, latest)
        if ahead:
            with self.database.transaction() as connection:
                messages.wait_from(connection, ahead, now, latest)
        for row, arrived in due:
            # A message that waited for evidence may now have to wait for its declaration.
            settled = self.intake.wake(row, may_wait=row.waits_for == Wait.EVIDENCE)
            self.observe(
                Event.WOKEN,
                message=settled.public_id,
                waited_for=row.waits_for,
                arrived=arrived,
                outcome=settled.outcome.value,
                state=settled.state,
            )
        return len(due)

    def unanswered(self) -> int:
        """How many messages were acknowledged to the broker and not answered: the parked ones."""
        with self.database.reading() as connection:
            return messages.unanswered(connection)

    def dated_ahead(self) -> dict[str, int]:
        """How many entries and deadlines are dated later than now: the clock was wrong then, or is now."""
        now = self.clock()
        with self.database.reading() as connection:
            return {
                "messages": messages.dated_ahead(connection, now),
                "deadlines": deadlines.dated_ahead(connection, now),
            }

    def seal(self) -> bool:
        """Seal new journal entries, a bounded number of them; gives whether more are left."""
        with self.database.transaction() as connection:
            done = seals.seal(connection, self.database, at=self.clock(), most=SEALED_AT_ONCE)
        self.observe(Event.SEALED, number=done.number, entries=done.entries, digest=done.digest)
        return done.entries == SEALED_AT_ONCE

    def seconds_since_seal(self) -> float | None:
        """The age of the last seal in seconds; None without a seal. A seal dated in the future has age 0."""
        with self.database.reading() as connection:
            at = seals.newest_at(connection)
        return None if at is None else age(self.clock(), at)
