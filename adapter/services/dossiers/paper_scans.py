"""Scans of what was done on paper: attached to an entry of the officer's unit, seen by the one who compares it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapter.gateways.store.attachments import AttachedFile
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Label
from adapter.services.attachments.giving import AttachmentsGiven, GivenFile
from adapter.services.attachments.keeping import Attachments
from adapter.services.dossiers.paper_records import PaperRecords

KINDS = "attachment_kinds"


@dataclass(frozen=True)
class PaperScans:
    """The use cases. `records` decides whose entry it is."""

    records: PaperRecords
    files: Attachments
    giving: AttachmentsGiven
    catalogue: Catalogue

    @property
    def kinds(self) -> Mapping[str, Label]:
        """What a scan can be, by its code."""
        return {code.code: Label(code.vi, code.en) for code in self.catalogue.codelists[KINDS].values()}

    @property
    def most(self) -> int:
        """Bytes of one file."""
        return self.files.limits.file

    def of(self, entry: int, *, actor: Actor) -> Sequence[AttachedFile]:
        """The scans of an entry, the first first.

        Raises:
            NotAllowed, NoRight: as `PaperRecords.of_his_unit`.
        """
        self.records.of_his_unit(entry, actor=actor)
        return self.files.of_paper(entry)

    def add(self, entry: int, what: str, name: str, raw: bytes, *, actor: Actor) -> None:
        """Attach a scan to an entry that waits to be compared. `what`: a code of `kinds`.

        Raises:
            PaperRefused: it is compared or sent back already.
            NotAllowed, NoRight: as `PaperRecords.of_his_unit`.
            BadFile: why the file is not taken.
            Unavailable: it cannot be looked at now.
        """
        self.records.of_his_unit(entry, actor=actor, waiting=True)
        try:
            self.files.to_paper(actor, entry, what, name, raw)
        except NotAllowed:
            self.records.of_his_unit(entry, actor=actor, waiting=True)  # meanwhile: with the reason that pages tell
            raise

    def file(self, entry: int, digest: str, *, actor: Actor) -> GivenFile | None:
        """A scan; None where there is none, or it is infected. The journal keeps that he had it.

        Raises:
            NotAllowed, NoRight: as `PaperRecords.of_his_unit`.
        """
        found = next((each for each in self.of(entry, actor=actor) if each.digest == digest), None)
        return self.giving.to_officer(found, actor, {"paper": entry})
