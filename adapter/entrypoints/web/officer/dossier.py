"""One dossier on one page: what was declared, what was found, who signed, what happened, and what can be done now."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.marks import MARKS, urgency
from adapter.entrypoints.web.page import Page, Pages, attachment, given_out
from adapter.entrypoints.web.words import Language, words
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label
from adapter.services.access.rights import Right
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.dossiers.acts import ACTS
from adapter.services.dossiers.answers import SHOWN
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.case_records import CaseFile
from adapter.services.dossiers.destinations import DossierMoved
from adapter.services.dossiers.phrases import Phrases
from adapter.services.dossiers.printing import CasePrints

FileNumber = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,35}$")]
FileYear = Annotated[int, Path(ge=1000, le=9999)]
_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_PRINTED = {kind.value for kind in SHOWN}
_Done = Annotated[str | None, Query(pattern=r"^[a-z_]{1,30}$")]


def address(number: str, year: int) -> str:
    """Where a dossier's page is."""
    return f"/can-bo/ho-so/{year}/{number}"


class OfCase(Protocol):
    """A page about one dossier."""

    @property
    def case(self) -> CaseFile:
        """The dossier."""


def here_of(page: OfCase) -> str:
    """The address of the dossier that a page is about."""
    return address(page.case.number, page.case.year)


def event_words(event: str) -> str:
    """The key of the words for an event of the journal; one that has none of its own is told as another entry."""
    key = f"event.{event}"
    return key if key in words(Language.VI) else "event.other"


@dataclass(frozen=True, slots=True)
class CasePage(Page):
    """A dossier. `done` is the act that was just done with it."""

    template: ClassVar[str] = "case.html"
    marks = MARKS
    urgency = staticmethod(urgency)
    event_words = staticmethod(event_words)
    here = property(here_of)
    case: CaseFile
    done: str | None
    remarks: tuple[Label, ...]
    kinds: Mapping[str, Label] = field(default_factory=dict)
    """What the kinds of attached files are called."""

    @property
    def others(self) -> tuple[str, ...]:
        """What can be done besides the next step."""
        acts = [act for act in self.case.acts if act not in ("accept", "complete")]
        if "request_amendment" in acts and self.case.destinations:
            acts.insert(acts.index("request_amendment") + 1, "move")
        return tuple(acts)

    @property
    def next_step(self) -> str | None:
        """What is to be done next where it needs a question first; None: a button does it."""
        if {"accept", "complete"} & set(self.case.acts):
            return None
        return "approve" if "approve" in self.others else next(iter(self.others), None)

    @property
    def is_amended(self) -> bool:
        """Whether there is more than one version."""
        return len(self.case.versions) > 1

    @property
    def printable(self) -> frozenset[str]:
        """Digests of the replies that this officer may print."""
        signed = (each for each in self.case.replies if self.case.personal and each.signed_at is not None)
        return frozenset(each.digest for each in signed if each.kind in _PRINTED)

    @property
    def standings(self) -> Mapping[int, str]:
        """Where each version stands, as a key of words."""
        return {each.number: each.standing.replace(" ", "_") for each in self.case.versions}


@dataclass(frozen=True, slots=True)
class MovedPage(Page):
    """Where a dossier is that this officer's unit has let go: no value of a person."""

    template: ClassVar[str] = "moved.html"
    moved: DossierMoved


def opened(files: CaseFiles, actor: Actor, number: str, year: int) -> CaseFile:
    """The dossier, or 404: another unit's is as if it did not exist.

    Raises:
        HTTPException: 404.
    """
    try:
        return files.open(DossierKey(number, year), actor)
    except NotAllowed:
        raise HTTPException(404) from None


def _attached(router: APIRouter, given: AttachmentsGiven, guard: Guard) -> None:
    """An attached file, to be kept by the browser and opened outside of it."""

    @router.get("/{year}/{number}/tep/{digest}")
    def attached(
        year: FileYear,
        number: FileNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.SEE_PERSONAL_VALUES))],
    ) -> Response:
        found = given.case_file(DossierKey(number, year), actor, digest)
        if found is None:
            raise HTTPException(404)
        return given_out(found.body, found.kind.media_type, found.name)


def routes(
    pages: Pages, files: CaseFiles, prints: CasePrints, phrases: Phrases, given: AttachmentsGiven, guard: Guard
) -> APIRouter:
    """/can-bo/ho-so/<year>/<number>."""
    router = APIRouter(include_in_schema=False, prefix="/can-bo/ho-so")

    @router.get("/{year}/{number}")
    def dossier(
        request: Request,
        year: FileYear,
        number: FileNumber,
        actor: Annotated[Actor, Depends(guard.by_session(Right.SEE_DOSSIERS))],
        xong: _Done = None,
    ) -> Response:
        try:
            case = opened(files, actor, number, year)
        except HTTPException:
            if (moved := files.moved(DossierKey(number, year), actor)) is None:
                raise
            return pages.respond(request, MovedPage(moved))
        page = CasePage(case, xong if xong in ACTS else None, phrases.of("complete"), given.kinds)
        return pages.respond(request, page)

    @router.get("/{year}/{number}/tra-loi/{digest}.pdf")
    def printed(
        year: FileYear,
        number: FileNumber,
        digest: _Digest,
        actor: Annotated[Actor, Depends(guard.by_session(Right.SEE_PERSONAL_VALUES))],
    ) -> Response:
        """A reply for people: no official form."""
        made = prints.of(DossierKey(number, year), actor, digest)
        if made is None:
            raise HTTPException(404)
        return attachment(made, "application/pdf", f"{number}-{year}-{digest[:8]}.pdf")

    _attached(router, given, guard)
    return router
