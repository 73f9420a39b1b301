"""Keeping files: each is looked at in a process of its own, scanned, and kept once for its digest.

A declarant attaches to a draft, or (his program) to nothing yet; an officer to an entry of what was on paper. A file
of a declarant reaches a dossier only by a signed declaration that names its digest (`declared`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import attachments as store
from adapter.gateways.store import drafts
from adapter.gateways.store import paper_records as papers
from adapter.gateways.store.attachments import AttachedFile, NewAttachment
from adapter.gateways.store.database import Connection, Database
from adapter.model.actor import Actor
from adapter.model.attachment import BadFile, FileKind, FileLimits, Scan, named
from adapter.model.errors import NotAllowed
from adapter.services.access.rights import Right, needs
from adapter.services.attachments.scanning import Scanning, ScanVerdict

Look = Callable[[bytes, FileKind], None]
"""Raises BadFile where a file is not what its name says, or is not harmless."""
_SWEPT = 500
"""Rows that the clock removes in one round, of each sort."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A file that was looked at, and may be kept."""

    name: str
    kind: FileKind
    digest: str
    raw: bytes
    verdict: ScanVerdict


@dataclass(frozen=True)
class Attachments:
    """The use cases. `clock` gives the legal time; `keep` is how long what nobody has sent is kept."""

    database: Database
    look: Look
    scanning: Scanning
    limits: FileLimits
    keep: timedelta
    clock: Callable[[], datetime]

    def looked_at(self, name: str, raw: bytes) -> LookedAt:
        """The file, if it may be kept; nothing is stored.

        Raises:
            BadFile: why not.
            Unavailable: it cannot be looked at now.
        """
        if len(raw) > self.limits.file:
            raise BadFile("file_too_large", limit=str(self.limits.file // _MIB))
        kept, kind = named(name)
        self.look(raw, kind)
        digest = hashlib.sha256(raw).hexdigest()
        verdict = self.scanning.verdict(raw, digest)
        if verdict.scan is Scan.INFECTED:
            raise BadFile("file_infected", threat=verdict.threat or "?")
        return LookedAt(kept, kind, digest, raw, verdict)

    def to_draft(self, actor: Actor, public_id: str, what: str | None, name: str, raw: bytes) -> LookedAt:
        """Attach a file to a draft of his. `what`: a code of the kinds of attachments.

        Raises:
            NoRight: he does not declare.
            NotAllowed: there is no such draft of his, or it was sent.
            BadFile, Unavailable: as `looked_at`.
        """
        needs(actor, Right.DECLARE)
        owner = _number(actor)
        file = self.looked_at(name, raw)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"files:{owner}"])
            row = drafts.find(connection, owner, public_id)
            if row is None or row.sent_as is not None:
                raise NotAllowed("there is no such draft, or it was sent")
            others = store.of_draft(connection, row.id)
            if any(each.digest == file.digest for each in others):
                raise BadFile("file_twice")
            _room(others, len(raw), self.limits.dossier)
            self._bounded(store.unsent(connection, owner), len(raw))
            place: NewAttachment = {"what": what, "owner": owner, "draft_id": row.id}
            self._keep(connection, file, actor, place)
        return file

    def to_nothing_yet(self, actor: Actor, name: str, raw: bytes) -> LookedAt:
        """Keep a file that a declaration of his will name soon; uploaded again, it is kept once.

        Raises:
            NoRight, BadFile, Unavailable: as `to_draft`.
        """
        needs(actor, Right.DECLARE)
        owner = _number(actor)
        file = self.looked_at(name, raw)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"files:{owner}"])
            # What stands in a draft of his goes with it, so it is kept beside that too.
            if not store.renew(connection, owner, file.digest, self.clock()):
                self._bounded(store.unsent(connection, owner), len(raw))
                self._keep(connection, file, actor, {"owner": owner})
        return file

    def to_paper(self, actor: Actor, paper_id: int, what: str, name: str, raw: bytes) -> LookedAt:
        """Attach a scan to an entry of what was on paper; once that is a dossier, the scan is the dossier's.

        The caller has checked that the entry is of the actor's unit. `what`: a code of the kinds of attachments.

        Raises:
            NoRight: he may not enter what was on paper.
            NotAllowed: it was compared or sent back, perhaps while the file was looked at.
            BadFile, Unavailable: as `looked_at`.
        """
        needs(actor, Right.ENTER_PAPER)
        file = self.looked_at(name, raw)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"paper:{paper_id}"])
            if not papers.is_waiting(connection, paper_id):
                raise NotAllowed("the entry was compared or sent back: a scan that nobody has compared is none of it")
            others = store.of_paper(connection, paper_id)
            if all(each.digest != file.digest for each in others):
                _room(others, len(raw), self.limits.dossier)
                self._keep(connection, file, actor, {"what": what, "paper_id": paper_id})
        return file

    def of_draft(self, owner: str, public_id: str) -> Sequence[AttachedFile]:
        """What is attached to a draft of his."""
        with self.database.reading() as connection:
            row = drafts.find(connection, owner, public_id)
            return store.of_draft(connection, row.id) if row is not None else ()

    def of_paper(self, paper_id: int) -> Sequence[AttachedFile]:
        """What is attached to an entry of what was on paper."""
        with self.database.reading() as connection:
            return store.of_paper(connection, paper_id)

    def trim(self, owner: str, public_id: str, named_now: Collection[str]) -> None:
        """Take off a draft of his what its answers do not name any more, by digest."""
        with self.database.transaction() as connection:
            row = drafts.find(connection, owner, public_id)
            if row is not None:
                store.take_off(connection, row.id, named_now, self.clock())

    def sweep(self) -> int:
        """The clock's: remove what no declaration has named in time; gives how many files went."""
        with self.database.transaction() as connection:
            return store.sweep(connection, self.clock() - self.keep, _SWEPT)

    def _bounded(self, had: Sequence[AttachedFile], more: int) -> None:
        """
        Raises:
            BadFile: he has uploaded more than that, and has not sent it.
        """
        if sum(each.size for each in had) + more > self.limits.unsent:
            raise BadFile("files_unsent", limit=str(self.limits.unsent // _MIB))

    def _keep(self, connection: Connection, file: LookedAt, actor: Actor, place: NewAttachment) -> None:
        now = self.clock()
        keep_bytes(connection, self.database, file, now)
        made: NewAttachment = {
            "digest": file.digest,
            "name": file.name,
            "added_by": actor.journal_name,
            "added_at": now,
        }
        store.attach(connection, self.database, {**made, **place})


def keep_bytes(connection: Connection, database: Database, file: LookedAt, at: datetime) -> None:
    """Keep the bytes in the transaction of what names them."""
    store.keep(
        connection,
        database,
        {
            "digest": file.digest,
            "kind": file.kind.value,
            "size": len(file.raw),
            "body": file.raw,
            "kept_at": at,
            "scan": file.verdict.scan.value,
            "threat": file.verdict.threat,
            "scanned_at": file.verdict.at,
        },
    )


def _room(others: Sequence[AttachedFile], more: int, limit: int) -> None:
    """
    Raises:
        BadFile: together they would be more than a dossier holds.
    """
    if sum(each.size for each in others) + more > limit:
        raise BadFile("files_too_large", limit=str(limit // _MIB))


def _number(actor: Actor) -> str:
    if actor.number is None:
        raise NotAllowed("the account states no number")
    return actor.number
