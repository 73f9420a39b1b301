"""A declarant's own dossiers: list, one dossier, its answers. Opening an answer by its button is receipt in law."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS, urgency
from adapter.entrypoints.web.page import PERSONAL, Page, Pages, attachment, given_out
from adapter.entrypoints.web.portal.draft_pages import place_of
from adapter.gateways.store.attachments import AttachedFile
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label, Meaning
from adapter.pipeline.forms.entry import spoken
from adapter.services.access.rights import Right
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.door.corrections import AskedItem, Corrections, Ways
from adapter.services.dossiers.check_code import check_code
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.own_records import OneWith, OpenedAnswer, OwnAnswer, OwnDossier, OwnPage, RunningLimit
from adapter.services.dossiers.printing import Printing
from adapter.services.ledger.docket import AMEND
from adapter.services.watch.way import PortalTakes

DossierNumber = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,35}$")]
DossierYear = Annotated[int, Path(ge=1000, le=9999)]
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
    number: str = ""
    """Of another dossier that it is about."""


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One thing that the border guard asks to be amended. `label`: the field that it names, with its place."""

    label: Label | None
    place: Label | None
    stands: Label
    wrong: str
    asked: str


@dataclass(frozen=True, slots=True)
class DossierPage(Page):
    """One dossier: state, clocks, answers, findings, what happened when, and what he may do about it."""

    template: ClassVar[str] = "dossier.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    dossier: OwnDossier
    ways: Ways
    asked: tuple[AskedLine, ...]
    """The items of the request that waits for his answer."""
    files: Sequence[AttachedFile] = ()
    kinds: Mapping[str, Label] = field(default_factory=dict)
    """What the kinds of attached files are called."""

    @property
    def answers_request(self) -> bool:
        """Whether a request waits for his answer."""
        return Meaning.AMENDMENT_REQUESTED in self.ways.meanings

    @property
    def acts(self) -> list[str]:
        """What else he may do."""
        return [each.value for each in self.ways.meanings if each is not Meaning.AMENDMENT_REQUESTED]

    @property
    def hour(self) -> RunningLimit | None:
        """How long he still has to answer."""
        return next((each for each in self.dossier.limits if each.kind == AMEND), None)

    @property
    def is_closed(self) -> bool:
        """Whether this is to be done at the single window just now."""
        return self.ways.takes is PortalTakes.DRAFTS

    @property
    def steps(self) -> list[Step]:
        """What happened, the newest first; of one moment what came of it before what it came of."""
        return sorted(self._steps(), key=lambda step: step.at)[::-1]

    @property
    def unopened(self) -> list[OwnAnswer]:
        """The answers that wait for him, the newest first."""
        return [answer for answer in reversed(self.dossier.answers) if answer.opened_at is None]

    @property
    def goes_on_as(self) -> OneWith | None:
        """The dossier that goes on in the place of this one, which has ended."""
        return next((each for each in self.dossier.one_with if each.ended), None)

    def _steps(self) -> Iterator[Step]:
        for message in self.dossier.messages:
            yield Step(message.received_at, f"step.{message.meaning}")
        for answer in self.dossier.answers:
            yield Step(answer.created_at, f"answer.{answer.kind.name.lower()}", answer.digest, answer.opened_at is None)
        for each in self.dossier.one_with:
            key = "step.merged" if each.ended else "step.merged_here"
            yield Step(each.at, key, number=f"{each.number}/{each.year}")


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


def routes(
    pages: Pages,
    own: OwnDossiers,
    corrections: Corrections,
    printing: Printing,
    given: AttachmentsGiven,
    guard: Guard,
) -> APIRouter:
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
        year: DossierYear,
        number: DossierNumber,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        found = own.read(actor, number, year)
        ways = corrections.ways(actor, number, year)
        if found is None or ways is None:
            raise HTTPException(404)
        files = given.own(actor, number, year)
        page = DossierPage(found, ways, _asked(ways, corrections.ground.catalogue), files, given.kinds)
        return pages.respond(request, page)

    _attached(router, given, guard)
    _files(router, own, printing, guard)
    _answers(router, pages, own, guard)
    return router


def _attached(router: APIRouter, given: AttachmentsGiven, guard: Guard) -> None:
    """A file that was attached to his dossier, as it was uploaded."""

    @router.get("/{year}/{number}/tep/{digest}")
    def attached(
        year: DossierYear,
        number: DossierNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        found = given.own_file(actor, number, year, digest)
        if found is None:
            raise HTTPException(404)
        return given_out(found.body, found.kind.media_type, found.name)


def _files(router: APIRouter, own: OwnDossiers, printing: Printing, guard: Guard) -> None:
    """An answer that he has opened as files: what was signed, and a page to be printed."""

    @router.get("/{year}/{number}/tra-loi/{digest}.xml")
    def signed(
        year: DossierYear,
        number: DossierNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        """The exact bytes that were signed."""
        opened = _opened(own, actor, number, year, digest)
        return attachment(opened.body, "application/xml", f"{_name(number, year, digest)}.xml")

    @router.get("/{year}/{number}/tra-loi/{digest}.pdf")
    def printed(
        year: DossierYear,
        number: DossierNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        """The same for people: no official form, and no receipt."""
        made = printing.of(actor, number, year, digest)
        if made is None:
            raise HTTPException(404)
        return attachment(made, "application/pdf", f"{_name(number, year, digest)}.pdf")


def _name(number: str, year: int, digest: str) -> str:
    return f"{number}-{year}-{digest[:8]}"


def _answers(router: APIRouter, pages: Pages, own: OwnDossiers, guard: Guard) -> None:
    """The answers of a dossier: opening one, reading it."""

    @router.post("/{year}/{number}/tra-loi/{digest}")
    def open_answer(
        year: DossierYear,
        number: DossierNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        """Pressing is receipt in law (Article 10); a link that a mail program or a browser follows ahead is none."""
        if not own.open(actor, number, year, digest):
            raise HTTPException(404)
        return RedirectResponse(f"{address(number, year)}/tra-loi/{digest}", 303, PERSONAL)

    @router.get("/{year}/{number}/tra-loi/{digest}")
    def answer(
        request: Request,
        year: DossierYear,
        number: DossierNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.READ_OWN))],
    ) -> Response:
        return pages.respond(request, AnswerPage(_opened(own, actor, number, year, digest)))


def _opened(own: OwnDossiers, actor: Actor, number: str, year: int, digest: str) -> OpenedAnswer:
    found = own.answer(actor, number, year, digest)
    if found is None:
        raise HTTPException(404)
    return found


def _asked(ways: Ways, catalogue: Catalogue) -> tuple[AskedLine, ...]:
    items = ways.request.items if ways.request else ()
    return tuple(_line(item, catalogue) for item in items)


def _line(item: AskedItem, catalogue: Catalogue) -> AskedLine:
    seat, field = item.seat, item.field
    stands = spoken(field, item.stands, catalogue.codelists) if field and item.stands else Label("–", "–")
    place = place_of(item.group, seat.ordinal or 0) if seat is not None and item.group else None
    return AskedLine(seat.label if seat else None, place, stands, item.wrong, item.asked)
