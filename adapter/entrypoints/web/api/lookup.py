"""Customs' programs look dossiers of their office up (letter of 27/5/2022). Every lookup is recorded."""

# Annotations are not postponed here: FastAPI reads them, and the dependencies they name are made in these functions.
import unicodedata
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator

from adapter.entrypoints.web.api import shapes
from adapter.entrypoints.web.api.openapi import NUMBER, XML, may_fail
from adapter.entrypoints.web.api.problems import NotServed
from adapter.entrypoints.web.api.shapes import API
from adapter.entrypoints.web.guard import Guard
from adapter.model.actor import Actor
from adapter.model.text import text_fault
from adapter.services.access.rights import Right
from adapter.services.dossiers.lookup import Lookup, LookupKind, Question

_Number = Annotated[str, Path(pattern=NUMBER, description="The dossier's number.")]
_Year = Annotated[int, Path(ge=1000, le=9999, description="The dossier's year.")]


def _holdable(text: str) -> str:
    if fault := text_fault(text):
        raise ValueError(fault)
    return unicodedata.normalize("NFC", text)


_Typed = Annotated[str, AfterValidator(_holdable)] | None
"""A text that a person types: nothing that no form or database can hold."""


def routes(lookup: Lookup, guard: Guard) -> APIRouter:
    """GET /lookup/dossiers."""
    router = APIRouter(prefix=f"{API}/lookup/dossiers", tags=["lookup"])

    @router.get("", summary="Look dossiers up", responses=may_fail(403, 422))
    def dossiers(
        caller: Annotated[Actor, Depends(guard.by_token(Right.LOOK_UP))],
        question: Annotated[Question, Depends(_question)],
    ) -> shapes.DossiersShape:
        """By exactly one of: reference (with year), paper, confirmation, plate, tax_code, ship."""
        found = lookup.dossiers(question, caller)
        shown = [shapes.dossier_shape(each) for each in found.dossiers]
        return shapes.DossiersShape(dossiers=shown, more=found.more, count=found.count, next=found.last)

    @router.get(
        "/{number}/{year}/reply",
        summary="Download the newest signed decision",
        response_class=Response,
        responses={200: {"content": XML}, **may_fail(403, 404, 422)},
    )
    def reply(
        number: _Number, year: _Year, caller: Annotated[Actor, Depends(guard.by_token(Right.LOOK_UP))]
    ) -> Response:
        """The exact bytes that were signed. This is recorded as a lookup too."""
        found = lookup.reply(number, year, caller)
        if found is None:
            raise NotServed(404, "There is no decision on such a dossier of your office.")
        return Response(found, media_type="application/xml")

    return router


def _question(
    reference: Annotated[str | None, Query(pattern=NUMBER, description="Our number or the window's.")] = None,
    year: Annotated[int | None, Query(ge=1000, le=9999, description="The year that goes with reference.")] = None,
    paper: Annotated[_Typed, Query(min_length=1, max_length=60, description="An identity paper's number.")] = None,
    confirmation: Annotated[_Typed, Query(min_length=1, max_length=60, description="Its number.")] = None,
    plate: Annotated[_Typed, Query(min_length=1, max_length=60, description="Plate of a vehicle.")] = None,
    tax_code: Annotated[_Typed, Query(min_length=1, max_length=60, description="An enterprise's tax code.")] = None,
    ship: Annotated[
        _Typed,
        Query(min_length=1, max_length=100, description="A ship's IMO number, name, registration number or call sign."),
    ] = None,
    after: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next` of the page before; not with reference.")
    ] = None,
) -> Question:
    given = {
        LookupKind.NUMBER: reference,
        LookupKind.PAPER: paper,
        LookupKind.CONFIRMATION: confirmation,
        LookupKind.PLATE: plate,
        LookupKind.TAX_CODE: tax_code,
        LookupKind.SHIP: ship,
    }
    asked = [(kind, value) for kind, value in given.items() if value is not None]
    if len(asked) != 1 or (reference is None) != (year is None):
        raise NotServed(422, "Ask by exactly one of: reference with year, paper, confirmation, plate, tax_code, ship.")
    kind, value = asked[0]
    if kind is LookupKind.NUMBER and after is not None:
        raise NotServed(422, "after goes with every key but reference: of a number there is one page.")
    return Question(kind, value, year or 0, after)
