"""Dispatch: what the outbox holds leaves, in order, confirmed, always the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapter.gateways import mailbox
from adapter.gateways.broker import Confirmed, Outgoing, Returned, Verdict
from adapter.gateways.database import Connection, Database
from adapter.gateways.mailbox import Due
from adapter.model.events import Event, Observe

OUTBOUND = "nsw.outbound"
APP_ID = "nsw-adapter"


class Publishes(Protocol):
    """Something that publishes a batch and says what became of each."""

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]: ...


@dataclass(frozen=True)
class Dispatch:
    """One round takes what may leave, publishes it, and marks what the broker has confirmed."""

    database: Database
    publisher: Publishes
    clock: Callable[[], datetime]
    observe: Observe
    window: int
    exchange: str = OUTBOUND

    def round(self, *, transfers: bool) -> int:
        """Send what is due; gives how many left. `transfers`: the window is back, so they may leave too.

        A crash after publishing sends the same bytes again: at least once, and identical.

        Raises:
            Unavailable: the database or the broker cannot be reached; nothing is marked.
        """
        if self.database.is_embedded:
            # One dispatcher and one writer: a transaction over the broker's answer would hold up the intake.
            with self.database.transaction() as connection:
                due = mailbox.claim(connection, limit=self.window, transfers=transfers)
            verdicts = self._publish(due)
            with self.database.transaction() as connection:
                self._mark(connection, due, verdicts)
        else:
            # The rows stay locked while the broker is asked, so that a second dispatcher passes them by.
            with self.database.transaction() as connection:
                due = mailbox.claim(connection, limit=self.window, transfers=transfers)
                verdicts = self._publish(due)
                self._mark(connection, due, verdicts)
        return self._tell(verdicts)

    def _publish(self, due: Sequence[Due]) -> Sequence[Verdict]:
        if not due:
            return []
        self.observe(Event.CLAIMED, count=len(due))
        batch = [self._outgoing(reply) for reply in due]
        verdicts = self.publisher.publish(batch, written=lambda: self.observe(Event.PUBLISHED, count=len(due)))
        self.observe(Event.CONFIRMED, count=_count(verdicts, Confirmed))
        return verdicts

    def _mark(self, connection: Connection, due: Sequence[Due], verdicts: Sequence[Verdict]) -> None:
        sent = [reply.id for reply, verdict in zip(due, verdicts, strict=True) if isinstance(verdict, Confirmed)]
        returned = [reply.id for reply, verdict in zip(due, verdicts, strict=True) if isinstance(verdict, Returned)]
        mailbox.mark_sent(connection, sent, self.clock())
        mailbox.mark_returned(connection, returned)

    def _tell(self, verdicts: Sequence[Verdict]) -> int:
        """Say what is marked, once it has committed; gives how many left."""
        sent, returned = _count(verdicts, Confirmed), _count(verdicts, Returned)
        if verdicts:
            self.observe(Event.SENT, count=sent)
        if returned:
            self.observe(Event.RETURNED, count=returned)
        return sent

    def _outgoing(self, reply: Due) -> Outgoing:
        kind = f"{reply.document_type}.{reply.type}.{reply.function}"
        return Outgoing(
            exchange=self.exchange,
            routing_key=routing_key(reply.document_type, reply.type, reply.function),
            body=reply.body,
            message_id=reply.message_id,
            correlation_id=reply.correlation_id,
            type=kind,
            timestamp=int(self.clock().timestamp()),
            app_id=APP_ID,
        )


def _count(verdicts: Sequence[Verdict], kind: type[Verdict]) -> int:
    return sum(isinstance(verdict, kind) for verdict in verdicts)


def routing_key(document_type: str, message_type: str, function: str) -> str:
    """`documentType.type.function`; a code may hold dots or other signs, which a topic key reads as its own."""
    words = (document_type, message_type, function)
    return ".".join("".join(c if c.isalnum() or c in "-_" else "_" for c in word)[:80] or "_" for word in words)
