"""What was done by hand while nothing else worked, entered afterwards as dossiers of channel MANUAL.

QĐ 15/2019/QĐ-TTg Article 10(4); NĐ 85/2019/NĐ-CP Article 17(3)(a). Nothing is judged: numbers and times are those of
the form. One officer enters, a second one compares with the paper. No confirmation of ours follows: that is on paper.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from lxml import etree

from adapter.gateways.store import attachments, dossiers, tables, version_keys
from adapter.gateways.store import journal as journals
from adapter.gateways.store import paper_records as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_rows import NewMessage
from adapter.gateways.store.paper_records import NewPaperRecord, StoredPaperRecord, Texts
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import Dossier, DossierState
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.outcomes import MessageState, Word
from adapter.model.procedure import Meaning, Procedure
from adapter.model.stages import Channel
from adapter.model.text import typed
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.rights import Right, has, needs, needs_in_unit, unit_within
from adapter.services.dossiers.paper_document import document
from adapter.services.dossiers.paper_values import (
    PaperForm,
    PaperRefused,
    PaperValues,
    PaperWhy,
    dossier_number,
    procedure_on_paper,
    read_form,
)
from adapter.services.registers.accounts import reason_of

_SENDER = "paper"
_MOST_WAITING = 1000
_CORRECTED_IN = timedelta(days=30)
"""What was sent back is listed so long after the form was received, unless it was entered anew."""


@dataclass(frozen=True)
class PaperRecords:
    """The use cases of officers. `clock` gives the legal time (aware); `new_id` 36 random letters."""

    database: Database
    catalogue: Catalogue
    units: BorderUnits
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def enter(self, form: PaperForm, *, actor: Actor) -> int:
        """Enter a form; gives the entry's id. It is no dossier before a second officer has checked it.

        Raises:
            NotAllowed: with every fault of what was typed; or there is a dossier or an entry of that number.
            NoRight: the actor may not enter, or not for that gate's unit.
        """
        needs(actor, Right.ENTER_PAPER)
        now = self.clock()
        row, key = self._row(form, actor, now)
        with self.database.transaction() as connection:
            self.database.lock(connection, [dossiers.lock_name(key)])
            self._is_new(connection, key, row["number"])
            row_id = store.add(connection, self.database, row)
            detail = {"paper": row_id, "number": row["number"], "year": key.year}
            journals.append(connection, self.database, Entry.by(JournalEvent.PAPER_ENTER, actor, now, detail))
        return row_id

    def foresee(self, form: PaperForm, *, actor: Actor) -> None:
        """Whether it could be entered, without entering it.

        Raises:
            NoSuchForm: texts are none of the form's; it has the place of each.
            NotAllowed: as `enter`.
            NoRight: as `enter`.
        """
        needs(actor, Right.ENTER_PAPER)
        row, key = self._row(form, actor, self.clock())
        with self.database.reading() as connection:
            self._is_new(connection, key, row["number"])

    def _row(self, form: PaperForm, actor: Actor, now: datetime) -> tuple[NewPaperRecord, DossierKey]:
        """The entry to be kept, and the key of the dossier that it becomes."""
        number = typed(form.number, "the number on the form", most=35, least=1)
        key = DossierKey(dossier_number(number), form.year)
        if form.received_at > now or not 0 <= now.astimezone(VIETNAM).year - form.year <= 1:
            told = "the time on the form is still to come, or its year is not this one or the last one"
            raise PaperRefused(PaperWhy.TIMES, told)
        if form.confirmed_at is not None and not form.received_at <= form.confirmed_at <= now:
            told = "the form says that it was confirmed before it was received, or in the future"
            raise PaperRefused(PaperWhy.CONFIRMED, told)
        read = self._read(form.procedure, form.received_at, form.values, form.rows)
        places = dossiers.place_of(read.procedure, read.values, read.rows)
        self._needs(actor, places["gate"], places["unit"], f"{number}/{form.year}")
        return {
            "number": number,
            "year": form.year,
            "procedure": read.procedure.code,
            "mapping": read.procedure.name,
            "gate": places["gate"],
            "unit": places["unit"],
            "values": dict(form.values),
            "rows": {name: [dict(each) for each in rows] for name, rows in form.rows.items()},
            "received_at": form.received_at,
            "confirmed_at": form.confirmed_at,
            "confirmation": typed(form.confirmation or "", "the number of the confirmation", most=60) or None,
            "entered_by": actor.id,
            "entered_at": now,
        }, key

    def unchecked(self, limit: int, *, actor: Actor) -> list[StoredPaperRecord]:
        """What waits for a second officer of the actor's unit, the oldest first.

        Raises:
            NoRight: the actor may not enter what was done on paper.
        """
        needs(actor, Right.ENTER_PAPER)
        with self.database.reading() as connection:
            found = store.unchecked(connection)
            return list(islice((each for each in found if self._is_his(actor, each)), limit))

    def to_compare(self, actor: Actor) -> int | None:
        """How many entries wait for this officer: those that he has not entered himself. None: he may enter none.

        They are counted and not read: after a long outage a thousand wait, and each work list tells how many.
        """
        if not has(actor, Right.ENTER_PAPER):
            return None
        try:
            unit = unit_within(actor, Right.ENTER_PAPER, self.units)
        except NoRight:
            return 0  # of a unit that is none of ours: its list is empty too
        with self.database.reading() as connection:
            return store.count_unchecked(connection, unit=unit, not_by=actor.id, most=_MOST_WAITING)

    def sent_back(self, limit: int, *, actor: Actor) -> list[StoredPaperRecord]:
        """What was sent back and not entered anew, of the actor's unit, the newest first.

        Raises:
            NoRight: the actor may not enter what was done on paper.
        """
        needs(actor, Right.ENTER_PAPER)
        with self.database.reading() as connection:
            found = store.sent_back(connection, self.clock() - _CORRECTED_IN)
        return [each for each in found if self._is_his(actor, each)][:limit]

    def show(self, row_id: int, *, actor: Actor) -> StoredPaperRecord:
        """An entry with all that was typed, to be compared with the paper. The journal keeps that it was shown.

        Raises:
            NotAllowed: there is none.
            NoRight: the actor may not see it.
        """
        needs(actor, Right.ENTER_PAPER)
        with self.database.transaction() as connection:
            row = self._found(connection, row_id, actor)
            shown = Entry.by(JournalEvent.PAPER_SHOWN, actor, self.clock(), {"paper": row_id})
            journals.append(connection, self.database, shown)
        return row

    def of_his_unit(self, row_id: int, *, actor: Actor, waiting: bool = False) -> None:
        """That the entry is of the actor's unit, and that it waits where it has to; no value of it is shown.

        Raises:
            PaperRefused: it is checked or sent back already.
            NotAllowed: there is none.
            NoRight: the actor may not see it.
        """
        needs(actor, Right.ENTER_PAPER)
        with self.database.reading() as connection:
            row = self._found(connection, row_id, actor)
        if waiting:
            _waits(row)

    def check(self, row_id: int, *, actor: Actor) -> DossierKey:
        """A second officer has compared it with the paper: it is a dossier from now on. Gives its key.

        Raises:
            NotAllowed: there is none, it is checked or sent back already, or the actor has entered it himself.
            NoRight: the actor may not check it.
        """
        needs(actor, Right.ENTER_PAPER)
        now = self.clock()
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"paper:{row_id}"])
            row = self._found(connection, row_id, actor)
            _waits(row)
            if row.entered_by == actor.id:
                told = f"{actor.id} has entered it: somebody else compares it with the paper"
                raise PaperRefused(PaperWhy.OWN, told)
            key = DossierKey(dossier_number(row.number), row.year)
            self.database.lock(connection, [dossiers.lock_name(key)])
            if dossiers.find(connection, [key]):
                raise PaperRefused(PaperWhy.EXISTS, f"there is a dossier {key} already; send the entry back")
            dossier_id = self._keep(connection, row, actor, now)
            checked = {"checked_by": actor.id, "checked_at": now, "dossier_id": dossier_id}
            store.change(connection, row_id, checked)
            attachments.paper_became(connection, row_id, dossier_id)
        return key

    def send_back(self, row_id: int, *, reason: str, actor: Actor) -> None:
        """It was entered wrongly: it has no effect, and may be entered anew.

        Raises:
            NotAllowed: there is none, it is checked or sent back already, or no reason is given.
            NoRight: the actor may not check it.
        """
        needs(actor, Right.ENTER_PAPER)
        now, why = self.clock(), reason_of(reason)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"paper:{row_id}"])
            row = self._found(connection, row_id, actor)
            _waits(row)
            store.change(connection, row_id, {"returned_by": actor.id, "returned_at": now, "reason": why})
            detail = {"paper": row_id, "number": row.number, "year": row.year}
            journals.append(connection, self.database, Entry.by(JournalEvent.PAPER_RETURN, actor, now, detail))

    def _keep(self, connection: Connection, row: StoredPaperRecord, actor: Actor, now: datetime) -> int:
        """Dossier, version, search keys and entry of the journal; gives the dossier's id."""
        read = self._read(row.procedure, row.received_at, row.values, row.rows)
        dossier_id, inbox_id, version_id = (self.database.new_id(connection) for _ in range(3))
        key = DossierKey(dossier_number(row.number), row.year)
        places = dossiers.place_of(read.procedure, read.values, read.rows)
        made = Dossier(key, row.procedure, DossierState.RECORDED, Channel.MANUAL, 1, row.received_at, id=dossier_id)
        detail = {"paper": row.id, "entered_by": row.entered_by}
        entry = Entry.by(JournalEvent.DOSSIER_RECORD, actor, now, detail)
        made, journal_row = journals.chained(made, entry, self.database.new_id(connection))
        message = self._message(row, key, read.procedure, dossier_id)
        version = {
            "id": version_id,
            "dossier_id": dossier_id,
            "version": 1,
            "inbox_id": inbox_id,
            "mapping": read.procedure.name,
            "values": read.values,
            "digest": message["digest"],
            "signer": None,
            "document": None,
            "created_at": now,
        }
        insert = self.database.insert
        insert(connection, tables.dossier, [dossiers.row(made, {**places, "late": False})])
        insert(connection, tables.inbox, [{**message, "id": inbox_id}])
        insert(connection, tables.declaration, [version])
        insert(connection, tables.declaration_row, list(dossiers.list_rows(read.rows, version_id)))
        insert(connection, tables.search_key, list(_keys(read, dossier_id, places["identities"])))
        insert(connection, tables.journal, [journal_row])
        return dossier_id

    def _message(self, row: StoredPaperRecord, key: DossierKey, procedure: Procedure, dossier_id: int) -> NewMessage:
        """What was entered, kept as messages are: that a version has come by one holds everywhere."""
        raw = etree.tostring(document(row), xml_declaration=True, encoding="utf-8")
        declares = (pair for pair, spec in procedure.messages.items() if spec.meaning is Meaning.DECLARATION)
        return {
            "sender": _SENDER,
            "identity": f"{_SENDER}:{row.id}",
            "public_id": self.new_id(),
            "message_id": None,
            "raw": raw,
            "digest": hashlib.sha256(raw).hexdigest(),
            "content_digest": None,
            "channel": Channel.MANUAL.value,
            "bound_to": None,
            "received_at": row.received_at,
            "pressed_at": None,
            "state": MessageState.SETTLED.value,
            "outcome": Word.ACCEPTED.value,
            "stage": None,
            "findings": [],
            "signers": [],
            "procedure": procedure.code,
            "pair": next(declares, None),
            "schema": None,
            "mapping": procedure.name,
            "reference": key.number,
            "year": row.year,
            "dossier_id": dossier_id,
            "waits_for": None,
            "waits_until": None,
            "waits_since": None,
            "steps": {},
            "note": None,
        }

    def _read(
        self, code: str, received_at: datetime, values: Texts, rows: Mapping[str, Sequence[Texts]]
    ) -> PaperValues:
        procedure = procedure_on_paper(self.catalogue, code, received_at)
        if procedure is None:
            day = f"{received_at.astimezone(VIETNAM):%Y-%m-%d}"
            raise PaperRefused(PaperWhy.PROCEDURE, f"{code} was no procedure that is declared on {day}")
        return read_form(procedure, values, rows)

    @staticmethod
    def _is_new(connection: Connection, key: DossierKey, number: str) -> None:
        if dossiers.find(connection, [key]) or store.numbered(connection, number, key.year):
            raise PaperRefused(PaperWhy.EXISTS, f"there is a dossier or an entry {number}/{key.year} already")

    def _found(self, connection: Connection, row_id: int, actor: Actor) -> StoredPaperRecord:
        row = store.find(connection, row_id)
        if row is None:
            raise NotAllowed(f"there is no entry {row_id}; see `paper list`")
        self._needs(actor, row.gate, row.unit, f"the entry {row_id}")
        return row

    def _needs(self, actor: Actor, gate: str | None, unit: str | None, what: str) -> None:
        needs_in_unit(actor, Right.ENTER_PAPER, self.units.of(gate, unit), what)

    def _is_his(self, actor: Actor, row: StoredPaperRecord) -> bool:
        try:
            self._needs(actor, row.gate, row.unit, "")
        except NotAllowed:
            return False
        return True


def _keys(read: PaperValues, dossier_id: int, parties: Sequence[str]) -> Iterator[dict[str, object]]:
    """Search keys, as a declaration's: the lookups find it by the same."""
    keys = version_keys.stated_keys(read.procedure, read.values, read.rows)
    for kind, value in [*keys, *((version_keys.PARTY, party) for party in parties)]:
        yield {"kind": kind, "value": value, "dossier_id": dossier_id, "version": 1}


def _waits(row: StoredPaperRecord) -> None:
    if row.checked_at is not None:
        raise PaperRefused(PaperWhy.SETTLED, f"the entry {row.id} is checked already, by {row.checked_by}")
    if row.returned_at is not None:
        raise PaperRefused(PaperWhy.SETTLED, f"the entry {row.id} was sent back; enter it anew")
