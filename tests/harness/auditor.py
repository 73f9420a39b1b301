"""What the database holds after a proof, read as an auditor would: by plain queries, past the services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from adapter.gateways.store.database import Database
from adapter.gateways.store.journal_proof import prove
from adapter.gateways.store.tables import declaration, declaration_row, dossier, inbox, outbox, search_key
from tests.harness.declarations import Message


@dataclass
class Store:
    """Reads only."""

    database: Database

    def rows(self, query: Any) -> list[Any]:
        with self.database.transaction() as connection:
            return list(connection.execute(query).all())

    def settled(self) -> int:
        """How many messages are settled."""
        return int(self.rows(select(func.count()).where(inbox.c.state == "settled"))[0][0])

    def states(self) -> Counter[str]:
        """How many messages are in each state."""
        return Counter(row.state for row in self.rows(select(inbox.c.state)))

    def unsent(self) -> int:
        """How many replies wait to leave."""
        return int(self.rows(select(func.count()).where(outbox.c.sent_at.is_(None)))[0][0])

    def effects(self) -> Counter[str]:
        """How many versions each dossier has, by its number."""
        query = select(dossier.c.number, declaration.c.id).join(declaration, declaration.c.dossier_id == dossier.c.id)
        return Counter(row.number for row in self.rows(query))

    def dossiers(self) -> Counter[str]:
        return Counter(row.number for row in self.rows(select(dossier.c.number)))

    def outcome(self, message: Message) -> Any:
        """The inbox row of a message, by its verified id."""
        (row,) = self.rows(select(inbox).where(inbox.c.message_id == message.message_id))
        return row

    def faults(self) -> list[str]:
        """Where the journal's chains do not hold."""
        with self.database.reading() as connection:
            return prove(connection, now=datetime.now(UTC)).faults

    def strays(self) -> list[Any]:
        """Rows without their version, search keys without their dossier: no foreign key forbids them (0004)."""
        version, key = declaration_row.c.declaration_id, search_key.c.dossier_id
        return [
            *self.rows(select(version).where(version.not_in(select(declaration.c.id)))),
            *self.rows(select(key).where(key.not_in(select(dossier.c.id)))),
        ]

    def assert_one_effect_each(self, messages: Sequence[Message]) -> None:
        """Exactly one dossier with one version for each message, none besides, a whole journal, and no stray row."""
        expected = Counter(message.reference for message in messages)
        assert set(expected.values()) == {1}, "this proof wants messages for different dossiers"
        assert self.dossiers() == expected
        assert self.effects() == expected
        assert self.states() == {"settled": len(messages)}
        assert self.unsent() == 0
        assert self.faults() == []
        assert self.strays() == []
