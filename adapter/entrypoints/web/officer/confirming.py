"""Several dossiers confirmed at once: one question, one result list. Each is an act of its own, and one may fail."""

# Annotations are not postponed here: FastAPI reads them.
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import LoggedOut
from adapter.entrypoints.web.officer.acting import Acting
from adapter.entrypoints.web.page import Page
from adapter.model.actor import Actor
from adapter.model.errors import NoRight, NotAllowed, Unavailable
from adapter.model.identifiers import DossierKey
from adapter.services.access.rights import Right
from adapter.services.dossiers.acts import SessionOver
from adapter.services.dossiers.case_records import CaseFile

MOST = 50
_KEY = re.compile(r"(\d{4})/([A-Za-z0-9]{1,35})")
_Chosen = Annotated[list[str] | None, Query(alias="d", max_length=MOST)]


@dataclass(frozen=True, slots=True)
class BatchPage(Page):
    """Which dossiers are to be confirmed, with what speaks against it."""

    template: ClassVar[str] = "batch.html"
    cases: tuple[CaseFile, ...]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one dossier: `outcome` is the key of its words."""

    number: str
    year: int
    outcome: str
    confirmation: str | None


@dataclass(frozen=True, slots=True)
class BatchResultPage(Page):
    """What became of each."""

    template: ClassVar[str] = "batch_result.html"
    results: tuple[BatchResult, ...]

    @property
    def done(self) -> int:
        """How many were confirmed."""
        return sum(1 for each in self.results if each.outcome == "done")


def routes(acting: Acting) -> APIRouter:
    """/can-bo/xac-nhan."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/xac-nhan")
    may = acting.guard.by_session(Right.CONFIRM)

    @router.get("")
    def ask(request: Request, actor: Annotated[Actor, Depends(may)], chosen: _Chosen = None) -> Response:
        cases = tuple(_cases(acting, actor, _keys(chosen or ())))
        return acting.pages.respond(request, BatchPage(cases))

    @router.post("")
    async def confirm(request: Request, actor: Annotated[Actor, Depends(may)]) -> Response:
        form = await request.form()
        stated = [each for each in form.getlist("d") if isinstance(each, str)][:MOST]
        wanted = [each.rpartition("@") for each in stated]
        if any(not seen.isdigit() or len(seen) > 9 for _, _, seen in wanted):
            raise HTTPException(400)
        chosen = list(zip(_keys([key for key, _, _ in wanted]), [int(seen) for _, _, seen in wanted], strict=True))
        return await run_in_threadpool(_confirmed, acting, request, actor, chosen)

    return router


def _confirmed(acting: Acting, request: Request, actor: Actor, chosen: Sequence[tuple[DossierKey, int]]) -> Response:
    secret = browser_of(request).secret
    if secret is None:
        raise LoggedOut
    results = []
    for key, seen in chosen:
        try:
            outcome = "done"
            acting.acts.do(secret, "complete", key, {"seen": seen})
        except SessionOver:
            raise LoggedOut from None
        except (NoRight, NotAllowed):
            outcome = "not_possible"
        except Unavailable:
            outcome = "unavailable"
        results.append(_result(acting, actor, key, outcome))
    return acting.pages.respond(request, BatchResultPage(tuple(results)))


def _result(acting: Acting, actor: Actor, key: DossierKey, outcome: str) -> BatchResult:
    try:
        case = acting.files.open(key, actor)
    except (NoRight, NotAllowed):
        return BatchResult(key.number, key.year, "not_possible", None)
    return BatchResult(key.number, key.year, outcome, case.confirmation)


def _cases(acting: Acting, actor: Actor, keys: Iterable[DossierKey]) -> Iterable[CaseFile]:
    for key in keys:
        try:
            yield acting.files.open(key, actor)
        except (NoRight, NotAllowed):
            continue


def _keys(stated: Sequence[str]) -> list[DossierKey]:
    """
    Raises:
        HTTPException: 400, one is no dossier's.
    """
    found = [_KEY.fullmatch(each) for each in stated]
    if any(each is None for each in found):
        raise HTTPException(400)
    return [DossierKey(each[2], int(each[1])) for each in found if each is not None]
