"""From a dossier's page to a draft about it: an answer to a request, a correction, a withdrawal, an amendment."""

# Annotations are not postponed here: FastAPI reads them.
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.portal.draft_pages import ROOT
from adapter.entrypoints.web.portal.drafting import Drafting
from adapter.entrypoints.web.portal.follow import DossierNumber, DossierYear, address
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.procedure import Meaning
from adapter.services.access.rights import Right
from adapter.services.door.corrections import NotOffered
from adapter.services.door.draft import TooManyDrafts


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/ho-so/<year>/<number>/sua`."""
    router = APIRouter(include_in_schema=False)
    posted = posting(guard.by_session(Right.DECLARE))

    @router.post("/ho-so/{year}/{number}/sua")
    def begin(year: DossierYear, number: DossierNumber, sent: Annotated[Posting, Depends(posted)]) -> Response:
        """Pressed twice, or in two tabs, it is one draft."""
        if sent["what"] not in set(Meaning):
            raise HTTPException(422)
        try:
            draft = drafting.corrections.begin(sent.actor, number, year, Meaning(sent["what"]))
        except NotOffered:  # the page is older than the dossier, which tells what is possible now
            return RedirectResponse(address(number, year), 303)
        except TooManyDrafts:
            return RedirectResponse(ROOT, 303)
        if draft is None:
            raise HTTPException(404)
        head = drafting.head(draft)
        # A withdrawal says what is known already: there is nothing to fill in.
        shown = "/kiem-tra" if draft.spec.meaning is Meaning.WITHDRAWAL else ""
        return RedirectResponse(head.address + shown, 303)

    return router
