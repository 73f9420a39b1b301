"""For the auditor: lookups by officer, paper or dossier. The auditor's search is recorded too."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.services.access.rights import Right
from adapter.services.customs.audit import MOST, Asked, Looked, LookupAudit

HERE = "/nhat-ky-tra-cuu"
_DAYS = (1, 7, 30, 365)


@dataclass(frozen=True, slots=True)
class LookedPage(Page):
    """The search and its result; None before the first search."""

    template: ClassVar[str] = "looked.html"
    here = HERE
    most = MOST
    spans = _DAYS
    officer: str = ""
    paper: str = ""
    dossier: str = ""
    days: int = 7
    rows: Sequence[Looked] | None = None
    fault: bool = False


def routes(pages: Pages, audit: LookupAudit, guard: Guard) -> APIRouter:
    """`/nhat-ky-tra-cuu`."""
    router = APIRouter(include_in_schema=False)
    auditor = guard.by_session(Right.READ_JOURNAL)

    @router.get(HERE)
    def empty(request: Request, caller: Annotated[Actor, Depends(auditor)]) -> Response:
        del caller
        return pages.respond(request, LookedPage(), 200, PERSONAL)

    @router.post(HERE)
    async def looked(request: Request, caller: Annotated[Actor, Depends(auditor)]) -> Response:
        form = await guard.form(request)
        officer, paper, dossier = (_text(form, name) for name in ("officer", "paper", "dossier"))
        days = int(stated) if (stated := _text(form, "days")) in {str(each) for each in _DAYS} else 7
        key = DossierKey.read(dossier)
        if dossier and key is None:
            return pages.respond(request, LookedPage(officer, paper, dossier, days, fault=True), 422, PERSONAL)
        now = audit.clock()
        asked = Asked(now - timedelta(days=days), now + timedelta(minutes=1), officer or None, paper or None, key)
        rows = await run_in_threadpool(audit.looked, asked, caller)
        return pages.respond(request, LookedPage(officer, paper, dossier, days, rows), 200, PERSONAL)

    return router


def _text(form: Any, name: str) -> str:
    value = form.get(name)
    return " ".join(value.replace("\0", "").split())[:100] if isinstance(value, str) else ""
