"""Transfers (40/01) that the window has not confirmed by its 40/99: they are reported by hand when the day ends.

NĐ 85/2019/NĐ-CP Article 17(5): within one working day after an incident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import replies
from adapter.gateways.store.database import Database


@dataclass(frozen=True, slots=True)
class OpenTransfer:
    """One of them. `sent_at` None: it has not left; `answer`: error, where the window has refused it."""

    dossier: str
    procedure: str
    made_at: datetime
    sent_at: datetime | None
    answer: str | None
    message_id: str


@dataclass(frozen=True)
class Transfers:
    """Reading them."""

    database: Database

    def open(self, limit: int) -> list[OpenTransfer]:
        """The oldest first."""
        with self.database.reading() as connection:
            rows = replies.open_transfers(connection, limit)
        return [
            OpenTransfer(
                dossier=f"{row.number}/{row.year}",
                procedure=row.procedure,
                made_at=row.created_at,
                sent_at=row.sent_at,
                answer=row.answer,
                message_id=row.message_id,
            )
            for row in rows
        ]

    def count(self) -> tuple[int, int]:
        """How many there are, and how many of them have not left."""
        with self.database.reading() as connection:
            return replies.count_open_transfers(connection)
