"""Who has looked what up: for the auditor, by officer, by the person looked up, by dossier, or by days.

Of what was asked for the journal has a digest alone. A person is found by his paper's number: in lookups that asked for
it, and in those that showed a dossier which names it. That the auditor asked is written down too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.gateways.store import journal, lookup_traces, lookups
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredEntry
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label
from adapter.pipeline.search_keys import PAPER, search_value
from adapter.services.access.rights import Right, needs
from adapter.services.customs.search import digest_of

MOST = 500
"""Entries that are listed."""
_DOSSIERS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lookups are meant: of an officer (his id, or as the journal names him), a paper's number, a dossier."""

    since: datetime
    until: datetime
    officer: str | None = None
    paper: str | None = field(default=None, repr=False)
    dossier: DossierKey | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """One lookup. `value` is the digest of what was asked for; `client` the program by which he asked, or None."""

    at: datetime
    actor: str
    client: str | None
    event: str
    office: str
    kind: str
    value: str
    hits: int
    dossiers: Sequence[str]
    persons: int
    purpose: str | None
    by: Label
    """The kind in words."""
    done: Label
    """What was done, in words: looked up, or the signed decision taken along."""

    @property
    def in_words(self) -> str:
        """Both, in Vietnamese and English on one line."""
        return f"{self.done.vi}: {self.by.vi} / {self.done.en}: {self.by.en}"


_KINDS = {
    "number": Label("mã số hồ sơ và năm", "number and year of a dossier"),
    "confirmation": Label("số xác nhận", "number of a confirmation"),
    "tax_code": Label("mã số thuế", "tax code"),
    "party": Label("số định danh của người khai", "personal number of the declarant"),
    "paper": Label("số giấy tờ", "number of an identity paper"),
    "name": Label("họ tên", "name"),
    "plate": Label("biển kiểm soát", "plate"),
    "ship": Label("tàu (IMO, tên, số đăng ký, hô hiệu)", "ship (IMO number, name, registration, call sign)"),
    "period": Label("khoảng thời gian", "period"),
}
_DONE = {
    JournalEvent.LOOKUP_DOSSIERS.value: Label("Tra cứu", "Looked up"),
    JournalEvent.LOOKUP_REPLY.value: Label("Tải kết quả đã ký", "Took the signed result along"),
}


@dataclass(frozen=True)
class LookupAudit:
    """The use case. `clock` is that by which look-ups are kept."""

    database: Database
    clock: Callable[[], datetime]

    def looked(self, asked: Asked, actor: Actor) -> Sequence[Looked]:
        """The lookups, the newest first, at most `MOST`.

        Raises:
            NoRight: the actor may not read the journal.
        """
        needs(actor, Right.READ_JOURNAL)
        with self.database.transaction() as connection:
            rows = self._rows(connection, asked)
            detail = {
                "officer": asked.officer,
                "paper": None if asked.paper is None else digest_of(search_value(PAPER, asked.paper)),
                "dossier": None if asked.dossier is None else str(asked.dossier),
                "hits": len(rows),
            }
            said = {name: value for name, value in detail.items() if value is not None}
            entry = Entry.by(JournalEvent.LOOKUP_AUDIT, actor, self.clock(), said)
            journal.append(connection, self.database, entry)
        return [_looked(row) for row in rows]

    def _rows(self, connection: Connection, asked: Asked) -> list[StoredEntry]:
        subjects: list[str] | None = None
        if asked.paper is not None:
            value = search_value(PAPER, asked.paper)
            named = lookup_traces.dossiers_with(connection, PAPER, value, _DOSSIERS)
            subjects = [digest_of(value), *map(lookup_traces.of_dossier, named)]
        if asked.dossier is not None:
            rows = lookups.by_number(
                connection, number=asked.dossier.number, year=asked.dossier.year, places=None, limit=1
            )
            subjects = [lookup_traces.of_dossier(row.id) for row in rows]
        officer = asked.officer
        if officer is not None and ":" not in officer:
            officer = f"person:{officer}"
        return lookup_traces.looked(
            connection, actor=officer, subjects=subjects, since=asked.since, until=asked.until, limit=MOST
        )


def _looked(row: StoredEntry) -> Looked:
    said, dossiers = row.detail, row.detail.get("dossiers")
    kind = _text(said.get("kind")) or ""
    return Looked(
        at=row.at,
        actor=row.actor,
        client=_text(said.get("client")),
        event=row.event,
        office=_text(said.get("office")) or "",
        kind=kind,
        value=_text(said.get("value")) or "",
        hits=_number(said.get("hits")),
        dossiers=[str(each) for each in dossiers] if isinstance(dossiers, list) else [],
        persons=_number(said.get("persons")),
        purpose=_text(said.get("purpose")),
        by=_KINDS.get(kind, Label(kind, kind)),
        done=_DONE.get(row.event, Label(row.event, row.event)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
