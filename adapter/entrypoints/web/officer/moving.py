"""Another gate: the officer chooses it, the declarant is asked (form 13) to declare it, and the approval moves it."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from adapter.entrypoints.web.officer.acting import Acting, OvertakenPage, fault_of
from adapter.entrypoints.web.officer.dossier import FileNumber, FileYear, here_of, opened
from adapter.entrypoints.web.officer.requesting import ACT as REQUEST
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.posting import Posting, posting
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.model.text import LONGEST
from adapter.services.access.rights import Right
from adapter.services.dossiers.case_records import CaseFile
from adapter.services.dossiers.request_places import RequestPlace, items

ACT = "move"
"""The name of this page; what it does is a request to amend."""


@dataclass(frozen=True, slots=True)
class MovePage(Page):
    """To which gate, and why. `given` and `faults` by the names of its fields."""

    template: ClassVar[str] = "move.html"
    here = property(here_of)
    case: CaseFile
    phrases: tuple[Label, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def routes(acting: Acting, catalogue: Catalogue) -> APIRouter:
    """/can-bo/ho-so/<year>/<number>/move."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/ho-so")
    may = acting.guard.by_session(Right.REQUEST_AMENDMENT)

    @router.get(f"/{{year}}/{{number}}/{ACT}")
    def ask(request: Request, year: FileYear, number: FileNumber, actor: Annotated[Actor, Depends(may)]) -> Response:
        case = opened(acting.files, actor, number, year)
        if REQUEST not in case.acts or not case.destinations:
            return acting.pages.respond(request, OvertakenPage(case, REQUEST, (), "", ()), 409)
        return acting.pages.respond(request, MovePage(case, acting.phrases.of(ACT)))

    @router.post(f"/{{year}}/{{number}}/{ACT}")
    def send(
        request: Request, year: FileYear, number: FileNumber, sent: Annotated[Posting, Depends(posting(may))]
    ) -> Response:
        case, reason = opened(acting.files, sent.actor, number, year), sent["reason"]
        chosen = next((each for each in case.destinations if each.gate == sent["gate"]), None)
        judged = {"gate": None if chosen else "fault.empty", "reason": fault_of(reason, 1, LONGEST)}
        faults = {name: fault for name, fault in judged.items() if fault is not None}
        if chosen is None or faults:
            given = {name: sent[name] for name in judged}
            return acting.pages.respond(request, MovePage(case, acting.phrases.of(ACT), given, faults), 422)
        asked = [
            (RequestPlace(each.place, each.label, Label(each.now, each.now)), each.now, each.then)
            for each in chosen.fields
        ]
        arguments = {"reason": reason, "items": items(catalogue, case, asked)}
        return acting.do(request, sent, DossierKey(number, year), REQUEST, arguments, (reason,))

    return router
