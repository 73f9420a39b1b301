"""Declarants' programs: declare, read what became of it, download the signed replies."""

# Annotations are not postponed here: FastAPI reads them, and the dependencies they name are made in these functions.
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from adapter.entrypoints.web.api import shapes
from adapter.entrypoints.web.api.body import reader
from adapter.entrypoints.web.api.openapi import XML, may_fail
from adapter.entrypoints.web.api.shapes import API
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.problems import NotServed
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.door.declarations import Declarations
from adapter.services.door.submission import Door

_Id = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The declaration's id, from Location.")]
_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the reply.")]


def routes(door: Door, declarations: Declarations, body_bytes: int, guard: Guard) -> APIRouter:
    """POST /declarations and what is read of it."""
    # Longer than 45 lines: the routes of one resource, which share what they are made with.
    router = APIRouter(prefix=f"{API}/declarations", tags=["declarations"])
    read_body: Callable[[Request], Awaitable[bytes]] = reader(body_bytes)
    body = {"requestBody": {"required": True, "content": {**XML, "text/xml": XML["application/xml"]}}}

    @router.post(
        "",
        status_code=202,
        summary="Declare",
        openapi_extra=body,
        responses={
            202: {"headers": {"Location": {"description": "Where to read it.", "schema": {"type": "string"}}}},
            **may_fail(400, 403, 408, 409, 413, 415, 422),
        },
    )
    async def declare(
        caller: Annotated[Actor, Depends(guard.by_token(Right.DECLARE))],
        raw: Annotated[bytes, Depends(read_body)],
        response: Response,
    ) -> shapes.AdmittedShape:
        """Send one envelope. 202 says that it was taken in and judged: `outcome` says how. 409: the window works, so
        declare there. 403: the declaration is not the token holder's own. 503: wait and send the same again."""
        admitted = await run_in_threadpool(door.submit, raw, caller)
        response.headers["Location"] = f"{API}/declarations/{admitted.public_id}"
        return shapes.admitted_shape(admitted)

    @router.post(
        "/dry-run",
        summary="Try a declaration",
        openapi_extra=body,
        responses=may_fail(400, 403, 408, 409, 413, 415, 422),
    )
    async def dry_run(
        caller: Annotated[Actor, Depends(guard.by_token(Right.DECLARE))], raw: Annotated[bytes, Depends(read_body)]
    ) -> shapes.ForeseenShape:
        """Judged as if it were sent now: signatures, rules, what is stored. Nothing is kept, no number is given."""
        return shapes.foreseen_shape(await run_in_threadpool(door.foresee, raw, caller))

    @router.get("/{id}", summary="Read a declaration", responses=may_fail(404, 422))
    def read(id: _Id, caller: Annotated[Actor, Depends(guard.by_token(Right.READ_OWN))]) -> shapes.DeclarationShape:
        """State, findings and the signed replies. Reading a reply for the first time is its delivery."""
        standing = declarations.read(id, caller)
        if standing is None:
            raise NotServed(404, "There is no such declaration of yours.")
        return shapes.declaration_shape(standing)

    @router.get(
        "/{id}/replies/{digest}",
        summary="Download a signed reply",
        response_class=Response,
        responses={200: {"content": XML}, **may_fail(404, 422)},
    )
    def reply(id: _Id, digest: _Digest, caller: Annotated[Actor, Depends(guard.by_token(Right.READ_OWN))]) -> Response:
        """The exact bytes that were signed."""
        found = declarations.reply(id, digest, caller)
        if found is None:
            raise NotServed(404, "There is no such reply of yours.")
        return Response(found, media_type="application/xml")

    return router
