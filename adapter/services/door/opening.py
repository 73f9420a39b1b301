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
from adapter.pipeline.envelope import VIETNAM
from adapter.services.door.draft import Draft
from adapter.services.watch.links import carries, stated
from adapter.services.watch.mode import Mode
from adapter.services.watch.state import Lasting
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
                return self.of_dossier(connection, row, begun_at=draft.begun_at)
            lasting = self.window.mode_now(connection)
            takes = self._takes(connection, lasting, draft.procedure, draft.gate, self.clock())
            return _of_one(takes, begun_here=lasting.was_begun_here(draft.begun_at))

    def shut_gates(self, procedure: Procedure, gates: Sequence[str]) -> frozenset[str]:
        """The gates of these at which the window carries it and works, so that here it can be prepared only."""
        with self.database.reading() as connection:
            mode, at = self.window.mode_now(connection).mode, self.clock()
            # A declaration that is begun now is a new one, which goes to the window also while it takes over again.
            takes = _of_one(way(mode, linked=True).takes, begun_here=False)
            if not procedure.on_window or takes is not PortalTakes.DRAFTS:
                return frozenset()
            said = stated(connection, procedure.code)
            linked = (gate for gate in gates if procedure.always_linked or is_linked(procedure, gate, at, said))
            return frozenset(linked)

    def mode(self) -> Mode:
        """The window's mode: SUSPECT, what is signed waits for the portal to open; RECONCILING, new ones go there."""
        with self.database.reading() as connection:
            return self.window.mode_now(connection).mode

    def of_dossier(
        self, connection: Connection, row: StoredDossier, *, begun_at: datetime | None = None
    ) -> PortalTakes:
        """What it takes about a dossier: what came here goes on here while the mode goes back to normal.

        So does a draft about any dossier that was begun at `begun_at`, while the portal took all.
        """
        procedure = self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())
        lasting = self.window.mode_now(connection)
        takes = self._takes(connection, lasting, procedure, row.gate, row.received_at)
        return _of_one(takes, begun_here=lasting.was_begun_here(begun_at, channel=row.channel))

    def _takes(
        self, connection: Connection, lasting: Lasting, procedure: Procedure | None, gate: str | None, at: datetime
    ) -> PortalTakes:
        linked = procedure is None or carries(connection, procedure, gate or None, at)
        return way(lasting.mode, linked=linked).takes


def _of_one(takes: PortalTakes, *, begun_here: bool) -> PortalTakes:
    """Of a single draft or dossier: what was not begun here while the portal took all is for the window."""
    return PortalTakes.DRAFTS if takes is PortalTakes.BEGUN and not begun_here else takes
