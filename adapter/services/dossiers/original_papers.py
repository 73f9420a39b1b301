"""Papers that a declarant hands in later at the gate: the original letter on a visa, Article 16(3)(b).

It only ends a deadline: there is no message for it, and no reply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadlines, dossiers
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import Terms
from adapter.services.access.rights import Right, needs, needs_in_unit
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger
from adapter.services.recorded_times import happened_at


@dataclass(frozen=True)
class OriginalPapers:
    """The officer's use case. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    units: BorderUnits
    clock: Callable[[], datetime]

    def brought(self, key: DossierKey, name: str, officer: Actor, *, at: datetime | None = None) -> datetime:
        """Record that the officer has it; gives since when. `name` is that of the deadline in the mapping.

        `at`: when it was brought, if not now. This time decides whether the declarant was in time, not the time at
        which the officer records it; the journal keeps both.

        Raises:
            NotAllowed: the dossier is unknown, nothing of that name is to be brought for it, or that time is to come or
                lies before the dossier.
            NoRight: the officer has no right to it, or the dossier is another unit's.
        """
        needs(officer, Right.NOTE_PAPERS)
        with self.database.transaction() as connection:
            key = dossiers.own_key(connection, key)
            self.database.lock(connection, [dossiers.lock_name(key)])
            found = dossiers.find(connection, [key])
            dossier, now = found.get(key), self.clock()
            if dossier is None or dossier.id is None:
                raise NotAllowed(f"there is no dossier {key}")
            unit = self.units.of(dossier.gate, dossier.unit)
            needs_in_unit(officer, Right.NOTE_PAPERS, unit, f"dossier {key}")
            brought_at = happened_at(at, now=now, since=dossier.received_at, what=f"dossier {key}")
            if not deadlines.brought(connection, dossier.id, name, brought_at):
                still = ", ".join(deadlines.to_bring(connection, dossier.id, done=False)) or "nothing"
                raise NotAllowed(f"no {name} is to be brought for dossier {key}; to be brought: {still}")
            docket = Docket(self.database, connection, Terms.of(self.catalogue))
            ledger = Ledger(connection, self.database, {}, dict(found), now, docket)
            detail = {"deadline": name, "brought_at": brought_at.astimezone(VIETNAM).isoformat()}
            ledger.record(dossier, Entry.by("dossier.brought", officer, now, detail))
            ledger.write()
        return brought_at
