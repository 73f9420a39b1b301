"""A declarant's own dossiers: the list, one dossier, its answers. What he opens by pressing he has in law."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS, urgency
from adapter.entrypoints.web.page import PERSONAL, Page, Pages
from adapter.model.actor import Actor
from adapter.services.access.rights import Right
from adapter.services.dossiers.check_code import check_code
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OpenedAnswer, OwnAnswer, OwnDossier, OwnPage

_Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,35}$")]
_Year = Annotated[int, Path(ge=1000, le=9999)]
_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_After = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")]


@dataclass(frozen=True, slots=True)
class DossiersPage(Page):
    """His dossiers, the newest first."""

    template: ClassVar[str] = "dossiers.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    own: OwnPage
    first: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dossier's life. `key` names its words."""

    at: datetime
    key: str
    digest: str | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class DossierPage(Page):
    """One dossier: state, clocks, answers, findings, what happened when."""

    template: ClassVar[str] = "dossier.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    dossier: OwnDossier

    @property
    def steps(self) -> list[Step]:
        """What happened, the newest first; of one moment what came of it before what it came of."""
        return sorted(self._steps(), key=lambda step: step.at)[::-1]

    @property
    def unopened(self) -> list[OwnAnswer]:
        """The answers that wait for him, the newest first."""
        return [answer for answer in reversed(self.dossier.answers) if answer.opened_at is None]

    def _steps(self) -> Iterator[Step]:
        for message in self.dossier.messages:
            yield Step(message.received_at, f"step.{message.meaning}")
        for answer in self.dossier.answers:
            yield Step(answer.created_at, f"answer.{answer.kind.name.lower()}", answer.digest, answer.opened_at is None)


@dataclass(frozen=True, slots=True)
class AnswerPage(Page):
    """An answer that he has, to be read and printed."""

    template: ClassVar[str] = "answer.html"
    opened: OpenedAnswer

    @property
    def check_code(self) -> str:
        """What the public page compares."""
        return check_code(self.opened.answer.digest)


def address(number: str, year: int) -> str:
    """Where a dossier's page is."""
    return f"/ho-so/{year}/{number}"


def routes(pages: Pages, own: OwnDossiers, guard: Guard) -> APIRouter:
    """/ho-so and what is below it."""
    router = APIRouter(include_in_schema=False, prefix="/ho-so")

    @router.get("")
    def dossiers(
        request: Request, actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))], after: _After = None
    ) -> Response:
        return pages.respond(request, DossiersPage(own.page(actor, after), after is None))

    @router.get("/{year}/{number}")
    def dossier(
        request: Request,
        year: _Year,
        number: _Number,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        found = own.read(actor, number, year)
        if found is None:
            raise HTTPException(404)
        return pages.respond(request, DossierPage(found))

    _answers(router, pages, own, guard)
    return router


def _answers(router: APIRouter, pages: Pages, own: OwnDossiers, guard: Guard) -> None:
    """The answers of a dossier: opening one, reading it, its signed XML."""

    @router.post("/{year}/{number}/tra-loi/{digest}")
    def open_answer(
        year: _Year,
        number: _Number,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        """Pressing is receipt in law (Article 10); a link that a mail program or a browser follows ahead is none."""
        if not own.open(actor, number, year, digest):
            raise HTTPException(404)
        return RedirectResponse(f"{address(number, year)}/tra-loi/{digest}", 303, PERSONAL)

    @router.get("/{year}/{number}/tra-loi/{digest}.xml")
    def signed(
        year: _Year,
        number: _Number,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        """The exact bytes that were signed."""
        opened = _opened(own, actor, number, year, digest)
        told = {"Content-Disposition": f'attachment; filename="{number}-{year}-{digest[:8]}.xml"'}
        return Response(opened.body, media_type="application/xml", headers={**PERSONAL, **told})

    @router.get("/{year}/{number}/tra-loi/{digest}")
    def answer(
        request: Request,
        year: _Year,
        number: _Number,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        return pages.respond(request, AnswerPage(_opened(own, actor, number, year, digest)))


def _opened(own: OwnDossiers, actor: Actor, number: str, year: int, digest: str) -> OpenedAnswer:
    found = own.answer(actor, number, year, digest)
    if found is None:
        raise HTTPException(404)
    return found
