"""Confirm several dossiers: one question, one list of results. Each is an act of its own, and one may fail."""

# Annotations are not postponed here: FastAPI reads them.
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.officer.acting import Acting, is_done, seen_of
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.identifiers import DossierKey
from adapter.services.access.rights import Right
from adapter.services.dossiers.case_records import CaseFile

MOST = 50
_ACT = "complete"
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
    def confirm(request: Request, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        wanted = [each.rpartition("@") for each in sent.every("d")[:MOST]]
        chosen = zip(_keys([key for key, _, _ in wanted]), [seen_of(seen) for _, _, seen in wanted], strict=True)
        results = tuple(_result(acting, request, sent.actor, key, seen) for key, seen in chosen)
        return acting.pages.respond(request, BatchResultPage(results))

    return router


def _result(acting: Acting, request: Request, actor: Actor, key: DossierKey, seen: int) -> BatchResult:
    """Confirm one, and say what became of it. What he has confirmed himself since he looked is done, not impossible."""
    outcome = "done"
    try:
        acting.perform(request, key, _ACT, {}, seen)
    except NotAllowed:
        outcome = "not_possible"
    except Unavailable:
        outcome = "unavailable"
    try:
        case = acting.files.open(key, actor)
    except NotAllowed:
        return BatchResult(key.number, key.year, "not_possible", None)
    if is_done(case, actor, _ACT, seen):
        outcome = "done"
    return BatchResult(key.number, key.year, outcome, case.confirmation)


def _cases(acting: Acting, actor: Actor, keys: Iterable[DossierKey]) -> Iterable[CaseFile]:
    for key in keys:
        try:
            yield acting.files.open(key, actor)
        except NotAllowed:
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
