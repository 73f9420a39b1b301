"""What the portal takes about a draft or a dossier just now, as the door will say when it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import own_dossiers
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Procedure
from adapter.model.stages import Channel
from adapter.pipeline.envelope import VIETNAM
from adapter.services.door.draft import Draft
from adapter.services.watch.links import carries, stated
from adapter.services.watch.mode import Mode
from adapter.services.watch.way import PortalTakes, is_linked, way
from adapter.services.watch.window import Window


@dataclass(frozen=True)
class Opening:
    """Asks mode and link. `clock` gives the legal time."""

    database: Database
    catalogue: Catalogue
    window: Window
    clock: Callable[[], datetime]

    def of_draft(self, draft: Draft) -> PortalTakes:
        """What it takes of this draft."""
        with self.database.reading() as connection:
            about = draft.about
            row = own_dossiers.find(connection, about.number, about.year) if about else None
            if row is not None:
                return self.of_dossier(connection, row)
            return self._takes(connection, draft.procedure, draft.gate, self.clock())

    def shut_gates(self, procedure: Procedure, gates: Sequence[str]) -> frozenset[str]:
        """The gates of these at which the window carries it and works, so that here it can be prepared only."""
        with self.database.reading() as connection:
            mode, at = self.window.mode_now(connection).mode, self.clock()
            if not procedure.on_window or way(mode, linked=True).takes is not PortalTakes.DRAFTS:
                return frozenset()
            said = stated(connection, procedure.code)
            linked = (gate for gate in gates if procedure.always_linked or is_linked(procedure, gate, at, said))
            return frozenset(linked)

    def is_suspected(self) -> bool:
        """Whether the window seems to be down, so that what is signed waits for the portal to open."""
        with self.database.reading() as connection:
            return self.window.mode_now(connection).mode is Mode.SUSPECT

    def of_dossier(self, connection: Connection, row: StoredDossier) -> PortalTakes:
        """What it takes about a dossier: what came here goes on here while the mode goes back to normal."""
        procedure = self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())
        takes = self._takes(connection, procedure, row.gate, row.received_at)
        begun_here = takes is PortalTakes.BEGUN and row.channel == Channel.PORTAL.value
        return PortalTakes.ALL if begun_here else takes

    def _takes(
        self, connection: Connection, procedure: Procedure | None, gate: str | None, at: datetime
    ) -> PortalTakes:
        linked = procedure is None or carries(connection, procedure, gate or None, at)
        return way(self.window.mode_now(connection).mode, linked=linked).takes
