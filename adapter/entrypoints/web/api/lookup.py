"""Customs look dossiers of their office up (letter of 27/5/2022). Every lookup is recorded.

A search is sent in the body: no number of a passport stands in an address, which proxies and logs keep.
"""

# Annotations are not postponed here: FastAPI reads them, and the dependencies they name are made in these functions.
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from adapter.entrypoints.web.api.customs_shapes import AnswersShape, SearchShape, answers_shape
from adapter.entrypoints.web.api.openapi import NUMBER, PDF, XML, may_fail
from adapter.entrypoints.web.api.shapes import API
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.problems import NotServed
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.customs.printed import PrintedDecisions
from adapter.services.customs.search import Key, Search
from adapter.services.customs.searches import CustomsAnswers, Searches
from adapter.services.customs.table import table

MOST_BYTES = 8192
"""Bytes of a search."""
CSV = "text/csv"
NEXT = "Nsw-Next-Cursor"
"""The header that names the next page where the answer is CSV."""
_Number = Annotated[str, Path(pattern=NUMBER, description="The dossier's number.")]
_Year = Annotated[int, Path(ge=1000, le=9999, description="The dossier's year.")]
_Purpose = Annotated[str | None, Query(max_length=100, description="Code of the purpose, if one is asked.")]
_IN_ADDRESS = ("reference", "year", "confirmation", "purpose")
_TABLE: Mapping[str, Any] = {CSV: {"schema": {"type": "string"}}}
_VI_JSON = "Chỉ nhận application/json, UTF-8."
_NONE = "There is no decision on such a dossier of your office."
_VI_NONE = "Không có kết quả nào của hồ sơ như vậy trong phạm vi cơ quan của bạn."
_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SearchShape"}}},
    }
}


def routes(searches: Searches, printed: PrintedDecisions, guard: Guard) -> APIRouter:
    """POST /lookup/searches, GET /lookup/dossiers and the signed decision."""
    router = APIRouter(prefix=f"{API}/lookup", tags=["lookup"])

    @router.post(
        "/searches",
        summary="Search dossiers",
        response_model=AnswersShape,
        responses={200: {"content": _TABLE}, **may_fail(403, 411, 413, 415, 422, 429)},
        openapi_extra=dict(_BODY),
    )
    async def search(
        request: Request,
        caller: Annotated[Actor, Depends(guard.by_customs(Right.LOOK_UP))],
        asked: Annotated[Search, Depends(_sent)],
    ) -> Response:
        """By one key of the body, or by a period; the answer is JSON, or CSV where `Accept` names text/csv."""
        as_csv = CSV in request.headers.get("accept", "")
        return await run_in_threadpool(lambda: _told(searches.search(asked, caller), as_csv=as_csv))

    @router.get(
        "/dossiers", summary="Look one dossier up", response_model=AnswersShape, responses=may_fail(400, 403, 422)
    )
    def dossiers(
        caller: Annotated[Actor, Depends(guard.by_customs(Right.LOOK_UP))],
        asked: Annotated[Search, Depends(_in_address)],
    ) -> Response:
        """By reference with year, or by confirmation. Whatever else is searched by is sent to POST /lookup/searches."""
        return _told(searches.search(asked, caller), as_csv=False)

    _decisions(router, searches, printed, guard)
    return router


def _decisions(router: APIRouter, searches: Searches, printed: PrintedDecisions, guard: Guard) -> None:
    """The newest signed decision, as it was signed and to be printed."""

    @router.get(
        "/dossiers/{number}/{year}/reply",
        summary="Download the newest signed decision",
        response_class=Response,
        responses={200: {"content": XML}, **may_fail(403, 404, 422)},
    )
    def reply(
        number: _Number,
        year: _Year,
        caller: Annotated[Actor, Depends(guard.by_customs(Right.LOOK_UP))],
        purpose: _Purpose = None,
    ) -> Response:
        """The exact bytes that were signed. This is recorded as a lookup too."""
        found = searches.decision(number, year, purpose, caller)
        if found is None:
            raise NotServed(404, _NONE, vi=_VI_NONE)
        return Response(found.reply.body, media_type="application/xml")

    @router.get(
        "/dossiers/{number}/{year}/reply.pdf",
        summary="Download the newest signed decision as a page to print",
        response_class=Response,
        responses={200: {"content": PDF}, **may_fail(403, 404, 422)},
    )
    def to_print(
        number: _Number,
        year: _Year,
        caller: Annotated[Actor, Depends(guard.by_customs(Right.LOOK_UP))],
        purpose: _Purpose = None,
    ) -> Response:
        """What was signed, for people; no official form. This is recorded as a lookup too."""
        made = printed.pdf(number, year, purpose, caller)
        if made is None:
            raise NotServed(404, _NONE, vi=_VI_NONE)
        return Response(made, media_type="application/pdf")


def _told(found: CustomsAnswers, *, as_csv: bool) -> Response:
    """A whole page as bytes: the framework would check and spell each value once more, while other callers wait."""
    if not as_csv:
        return Response(answers_shape(found).model_dump_json(by_alias=True), media_type="application/json")
    behind = {NEXT: found.next} if found.next else {}
    named = {"Content-Disposition": 'attachment; filename="tra-cuu.csv"', **behind}
    return Response(table(found.answers), media_type=f"{CSV}; charset=utf-8", headers=named)


async def _sent(request: Request) -> Search:
    """The search in the body.

    Raises:
        NotServed: 411, 413 or 415, it is no JSON of a stated and bounded length.
        RequestValidationError: it is none of a search's form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotServed(415, "Send application/json, in UTF-8.", {"Accept": "application/json"}, vi=_VI_JSON)
    stated = request.headers.get("content-length", "")
    if not (stated.isascii() and stated.isdigit()):
        raise NotServed(411, "State the length of the search.")
    if int(stated) > MOST_BYTES:
        raise NotServed(413, f"A search has at most {MOST_BYTES} bytes.", {"Connection": "close"})
    try:
        return SearchShape.model_validate_json(await request.body()).asked()
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_url=False)) from None


def _in_address(
    request: Request,
    reference: Annotated[str | None, Query(pattern=NUMBER, description="Our number or the window's.")] = None,
    year: Annotated[int | None, Query(ge=1000, le=9999, description="The year that goes with reference.")] = None,
    confirmation: Annotated[str | None, Query(min_length=1, max_length=60, description="Its number.")] = None,
    purpose: _Purpose = None,
) -> Search:
    further = sorted(set(request.query_params) - set(_IN_ADDRESS))
    if further:
        raise NotServed(
            400,
            "An address may name reference with year, or confirmation. Send everything else as JSON: POST "
            f"{API}/lookup/searches with paper, mrz, name, party, plate or ship, and cursor for the next page.",
            vi="Trên địa chỉ chỉ nêu được reference cùng year, hoặc confirmation. Mọi giá trị khác gửi bằng JSON: POST "
            f"{API}/lookup/searches với paper, mrz, name, party, plate hoặc ship, và cursor cho trang sau.",
        )
    if (reference is None) != (year is None) or (reference is None) == (confirmation is None):
        raise NotServed(
            422,
            "Ask by reference with year, or by confirmation.",
            vi="Hãy tra theo reference cùng year, hoặc theo confirmation.",
        )
    if reference is not None:
        return Search(Key.NUMBER, reference, year or 0, purpose=purpose)
    return Search(Key.CONFIRMATION, confirmation or "", purpose=purpose)
