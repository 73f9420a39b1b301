"""Certificates that their holders register at the portal by proof of possession (QĐ 15/2019/QĐ-TTg Article 6(3)).

Holding the private key is proved by signing a statement of ours; whose certificate it is, by the account and by what
the certificate names. An officer's approval is configuration; a certificate that names nobody always needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509

from adapter.gateways.store import certificates as store
from adapter.gateways.store.certificates import CertificateState, Name, Office, Registered
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.new_access_rows import NewCertificate
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding
from adapter.model.journal_events import JournalEvent
from adapter.model.statement import Purpose, SignedStatement
from adapter.services.access.rights import Right, needs
from adapter.services.dossiers.acts import SessionOver
from adapter.services.registers.accounts import reason_of
from adapter.services.registers.certificates import Registration, Registry
from adapter.services.statements.issuing import Statements
from adapter.services.statements.proving import StatementProofs

_SIGNATURE = "/SignedStatement/Signature"
MOST = 50
"""Certificates of one account that are registered, wait or were declined."""


@dataclass(frozen=True, slots=True)
class CertificateTaken:
    """What became of a certificate: registered now, or to be looked at by an officer first."""

    id: int
    serial: str
    waits: bool


class CertificateHolders(Protocol):
    """What holders do with their certificates. `secret` is that of a session of the portal."""

    def register(self, secret: str, signed: bytes) -> CertificateTaken:
        """Register the certificate that signs this statement.

        Raises:
            SessionOver: nobody has logged in by that secret, or no more.
            TurnedAway: with what stands against statement or certificate; the value is not used up.
            Unavailable: time must pass.
        """

    def suspend(self, secret: str, row_id: int, reason: str) -> None:
        """Suspend a certificate of one's own: a lost key signs nothing more. An officer restores it.

        Raises:
            SessionOver: as `register`.
            NotAllowed: there is none of his of that id that may be used, or no reason.
        """


@dataclass(frozen=True)
class OwnCertificates:
    """What a holder sees, and the statement that he signs."""

    database: Database
    statements: Statements

    def of(self, actor: Actor) -> Sequence[Registered]:
        """The certificates of his numbers, in whatever state, the newest first.

        Raises:
            NoRight: no declarant asks.
        """
        needs(actor, Right.CERTIFY_OWN)
        with self.database.reading() as connection:
            return store.of_numbers(connection, numbers_of(actor))

    def statement(self, actor: Actor) -> bytes:
        """The statement that he signs with the certificate that he registers.

        Raises:
            NoRight: no declarant asks.
        """
        needs(actor, Right.CERTIFY_OWN)
        return self.statements.issue(Purpose.CERTIFICATE, actor.id)


def numbers_of(actor: Actor) -> list[str]:
    """The numbers for which an account registers certificates: its organisation's first, then its person's own."""
    return [number for number in (actor.organisation, actor.number) if number is not None]


@dataclass(frozen=True)
class ProvenCertificates:
    """As `CertificateHolders`, where statements are verified. `recognise` gives who has logged in by a secret."""

    registry: Registry
    proofs: StatementProofs
    recognise: Callable[[str], Actor | None]
    approval: bool
    """Whether an officer must approve each."""

    def register(self, secret: str, signed: bytes) -> CertificateTaken:
        """As `CertificateHolders.register`."""
        actor = self._holder(secret)
        statement = self.proofs.read(signed, Purpose.CERTIFICATE, actor.id)
        number = self._number(actor, statement)
        waits = self.approval or not statement.signer.numbers
        state = CertificateState.WAITING if waits else CertificateState.ACTIVE
        certificate = x509.load_der_x509_certificate(statement.certificate)
        row = self.registry.row(certificate, Registration(Office.PORTAL), number, state)
        database = self.registry.database
        with database.transaction() as connection:
            database.lock(connection, ["certificate registry"])
            self.proofs.use(connection, statement)
            self.proofs.unsuspended(connection, {*numbers_of(actor), *statement.signer.numbers})
            row_id = self._kept(connection, row, actor)
            event = JournalEvent.CERTIFICATE_APPLY if waits else JournalEvent.CERTIFICATE_REGISTER
            found = self.registry.noted(connection, row_id, event, actor)
        return CertificateTaken(found.id, found.serial, waits)

    def suspend(self, secret: str, row_id: int, reason: str) -> None:
        """As `CertificateHolders.suspend`."""
        actor, why = self._holder(secret), reason_of(reason)
        database = self.registry.database
        with database.transaction() as connection:
            database.lock(connection, ["certificate registry"])
            found = [each for each in store.by_id(connection, row_id) if each.number in numbers_of(actor)]
            if not found or found[0].state is not CertificateState.ACTIVE:
                raise NotAllowed("there is no such certificate of yours that may be used")
            suspended, now = CertificateState.SUSPENDED, self.registry.clock()
            store.change(connection, [row_id], state=suspended, reason=why, officer=actor.journal_name, at=now)
            self.registry.noted(connection, row_id, JournalEvent.CERTIFICATE_SUSPEND, actor, why)

    def _holder(self, secret: str) -> Actor:
        actor = self.recognise(secret)
        if actor is None:
            raise SessionOver
        needs(actor, Right.CERTIFY_OWN)
        return actor

    def _number(self, actor: Actor, statement: SignedStatement) -> str:
        """Whose it is: of the account's numbers the one that the certificate names; it may name none."""
        mine, named = numbers_of(actor), statement.signer.numbers
        found = [number for number in mine if number in named or not named]
        if not found:
            raise self.proofs.refused(Finding("certificate_of_another", _SIGNATURE))
        return found[0]

    def _kept(self, connection: Connection, row: NewCertificate, actor: Actor) -> int:
        """The id of its row: a new one, or that of a certificate that was declined before."""
        name: Name = row["issuer"], row["serial"]
        known = store.known(connection, [name]).get(name)
        if known is None:
            if len(store.of_numbers(connection, [row["number"] or ""])) >= MOST:
                raise NotAllowed(f"{MOST} certificates of this number are registered or wait; ask the border guard")
            return store.add(connection, self.registry.database, row)
        is_same = known.number == row["number"] and known.fingerprint == row["fingerprint"]
        if not is_same or known.number not in numbers_of(actor):
            raise self.proofs.refused(Finding("certificate_of_another", _SIGNATURE))
        if known.state is CertificateState.SUSPENDED:
            words = {"reason": known.reason or ""}
            raise self.proofs.refused(Finding("registration_suspended", _SIGNATURE, words=words))
        if known.state is not CertificateState.DECLINED:
            waits = known.state is CertificateState.WAITING
            raise self.proofs.refused(Finding("certificate_waits" if waits else "certificate_registered", _SIGNATURE))
        store.change(
            connection,
            [known.id],
            state=CertificateState(row["state"]),
            reason=None,
            officer=None,
            at=row["changed_at"],
            since=row["since"],
        )
        return known.id
