"""The applications of the two listeners: each mounts its own areas and nothing else. They decide nothing.

The portal is for the Internet: the public page, declarants and their programs. The staff's listener is for the inner
network: look-ups of customs, and the pages of officers, customs, operators and administrators.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from adapter.bootstrap import Components
from adapter.entrypoints.web import faults, login, problems, static
from adapter.entrypoints.web.administration import area as administration
from adapter.entrypoints.web.api import declarations, files, lookup, openapi, reference, service
from adapter.entrypoints.web.api.customs_shapes import SearchShape
from adapter.entrypoints.web.browser import PORTAL_COOKIE, STAFF_COOKIE, Find, Recognising, visitor_of
from adapter.entrypoints.web.customs import area as customs
from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.headers import Requests
from adapter.entrypoints.web.officer import area as officer
from adapter.entrypoints.web.operator import area as operator
from adapter.entrypoints.web.page import About, NavigationEntry, Pages
from adapter.entrypoints.web.portal import (
    attaching,
    certifying,
    checking,
    correcting,
    declare,
    filling,
    follow,
    granting,
    importing,
    inbox,
    public,
    sending,
    shutting,
    signed_files,
    uploading,
    waiting,
)
from adapter.entrypoints.web.portal.drafting import AlreadySent, Drafting, to_the_sent
from adapter.entrypoints.web.staff import emergency, landing
from adapter.model.procedure import Label
from adapter.services.door.draft import GrantEnded
from adapter.services.door.shut import AccountShut
from adapter.services.dossiers.check_code import ConfirmationChecks
from adapter.services.watch.mode import Sight
from adapter.settings import AboutSettings, WordsSettings


def create_portal(components: Components) -> FastAPI:
    """The portal's application; its components are loaded before the first request, so that a fault shows at start."""
    components.load_keys()
    web, stated, provider = components.settings.web, components.settings.web.portal, components.identity_provider
    app = _app("Border single-window adapter", openapi.PORTAL, "declarations", "service")
    pages = Pages(_about(web.about), visitor_of, log_in=provider is not None)
    guard = Guard(components.tokens, stated.public_url, web.body_bytes, components.rates)
    _take_from_programs(app, components, guard)
    app.include_router(service.window_routes(components.window, components.settings.window.answer_portal))
    app.include_router(service.health_routes(components.database.reachable, components.keys_ready, components.decides))
    app.include_router(
        public.routes(pages, components.situations, components.mode_notices, provider, stated.public_url or "")
    )
    app.include_router(signed_files.routes(pages, components.signed_uploads, guard))
    app.include_router(checking.routes(pages, ConfirmationChecks(components.database), guard))
    app.include_router(
        follow.routes(
            pages,
            components.own_dossiers,
            components.corrections,
            components.printing,
            components.attachments_given,
            guard,
        )
    )
    app.include_router(inbox.routes(pages, components.inbox, components.mail_addresses, guard))
    if provider is not None:
        entrance = login.of_declarants(provider, components.sessions, components.suspended_accounts.notice)
        app.include_router(login.routes(pages, entrance, guard, components.observe))
        drafting = Drafting(
            pages,
            components.drafts,
            components.corrections,
            components.presses,
            components.opening,
            components.attachments,
        )
        app.include_router(granting.routes(pages, _granting(components), guard))
        app.include_router(certifying.routes(pages, components.own_certificates, components.certificate_holders, guard))
        for area in (uploading, declare, filling, attaching, importing, sending, correcting, waiting):
            app.include_router(area.routes(drafting, guard))
        app.add_exception_handler(AlreadySent, to_the_sent)
    finished = _finished(app, components, pages, components.sessions.find, PORTAL_COOKIE)
    finished.add_exception_handler(AccountShut, shutting.answer(pages, lambda: components.installation.units))
    finished.add_exception_handler(GrantEnded, shutting.grant_ended(pages))
    return finished


def _granting(components: Components) -> granting.Granting:
    return granting.Granting(
        components.grants, components.grant_statements, components.grant_signers, components.sessions
    )


def _take_from_programs(app: FastAPI, components: Components, guard: Guard) -> None:
    """What programs of declarants send: declarations, and the files that they name."""
    body_bytes, given = components.settings.web.body_bytes, components.attachments_given
    app.include_router(declarations.routes(components.door, components.declarations, body_bytes, guard))
    app.include_router(files.routes(components.attachments, given, lambda: components.catalogue.findings, guard))


def create_staff(components: Components) -> FastAPI:
    """The listener of the inner network. An area of staff is one more of `areas`, with entries in the navigation."""
    web = components.settings.web
    guard = Guard(
        components.tokens, web.staff.public_url, web.body_bytes, components.rates, components.client_assertions
    )
    app = _app("Border single-window adapter, inner network", openapi.STAFF, "lookup", "service")
    provider = components.staff_identity_provider
    entries: Sequence[NavigationEntry] = (
        *officer.ENTRIES,
        *customs.ENTRIES,
        *operator.ENTRIES,
        *administration.ENTRIES,
    )
    pages = Pages(_about(web.about), visitor_of, log_in=provider is not None, layout="staff.html", entries=entries)
    app.include_router(lookup.routes(components.searches, components.printed_decisions, guard))
    app.include_router(service.health_routes(components.database.reachable, components.keys_ready, components.decides))
    if provider is not None:
        entrance = login.of_staff(provider, components.staff_sessions, emergency.WAY)
        app.include_router(login.routes(pages, entrance, guard, components.observe))
    areas: Sequence[APIRouter] = (
        landing.routes(pages),
        emergency.routes(pages, components.emergency, guard),
        officer.routes(pages, _uses_of_officers(components), guard),
        operator.routes(pages, components, guard),
        administration.routes(pages, components, guard),
        customs.routes(pages, _uses_of_customs(components), guard),
    )
    for area in areas:
        app.include_router(area)
    return _finished(app, components, pages, components.staff_sessions.find, STAFF_COOKIE, SearchShape)


def _uses_of_officers(components: Components) -> officer.OfficerUses:
    return officer.OfficerUses(
        components.work_lists,
        components.case_files,
        components.case_prints,
        components.acts,
        components.pairs,
        components.catalogue,
        components.paper_records,
        components.paper_acts,
        components.paper_forms,
        components.paper_scans,
        components.accounts,
        components.registry,
        components.attachments_given,
        components.entered_grants,
        components.attachments,
    )


def _uses_of_customs(components: Components) -> customs.CustomsUses:
    stated = components.settings.customs
    support = customs.Support(
        Label(stated.support.name.vi, stated.support.name.en), stated.support.telephone, stated.support.email
    )
    purposes = [(each.code, Label(each.vi, each.en)) for each in stated.purposes]
    around = customs.LookupSurroundings(support, purposes, lambda: components.window.state().condition is Sight.DOWN)
    return customs.CustomsUses(
        components.search_box,
        components.searches,
        components.printed_decisions,
        components.lookup_rights,
        components.lookup_audit,
        around,
    )


def _app(title: str, description: str, *tags: str) -> FastAPI:
    return FastAPI(
        title=title,
        version="1",
        description=description,
        openapi_tags=openapi.tags(*tags),
        openapi_url=reference.DOCUMENT,
        docs_url=None,  # the ready-made pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )


def _finished(
    app: FastAPI, components: Components, pages: Pages, find: Find, cookie: str, *bodies: type[BaseModel]
) -> FastAPI:
    """What both listeners have: files, faults in the reader's form, sessions, headers and the log.

    `bodies`: shapes of what routes read by themselves.
    """
    app.include_router(static.routes(), dependencies=[Depends(anybody)])
    faults.install(app, components.observe, pages)
    app.add_middleware(Recognising, find=find, cookie=cookie)
    app.add_middleware(Requests, observe=components.observe, refused=problems.ambiguous())
    app.include_router(reference.routes(pages, app.openapi))
    openapi.describe(app, *bodies)
    return app


def _about(stated: AboutSettings) -> About:
    def label(words: WordsSettings) -> Label:
        return Label(words.vi, words.en)

    return About(
        authority=label(stated.authority),
        portal=label(stated.portal),
        manager=label(stated.manager),
        address=stated.address,
        telephone=stated.telephone,
        email=stated.email,
        by_paper=label(stated.by_paper),
    )
