"""Dispatch: publishes the replies of the outbox in order, with confirms, always the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from adapter.gateways.broker import Confirmed, Nacked, Outgoing, Returned, Unconfirmed, Verdict, short
from adapter.gateways.store import deadlines, departures, windows
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.departures import DueReply
from adapter.model.events import Event, Observe
from adapter.model.outcomes import PublishFault
from adapter.model.procedure import ReplyKind
from adapter.services.ledger.docket import ANSWERS

OUTBOUND = "nsw.outbound"
APP_ID = "nsw-adapter"
_STAYS: dict[type[Returned | Nacked | Unconfirmed], tuple[Event, PublishFault]] = {
    Returned: (Event.RETURNED, PublishFault.RETURNED),
    Nacked: (Event.NACKED, PublishFault.REFUSED),
    Unconfirmed: (Event.UNCONFIRMED, PublishFault.UNCONFIRMED),
}
_ANSWERING = {kind.value for kind in ANSWERS}
_NEVER_OPENED = {ReplyKind.RECEIPT.value, ReplyKind.TRANSFER.value}
_NAMED = 10
"""The log names at most so many replies that stay: enough to see whether they are always the same."""


class Publishes(Protocol):
    """Publishes a batch and gives a verdict for each message."""

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]: ...


@dataclass(frozen=True, slots=True)
class Round:
    """How many replies left, and how many were tried and stay."""

    sent: int
    back: int


@dataclass(frozen=True)
class Dispatch:
    """One round takes what may leave, publishes it, and marks what the broker has confirmed."""

    database: Database
    publisher: Publishes
    clock: Callable[[], datetime]
    observe: Observe
    most_unconfirmed: int
    exchange: str = OUTBOUND
    hearing: windows.Hearing = field(default_factory=windows.Hearing)

    def round(self, *, transfers: bool, returned: bool = True) -> Round:
        """Send what is due; `transfers`: also transfers; `returned`: also those that came back.

        A crash after publishing sends the same bytes again: at least once, and identical.

        Raises:
            Unavailable: the database or the broker cannot be reached; nothing is marked.
        """

        def claim(connection: Connection) -> list[DueReply]:
            return departures.claim(connection, limit=self.most_unconfirmed, transfers=transfers, returned=returned)

        if self.database.is_embedded:
            return self._tell(*self._one_at_a_time(claim))
        with self.database.transaction() as connection:
            due = claim(connection)
            again = self._take_in_hand(connection, due)
            verdicts = [] if again else self._sent(connection, due)
        if again:
            with self.database.transaction() as connection:
                # That commit gave the locks up: what another dispatcher has or has sent by now is left out.
                held = departures.hold(connection, [reply.id for reply in due])
                due = [reply for reply in due if reply.id in held]
                verdicts = self._sent(connection, due)
        return self._tell(due, verdicts)

    def _one_at_a_time(self, claim: Callable[[Connection], list[DueReply]]) -> tuple[list[DueReply], Sequence[Verdict]]:
        """For SQLite, which has one writer: a transaction that waits for the broker would block the intake.

        So would one that finds nothing, twenty times a second: first look without the write lock.
        """
        with self.database.reading() as connection:
            if not claim(connection):
                return [], []
        with self.database.transaction() as connection:
            due = claim(connection)
            self._take_in_hand(connection, due)
        verdicts = self._publish(due)
        with self.database.transaction() as connection:
            self._mark(connection, due, verdicts)
        return due, verdicts

    def _sent(self, connection: Connection, due: Sequence[DueReply]) -> Sequence[Verdict]:
        """Publish, and mark what was confirmed: the rows stay locked, so that a second dispatcher passes them by."""
        verdicts = self._publish(due)
        self._mark(connection, due, verdicts)
        return verdicts

    def _take_in_hand(self, connection: Connection, due: Sequence[DueReply]) -> bool:
        """Mark replies that are about to leave as in hand, and commit before anything is published.

        A dispatcher that dies after publishing has marked nothing as sent: without this mark a confirmation that the
        declarant has could be taken back as never sent, and an answer that he opens on the portal meanwhile would be
        transferred to a window that has it.
        """
        taken = [reply.id for reply in due if _wants_word(reply)]
        departures.take_in_hand(connection, taken, self.clock())
        return bool(taken)

    def _publish(self, due: Sequence[DueReply]) -> Sequence[Verdict]:
        if not due:
            return []
        self.observe(Event.CLAIMED, count=len(due))
        batch = [self._outgoing(reply) for reply in due]
        verdicts = self.publisher.publish(batch, written=lambda: self.observe(Event.PUBLISHED, count=len(due)))
        if confirmed := _count(verdicts, Confirmed):
            self.observe(Event.CONFIRMED, count=confirmed)
        return verdicts

    def _mark(self, connection: Connection, due: Sequence[DueReply], verdicts: Sequence[Verdict]) -> None:
        pairs = list(zip(due, verdicts, strict=True))
        sent, now = [reply for reply, verdict in pairs if _left(verdict)], self.clock()
        departures.mark_sent(connection, [reply.id for reply in sent], now)
        if sent:
            self.hearing.note(connection, now)
        deadlines.sent(connection, [reply.id for reply in sent if reply.kind in _ANSWERING], now)
        for kind, (_, fault) in _STAYS.items():
            stayed = [reply.id for reply, verdict in pairs if isinstance(verdict, kind)]
            departures.mark_returned(connection, stayed, fault)

    def _tell(self, due: Sequence[DueReply], verdicts: Sequence[Verdict]) -> Round:
        """Log what was marked, after the commit."""
        sent = _count(verdicts, Confirmed)
        if sent:
            self.observe(Event.SENT, count=sent)
        for kind, (event, _) in _STAYS.items():
            stayed = [(reply, said) for reply, said in zip(due, verdicts, strict=True) if isinstance(said, kind)]
            if stayed:
                reasons = sorted({said.reason for _, said in stayed})
                messages = [reply.message_id for reply, _ in stayed[:_NAMED]]
                self.observe(event, count=len(stayed), reason="; ".join(reasons), messages=messages)
        return Round(sent, len(verdicts) - sent)

    def _outgoing(self, reply: DueReply) -> Outgoing:
        kind = f"{reply.document_type}.{reply.type}.{reply.function}"
        return Outgoing(
            exchange=self.exchange,
            routing_key=routing_key(reply.document_type, reply.type, reply.function),
            body=reply.body,
            message_id=reply.message_id,
            correlation_id=reply.correlation_id,
            type=short(kind),
            timestamp=int(self.clock().timestamp()),
            app_id=APP_ID,
        )


def _wants_word(reply: DueReply) -> bool:
    """Of an answer that may be taken back, or opened on the portal, it must be known whether it may have left."""
    return reply.dossier_id is not None and reply.kind not in _NEVER_OPENED and not reply.in_hand


def _left(verdict: Verdict) -> bool:
    return isinstance(verdict, Confirmed)


def _count(verdicts: Sequence[Verdict], kind: type[Verdict]) -> int:
    return sum(isinstance(verdict, kind) for verdict in verdicts)


def routing_key(document_type: str, message_type: str, function: str) -> str:
    """`documentType.type.function`, at most 255 bytes; signs that a topic key would interpret (dots) are replaced."""
    words = (document_type, message_type, function)
    return ".".join("".join(c if _plain(c) else "_" for c in word)[:80] or "_" for word in words)


def _plain(sign: str) -> bool:
    return sign.isascii() and (sign.isalnum() or sign in "-_")
