"""Replies that wait for the key of their unit: signed in order as soon as it can sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.store import amendments, dossiers, messages, replies
from adapter.gateways.store.database import Connection
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredReply
from adapter.model.dossier import Dossier
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Route
from adapter.model.procedure import ReplyKind
from adapter.model.units import BorderUnit
from adapter.pipeline.compose import dated
from adapter.pipeline.terms import Terms
from adapter.services.dossiers.desk import Desk, way_of
from adapter.services.ledger.docket import AMEND, Docket, due_of
from adapter.services.ledger.ledger import Ledger, is_readable


@dataclass(frozen=True)
class Signing:
    """The use case of the clock process. `unready`: units whose key cannot sign now, by code, with the reason."""

    desk: Desk
    unready: Callable[[], dict[str, str]]

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.desk.correspondence.installation.units.every)

    def sign(self) -> int:
        """Sign the waiting replies whose key can sign now; gives how many. They leave like all others."""
        with self.desk.database.reading() as connection:
            rows = replies.awaiting(connection)
        if not rows:
            return 0
        unready, signed = self.unready(), 0
        for row in rows:
            unit = self.desk.correspondence.installation.units.by_code(row.awaits_unit)
            if unit is None or unit.code in unready:
                continue
            try:
                signed += self._one(DossierKey(row.number, row.year), row.id, unit)
            except KeyUnavailable as error:
                unready[unit.code] = str(error)
        return signed

    def _one(self, key: DossierKey, row_id: int, unit: BorderUnit) -> bool:
        """Whether it was signed now: another process may have signed it, or it was taken back."""
        desk = self.desk
        with desk.database.transaction() as connection:
            desk.database.lock(connection, [dossiers.lock_name(key)])
            row, now = replies.still_awaiting(connection, row_id), desk.clock()
            if row is None:
                return False
            found = dossiers.find(connection, [key])
            docket = Docket(desk.database, connection, Terms.of(desk.correspondence.catalogue))
            ledger = Ledger(connection, desk.database, {}, dict(found), now, docket)
            self._sign(ledger, found[key], row, unit)
            entry = Entry("reply.signed", "clock", now, {"reply": row.message_id, "unit": unit.code})
            ledger.record(ledger.dossiers[key], entry)
            ledger.write()
        desk.observe(Event.SIGNED, dossier=str(key), unit=unit.code, pair=f"{row.type}/{row.function}")
        return True

    def _sign(self, ledger: Ledger, dossier: Dossier, row: StoredReply, unit: BorderUnit) -> None:
        connection, now, kind = ledger.connection, ledger.now, ReplyKind(row.kind)
        assert dossier.id is not None
        assert row.body is not None  # unsigned until now, and kept
        assert row.inbox_id is not None  # it answers the version in force
        due = self._answer_before(connection, dossier, row, now) if kind is ReplyKind.AMENDMENT_REQUEST else None
        signed = self.desk.correspondence.sign_late(row, dated(row.body, now, due), dossier, unit)
        request = messages.stored(connection, row.inbox_id)
        in_force = dossiers.version(connection, dossier.id, dossier.version)
        carried = self.desk.carried(connection, in_force.mapping, dossier)
        way = way_of(dossier, request, carried=carried)
        readable = is_readable(way.route, dossier, shown=self.desk.shows(connection))
        times = {"sent_at": now if way.route is Route.PORTAL else None, "readable_at": now if readable else None}
        replies.keep_signed(connection, row.id, signed, {"route": way.route, "created_at": now, **times})
        ledger.docket.replied(dossier, kind, row.id, readable=readable)
        if way.is_transferred:
            transfer = self.desk.transfer(ledger, dossier, row.document_type, request, signed)
            ledger.reply(transfer, inbox_id=request.id, dossier=dossier, route=Route.TRANSFER)

    def _answer_before(
        self, connection: Connection, dossier: Dossier, row: StoredReply, now: datetime
    ) -> datetime | None:
        """The time limit of form 13 runs from when it leaves, so none has passed while the key could not sign."""
        assert dossier.id is not None
        asked = amendments.carried_by(connection, row.id)
        values = dossiers.version(connection, dossier.id, dossier.version).values
        terms = Terms.of(self.desk.correspondence.catalogue)
        due = due_of(self.desk.procedure(asked.mapping), AMEND, values, now, terms)
        if due is not None:
            amendments.postpone(connection, asked.id, due)
        return due
