"""Links to the single window: which procedures it carries at which gates (Article 9(2): "chưa hoàn thiện kết nối").

Stated by operators, each with the document that decided it. A dossier follows the link at the time when it was first
received: a later statement does not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import journal
from adapter.gateways.store import links as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.window_records import StoredLink
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Procedure
from adapter.model.text import typed
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.pipeline.units import codes_stated
from adapter.services.access.rights import Right, needs
from adapter.services.watch.way import WindowLink, is_linked

_DOCUMENT = 80


@dataclass(frozen=True)
class Links:
    """Use cases of operators. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Callable[[], Catalogue]
    clock: Callable[[], datetime]

    def state(
        self,
        procedure: str,
        gate: str | None,
        *,
        linked: bool,
        document: str,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: Actor,
    ) -> int:
        """State whether the window carries the procedure at the gate (None: every gate); gives its id.

        Raises:
            NotAllowed: the mapping leaves no choice, the gate is not known, or the times have passed or do not fit.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now = self.clock()
        begins, text = since or now, typed(document, "the document", most=_DOCUMENT, least=1)
        self._check(procedure, gate, now)
        if begins < now:
            raise NotAllowed("a link begins now or later: what was received before goes on as it was received")
        if until is not None and until <= begins:
            raise NotAllowed("a link ends after it begins")
        with self.database.transaction() as connection:
            row_id = store.add(
                connection,
                self.database,
                procedure=procedure,
                gate=gate,
                linked=linked,
                since=begins,
                until=until,
                document=text,
                stated_by=actor.journal_name,
                stated_at=now,
            )
            detail = {
                "link": row_id,
                "procedure": procedure,
                "gate": gate,
                "linked": linked,
                "since": write_time(begins),
                "until": write_time(until) if until else None,
                "document": text,
            }
            journal.append(connection, self.database, Entry.by("window.link", actor, now, detail))
        return row_id

    def _check(self, code: str, gate: str | None, now: datetime) -> None:
        catalogue = self.catalogue()
        procedure = catalogue.find(code, now.astimezone(VIETNAM).date())
        if procedure is None:
            raise NotAllowed(f"there is no procedure {code} in force")
        if procedure.amends is not None:
            raise NotAllowed(f"{code} amends dossiers: it goes the way of the procedure that it amends; name that")
        if not procedure.on_window:
            raise NotAllowed(f"{code} is the portal's alone (on_window: false in its mapping)")
        if procedure.always_linked:
            raise NotAllowed(f"{code} is linked at every gate (always_linked in its mapping)")
        if gate is not None and gate not in codes_stated(catalogue, "gate"):
            raise NotAllowed(f"{gate} is the code of no gate")

    def take_back(self, row_id: int, *, actor: Actor) -> None:
        """Withdraw a statement from this moment; the statement before it is in force again.

        Raises:
            NotAllowed: nothing of that id stands.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.OVERRIDE_WINDOW)
        now = self.clock()
        with self.database.transaction() as connection:
            found = store.take_back(connection, row_id, at=now, by=actor.journal_name)
            if found is None:
                raise NotAllowed(f"no link of id {row_id} is in force: see nsw-adapter window link list")
            detail = {"link": row_id, "procedure": found.procedure, "gate": found.gate}
            journal.append(connection, self.database, Entry.by("window.link_end", actor, now, detail))

    def list(self, limit: int) -> Sequence[StoredLink]:
        """What was stated, the newest first."""
        with self.database.reading() as connection:
            return store.every(connection, limit)

    def stated(self) -> Sequence[WindowLink]:
        """All statements, also those that were taken back."""
        with self.database.reading() as connection:
            return stated(connection, None)


def carries(connection: Connection, procedure: Procedure, gate: str | None, at: datetime) -> bool:
    """Whether the window carries the procedure at the gate, of what is received at that moment."""
    if not procedure.on_window or procedure.always_linked:
        return procedure.on_window
    return is_linked(procedure, gate, at, stated(connection, procedure.code))


def stated(connection: Connection, procedure: str | None) -> list[WindowLink]:
    """What was stated of the procedure (None: of all); what was taken back ended then."""
    rows = store.of(connection, procedure)
    return [
        WindowLink(
            procedure=row.procedure,
            gate=row.gate,
            linked=row.linked,
            since=row.since,
            until=min((each for each in (row.until, row.ended_at) if each is not None), default=None),
        )
        for row in rows
    ]
