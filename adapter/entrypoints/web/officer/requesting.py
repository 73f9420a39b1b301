"""A request to amend (form 13): the officer chooses the fields, then says of each what is wrong and what is asked."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.officer.acting import Acting, OvertakenPage, fault_of
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, here_of, opened
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.model.text import LONGEST
from adapter.services.access.rights import Right
from adapter.services.dossiers.case_records import CaseFile
from adapter.services.dossiers.request_places import RequestPlace, items, places

ACT = "request_amendment"
MOST = 50
"""So many fields can be asked for at once."""
_WRONG = 700
"""Characters of what is wrong, so that it fits beside the field's name."""
_Chosen = Annotated[list[str] | None, Query(alias="o", max_length=200)]


@dataclass(frozen=True, slots=True)
class RequestPickPage(Page):
    """Which fields are asked for."""

    template: ClassVar[str] = "request_pick.html"
    here = property(here_of)
    most = MOST
    case: CaseFile
    places: tuple[RequestPlace, ...]
    too_many: bool


@dataclass(frozen=True, slots=True)
class RequestPage(Page):
    """What is wrong with each field, what is asked, and why. `given` and `faults` by the names of its fields."""

    template: ClassVar[str] = "request.html"
    here = property(here_of)
    case: CaseFile
    chosen: tuple[RequestPlace, ...]
    reasons: tuple[Label, ...]
    wrongs: tuple[Label, ...]
    asked: tuple[Label, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def routes(acting: Acting, catalogue: Catalogue) -> APIRouter:
    """/can-bo/ho-so/<year>/<number>/request_amendment."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/ho-so")
    may = acting.guard.by_session(Right.REQUEST_AMENDMENT)

    @router.get(f"/{{year}}/{{number}}/{ACT}")
    def ask(
        request: Request,
        year: FileYear,
        number: FileNumber,
        actor: Annotated[Actor, Depends(may)],
        chosen: _Chosen = None,
    ) -> Response:
        case = opened(acting.files, actor, number, year)
        if ACT not in case.acts:
            return acting.pages.respond(request, OvertakenPage(case, ACT, (), "", ()), 409)
        picked = _picked(case, chosen or ())
        if not 0 < len(picked) <= MOST:
            return acting.pages.respond(request, RequestPickPage(case, places(case), len(picked) > MOST))
        return acting.pages.respond(request, _question(acting, case, picked, {}, {}))

    @router.post(f"/{{year}}/{{number}}/{ACT}")
    def send(
        request: Request, year: FileYear, number: FileNumber, sent: Annotated[Posting, Depends(posting(may))]
    ) -> Response:
        return _sent(acting, catalogue, request, DossierKey(number, year), sent)

    return router


def _sent(acting: Acting, catalogue: Catalogue, request: Request, key: DossierKey, sent: Posting) -> Response:
    case = opened(acting.files, sent.actor, key.number, key.year)
    picked = _picked(case, sent.every("o"))
    if not 0 < len(picked) <= MOST:
        raise HTTPException(400)
    names = {"reason": LONGEST} | {name: most for each in picked for name, most in (_wrong(each), _asked(each))}
    given = {name: sent[name] for name in names}
    judged = {name: fault_of(given[name], 1, most) for name, most in names.items()}
    faults = {name: fault for name, fault in judged.items() if fault is not None}
    if faults:
        return acting.pages.respond(request, _question(acting, case, picked, given, faults), 422)
    chosen = [(each, given[_wrong(each)[0]].strip(), given[_asked(each)[0]].strip()) for each in picked]
    arguments = {"reason": given["reason"], "items": items(catalogue, case, chosen)}
    return acting.do(request, sent, key, ACT, arguments, given.values())


def _question(
    acting: Acting,
    case: CaseFile,
    picked: tuple[RequestPlace, ...],
    given: Mapping[str, str],
    faults: Mapping[str, str],
) -> RequestPage:
    said = acting.phrases.of
    return RequestPage(case, picked, said(ACT), said("wrong"), said("asked"), given, faults)


def _picked(case: CaseFile, chosen: Sequence[str]) -> tuple[RequestPlace, ...]:
    wanted = set(chosen)
    return tuple(each for each in places(case) if each.place in wanted)


def _wrong(place: RequestPlace) -> tuple[str, int]:
    return f"{place.place}.wrong", _WRONG


def _asked(place: RequestPlace) -> tuple[str, int]:
    return f"{place.place}.asked", LONGEST
