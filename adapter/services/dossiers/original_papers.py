"""What a declarant brings later, handed in at the desk: the original letter on a visa, Article 16(3)(b).

It ends a deadline and nothing else: no message says so, and no reply is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadlines, dossiers
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Catalogue
from adapter.pipeline.terms import Terms
from adapter.services.dossiers.desk import Officer
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger


@dataclass(frozen=True)
class HandingIn:
    """The officer's use case. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    clock: Callable[[], datetime]

    def brought(self, key: DossierKey, name: str, officer: Officer) -> datetime:
        """The officer has it; gives since when. `name` is that of the deadline in the mapping.

        Raises:
            NotAllowed: the dossier is unknown, or nothing of that name is to be brought for it.
        """
        with self.database.transaction() as connection:
            key = dossiers.own_key(connection, key)
            self.database.lock(connection, [dossiers.lock_name(key)])
            found = dossiers.find(connection, [key])
            dossier, now = found.get(key), self.clock()
            if dossier is None or dossier.id is None:
                raise NotAllowed(f"there is no dossier {key}")
            if not deadlines.brought(connection, dossier.id, name, now):
                still = ", ".join(deadlines.to_bring(connection, dossier.id, done=False)) or "nothing"
                raise NotAllowed(f"no {name} is to be brought for dossier {key}; to be brought: {still}")
            docket = Docket(self.database, connection, Terms.of(self.catalogue))
            ledger = Ledger(connection, self.database, {}, dict(found), now, docket)
            ledger.record(dossier, Entry("dossier.brought", officer.actor, now, {"deadline": name}))
            ledger.write()
        return now
