"""The area of customs: the search box for officers, their rights for administrators, lookups for the auditor."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from adapter.entrypoints.web.customs import auditing, granting, lookup
from adapter.entrypoints.web.customs.lookup import LookupSurroundings, Support
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import NavigationEntry, Pages
from adapter.services.access.rights import Right
from adapter.services.customs.audit import LookupAudit
from adapter.services.customs.box import SearchBox
from adapter.services.customs.granted import LookupRights
from adapter.services.customs.printed import PrintedDecisions
from adapter.services.customs.searches import Searches

__all__ = ["ENTRIES", "CustomsUses", "LookupSurroundings", "Support", "routes"]
ENTRIES = (
    NavigationEntry("customs.nav", lookup.HERE, Right.LOOK_UP),
    NavigationEntry("granting.nav", granting.HERE, Right.MANAGE_CUSTOMS_PEOPLE),
    NavigationEntry("looked.nav", auditing.HERE, Right.READ_JOURNAL),
)


@dataclass(frozen=True, slots=True)
class CustomsUses:
    """What the area asks."""

    box: SearchBox
    searches: Searches
    printed: PrintedDecisions
    rights: LookupRights
    audit: LookupAudit
    desk: LookupSurroundings


def routes(pages: Pages, uses: CustomsUses, guard: Guard) -> APIRouter:
    """All of the area."""
    router = APIRouter()
    router.include_router(lookup.routes(pages, uses.box, uses.searches, uses.printed, uses.desk, guard))
    router.include_router(granting.routes(pages, uses.rights, guard))
    router.include_router(auditing.routes(pages, uses.audit, guard))
    return router
