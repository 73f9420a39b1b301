"""The HTTP interface: routes, who may call them, and the OpenAPI document. Every decision is in the services."""

# Annotations are not postponed here: FastAPI reads them, and the dependencies they name are made in these functions.
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from adapter.bootstrap import House
from adapter.entrypoints.web import problems, shapes
from adapter.entrypoints.web.body import reader
from adapter.entrypoints.web.headers import Requests
from adapter.entrypoints.web.problems import MEDIA_TYPE, NotServed, Problem, problem
from adapter.entrypoints.web.shapes import API
from adapter.model.errors import Unavailable
from adapter.model.text import text_fault
from adapter.services.access.tokens import Caller
from adapter.services.dossiers.lookup import LookupKind, Question

_DESCRIPTION = """\
The second door of the border guard's adapter, and the lookup for customs.

* **Declarations** take the same XML envelope as the national single window. The door is open while the window has an
  incident, and always for procedures that the window does not carry. `SystemSignature` stays empty: the door seals the
  message. Without a dossier number one is issued; sending the same message again gives the same number and answer.
* **Lookup** is for customs: results of the Ministry of Defence's procedures. A confirmation says that the declaration
  is complete, never that one may cross. Every lookup is recorded.

Callers hold a bearer token. Every error is `application/problem+json` (RFC 9457), in English and Vietnamese.
"""
_TAGS = [
    {"name": "declarations", "description": "For declarants: declare, and read what became of it."},
    {"name": "lookup", "description": "For customs offices: dossiers of their own gate or unit."},
    {"name": "service", "description": "The window's state, and whether this service is alive and ready."},
]
_XML: dict[str, Any] = {"application/xml": {"schema": {"type": "string", "format": "binary"}}}
_NUMBER = r"^[A-Za-z0-9]{1,35}$"
_Number = Annotated[str, Path(pattern=_NUMBER, description="The dossier's number.")]
_Year = Annotated[int, Path(ge=1000, le=9999, description="The dossier's year.")]
_Id = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The declaration's id, from Location.")]
_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the reply.")]
_Authenticate = Callable[..., Caller]


def _holdable(text: str) -> str:
    if fault := text_fault(text):
        raise ValueError(fault)
    return unicodedata.normalize("NFC", text)


_Typed = Annotated[str, AfterValidator(_holdable)] | None
"""A text that a person types: nothing that no form or database can hold."""


def create_app(house: House) -> FastAPI:
    """The application of this house; its parts are loaded before the first request, so that a fault shows at start."""
    app = FastAPI(
        title="Border single-window adapter",
        version="1",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the ready-made pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    house.load_keys()
    authenticate = _authentication(house)
    app.include_router(_declarations(house, authenticate))
    app.include_router(_lookup(house, authenticate))
    app.include_router(_service(house, authenticate))
    problems.install(app, house.observe)
    app.add_middleware(Requests, observe=house.observe, refused=problems.ambiguous())
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """An OpenAPI document that is true: FastAPI adds its own media type to every error."""
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                if MEDIA_TYPE in response.get("content", {}):
                    response["content"].pop("application/json", None)


def _authentication(house: House) -> _Authenticate:
    tokens = house.tokens
    bearer = HTTPBearer(auto_error=False, description="A token that the operator issued (`nsw-adapter token issue`).")

    def authenticate(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Caller:
        if given is None:
            raise NotServed(401, "A bearer token is needed.", {"WWW-Authenticate": 'Bearer realm="nsw-adapter"'})
        caller = tokens.authenticate(given.credentials)
        if caller is None:
            challenge = 'Bearer realm="nsw-adapter", error="invalid_token"'
            raise NotServed(401, "The token is unknown, expired or revoked.", {"WWW-Authenticate": challenge})
        return caller

    return authenticate


def _may_fail(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    # `model` registers the schema; the media type is ours.
    return {status: {"model": Problem, "content": content} for status in (401, *statuses, 500, 503)}


def _declarations(house: House, authenticate: _Authenticate) -> APIRouter:
    router = APIRouter(prefix=f"{API}/declarations", tags=["declarations"])
    door, declarations = house.door, house.declarations
    read_body: Callable[[Request], Awaitable[bytes]] = reader(house.settings.web.body_bytes)
    body = {"requestBody": {"required": True, "content": {**_XML, "text/xml": _XML["application/xml"]}}}

    @router.post(
        "",
        status_code=202,
        summary="Declare",
        openapi_extra=body,
        responses={
            202: {"headers": {"Location": {"description": "Where to read it.", "schema": {"type": "string"}}}},
            **_may_fail(400, 403, 408, 409, 413, 415, 422),
        },
    )
    async def declare(
        caller: Annotated[Caller, Depends(authenticate)],
        raw: Annotated[bytes, Depends(read_body)],
        response: Response,
    ) -> shapes.AdmittedShape:
        """Send one envelope. 202 says that it was taken in and judged: `outcome` says how. 409: the window works, so
        declare there. 403: the declaration is not the token holder's own. 503: wait and send the same again."""
        admitted = await run_in_threadpool(door.submit, raw, caller)
        response.headers["Location"] = f"{API}/declarations/{admitted.public_id}"
        return shapes.admitted_shape(admitted)

    @router.get("/{id}", summary="Read a declaration", responses=_may_fail(404, 422))
    def read(id: _Id, caller: Annotated[Caller, Depends(authenticate)]) -> shapes.DeclarationShape:
        """State, findings and the signed replies. Reading a reply for the first time is its delivery."""
        standing = declarations.read(id, caller)
        if standing is None:
            raise NotServed(404, "There is no such declaration of yours.")
        return shapes.declaration_shape(standing)

    @router.get(
        "/{id}/replies/{digest}",
        summary="Download a signed reply",
        response_class=Response,
        responses={200: {"content": _XML}, **_may_fail(404, 422)},
    )
    def reply(id: _Id, digest: _Digest, caller: Annotated[Caller, Depends(authenticate)]) -> Response:
        """The exact bytes that were signed."""
        found = declarations.reply(id, digest, caller)
        if found is None:
            raise NotServed(404, "There is no such reply of yours.")
        return Response(found, media_type="application/xml")

    return router


def _lookup(house: House, authenticate: _Authenticate) -> APIRouter:
    router = APIRouter(prefix=f"{API}/lookup/dossiers", tags=["lookup"])
    lookup = house.lookup

    @router.get("", summary="Look dossiers up", responses=_may_fail(403, 422))
    def dossiers(
        caller: Annotated[Caller, Depends(authenticate)], question: Annotated[Question, Depends(_question)]
    ) -> shapes.DossiersShape:
        """By exactly one of: reference (with year), paper, confirmation, plate, tax_code, ship."""
        found = lookup.dossiers(question, caller)
        shown = [shapes.dossier_shape(each) for each in found.dossiers]
        return shapes.DossiersShape(dossiers=shown, more=found.more, count=found.count, next=found.last)

    @router.get(
        "/{number}/{year}/reply",
        summary="Download the newest signed decision",
        response_class=Response,
        responses={200: {"content": _XML}, **_may_fail(403, 404, 422)},
    )
    def reply(number: _Number, year: _Year, caller: Annotated[Caller, Depends(authenticate)]) -> Response:
        """The exact bytes that were signed. This is recorded as a lookup too."""
        found = lookup.reply(number, year, caller)
        if found is None:
            raise NotServed(404, "There is no decision on such a dossier of your office.")
        return Response(found, media_type="application/xml")

    return router


def _question(
    reference: Annotated[str | None, Query(pattern=_NUMBER, description="Our number or the window's.")] = None,
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


def _service(house: House, authenticate: _Authenticate) -> APIRouter:
    router = APIRouter(tags=["service"])
    window, database, declare_at = house.window, house.database, house.settings.window.answer_portal

    @router.get(f"{API}/window", summary="The window's state", responses=_may_fail())
    def state(caller: Annotated[Caller, Depends(authenticate)]) -> shapes.WindowShape:
        """Whether the national single window works, and so whether the second door is open."""
        del caller  # any valid token may ask
        return shapes.window_shape(window.state(), declare_at)

    @router.get("/healthz", summary="Alive")
    async def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @router.get("/readyz", summary="Ready", responses={503: _may_fail()[503]}, response_model=None)
    def ready() -> dict[str, str] | Response:
        """Everything that serving needs is at hand; else 503 that says what is not."""
        if not database.reachable():
            return problem(503, "Not ready: the database cannot be reached.", kind="not-ready")
        try:
            house.keys_ready()
        except Unavailable:
            return problem(503, "Not ready: a key of ours cannot sign now.", kind="not-ready")
        return {"status": "ready"}

    return router
