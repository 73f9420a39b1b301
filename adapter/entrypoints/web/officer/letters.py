"""Authorisations that officers enter with the letter at hand: the unit's list, a new one, a withdrawal, the scan."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import Choice
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.officer.accounts import is_number
from adapter.entrypoints.web.officer.acting import fault_of
from adapter.entrypoints.web.page import PERSONAL, Page, Pages, given_out
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.attachment import BadFile
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.procedure import Label
from adapter.model.text import REASON
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.entry import day_of
from adapter.services.access.rights import Right, has
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.attachments.keeping import Attachments
from adapter.services.registers.entered_grants import MOST, EnteredGrants, GrantLetter
from adapter.services.registers.party_numbers import number_of

LIST = "/can-bo/uy-quyen"
NEW = f"{LIST}/moi"
_DOCUMENT = 80
_BESIDE = 65_536
"""Bytes of a form beside its file."""
_NAMES = ("principal", "holder", "document", "since", "until")
_TICKED = "procedure."
_DONE = ("ghi", "rut")


@dataclass(frozen=True, slots=True)
class LettersPage(Page):
    """Letters of the unit, or those that name a number. `said`: what was just done."""

    template: ClassVar[str] = "letters.html"
    most = MOST
    letters: Sequence[GrantLetter]
    at: datetime
    of_unit: bool
    """Whether the reader sees his own unit's letters, and not those of every unit."""
    may_enter: bool
    may_end: bool
    said: str = ""
    number: str = ""
    """What was searched for; empty: nothing was."""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class NewLetterPage(Page):
    """A letter to be entered. `given` and `faults` by the names of its fields; `told`: why it was not kept."""

    template: ClassVar[str] = "letter_new.html"
    documents = _DOCUMENT
    procedures: Sequence[Choice]
    most_mb: int
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    bad_file: Label | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class EndLetterPage(Page):
    """Whether a letter is really withdrawn, and why."""

    template: ClassVar[str] = "letter_end.html"
    reasons = REASON
    letter: GrantLetter
    given: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


@dataclass(frozen=True)
class Letters:
    """What the routes share."""

    pages: Pages
    grants: EnteredGrants
    files: Attachments
    given: AttachmentsGiven

    def show(
        self, request: Request, actor: Actor, letters: Sequence[GrantLetter], status: int = 200, **more: str
    ) -> Response:
        page = LettersPage(
            letters,
            self.grants.clock(),
            actor.unit not in (None, EVERYWHERE),
            has(actor, Right.GRANT_AUTHORISATION),
            has(actor, Right.REVOKE_AUTHORISATION),
            **more,
        )
        return self.pages.respond(request, page, status)

    def find(self, request: Request, sent: Posting) -> Response:
        """By a number, which stands in no address."""
        number = sent["number"].strip()
        if not is_number(number):
            letters = self.grants.of_unit(sent.actor)
            return self.show(request, sent.actor, letters, 422, number=number, fault="fault.number")
        return self.show(request, sent.actor, self.grants.about(number, sent.actor), number=number)

    def form(self, request: Request, status: int = 200, **more: object) -> Response:
        procedures = [Choice(code, title) for code, title in self.grants.procedures()]
        page = NewLetterPage(procedures, self.files.limits.file // (1 << 20), **more)  # type: ignore[arg-type]
        return self.pages.respond(request, page, status)

    def enter(self, request: Request, sent: Posting) -> Response:
        ticked = [name for name in sent.fields if name.startswith(_TICKED)]
        given = {name: sent[name].strip() for name in (*_NAMES, *ticked)}
        today = self.grants.clock().astimezone(VIETNAM).date()
        if faults := _faults(given, today):
            return self.form(request, 422, given=given, faults=faults)
        since, until = day_of(given["since"]), day_of(given["until"])
        try:
            scanned = self.files.looked_at(sent.file_name, sent.file) if sent.file else None
            self.grants.authorisations.grant(
                given["holder"],
                given["principal"],
                given["document"],
                valid_from=datetime.combine(since, time.min, VIETNAM) if since and since != today else None,
                valid_to=datetime.combine(until, time.max, VIETNAM) if until else None,
                procedures=[name.removeprefix(_TICKED) for name in ticked],
                scanned=scanned,
                actor=sent.actor,
            )
        except BadFile as error:
            stated = self.grants.catalogue().findings.state(error.finding)
            return self.form(request, 422, given=given, bad_file=Label(stated.vi, stated.en))
        except NoRight:
            raise
        except NotAllowed:
            return self.form(request, 409, given=given, told="letters.known")
        return RedirectResponse(f"{LIST}?xong=ghi", 303, PERSONAL)

    def standing(self, row_id: int, actor: Actor) -> GrantLetter:
        """The letter; 404 where there is none that stands."""
        letter = self.grants.letter(row_id, actor)
        if letter is None:
            raise HTTPException(404)
        return letter

    def end(self, request: Request, row_id: int, sent: Posting) -> Response:
        given = {"reason": sent["reason"]}
        if fault := fault_of(given["reason"], 1, REASON):
            page = EndLetterPage(self.standing(row_id, sent.actor), given, {"reason": fault})
            return self.pages.respond(request, page, 422)
        try:
            self.grants.withdraw(row_id, reason=given["reason"], actor=sent.actor)
        except NoRight:
            raise
        except NotAllowed:  # somebody was faster
            raise HTTPException(404) from None
        return RedirectResponse(f"{LIST}?xong=rut", 303, PERSONAL)

    def scan(self, row_id: int, actor: Actor) -> Response:
        """The scanned letter, to be kept by the browser and opened outside of it."""
        found = self.given.letter(row_id, actor)
        if found is None:
            raise HTTPException(404)
        return given_out(found.body, found.kind.media_type, found.name)


def routes(letters: Letters, guard: Guard) -> APIRouter:
    """/can-bo/uy-quyen and what is below it."""
    router = APIRouter(include_in_schema=False, prefix=LIST)
    _looking(router, letters, guard.by_session(Right.SEE_REGISTERS))
    _entering(router, letters, guard)
    _ending(router, letters, guard.by_session(Right.REVOKE_AUTHORISATION))
    return router


def _looking(router: APIRouter, letters: Letters, sees: Dependency) -> None:
    @router.get("")
    def look(
        request: Request,
        actor: Annotated[Actor, Depends(sees)],
        xong: Annotated[str, Query(pattern="^[a-z]{0,10}$")] = "",
    ) -> Response:
        return letters.show(request, actor, letters.grants.of_unit(actor), said=xong if xong in _DONE else "")

    @router.post("")
    def find(request: Request, sent: Annotated[Posting, Depends(posting(sees))]) -> Response:
        return letters.find(request, sent)

    @router.get("/{id}/ban-quet")
    def scan(id: RowId, actor: Annotated[Actor, Depends(sees)]) -> Response:
        return letters.scan(id, actor)


def _entering(router: APIRouter, letters: Letters, guard: Guard) -> None:
    may = guard.by_session(Right.GRANT_AUTHORISATION)
    brings = guard.by_session(Right.GRANT_AUTHORISATION, form_bytes=letters.files.limits.file + _BESIDE)

    @router.get("/moi")
    def form(request: Request, actor: Annotated[Actor, Depends(may)]) -> Response:
        del actor
        return letters.form(request)

    @router.post("/moi")
    def enter(request: Request, sent: Annotated[Posting, Depends(posting(brings))]) -> Response:
        return letters.enter(request, sent)


def _ending(router: APIRouter, letters: Letters, may: Dependency) -> None:
    @router.get("/{id}/rut")
    def ask(request: Request, id: RowId, actor: Annotated[Actor, Depends(may)]) -> Response:
        return letters.pages.respond(request, EndLetterPage(letters.standing(id, actor)))

    @router.post("/{id}/rut")
    def end(request: Request, id: RowId, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return letters.end(request, id, sent)


def _faults(given: Mapping[str, str], today: date) -> dict[str, str]:
    """The keys of words for what is wrong, by the names of the fields."""
    since, until = day_of(given["since"]), day_of(given["until"])
    judged = {
        "principal": None if is_number(given["principal"]) else "fault.number",
        "holder": None if is_number(given["holder"]) else "fault.number",
        "document": fault_of(given["document"], 1, _DOCUMENT),
        "since": None if since or not given["since"] else "letters.fault.day",
        "until": None if until or not given["until"] else "letters.fault.day",
    }
    if not (judged["principal"] or judged["holder"]) and number_of(given["principal"]) == number_of(given["holder"]):
        judged["holder"] = "letters.fault.same"
    if until is not None and until < max(today, since or today):
        judged["until"] = "letters.fault.over"
    return {name: fault for name, fault in judged.items() if fault is not None}
