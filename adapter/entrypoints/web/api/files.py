"""Declarants' programs: upload the files that a declaration names, download those of their own dossiers."""

# Annotations are not postponed here: FastAPI reads them, and the dependencies they name are made in these functions.
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapter.entrypoints.web.api import shapes
from adapter.entrypoints.web.api.body import reader
from adapter.entrypoints.web.api.openapi import NUMBER, may_fail
from adapter.entrypoints.web.api.shapes import API
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import given_out
from adapter.entrypoints.web.problems import NotServed
from adapter.model.actor import Actor
from adapter.model.attachment import BadFile, FileKind
from adapter.model.finding import FindingCatalogue
from adapter.services.access.rights import Right
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.attachments.keeping import Attachments
from adapter.services.door.precheck import TurnedAway, Why

_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file.")]
_Name = Annotated[str, Query(min_length=1, max_length=255, description="The file's name; its end says the kind.")]
_FILES = {kind.media_type: {"schema": {"type": "string", "format": "binary"}} for kind in FileKind}


def routes(
    files: Attachments, given: AttachmentsGiven, texts: Callable[[], FindingCatalogue], guard: Guard
) -> APIRouter:
    """POST /files and what is read of a dossier's files."""
    router = APIRouter(prefix=API, tags=["declarations"])
    read_body: Callable[[Request], Awaitable[bytes]] = reader(files.limits.file, tuple(_FILES))

    @router.post(
        "/files",
        status_code=201,
        summary="Upload a file",
        openapi_extra={"requestBody": {"required": True, "content": _FILES}},
        responses=may_fail(403, 408, 413, 415, 422),
    )
    async def upload(
        name: _Name,
        caller: Annotated[Actor, Depends(guard.by_token(Right.DECLARE))],
        raw: Annotated[bytes, Depends(read_body)],
    ) -> shapes.FileShape:
        """Upload a file before the declaration that names it by its SHA-256. Uploaded again, it is kept once; what no
        declaration names is removed after some days. 422: it is not taken; `findings` say why."""
        try:
            kept = await run_in_threadpool(files.to_nothing_yet, caller, name, raw)
        except BadFile as bad:
            stated = texts().state(bad.finding)
            raise TurnedAway(Why.UNREADABLE, stated.en, stated.vi, (stated,)) from None
        return shapes.file_shape(kept)

    _downloads(router, given, guard)
    return router


def _downloads(router: APIRouter, given: AttachmentsGiven, guard: Guard) -> None:
    """GET of a dossier's file."""

    @router.get(
        "/dossiers/{year}/{number}/files/{digest}",
        summary="Download an attached file",
        response_class=Response,
        responses={200: {"content": _FILES}, **may_fail(404, 422)},
    )
    def download(
        year: Annotated[int, Path(ge=1000, le=9999)],
        number: Annotated[str, Path(pattern=NUMBER)],
        digest: _Digest,
        caller: Annotated[Actor, Depends(guard.by_token(Right.READ_OWN))],
    ) -> Response:
        """The bytes as they were uploaded."""
        found = given.own_file(caller, number, year, digest)
        if found is None:
            raise NotServed(404, "There is no such file of yours.")
        return given_out(found.body, found.kind.media_type, found.name)
