"""The components of one process, each made at its first use.

They are made in layers: each component is in the first layer that has everything that it uses.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from adapter import settings as configuration
from adapter.bootstrap.clock_and_ids import now
from adapter.bootstrap.door_components import DoorComponents
from adapter.bootstrap.reach import OutOfReach, Reach
from adapter.model.events import Observe, unobserved
from adapter.services.access.administration import Administration
from adapter.services.access.proposals import Proposals
from adapter.services.customs.assertions import Assertions
from adapter.services.customs.audit import LookupAudit
from adapter.services.customs.box import SearchBox
from adapter.services.customs.clients import Clients
from adapter.services.customs.granted import LookupRights
from adapter.services.customs.printed import PrintedDecisions
from adapter.services.customs.searches import Searches
from adapter.services.dossiers.lookup import Lookup
from adapter.services.messages.intake import InHand, unheld
from adapter.services.registers.list_editions import ListEditions
from adapter.services.registers.report_views import ReportViews


class Components(DoorComponents):
    """All components of one process, with those of customs."""

    @cached_property
    def lookup(self) -> Lookup:
        if self.reach is Reach.PORTAL:
            raise OutOfReach(self.reach, "looks nothing up: the listener of staff does")
        return Lookup(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def lookup_rights(self) -> LookupRights:
        stated = self.settings.customs
        further = frozenset(stated.procedures)
        return LookupRights(self.database, lambda: self.catalogue, further, stated.office_tokens, now)

    @cached_property
    def searches(self) -> Searches:
        stated = self.settings.customs
        return Searches(
            database=self.database,
            catalogue=lambda: self.catalogue,
            lookup=self.lookup,
            rights=self.lookup_rights,
            purposes=frozenset(each.code for each in stated.purposes),
            names_an_hour=stated.names_an_hour,
            clock=self.legal_clock,
            observe=self.observe,
        )

    @cached_property
    def printed_decisions(self) -> PrintedDecisions:
        return PrintedDecisions(self.searches, self.answers, self.answer_prints)

    @cached_property
    def search_box(self) -> SearchBox:
        return SearchBox(self.searches, lambda: self.catalogue, self.settings.installation.confirmation_prefix)

    @cached_property
    def client_assertions(self) -> Assertions:
        audience = self.settings.customs.audience or self.settings.web.staff.public_url
        return Assertions(self.database, audience, now, self.observe)

    @cached_property
    def clients(self) -> Clients:
        return Clients(self.database, lambda: self.lookup_rights.opened, now)

    @cached_property
    def list_editions(self) -> ListEditions:
        return ListEditions(self.database, lambda: self.source, lambda: self.ground)

    @cached_property
    def report_views(self) -> ReportViews:
        return ReportViews(self.database, self.catalogue)

    @cached_property
    def proposals(self) -> Proposals:
        registers = (self.people, self.offices, self.tokens, self.clients, self.lookup_rights)
        admin = Administration(*registers, self.list_editions)
        return Proposals(self.database, admin, now)

    @cached_property
    def lookup_audit(self) -> LookupAudit:
        return LookupAudit(self.database, self.legal_clock)


def assemble(
    config: Path | None = None,
    *,
    observe: Observe = unobserved,
    fetches: bool = False,
    in_hand: InHand = unheld,
    reach: Reach = Reach.WHOLE,
) -> Components:
    """The components of this process.

    Raises:
        Misconfigured: the configuration cannot be read.
    """
    return Components(configuration.load_settings(config), observe, fetches, in_hand, reach)
