"""The administrators' area: its entry in the navigation, and its routes."""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from fastapi import APIRouter

from adapter.bootstrap import Components
from adapter.entrypoints.web.administration import proposing, registers, shown
from adapter.entrypoints.web.administration.fields import AdminChoices
from adapter.entrypoints.web.administration.table_pages import HOME
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import NavigationEntry, Pages
from adapter.gateways.store.api_parties import ISSUER
from adapter.services.access.rights import Right

ENTRIES = (NavigationEntry("admin.title", HOME, Right.MANAGE_PEOPLE),)


def routes(pages: Pages, components: Components, guard: Guard) -> APIRouter:
    """/quan-tri and what is below it."""
    router = APIRouter()
    choices = AdminChoices(
        units=lambda: [(each.code, each.name) for each in components.installation.units.every if each.code],
        offices=lambda: [(each.code, each.name) for each in components.offices.list()],
        places=lambda: sorted(components.offices.places()),
        procedures=lambda: sorted(components.lookup_rights.opened),
        issuers=lambda: [each.code for each in components.clients.list(ISSUER)],
    )
    of_registers = registers.Registers(components.proposals.administration, lambda: components.installation.units)
    from_files = shown.FromFiles(
        lambda: components.catalogue, components.expiry.installed, lambda: _policy(components), components.legal_clock
    )
    router.include_router(proposing.routes(pages, components.proposals, choices, guard))
    router.include_router(registers.routes(pages, of_registers, guard))
    router.include_router(shown.routes(pages, from_files, guard))
    return router


def _policy(components: Components) -> Iterator[tuple[str, str]]:
    trust = components.settings.trust
    for name, store in trust.authorities.items():
        for key, value in store.model_dump(mode="json", include={"legacy_sha1", "algorithms"}).items():
            yield f"trust.authorities.{name}.{key}", _flow(value)
    for name, partner in trust.partners.items():
        yield f"trust.partners.{name}", _flow({"role": partner.role, "legacy_sha1": partner.legacy_sha1})


def _flow(value: object) -> str:
    """A setting on one line, as the configuration file writes it."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).removesuffix("...\n").strip()
