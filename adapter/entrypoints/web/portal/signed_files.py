"""A signed file without log-in: a statement for it, the two files, and the acknowledgement."""

# Annotations are not postponed here: FastAPI reads them.
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import said
from adapter.entrypoints.web.guard import Guard, anybody
from adapter.entrypoints.web.page import PERSONAL, Page, Pages, attachment
from adapter.entrypoints.web.portal.certifying import STATEMENT, labels
from adapter.model.errors import Unavailable
from adapter.model.procedure import Label
from adapter.services.access.rates import RateRule
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.reception import WindowSuspected
from adapter.services.door.signed_uploads import Acknowledgement, SignedUploads

ADDRESS = "/tep-ky-so"
_Value = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{20,64}$")]


@dataclass(frozen=True, slots=True)
class SignedFilePage(Page):
    """How to send a signed file without log-in. `told`: what stands against what was asked or brought."""

    template: ClassVar[str] = "signed_file.html"
    told: Sequence[Label] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class AcknowledgedPage(Page):
    """What was received by a statement."""

    template: ClassVar[str] = "acknowledged.html"
    received: Acknowledgement


def routes(pages: Pages, uploads: SignedUploads, guard: Guard) -> APIRouter:
    """`/tep-ky-so` and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=ADDRESS, dependencies=[Depends(anybody)])
    brought = _brought(guard)

    def told(request: Request, status: int, *what: Label) -> Response:
        return pages.respond(request, SignedFilePage(what), status)

    @router.get("")
    def look(request: Request) -> Response:
        return pages.respond(request, SignedFilePage())

    @router.post("/van-ban", dependencies=[Depends(guard.seldom(RateRule.STATEMENT))])
    def statement(request: Request, sent: Annotated["_Brought", Depends(brought)]) -> Response:
        digest = hashlib.sha256(sent.file).hexdigest() if sent.file else sent.digest
        body = uploads.statement(digest)
        if body is None:
            return told(request, 422, said("signed_file.no_digest"))
        return attachment(body, "application/xml", STATEMENT)

    @router.post("", dependencies=[Depends(guard.seldom(RateRule.UPLOAD))])
    def send(request: Request, sent: Annotated["_Brought", Depends(brought)]) -> Response:
        if not sent.file or not sent.statement:
            return told(request, 422, said("signed_file.two_files"))
        try:
            value = uploads.send(sent.statement, sent.file)
        except WindowSuspected:
            return told(request, 503, said("signed_file.suspected"))
        except TurnedAway as turned:
            return told(request, 422, *labels(turned))
        except Unavailable:
            return told(request, 503, said("statement.away"))
        return RedirectResponse(f"{ADDRESS}/{value}", 303, PERSONAL)

    @router.get("/{value}")
    def acknowledged(request: Request, value: _Value) -> Response:
        found = uploads.acknowledged(value)
        if found is None:
            raise HTTPException(404)
        return pages.respond(request, AcknowledgedPage(found))

    return router


@dataclass(frozen=True, slots=True)
class _Brought:
    """What came: the signed file, the signed statement, and the digest that was typed."""

    file: bytes
    statement: bytes
    digest: str


def _brought(guard: Guard) -> Callable[..., object]:
    async def brought(request: Request) -> _Brought:
        form = await guard.form(request)
        digest = form.get("digest")
        read = _Brought(
            await _bytes(form, "file"), await _bytes(form, "statement"), digest if isinstance(digest, str) else ""
        )
        await form.close()  # a large one lies in a temporary file
        return read

    return brought


async def _bytes(form: FormData, name: str) -> bytes:
    part = form.get(name)
    return await part.read() if isinstance(part, UploadFile) else b""
