"""Answers for the window that their declarant has opened on the portal first: the window gets them in a transfer.

The table of `services/watch/cases` says which. Until one is settled nothing sends it (`departures.claim`).
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.store import dossiers, messages, reconciliation, windows
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredReply
from adapter.model.dossier import Dossier
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.outcomes import Route
from adapter.pipeline.terms import Terms
from adapter.services.dossiers.desk import Desk
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger
from adapter.services.watch.cases import Settlement, case_of, settlement

_AT_ONCE = 200


@dataclass(frozen=True)
class Settling:
    """The timers' use case."""

    desk: Desk

    def settle(self) -> int:
        """Transfer what was opened first; gives how many answers that were. Without our key they wait."""
        with self.desk.database.reading() as connection:
            rows = reconciliation.opened_first(connection, _AT_ONCE)
        try:
            return sum(self._one(DossierKey(row.number, row.year), row.id) for row in rows)
        except KeyUnavailable:
            return 0  # `readyz` and the log tell of the key; the other timers go on

    def _one(self, key: DossierKey, row_id: int) -> bool:
        desk = self.desk
        with desk.database.transaction() as connection:
            desk.database.lock(connection, [dossiers.lock_name(key)])
            row, now = reconciliation.still_opened_first(connection, row_id), desk.clock()
            found = dossiers.find(connection, [key])
            if row is None or settlement(case_of(row, declared=found[key].channel)) is not Settlement.INSTEAD:
                return False
            docket = Docket(desk.database, connection, Terms.of(desk.correspondence.catalogue))
            ledger = Ledger(connection, desk.database, {}, dict(found), now, docket)
            self._transfer(ledger, found[key], row)
            detail = {"reply": row.message_id, "instead": "40/01"}
            ledger.record(ledger.dossiers[key], Entry("reply.signed", "clock", now, detail))
            reconciliation.stays_on_portal(connection, row)
            ledger.write()
        return True

    def _transfer(self, ledger: Ledger, dossier: Dossier, row: StoredReply) -> None:
        assert row.inbox_id is not None  # every answer about a dossier has its message
        assert row.body is not None  # it is no copy
        request, opened = messages.stored(ledger.connection, row.inbox_id), row.delivered_at or ledger.now
        transfer = self.desk.correspondence.transfer(
            dossier=dossier,
            procedure=row.document_type,
            request=(request.raw, Digest(request.digest), request.received_at),
            reply=(row.body, Digest(row.digest), opened),
            incident=windows.incident_name(reconciliation.incident_at(ledger.connection, opened)),
            now=ledger.now,
        )
        ledger.reply(transfer, inbox_id=request.id, dossier=dossier, route=Route.TRANSFER)
