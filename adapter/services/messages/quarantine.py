"""The quarantine: messages that an operator has to look at, from the store and from the broker, as one list.

In the store are messages that were received and parked. In the broker's queue are those that were not received: their
worker was killed, they could not be decoded, or no binding fits. Nothing leaves by itself and nothing is deleted: a
replayed message is judged again, or goes back to a working queue before it leaves the quarantine's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapter.gateways.broker import Confirmed, Delivery, Outgoing, Verdict, short
from adapter.gateways.store import journal, listings
from adapter.gateways.store.database import Database
from adapter.gateways.store.dossier_records import ParkedMessage
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredMessage
from adapter.model.actor import Actor
from adapter.model.errors import Misconfigured, NotAllowed, Unavailable
from adapter.pipeline.claims import HEAD, claimed
from adapter.services.access.rights import Right, needs
from adapter.services.messages.intake import Intake
from adapter.services.messages.item import Settled

QUEUE = "adapter.quarantine"
DECLARATIONS = "adapter.declarations"
SHORTEST_ID = 8
PARKED = "parked"
_ALL = 10_000
_APP_ID = "nsw-adapter"


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits for an operator; without its payload."""

    id: str
    """Of a parked message its public id; of one in the queue the SHA-256 of its body. A beginning is enough."""
    source: str
    """store | broker"""
    kind: str
    """parked, unreadable, unroutable, or the broker's reason for the dead letter; `list` and `replay` select by it."""
    reason: str
    size: int
    digest: str
    at: datetime | None = None
    channel: str | None = None
    procedure: str | None = None
    pair: str | None = None
    routing_key: str | None = None
    queue: str | None = None
    """The queue that it was dead-lettered from; a replay puts it back there."""
    message_id: str | None = None
    """The sender's message id, not verified, like the two fields below."""
    sent_at: str | None = None
    """sendDate."""
    dossier: str | None = None
    """Number/year."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages held, and notes on what could not be read."""

    held: tuple[Held, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay: judged now, or back in a queue to be judged by a worker."""

    held: Held
    settled: Settled | None
    queue: str | None
    """The queue it is in again; without one, and not settled, it stays in the quarantine."""


class DeadLetters(Protocol):
    """The broker's side."""

    def browse(self, limit: int, wanted: Callable[[Delivery], bool]) -> Sequence[Delivery]: ...

    def take(self, digest: str, republish: Callable[[Delivery], None]) -> bool: ...

    def drain(
        self, wanted: Callable[[Delivery], bool], republish: Callable[[Sequence[Delivery]], Sequence[bool]]
    ) -> None: ...

    def publish(self, batch: Sequence[Outgoing]) -> Sequence[Verdict]: ...


@dataclass(frozen=True)
class Quarantine:
    """The operator's use cases. `clock` gives the legal time."""

    database: Database
    intake: Callable[[], Intake]
    """Called for a replay only: listing needs no keys and no schemas."""
    dead: DeadLetters
    clock: Callable[[], datetime]

    def list(self, limit: int = 100, kind: str | None = None) -> Listing:
        """The messages held, of one kind or all, `limit` of each of the two places; a broker that cannot be reached or
        has no such queue gives a note.
        """
        held: list[Held] = []
        if kind in (None, PARKED):
            with self.database.reading() as connection:
                held = [_parked(row) for row in listings.parked(connection, limit=limit, head=HEAD)]
        if kind == PARKED:
            return Listing(tuple(held), ())
        notes: tuple[str, ...] = ()
        try:
            held += map(_dead, self.dead.browse(limit, lambda each: kind in (None, _kind(each))))
        except (Unavailable, Misconfigured) as error:
            notes = (f"the broker's part is not shown: {error}",)
        return Listing(tuple(held), notes)

    def find(self, beginning: str) -> Held:
        """The one message whose id begins with these characters.

        Raises:
            NotAllowed: there is none, or more than one.
        """
        if len(beginning) < SHORTEST_ID:
            raise NotAllowed(f"an id needs at least {SHORTEST_ID} characters")
        listing = self.list(limit=10_000)
        found = {held.id: held for held in listing.held if held.id.startswith(beginning.lower())}
        if len(found) != 1:
            count = "no message" if not found else f"{len(found)} messages"
            raise NotAllowed("; ".join([f"{count} in quarantine with an id that begins {beginning}", *listing.notes]))
        return next(iter(found.values()))

    def payload(self, held: Held, *, actor: Actor) -> bytes:
        """The received bytes, which hold personal data; the journal keeps who took them.

        Raises:
            NotAllowed: it is not there any more.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.TAKE_PAYLOAD)
        found = self._bytes(held)
        entry = Entry.by("quarantine.payload", actor, self.clock(), {"message": held.id, "digest": held.digest})
        with self.database.transaction() as connection:
            journal.append(connection, self.database, entry)
        return found

    def _bytes(self, held: Held) -> bytes:
        if held.source == "store":
            return bytes(self._row(held).raw)
        found = self.dead.browse(1, lambda each: _digest(each) == held.id)
        if not found:
            raise _gone(held)
        return found[0].body

    def replay(self, held: Held, *, actor: Actor) -> Replayed:
        """Judge it again, or put it back into its queue; the journal keeps who asked for it.

        Raises:
            NotAllowed: it is not there any more.
            NoRight: the actor has no right to it.
            Unavailable: the broker did not confirm; nothing was removed.
        """
        needs(actor, Right.REPLAY_QUARANTINE)
        entry = Entry.by("quarantine.replay", actor, self.clock(), {"message": held.id, "digest": held.digest})
        with self.database.transaction() as connection:
            journal.append(connection, self.database, entry)
        if held.source == "store":
            return Replayed(held, self.intake().wake(self._row(held), may_wait=True), None)
        if not self.dead.take(held.id, self._republish):
            raise _gone(held)
        return Replayed(held, None, held.queue)

    def replay_all(self, *, actor: Actor, kind: str | None = None) -> Sequence[Replayed]:
        """Replay all messages, or those of one kind: parked ones are judged again, the others go back to their queues.

        Raises:
            NoRight: the actor has no right to it.
            Unavailable: the broker cannot be reached, or did not take one; what was taken before stays taken.
        """
        needs(actor, Right.REPLAY_QUARANTINE)
        done: list[Replayed] = []
        if kind in (None, PARKED):
            with self.database.reading() as connection:
                parked = [_parked(row) for row in listings.parked(connection, limit=_ALL, head=0)]
            done = [self.replay(held, actor=actor) for held in parked]
        if kind != PARKED:
            self.dead.drain(lambda each: kind in (None, _kind(each)), lambda batch: self._give_back(batch, actor, done))
        return done

    def _give_back(self, batch: Sequence[Delivery], actor: Actor, done: MutableSequence[Replayed]) -> Sequence[bool]:
        """Put messages back into their queues, after the journal entry; gives which of them the broker confirmed."""
        held = [_dead(delivery) for delivery in batch]
        with self.database.transaction() as connection:
            for each in held:
                detail = {"message": each.id, "digest": each.digest}
                journal.append(connection, self.database, Entry.by("quarantine.replay", actor, self.clock(), detail))
        verdicts = self.dead.publish([self._outgoing(delivery) for delivery in batch])
        taken = [isinstance(verdict, Confirmed) for verdict in verdicts]
        done.extend(
            Replayed(each, None, each.queue if there else None) for each, there in zip(held, taken, strict=True)
        )
        return taken

    def _republish(self, delivery: Delivery) -> None:
        """Publish it directly to its former queue: by the exchange, an unroutable message would come back here.

        Its properties are written again: a header table that cannot be decoded must not come back.
        """
        verdict = self.dead.publish([self._outgoing(delivery)])[0]
        if not isinstance(verdict, Confirmed):
            raise Unavailable(f"the broker did not take it back ({type(verdict).__name__}); it stays in quarantine")

    def _outgoing(self, delivery: Delivery) -> Outgoing:
        return Outgoing(
            exchange="",
            routing_key=_queue(delivery),
            body=delivery.body,
            message_id=short(delivery.message_id or _digest(delivery)),
            correlation_id=short(delivery.correlation_id) if delivery.correlation_id else None,
            type=short(delivery.type or delivery.routing_key),
            timestamp=int(self.clock().timestamp()),
            app_id=_APP_ID,
        )

    def _row(self, held: Held) -> StoredMessage:
        with self.database.reading() as connection:
            row = listings.parked_message(connection, held.id)
        if row is None:
            raise _gone(held)
        return row


def _gone(held: Held) -> NotAllowed:
    return NotAllowed(f"{held.id} is not in quarantine any more")


def _parked(row: ParkedMessage) -> Held:
    claims = claimed(row.head)
    return Held(
        id=row.public_id,
        source="store",
        kind=PARKED,
        reason=row.note or "parked",
        size=row.size,
        digest=row.digest,
        at=row.received_at,
        channel=row.channel,
        procedure=row.procedure,
        pair=row.pair,
        message_id=row.message_id or claims.message_id,
        sent_at=claims.sent_at,
        dossier=claims.dossier,
    )


def _dead(delivery: Delivery) -> Held:
    claims = claimed(delivery.body)
    return Held(
        id=_digest(delivery),
        source="broker",
        kind=_kind(delivery),
        reason=_reason(delivery),
        size=len(delivery.body),
        digest=_digest(delivery),
        channel="window",
        routing_key=delivery.routing_key,
        queue=_queue(delivery),
        message_id=delivery.message_id or claims.message_id,
        sent_at=claims.sent_at,
        dossier=claims.dossier,
    )


def _kind(delivery: Delivery) -> str:
    return "unreadable" if delivery.unreadable else delivery.death_reason or "unroutable"


def _reason(delivery: Delivery) -> str:
    if delivery.unreadable:
        return "its properties cannot be decoded"
    if delivery.death_reason is None:
        return "no queue took it: it was missing, or no binding takes its routing key"
    return f"{delivery.death_reason} in {delivery.death_queue}"


def _queue(delivery: Delivery) -> str:
    return delivery.death_queue or DECLARATIONS


def _digest(delivery: Delivery) -> str:
    return hashlib.sha256(delivery.body).hexdigest()
