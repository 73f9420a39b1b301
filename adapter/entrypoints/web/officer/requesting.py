"""A request to amend (form 13): the officer chooses the fields, then says of each what is wrong and what is asked."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.officer.acting import Acting, OvertakenPage, fault_of, seen_of, text_of
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, address, opened
from adapter.entrypoints.web.page import Page
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
    most = MOST
    case: CaseFile
    places: tuple[RequestPlace, ...]
    too_many: bool

    @property
    def here(self) -> str:
        """The dossier's own address."""
        return address(self.case.number, self.case.year)


@dataclass(frozen=True, slots=True)
class RequestPage(Page):
    """What is wrong with each field, what is asked, and why. `given` and `faults` by the names of its fields."""

    template: ClassVar[str] = "request.html"
    case: CaseFile
    chosen: tuple[RequestPlace, ...]
    reasons: tuple[Label, ...]
    wrongs: tuple[Label, ...]
    asked: tuple[Label, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        """The dossier's own address."""
        return address(self.case.number, self.case.year)


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
            return acting.pages.respond(request, OvertakenPage(case, ACT, (), "", {}), 409)
        picked = _picked(case, chosen or ())
        if not 0 < len(picked) <= MOST:
            return acting.pages.respond(request, RequestPickPage(case, places(case), len(picked) > MOST))
        return acting.pages.respond(request, _question(acting, case, picked, {}, {}))

    @router.post(f"/{{year}}/{{number}}/{ACT}")
    async def send(
        request: Request, year: FileYear, number: FileNumber, actor: Annotated[Actor, Depends(may)]
    ) -> Response:
        form = await request.form()
        return await run_in_threadpool(_sent, acting, catalogue, request, actor, DossierKey(number, year), form)

    return router


def _sent(
    acting: Acting, catalogue: Catalogue, request: Request, actor: Actor, key: DossierKey, form: FormData
) -> Response:
    case = opened(acting.files, actor, key.number, key.year)
    picked = _picked(case, [each for each in form.getlist("o") if isinstance(each, str)])
    if not 0 < len(picked) <= MOST:
        raise HTTPException(400)
    names = {name: most for each in picked for name, most in (_wrong(each), _asked(each))} | {"reason": LONGEST}
    given = {name: text_of(form, name) for name in names}
    judged = {name: fault_of(given[name], 1, most) for name, most in names.items()}
    faults = {name: fault for name, fault in judged.items() if fault is not None}
    if faults:
        return acting.pages.respond(request, _question(acting, case, picked, given, faults), 422)
    chosen = [(each, given[_wrong(each)[0]].strip(), given[_asked(each)[0]].strip()) for each in picked]
    arguments = {"reason": given["reason"], "items": items(catalogue, case, chosen)}
    return acting.do(request, actor, key, ACT, arguments, seen_of(form))


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
