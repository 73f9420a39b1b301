"""The attached files that a declaration names by their digests: whether they are there, and whose they become.

Asked of what comes by the portal alone: what comes by the window names files of the window's, by a link that nobody
follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import attachments as store
from adapter.gateways.store.attachments import AttachedFile
from adapter.gateways.store.database import Connection, Database
from adapter.model.dossier import Dossier
from adapter.model.finding import Finding
from adapter.model.procedure import AttachedSpec
from adapter.model.stages import Channel, Declaration
from adapter.pipeline.mapping import row_pointer

_SHOWN = 12
"""Digits of a digest that a finding repeats."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """A file as a declaration names it, in the row of that ordinal; `size` in bytes."""

    ordinal: int
    digest: str | None
    size: int | None
    what: str | None


@dataclass(frozen=True, slots=True)
class DeclaredFiles:
    """What is asked while a message is decided on. `dossier_bytes`: of all files of a dossier, those of every version,
    each once."""

    connection: Connection
    dossier_bytes: int

    def faults(self, declaration: Declaration, dossier: Dossier | None, *, answers: bool = False) -> list[Finding]:
        """What is wrong with the files that it names; they have to be its sender's, or the dossier's already.

        `answers`: it is what the border guard has asked for.
        """
        spec, envelope = declaration.verified.envelope.procedure.attached, declaration.verified.envelope
        if spec is None or envelope.submission.channel is not Channel.PORTAL:
            return []
        named = declared(declaration, spec)
        kept = _kept(self.connection, declaration, dossier.id if dossier else None)
        found = list(_each(named, kept, asked=dossier is None or dossier.channel is Channel.PORTAL))
        if self.are_too_large(kept, dossier.id if dossier else None, answers=answers):
            found.append(("files_too_large", 1, {"limit": str(self.dossier_bytes // _MIB)}))
        group = envelope.procedure.group(spec.group)
        base = f"/Envelope/Body/Content/{envelope.spec.root}"
        path = group.path if group is not None else ""
        return [
            Finding(name, row_pointer(base, path, place, len(named)), spec.severity, words=words, basis=spec.basis)
            for name, place, words in found
        ]

    def are_too_large(self, named: Mapping[str, AttachedFile], dossier_id: int | None, *, answers: bool) -> bool:
        """Whether the dossier would hold more than it may.

        Whoever is asked for a better scan has an hour to send it (Article 11(3)(b)), so the files of versions before
        do not count against him then. A version that brings no new file makes no dossier larger.
        """
        had = {each.digest: each for each in store.of_dossier(self.connection, dossier_id)} if dossier_id else {}
        every = named if answers else {**had, **named}
        is_more = not had or not named.keys() <= had.keys()
        return is_more and sum(each.size for each in every.values()) > self.dossier_bytes


def _each(
    named: list[DeclaredFile], kept: dict[str, AttachedFile], *, asked: bool
) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Name, ordinal and words of each fault. `asked`: also of files that are named without a digest."""
    for each in named:
        if each.digest is None:
            if asked:
                yield "attachment_without_digest", each.ordinal, {}
        elif each.digest not in kept:
            yield "attachment_missing", each.ordinal, {"digest": each.digest[:_SHOWN]}
        elif each.size is not None and each.size != kept[each.digest].size:
            yield "attachment_differs", each.ordinal, {"stated": str(each.size), "size": str(kept[each.digest].size)}


def declared(declaration: Declaration, spec: AttachedSpec) -> list[DeclaredFile]:
    """The files that a declaration names, in its order."""
    return [
        DeclaredFile(ordinal, _text(row.get(spec.digest)), _size(row.get(spec.size)), _text(row.get(spec.kind)))
        for ordinal, row in enumerate(declaration.rows.get(spec.group, ()), start=1)
    ]


def attach(connection: Connection, database: Database, dossier_id: int, version: Declaration, at: datetime) -> None:
    """The files that a version names are its dossier's from now on."""
    kept = _kept(connection, version, dossier_id)
    store.to_dossier(connection, database, dossier_id, list(kept.values()), at)


def _kept(connection: Connection, declaration: Declaration, dossier_id: int | None) -> dict[str, AttachedFile]:
    """By digest the files that it names and that its sender, or the dossier, has."""
    envelope = declaration.verified.envelope
    spec, owner = envelope.procedure.attached, envelope.submission.bound_to
    digests = [each.digest for each in declared(declaration, spec) if each.digest] if spec is not None else []
    if not digests or (owner is None and dossier_id is None):
        return {}
    return {each.digest: each for each in store.known(connection, owner, dossier_id, digests)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(value: object) -> int | None:
    return value if isinstance(value, int) else None
