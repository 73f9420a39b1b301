"""A declarant reads the result of his declaration: state, findings, the exact signed replies.

He reads only what is bound to his own identity. The first read of a reply is its delivery (Article 10: a confirmation
has its effect when the declarant receives it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadlines, lookups, replies
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import ConfirmationWithReply, MessageWithDossier, ReadableReply
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import CONFIRMED
from adapter.model.finding import StoredFinding
from adapter.model.outcomes import MessageState, Word
from adapter.services.access.rights import Right, has
from adapter.services.door.draft import Sent
from adapter.services.dossiers.shown_state import shown


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """One signed reply. `body` are its exact bytes."""

    kind: str
    type: str
    function: str
    digest: str
    created_at: datetime
    delivered_at: datetime
    body: bytes
    withdrawn_at: datetime | None = None
    """Of a request to amend: the border guard has withdrawn it, and why."""
    withdrawal_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A declaration and its state. `findings` are as they were stated to the declarant."""

    public_id: str
    state: str
    outcome: str | None
    procedure: str | None
    reference: str | None
    year: int | None
    received_at: datetime
    findings: Sequence[StoredFinding]
    answers: Sequence[SignedAnswer]


@dataclass(frozen=True)
class Declarations:
    """Reading own declarations. `clock` gives the legal time: a delivery is a fact of law."""

    database: Database
    clock: Callable[[], datetime]

    def read(self, public_id: str, actor: Actor) -> Progress | None:
        """The declaration, or None where there is none of the caller's; its replies count as delivered."""
        with self.database.transaction() as connection:
            row = _own(connection, public_id, actor)
            if row is None:
                return None
            answers = self._delivered(connection, lookups.answers(connection, row.id, row.dossier_id))
            state = state_of(row, confirmation_of(connection, row))
        return Progress(
            public_id=row.public_id,
            state=state,
            outcome=row.outcome,
            procedure=row.procedure,
            reference=row.reference,
            year=row.year,
            received_at=row.received_at,
            findings=row.findings,
            answers=answers,
        )

    def reply(self, public_id: str, digest: str, actor: Actor) -> bytes | None:
        """The exact bytes of one reply, or None where there is none of the caller's."""
        with self.database.transaction() as connection:
            row = _own(connection, public_id, actor)
            if row is None:
                return None
            found = [a for a in lookups.answers(connection, row.id, row.dossier_id) if a.digest == digest]
            answers = self._delivered(connection, found)
        return answers[0].body if answers else None

    def _delivered(self, connection: Connection, rows: Sequence[ReadableReply]) -> list[SignedAnswer]:
        now = self.clock()
        read = replies.mark_read(connection, [row.id for row in rows if row.delivered_at is None], now)
        deadlines.sent(connection, sorted(read), now)
        had = read | {row.id for row in rows if row.delivered_at is not None}
        return [
            SignedAnswer(
                kind=row.kind,
                type=row.type,
                function=row.function,
                digest=row.digest,
                created_at=row.created_at,
                delivered_at=row.delivered_at or now,
                body=row.body,
                withdrawn_at=row.withdrawn_at,
                withdrawal_reason=row.withdrawal_reason,
            )
            for row in rows
            if row.id in had
        ]


def _own(connection: Connection, public_id: str, actor: Actor) -> MessageWithDossier | None:
    if not has(actor, Right.READ_OWN) or actor.number is None:
        return None
    row = lookups.message(connection, public_id)
    if row is None or not (row.bound_to == actor.number or actor.number in (row.identities or ())):
        return None
    return row


def confirmation_of(connection: Connection, row: MessageWithDossier) -> ConfirmationWithReply | None:
    """The newest confirmation of the message's dossier; None where it is not confirmed."""
    if row.dossier_id is None or row.dossier_state not in CONFIRMED:
        return None
    return lookups.newest_confirmation(connection, row.dossier_id)


def state_of(row: MessageWithDossier, newest: ConfirmationWithReply | None) -> str:
    """The state in one word: of the dossier, or of the message that did not reach one."""
    if row.state != MessageState.SETTLED.value:
        return row.state
    if row.outcome == Word.ACCEPTED.value and row.dossier_state:
        return shown(row.dossier_state, newest)
    return str(row.outcome)


def sent_by(connection: Connection, owner: str, message: str, catalogue: Catalogue) -> Sent | None:
    """The result of a message that this number has sent; None where there is none."""
    row = lookups.message(connection, message)
    if row is None or row.bound_to != owner:
        return None
    return Sent(
        public_id=row.public_id,
        state=state_of(row, confirmation_of(connection, row)),
        outcome=row.outcome,
        reference=f"{row.reference}/{row.year}" if row.reference else "",
        received_at=row.received_at,
        findings=tuple(catalogue.findings.restate(kept) for kept in row.findings),
    )
