"""Giving attached files out: to the declarant of the dossier, and to officers of its unit, which the journal keeps.

The scanner is asked each time, so that what it has learnt meanwhile counts. What is infected is never given out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import attachments as store
from adapter.gateways.store import journal, listings
from adapter.gateways.store.attachments import AttachedFile, LetterFile
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.attachment import FileKind, Scan
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label
from adapter.model.units import BorderUnits
from adapter.services.access.rights import Right, is_its, needs
from adapter.services.attachments.scanning import Scanning
from adapter.services.dossiers.own import own_row


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that is given out: name and bytes."""

    name: str
    kind: FileKind
    body: bytes


@dataclass(frozen=True)
class AttachmentsGiven:
    """The use cases. `clock` gives the legal time (aware)."""

    database: Database
    units: BorderUnits
    scanning: Scanning
    clock: Callable[[], datetime]
    kinds: Mapping[str, Label]
    """What the kinds of attached files are called, by code."""

    def own(self, actor: Actor, number: str, year: int) -> Sequence[AttachedFile]:
        """What is attached to a dossier of his; nothing where there is none of his.

        Raises:
            NoRight: no declarant asks.
        """
        needs(actor, Right.READ_OWN)
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, self.clock())
            return store.of_dossier(connection, row.id) if row is not None else ()

    def own_file(self, actor: Actor, number: str, year: int, digest: str) -> GivenFile | None:
        """A file of a dossier of his; None where there is none, or it is infected.

        Raises:
            NoRight: no declarant asks.
        """
        needs(actor, Right.READ_OWN)
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, self.clock())
            found = store.find(connection, row.id, digest) if row is not None else None
        return self._given(found)

    def case_file(self, key: DossierKey, actor: Actor, digest: str) -> GivenFile | None:
        """A file of a dossier of his unit; None where there is none, or it is infected. The journal keeps it.

        Raises:
            NoRight: he sees no values of persons.
        """
        needs(actor, Right.SEE_PERSONAL_VALUES)
        with self.database.reading() as connection:
            row = listings.dossier_row(connection, key)
            is_his = row is not None and is_its(actor, self.units.of(row.gate, row.unit))
            found = store.find(connection, row.id, digest) if row is not None and is_his else None
        return self.to_officer(found, actor, {"dossier": str(key)})

    def letter(self, authorisation_id: int, actor: Actor) -> GivenFile | None:
        """The scanned letter of an authorisation; None where there is none, or it is infected. The journal keeps it.

        Raises:
            NoRight: he may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.reading() as connection:
            found = store.of_letter(connection, authorisation_id)
        return self.to_officer(found, actor, {"authorisation": authorisation_id})

    def to_officer(
        self, found: AttachedFile | LetterFile | None, actor: Actor, about: Mapping[str, object]
    ) -> GivenFile | None:
        """The file for an officer who may have it, `about` this, which the journal keeps; None where it is infected."""
        given = self._given(found)
        if found is not None and given is not None:
            with self.database.transaction() as connection:
                detail = {**about, "file": found.digest}
                entry = Entry.by(JournalEvent.ATTACHMENT_GIVEN, actor, self.clock(), detail)
                journal.append(connection, self.database, entry)
        return given

    def _given(self, found: AttachedFile | LetterFile | None) -> GivenFile | None:
        if found is None or found.scan == Scan.INFECTED.value:
            return None
        with self.database.reading() as connection:
            raw = store.body(connection, found.digest)
        if raw is None or self.scanning.again(found.digest, raw).scan is Scan.INFECTED:
            return None
        return GivenFile(found.name, FileKind(found.kind), raw)
