"""The same declared by both doors: the two dossiers side by side, and what an officer says of them."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.officer.acting import Acting, fault_of
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, here_of, opened
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.model.text import REASON
from adapter.pipeline.pairs import PairVerdict
from adapter.services.access.rights import Right
from adapter.services.dossiers.case_file import PAIRS
from adapter.services.dossiers.case_records import CaseFile
from adapter.services.dossiers.pair_values import PairValues, side_by_side
from adapter.services.dossiers.pairs import DossierPair, Pairs

SETTLE, REOPEN = "settle_pair", "reopen_pair"


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """A pair with the other dossier and what the two do not have alike.

    `other` None: it is another unit's, of which number, gate and time are shown and nothing is compared.
    """

    pair: DossierPair
    key: DossierKey
    gate: Label | None
    at: datetime
    other: CaseFile | None
    values: PairValues | None


@dataclass(frozen=True, slots=True)
class PairsPage(Page):
    """The pairs of a dossier. `given` and `faults` by the names of the fields of the pair with the dossier `wrong`."""

    template: ClassVar[str] = "pairs.html"
    marks = MARKS
    here = property(here_of)
    case: CaseFile
    pairs: tuple[ComparedPair, ...]
    wrong: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def _compared(
    acting: Acting, pairs: Pairs, case: CaseFile, pair: DossierPair, key: DossierKey, actor: Actor
) -> ComparedPair:
    place = pair.place(key)
    there = opened(acting.files, actor, key.number, key.year) if pairs.is_open_to(actor, place) else None
    gate = acting.files.gate(pair.procedure, place.gate, place.at)
    return ComparedPair(pair, key, gate, place.at, there, side_by_side(case, there) if there else None)


def routes(acting: Acting, pairs: Pairs, guard: Guard) -> APIRouter:
    """/can-bo/ho-so/<year>/<number>/pairs and the two acts on one."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/ho-so")
    may = guard.by_session(Right.SETTLE_PAIRS)

    def page(actor: Actor, year: int, number: str) -> PairsPage:
        case = opened(acting.files, actor, number, year)
        key = DossierKey(case.number, case.year)
        found = pairs.of(key, actor)
        return PairsPage(case, tuple(_compared(acting, pairs, case, each, each.other(key), actor) for each in found))

    @router.get(f"/{{year}}/{{number}}/{PAIRS}")
    def ask(request: Request, year: FileYear, number: FileNumber, actor: Annotated[Actor, Depends(may)]) -> Response:
        shown = page(actor, year, number)
        if not shown.pairs:
            raise HTTPException(404)
        return acting.pages.respond(request, shown)

    def done(request: Request, year: int, number: str, sent: Posting, act: str, names: tuple[str, ...]) -> Response:
        given = {name: sent[name] for name in names}
        judged = {"reason": fault_of(given["reason"], 1, REASON)}
        if "verdict" in given and given["verdict"] not in set(PairVerdict):
            judged["verdict"] = "fault.empty"
        faults = {name: fault for name, fault in judged.items() if fault is not None}
        if faults:
            shown = page(sent.actor, year, number)
            told = PairsPage(shown.case, shown.pairs, given["other"], given, faults)
            return acting.pages.respond(request, told, 422)
        return acting.do(request, sent, DossierKey(number, year), act, given, (given["reason"],))

    @router.post(f"/{{year}}/{{number}}/{SETTLE}")
    def settle(
        request: Request, year: FileYear, number: FileNumber, sent: Annotated[Posting, Depends(posting(may))]
    ) -> Response:
        return done(request, year, number, sent, SETTLE, ("other", "verdict", "reason"))

    @router.post(f"/{{year}}/{{number}}/{REOPEN}")
    def reopen(
        request: Request, year: FileYear, number: FileNumber, sent: Annotated[Posting, Depends(posting(may))]
    ) -> Response:
        return done(request, year, number, sent, REOPEN, ("other", "reason"))

    return router
