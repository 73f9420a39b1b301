"""Attached files in the store: the bytes once for each digest, and who has attached them to what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import attachment, authorisation, draft, stored_file
from adapter.model.attachment import Scan


class NewFile(TypedDict):
    """The bytes of a file, which were looked at."""

    digest: str
    kind: str
    size: int
    body: bytes
    kept_at: datetime
    scan: str
    threat: str | None
    scanned_at: datetime | None


class NewAttachment(TypedDict, total=False):
    """Who attaches a file to what: a draft, an entry of what was on paper, a dossier; or to nothing yet."""

    digest: str
    name: str
    what: str | None
    owner: str | None
    added_by: str
    added_at: datetime
    draft_id: int | None
    paper_id: int | None
    dossier_id: int | None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An attached file without its bytes. `what`: a code of the kinds of attachments; `name`: as it was kept."""

    id: int
    digest: str
    name: str
    what: str | None
    owner: str | None
    added_by: str
    added_at: datetime
    kind: str
    size: int
    scan: str
    threat: str | None
    scanned_at: datetime | None


@dataclass(frozen=True, slots=True)
class LetterFile:
    """The scanned letter of an authorisation, without its bytes."""

    digest: str
    name: str
    kind: str
    scan: str


_STATED = (
    *(attachment.c[name] for name in ("id", "digest", "name", "what", "owner", "added_by", "added_at")),
    *(stored_file.c[name] for name in ("kind", "size", "scan", "threat", "scanned_at")),
)


def keep(connection: Connection, database: Database, values: NewFile) -> None:
    """Keep bytes that are perhaps there already; their time of being kept is now, so that nobody removes them."""
    dialect = sqlite if database.is_embedded else postgresql
    made = dialect.insert(stored_file).values(**values)
    changed = {"kept_at": made.excluded.kept_at}
    connection.execute(made.on_conflict_do_update(index_elements=[stored_file.c.digest], set_=changed))


def attach(connection: Connection, database: Database, values: NewAttachment) -> int:
    """Attach kept bytes; gives the id."""
    row_id = database.new_id(connection)
    connection.execute(insert(attachment).values({"id": row_id, **values}))
    return row_id


def of_draft(connection: Connection, draft_id: int) -> list[AttachedFile]:
    """What is attached to a draft, the first first."""
    return made_all(AttachedFile, connection.execute(_found(attachment.c.draft_id == draft_id)))


def of_paper(connection: Connection, paper_id: int) -> list[AttachedFile]:
    """What is attached to an entry of what was on paper, the first first."""
    return made_all(AttachedFile, connection.execute(_found(attachment.c.paper_id == paper_id)))


def of_dossier(connection: Connection, dossier_id: int) -> list[AttachedFile]:
    """What is attached to a dossier, the first first."""
    return made_all(AttachedFile, connection.execute(_OF_DOSSIER, {"dossier": dossier_id}))


def unsent(connection: Connection, owner: str) -> list[AttachedFile]:
    """What a person has attached to drafts or to nothing yet."""
    return made_all(
        AttachedFile, connection.execute(_found(attachment.c.owner == owner, attachment.c.dossier_id.is_(None)))
    )


def renew(connection: Connection, owner: str, digest: str, at: datetime) -> bool:
    """Keep what a person has uploaded, and attached to nothing yet, from now on; False: there is nothing such."""
    loose = (attachment.c.draft_id.is_(None), attachment.c.paper_id.is_(None), attachment.c.dossier_id.is_(None))
    mine = (attachment.c.owner == owner, attachment.c.digest == digest, attachment.c.removed_at.is_(None))
    return connection.execute(update(attachment).where(*loose, *mine).values(added_at=at)).rowcount > 0


def _found(*conditions: object) -> Select[tuple[object, ...]]:
    joined = attachment.join(stored_file, stored_file.c.digest == attachment.c.digest)
    query = select(*_STATED).select_from(joined).where(*conditions, attachment.c.removed_at.is_(None))  # type: ignore[arg-type]
    return query.order_by(attachment.c.added_at, attachment.c.id)


_OF_DOSSIER = _found(attachment.c.dossier_id == bindparam("dossier"))


def body(connection: Connection, digest: str) -> bytes | None:
    """The bytes of that digest; None where there are none, or they are infected."""
    query = select(stored_file.c.body).where(stored_file.c.digest == digest, stored_file.c.scan != Scan.INFECTED)
    return connection.execute(query).scalar_one_or_none()


def take_off(connection: Connection, draft_id: int, but: Collection[str], at: datetime) -> None:
    """Take off a draft what has another digest than these."""
    others = (attachment.c.draft_id == draft_id, attachment.c.digest.not_in(but), attachment.c.removed_at.is_(None))
    connection.execute(update(attachment).where(*others).values(removed_at=at))


def to_dossier(
    connection: Connection, database: Database, dossier_id: int, files: Sequence[AttachedFile], at: datetime
) -> None:
    """Attach to a dossier what its declaration names; a file that it has already stays as it is."""
    had = {each.digest for each in of_dossier(connection, dossier_id)} if files else set()
    for each in files:
        if each.digest not in had:
            had.add(each.digest)
            values: NewAttachment = {
                "digest": each.digest,
                "name": each.name,
                "what": each.what,
                "owner": each.owner,
                "added_by": each.added_by,
                "added_at": at,
                "dossier_id": dossier_id,
            }
            attach(connection, database, values)


def paper_became(connection: Connection, paper_id: int, dossier_id: int) -> None:
    """An entry of what was on paper is a dossier now: so are its scans."""
    connection.execute(update(attachment).where(attachment.c.paper_id == paper_id).values(dossier_id=dossier_id))


def scanned(connection: Connection, digest: str, scan: Scan, threat: str | None, at: datetime) -> None:
    """What a scanner says of a file now."""
    values = {"scan": scan.value, "threat": threat, "scanned_at": at}
    connection.execute(update(stored_file).where(stored_file.c.digest == digest).values(values))


def not_scanned(connection: Connection, limit: int) -> list[str]:
    """Digests of files that no scanner was asked about, the first first."""
    query = select(stored_file.c.digest).where(stored_file.c.scan == Scan.NOT_SCANNED.value)
    return list(connection.execute(query.order_by(stored_file.c.kept_at).limit(limit)).scalars())


def sweep(connection: Connection, before: datetime, limit: int) -> int:
    """Remove what was attached to nothing, or to a draft that was sent, since then; gives how many bodies went."""
    loose = (attachment.c.draft_id.is_(None), attachment.c.paper_id.is_(None), attachment.c.dossier_id.is_(None))
    sent = select(draft.c.id).where(draft.c.id == attachment.c.draft_id, draft.c.sent_at <= before).exists()
    ended = (
        and_(*loose, attachment.c.added_at <= before),
        and_(attachment.c.draft_id.is_not(None), sent),
        attachment.c.removed_at <= before,
    )
    wanted = [select(attachment.c.id, attachment.c.digest).where(each).limit(limit) for each in ended]
    rows = {row.id: row.digest for query in wanted for row in connection.execute(query)}
    if not rows:
        return 0
    # Asked again: its owner may have uploaded one anew since.
    connection.execute(delete(attachment).where(attachment.c.id.in_(list(rows)), or_(*ended)))
    used = select(attachment.c.id).where(attachment.c.digest == stored_file.c.digest).exists()
    scanned_letter = select(authorisation.c.id).where(authorisation.c.file_digest == stored_file.c.digest).exists()
    old = (stored_file.c.digest.in_(sorted(set(rows.values()))), stored_file.c.kept_at <= before, ~used)
    return connection.execute(delete(stored_file).where(*old, ~scanned_letter)).rowcount


def known(
    connection: Connection, owner: str | None, dossier_id: int | None, digests: Sequence[str]
) -> list[AttachedFile]:
    """Files of these digests that a person has uploaded, or that a dossier has; infected ones are none.

    They are kept until this transaction ends: the clock may be removing what nobody has sent.
    """
    whose = attachment.c.owner == owner if owner is not None else attachment.c.dossier_id == dossier_id
    whose = whose if dossier_id is None else whose | (attachment.c.dossier_id == dossier_id)
    found = _found(attachment.c.digest.in_(digests), whose, stored_file.c.scan != Scan.INFECTED.value)
    held = found.with_for_update(read=True, key_share=True, of=attachment)
    return made_all(AttachedFile, connection.execute(held))


def of_letter(connection: Connection, authorisation_id: int) -> LetterFile | None:
    """The scanned letter of an authorisation; None where it has none."""
    columns = (authorisation.c.file_digest.label("digest"), authorisation.c.file_name.label("name"))
    joined = authorisation.join(stored_file, stored_file.c.digest == authorisation.c.file_digest)
    query = select(*columns, stored_file.c.kind, stored_file.c.scan).select_from(joined)
    return made_first(LetterFile, connection.execute(query.where(authorisation.c.id == authorisation_id)))


def find(connection: Connection, dossier_id: int, digest: str) -> AttachedFile | None:
    """The file of that digest that a dossier has, or None."""
    found = _found(attachment.c.dossier_id == dossier_id, attachment.c.digest == digest)
    return made_first(AttachedFile, connection.execute(found))


def bytes_unsent(connection: Connection, owner: str) -> int:
    """Bytes of all that a person has attached to drafts or to nothing yet."""
    joined = attachment.join(stored_file, stored_file.c.digest == attachment.c.digest)
    mine = (attachment.c.owner == owner, attachment.c.dossier_id.is_(None), attachment.c.removed_at.is_(None))
    query = select(func.coalesce(func.sum(stored_file.c.size), 0)).select_from(joined).where(*mine)
    return int(connection.execute(query).scalar_one())
