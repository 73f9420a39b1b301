"""The web process mounts its areas: the interface for programs, pages for declarants. It decides nothing."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from adapter.bootstrap import House
from adapter.entrypoints.web import faults, login, static
from adapter.entrypoints.web.api import declarations, lookup, openapi, problems, service
from adapter.entrypoints.web.browser import Recognising, visitor_of
from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.headers import Requests
from adapter.entrypoints.web.page import About, Pages
from adapter.entrypoints.web.portal import checking, declare, filling, follow, importing, public, sending, uploading
from adapter.entrypoints.web.portal.drafting import AlreadySent, Drafting, to_the_sent
from adapter.model.procedure import Label
from adapter.services.dossiers.check_code import ConfirmationChecks
from adapter.settings import AboutSettings, WordsSettings


def create_app(house: House) -> FastAPI:
    """The application of this house; its parts are loaded before the first request, so that a fault shows at start."""
    app = FastAPI(
        title="Border single-window adapter",
        version="1",
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the ready-made pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    house.load_keys()
    stated = house.settings
    provider = house.identity_provider
    pages = Pages(_about(stated.web.about), visitor_of, log_in=provider is not None)
    guard = Guard(house.tokens, stated.web.public_url, stated.web.body_bytes)
    app.include_router(declarations.routes(house.door, house.declarations, stated.web.body_bytes, guard))
    app.include_router(lookup.routes(house.lookup, guard))
    ready = house.database.reachable, house.keys_ready
    app.include_router(service.routes(house.window, stated.window.answer_portal, *ready))
    app.include_router(static.routes(), dependencies=[Depends(anybody)])
    app.include_router(public.routes(pages, house.situations, provider, stated.web.public_url or ""))
    app.include_router(checking.routes(pages, ConfirmationChecks(house.database)))
    app.include_router(follow.routes(pages, house.own_dossiers, guard))
    if provider is not None:
        app.include_router(login.routes(pages, provider, house.sessions, guard, house.observe))
        drafting = Drafting(pages, house.drafts)
        for area in (uploading, declare, filling, importing, sending):
            app.include_router(area.routes(drafting, guard))
        app.add_exception_handler(AlreadySent, to_the_sent)
    faults.install(app, house.observe, pages)
    app.add_middleware(Recognising, sessions=house.sessions)
    app.add_middleware(Requests, observe=house.observe, refused=problems.ambiguous())
    openapi.describe(app)
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
