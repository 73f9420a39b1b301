"""Tries of a redelivered message: each is recorded before it begins, so that a message that ends its worker is known.

Without the record a message that ends its process would come back for ever, and other messages of the same prefetch
would be blamed for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import messages
from adapter.gateways.store.database import Database
from adapter.model.errors import Unavailable
from adapter.model.identifiers import Digest
from adapter.model.stages import Submission


@dataclass(frozen=True, slots=True)
class RecordedTry:
    """A try of a redelivered message: how many there were before, and the row of this one (None: too many)."""

    before: int
    row_id: int | None


@dataclass(frozen=True)
class Tries:
    """The tries of every message. `clock` gives the legal time (aware), `most` is how many tries a message has."""

    database: Database
    clock: Callable[[], datetime]
    most: int

    def is_suspected(self, digest: Digest) -> bool:
        """Whether a worker that had taken this message alone ended in it.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.reading() as connection:
            return messages.attempts(connection, digest) > 0

    def begin(self, submission: Submission) -> RecordedTry:
        """Record this try, unless there were too many already.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.transaction() as connection:
            before = messages.attempts(connection, submission.digest)
            if before >= self.most:
                return RecordedTry(before, None)
            row_id = self.database.new_id(connection)
            messages.record_attempt(connection, submission.digest, row_id, submission.received_at)
        return RecordedTry(before, row_id)

    def settle(self, submission: Submission) -> None:
        """The message settled: its tries count no longer.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.transaction() as connection:
            messages.settle_attempts(connection, submission.digest, self.clock())

    def take_back(self, this: RecordedTry) -> bool:
        """Whether the record of this try was removed; where the store is away, the next try uses it again."""
        if this.row_id is None:
            return True
        try:
            with self.database.transaction() as connection:
                messages.withdraw_attempt(connection, this.row_id)
        except Unavailable:
            return False
        return True
