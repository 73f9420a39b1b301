"""Which procedures each officer of customs looks up: his administrator gives and withdraws (letter of 27/5/2022, 2).

An administrator of the installation proposes it to another one instead (`services/access/proposals.py`).
"""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.entrypoints.web.posting import Posting, posting
from adapter.gateways.store.lookup_rights import LookupRight
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed
from adapter.services.access.rights import Right
from adapter.services.customs.granted import LookupOfficer, LookupRights, Opened

HERE = "/phan-quyen-tra-cuu"
ACTS = ("give", "withdraw")
_Office = Annotated[str | None, Query(alias="co-quan", pattern=r"^[A-Za-z0-9_-]{1,40}$")]
_Person = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
_Done = Annotated[str | None, Query(pattern=r"^[a-z]{1,10}$")]


@dataclass(frozen=True, slots=True)
class GrantingPage(Page):
    """The offices within reach, and what the people of the chosen one look up."""

    template: ClassVar[str] = "granting.html"
    here = HERE
    offices: Sequence[CustomsOffice]
    chosen: str
    opened: Sequence[Opened]
    officers: Sequence[LookupOfficer]


@dataclass(frozen=True, slots=True)
class OfficerRightsPage(Page):
    """What one of them looks up, each to be given or withdrawn, and what was given and withdrawn before."""

    template: ClassVar[str] = "officer_rights.html"
    here = HERE
    officer: LookupOfficer
    opened: Sequence[Opened]
    history: Sequence[LookupRight]
    done: str = ""


def routes(pages: Pages, rights: LookupRights, guard: Guard) -> APIRouter:
    """`/phan-quyen-tra-cuu`."""
    router = APIRouter(include_in_schema=False, prefix=HERE)
    grants = guard.by_session(Right.MANAGE_CUSTOMS_PEOPLE)

    @router.get("")
    def offices(request: Request, caller: Annotated[Actor, Depends(grants)], office: _Office = None) -> Response:
        reached = rights.offices(caller)
        chosen = office or (reached[0].code if reached else "")
        try:
            officers = rights.officers(chosen, caller) if chosen else ()
        except NotAllowed:
            raise HTTPException(404) from None
        return pages.respond(request, GrantingPage(reached, chosen, rights.catalogued(), officers), 200, PERSONAL)

    @router.get("/{person}")
    def officer(
        request: Request, person: _Person, caller: Annotated[Actor, Depends(grants)], xong: _Done = None
    ) -> Response:
        found = _found(rights, person, caller)
        done = xong if xong in ACTS else ""
        page = OfficerRightsPage(found, rights.catalogued(), rights.history(person)[::-1], done)
        return pages.respond(request, page, 200, PERSONAL)

    @router.post("/{person}")
    def state(person: _Person, sent: Annotated[Posting, Depends(posting(grants))]) -> Response:
        _found(rights, person, sent.actor)
        procedure, act = sent["procedure"], sent["act"]
        if procedure not in rights.opened or act not in ACTS:
            raise HTTPException(400)
        (rights.give if act == "give" else rights.withdraw)(person, procedure, actor=sent.actor)
        return RedirectResponse(f"{HERE}/{person}?xong={act}", 303, PERSONAL)

    return router


def _found(rights: LookupRights, person: str, caller: Actor) -> LookupOfficer:
    """The officer, or 404: whoever is of another office is as if he did not exist.

    Raises:
        HTTPException: 404, there is none within reach.
    """
    try:
        return rights.officer(person, caller)
    except NoRight:
        raise
    except NotAllowed:
        raise HTTPException(404) from None
