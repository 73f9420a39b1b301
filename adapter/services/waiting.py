"""What overtook its declaration, and is woken when that has come or the bounded wait is over (wire profile 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways import journal, mailbox
from adapter.gateways.database import Database
from adapter.model.events import Event, Observe
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
            settled = self.intake.wake(row, may_wait=False)
            self.observe(Event.WOKEN, message=settled.public_id, arrived=arrived, outcome=settled.outcome.value)
        return len(due)

    def seal(self) -> None:
        """Seal the journal's heads together."""
        with self.database.transaction() as connection:
            digest = journal.seal(connection, self.database, at=self.clock())
        self.observe(Event.SEALED, digest=digest)
