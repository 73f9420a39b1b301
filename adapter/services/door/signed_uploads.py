"""A signed file that is sent without log-in, while the identity provider is away.

The declarant's signature covers Content alone, so a copy of a signed file does not prove who sends it. So its sender
signs a statement of ours with the same registered certificate: purpose, host, the file's digest, a value that counts
once. Without it nothing is drawn or stored. The file itself goes through the same door, sealed by the portal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from adapter.gateways.store import lookups
from adapter.gateways.store import statement_values as store
from adapter.gateways.store.access_records import StoredStatementValue
from adapter.gateways.store.database import Database
from adapter.model.ages import age
from adapter.model.finding import Finding
from adapter.model.identifiers import DossierKey
from adapter.model.statement import Purpose
from adapter.pipeline import xml
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.shape import shapes
from adapter.services.decisions.shown import SHOWN, STATEMENT, Shown
from adapter.services.door.precheck import Threshold, TurnedAway
from adapter.services.door.reception import Admitted, Arriving, Caller, ForeseenAnswer, Reception
from adapter.services.door.submission import Door
from adapter.services.statements.issuing import Statements, hash_of
from adapter.services.statements.proving import StatementProofs

_OPEN_S = 300
"""So long after its statement was taken a file may enter: the portal sends it on at once."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class OpenedUpload:
    """Whose file may enter now: the number with which his certificate is registered, and his statement's value."""

    number: str
    value: str
    again: bool = False
    """The same pair came before, and its file has entered or may not any more: nothing is drawn or stored, and the
    acknowledgement is read again."""


class UploadOpening(Protocol):
    """Verifies a statement and the file it is for."""

    def open(self, signed: bytes, file: bytes) -> OpenedUpload:
        """Take the statement: from now on this file, and nothing else, may enter by it.

        Raises:
            TurnedAway: with what stands against statement, certificate, holder or file.
            Unavailable: time must pass; the value is not used up.
        """


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What was received by a statement: its number, when, and what was made of it."""

    is_underway: bool
    """Whether it may still become something."""
    key: DossierKey | None
    received_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class SignedUploads:
    """The use cases of the public page. `opening` may be another process."""

    database: Database
    statements: Statements
    opening: UploadOpening
    door: Door

    def statement(self, digest: str) -> bytes | None:
        """The statement to be signed for a file of this SHA-256; None: it is none."""
        plain = digest.strip().lower()
        return self.statements.issue(Purpose.FILE, digest=plain) if _DIGEST.fullmatch(plain) else None

    def send(self, signed: bytes, file: bytes) -> str:
        """Send a file with its signed statement; gives the statement's value, by which the acknowledgement is read.

        Raises:
            TurnedAway: the sender must act.
            Unavailable: time must pass; nothing was stored.
        """
        opened = self.opening.open(signed, file)
        if opened.again:
            return opened.value
        kept = SHOWN.set(Shown(STATEMENT, opened.value))
        try:
            self.door.declare(file, Caller(opened.number, statement=hash_of(opened.value)))
        except TurnedAway:
            received = self.acknowledged(opened.value)
            if received is None or received.received_at is None:  # else the same, sent at once, was a little faster
                raise
        finally:
            SHOWN.reset(kept)
        return opened.value

    def acknowledged(self, value: str) -> Acknowledgement | None:
        """What was received by a statement with this value; None: nothing was, or it is long ago."""
        with self.database.reading() as connection:
            row = store.find(connection, hash_of(value))
            if row is None or row.used_at is None or row.purpose != Purpose.FILE.value:
                return None
            found = lookups.messages(connection, [row.message]).get(row.message) if row.message else None
        if found is None:
            is_underway = age(self.statements.clock(), row.used_at) <= _OPEN_S and row.message is None
            return Acknowledgement(is_underway, None, None, None)
        key = DossierKey(found.reference, found.year) if found.reference and found.year else None
        return Acknowledgement(False, key, found.received_at, found.outcome)


@dataclass(frozen=True)
class ProvenUploads:
    """As `UploadOpening`, where statements are verified; and the check that nothing else enters by them."""

    database: Database
    threshold: Threshold
    proofs: StatementProofs
    clock: Callable[[], datetime]

    def open(self, signed: bytes, file: bytes) -> OpenedUpload:
        """As `UploadOpening.open`."""
        statement = self.proofs.read(signed, Purpose.FILE)
        if hashlib.sha256(file).hexdigest() != statement.statement.digest:
            raise self.proofs.refused(Finding("statement_file", "/SignedStatement/Content/File/Digest"))
        tree = self.threshold.present(file, Purpose.FILE.value, self.clock()).tree
        if statement.certificate not in _signers(tree):
            raise self.proofs.refused(Finding("statement_signer", Place.DECLARANT.pointer))
        with self.database.transaction() as connection:
            holder = self.proofs.holder(connection, statement)
            assert holder.number is not None, "a holder without a number was refused"
            value, body = statement.statement.value, _body(tree)
            before = store.find(connection, hash_of(value))
            if before is not None and before.used_at and (before.number, before.digest) == (holder.number, body):
                # Where the part that judges was away, or the portal ended, the file has not entered: it may now.
                return OpenedUpload(holder.number, value, again=not self._is_open(before))
            self.proofs.use(connection, statement, number=holder.number, body=body)
        return OpenedUpload(holder.number, value)

    def caller(self, value: str) -> StoredStatementValue | None:
        """By whose statement with this value a file may enter now; None: by nobody's."""
        with self.database.reading() as connection:
            row = store.find(connection, hash_of(value))
        return row if row is not None and self._is_open(row) else None

    def admit(self, statement: str, number: str, tree: etree._Element | None) -> None:
        """Check that this is the caller's file; `tree` None: only a number is asked for.

        Raises:
            TurnedAway: it is another file, another caller's, or it has entered already.
        """
        with self.database.reading() as connection:
            row = store.find(connection, statement)
        if row is None or not self._is_open(row) or row.number != number:
            raise self.proofs.refused(Finding("statement_unknown", "/SignedStatement/Content/Value"))
        if tree is not None and row.digest != _body(tree):
            raise self.proofs.refused(Finding("statement_file", "/SignedStatement/Content/File/Digest"))

    def became(self, statement: str, message: str) -> None:
        """The file has become this message."""
        with self.database.transaction() as connection:
            store.became(connection, statement, message)

    def _is_open(self, row: StoredStatementValue) -> bool:
        is_used = row.used_at is not None and age(self.clock(), row.used_at) <= _OPEN_S
        return is_used and row.message is None and row.purpose == Purpose.FILE.value


def _signers(tree: etree._Element) -> list[bytes]:
    """The certificate of the declarant's signature; whether that holds is judged later, like everybody's."""
    shape = shapes(tree, legacy=True)[0].get(Place.DECLARANT)
    return [each.public_bytes(Encoding.DER) for each in shape.certificates[:1]] if shape else []


def _body(tree: etree._Element) -> str:
    """The digest of what the portal never changes."""
    body = tree.find("Body")
    return "" if body is None else hashlib.sha256(xml.canonical(body)).hexdigest()


@dataclass(frozen=True)
class UploadReception:
    """The reception, which lets a file that was sent without log-in in only by the statement that was signed for it."""

    inner: Reception
    uploads: ProvenUploads

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """As `Reception.number`."""
        if caller.statement is not None:
            self.uploads.admit(caller.statement, caller.number, None)
        return self.inner.number(name, unit_code, caller, asks)

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """As `Reception.take`."""
        if caller.statement is None:
            return self.inner.take(body, caller)
        tree = self.uploads.threshold.sealed(body, self.uploads.clock()).tree
        self.uploads.admit(caller.statement, caller.number, tree)
        admitted = self.inner.take(body, caller)
        self.uploads.became(caller.statement, admitted.public_id)
        return admitted

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """As `Reception.foresee`, which nobody asks for without log-in.

        Raises:
            TurnedAway: somebody does.
        """
        if caller.statement is not None:
            raise self.uploads.proofs.refused(Finding("statement_unknown", "/SignedStatement/Content/Value"))
        return self.inner.foresee(body, caller)
