"""What waits for its declaration or for evidence, and is woken when that may have come, or the bounded wait is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways import journal, mailbox
from adapter.gateways.database import Database
from adapter.model.events import Event, Observe
from adapter.pipeline.decide import Wait
from adapter.services.intake import Intake


@dataclass(frozen=True)
class Waiting:
    """The timers' use cases; `clock` gives the real time."""

    database: Database
    intake: Intake
    clock: Callable[[], datetime]
    observe: Observe

    def wake(self) -> int:
        """Judge again what waits no longer; gives how many."""
        with self.database.transaction() as connection:
            due = mailbox.woken(connection, self.clock())
        for row, arrived in due:
            # One that had to wait for evidence may find only now that it overtook its declaration.
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

    def seal(self) -> None:
        """Seal the journal's heads together."""
        with self.database.transaction() as connection:
            digest = journal.seal(connection, self.database, at=self.clock())
        self.observe(Event.SEALED, digest=digest)
