"""The operators' area: its entry in the navigation, and its routes."""

from __future__ import annotations

from fastapi import APIRouter

from adapter.bootstrap import Components, now
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.operator import (
    certificates_in_use,
    failing,
    figures,
    incidents,
    machines,
    messages,
    overview,
    quarantine,
    queues,
)
from adapter.entrypoints.web.operator.overview import HOME, OperatorViews
from adapter.entrypoints.web.page import NavigationEntry, Pages
from adapter.services.access.rights import Right
from adapter.services.watch.alert_ways import from_rows

ENTRIES = (NavigationEntry("operator.title", HOME, Right.BROWSE_MESSAGES),)


def routes(pages: Pages, components: Components, guard: Guard) -> APIRouter:
    """/van-hanh and what is below it."""
    router = APIRouter()
    seen = OperatorViews(components.window, components.reading, lambda: from_rows(components.alert_file.load()))
    router.include_router(overview.routes(pages, seen, guard))
    router.include_router(messages.routes(pages, components.message_browser, components.resend, guard))
    router.include_router(quarantine.routes(pages, components.parked_messages, components.replays, guard))
    reports = incidents.IncidentReportUses(
        components.reconciliation, components.report_prints, components.reports_on_pages
    )
    router.include_router(failing.routes(pages, components.failure_acts, guard))
    router.include_router(
        incidents.routes(pages, components.window, components.links, components.transfers, reports, guard)
    )
    console, stated = components.console, components.settings
    router.include_router(queues.routes(pages, console, now, guard))
    router.include_router(machines.routes(pages, console, stated.workers.memory_mib, now, guard))
    router.include_router(figures.routes(pages, console, now, guard))
    router.include_router(
        certificates_in_use.routes(pages, console, max(stated.trust.alert_days, default=0), now, guard)
    )
    return router
