"""What was done on paper: one officer enters it, a second one compares it with the paper (Article 10(4))."""

# Annotations are not postponed here: FastAPI reads them.
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.form_page import FormView
from adapter.entrypoints.web.guard import Guard, LoggedOut
from adapter.entrypoints.web.officer.acting import fault_of
from adapter.entrypoints.web.officer.dossier import address
from adapter.entrypoints.web.officer.paper_pages import (
    LIST,
    NEW,
    ListedPaper,
    PaperEntryPage,
    PaperFormPage,
    PaperListPage,
    PaperView,
    head_faults,
    paper_form,
)
from adapter.entrypoints.web.page import PERSONAL, Pages, attachment
from adapter.entrypoints.web.posting import Posting, posting
from adapter.entrypoints.web.row_ids import RowId
from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.model.actor import Actor
from adapter.model.attachment import BadFile
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.procedure import Label
from adapter.model.text import REASON
from adapter.services.access.rights import Right
from adapter.services.dossiers.acts import SessionOver
from adapter.services.dossiers.paper_acts import PaperActs
from adapter.services.dossiers.paper_forms import PaperForms
from adapter.services.dossiers.paper_records import PaperRecords
from adapter.services.dossiers.paper_scans import PaperScans
from adapter.services.dossiers.paper_values import NoSuchForm, PaperRefused, dossier_number

_SHOWN = 100
DONE = ("enter", "send_back")
_ADD = "add:"
"""What a button says that adds a row; the list's name stands behind it."""
_BESIDE = 65_536
"""Bytes of a form beside its file."""
_Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_Code = Annotated[str, Query(alias="thu-tuc", pattern=r"^[A-Za-z0-9]{1,40}$")]
_From = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@dataclass(frozen=True)
class _Papers:
    """What the routes share."""

    pages: Pages
    records: PaperRecords
    acts: PaperActs
    forms: PaperForms
    scans: PaperScans

    def list(self, request: Request, actor: Actor, done: str) -> Response:
        waiting = self.records.unchecked(_SHOWN, actor=actor)
        returned = self.records.sent_back(_SHOWN, actor=actor)
        shown, again = (tuple(self._listed(each, actor) for each in rows) for rows in (waiting, returned))
        page = PaperListPage(shown, again, self.forms.offered(), done if done in DONE else "")
        return self.pages.respond(request, page)

    def _listed(self, row: StoredPaperRecord, actor: Actor) -> ListedPaper:
        return ListedPaper(row, self.title(row), row.entered_by == actor.id)

    def title(self, row: StoredPaperRecord) -> Label:
        procedure = self.forms.catalogue.version(row.mapping)
        return procedure.title if procedure else Label(row.procedure, row.procedure)

    def view(self, code: str, actor: Actor, of: StoredPaperRecord | None = None) -> PaperView:
        """The form; 404 where it is none that is declared."""
        form = self.forms.layout(code, of.received_at if of else None)
        if form is None:
            raise HTTPException(404)
        catalogue, gate = self.forms.catalogue, form.procedure.place.get("gate", "")
        gates = self.forms.gates(form.procedure, actor)
        view = FormView(catalogue.codelists, catalogue.findings, self.forms.today, {gate: gates})
        return PaperView(form, view)

    def entry(self, number: int, actor: Actor) -> StoredPaperRecord:
        """The entry; 404 where there is none of his unit. The journal keeps that it was shown."""
        try:
            return self.records.show(number, actor=actor)
        except NotAllowed:
            raise HTTPException(404) from None

    def take(self, request: Request, code: str, sent: Posting) -> Response:
        """Enter what was typed; or the page again, with one row more or with what is wrong."""
        view, then = self.view(code, sent.actor), sent["then"]
        added = then.removeprefix(_ADD) if then.startswith(_ADD) else ""
        typed = view.read(sent.fields, added)
        if added:
            return self.pages.respond(request, view.page(typed, {}, (), ""))
        typed = replace(typed, rows=self.forms.filled(view.form, typed.rows))
        form = paper_form(typed, code)
        if form is None:
            return self._again(request, view.page(typed, head_faults(typed.head), (), ""))
        try:
            self.records.foresee(form, actor=sent.actor)
            self.acts.enter(secret_of(request), form)
        except SessionOver:
            raise LoggedOut from None
        except NoSuchForm as error:
            return self._again(request, view.page(typed, {}, error.faults, ""))
        except NotAllowed as error:
            return self._again(request, view.page(typed, {}, (), refusal(error)))
        return RedirectResponse(f"{LIST}?xong=enter", 303, PERSONAL)

    def _again(self, request: Request, page: PaperFormPage) -> Response:
        return self.pages.respond(request, page, 422)

    def shown(
        self,
        request: Request,
        row: StoredPaperRecord,
        actor: Actor,
        fault: str = "",
        refused: str = "",
        bad_file: Label | None = None,
    ) -> Response:
        """An entry beside the paper."""
        parts, scans = tuple(self.view(row.procedure, actor, row).parts(row)), self.scans
        page = PaperEntryPage(
            *(row, self.title(row), parts, row.entered_by == actor.id, fault, refused),
            scans.of(row.id, actor=actor),
            scans.kinds,
            scans.most // (1 << 20),
            bad_file,
        )
        return self.pages.respond(request, page, 409 if refused else 422 if fault or bad_file else 200)

    def attach(self, request: Request, number: int, sent: Posting) -> Response:
        """Attach a scan."""
        row = self.entry(number, sent.actor)
        try:
            if sent["what"] not in self.scans.kinds:
                raise HTTPException(400)
            self.scans.add(number, sent["what"], sent.file_name, sent.file, actor=sent.actor)
        except BadFile as error:
            stated = self.forms.catalogue.findings.state(error.finding)
            return self.shown(request, row, sent.actor, bad_file=Label(stated.vi, stated.en))
        except NotAllowed as error:
            return self.shown(request, self.entry(number, sent.actor), sent.actor, refused=refusal(error))
        return RedirectResponse(f"{LIST}/{number}", 303, PERSONAL)

    def scan(self, number: int, digest: str, actor: Actor) -> Response:
        """A scan, to be kept by the browser and opened outside of it."""
        try:
            found = self.scans.file(number, digest, actor=actor)
        except NotAllowed:
            found = None
        if found is None:
            raise HTTPException(404)
        return attachment(found.body, found.kind.media_type, f"{digest[:12]}{found.kind.suffixes[0]}")

    def check(self, request: Request, number: int, actor: Actor) -> Response:
        """It agrees with the paper."""
        try:
            key = self.acts.check(secret_of(request), number)
        except SessionOver:
            raise LoggedOut from None
        except NotAllowed as error:
            row = self.entry(number, actor)
            if row.checked_by == actor.id:  # the form was sent twice
                return RedirectResponse(address(dossier_number(row.number), row.year), 303, PERSONAL)
            return self.shown(request, row, actor, refused=refusal(error))
        return RedirectResponse(address(key.number, key.year), 303, PERSONAL)

    def send_back(self, request: Request, number: int, sent: Posting) -> Response:
        """It does not agree with the paper."""
        if fault := fault_of(sent["reason"], 1, REASON):
            return self.shown(request, self.entry(number, sent.actor), sent.actor, fault=fault)
        try:
            self.acts.send_back(secret_of(request), number, sent["reason"])
        except SessionOver:
            raise LoggedOut from None
        except NotAllowed as error:
            row = self.entry(number, sent.actor)
            if row.returned_by != sent.actor.id:
                return self.shown(request, row, sent.actor, refused=refusal(error))
        return RedirectResponse(f"{LIST}?xong=send_back", 303, PERSONAL)


def refusal(error: NotAllowed) -> str:
    """The key of words for why something was not done."""
    if isinstance(error, NoRight):
        return "paper.refused.unit"
    return f"paper.refused.{error.why}" if isinstance(error, PaperRefused) else "paper.refused.text"


def secret_of(request: Request) -> str:
    """What the officer's browser holds.

    Raises:
        LoggedOut: nothing.
    """
    secret = browser_of(request).secret
    if secret is None:
        raise LoggedOut
    return secret


def routes(
    pages: Pages, records: PaperRecords, acts: PaperActs, forms: PaperForms, scans: PaperScans, guard: Guard
) -> APIRouter:
    """/can-bo/giay and what is below it."""
    papers, router = _Papers(pages, records, acts, forms, scans), APIRouter(include_in_schema=False)
    _scans(router, papers, guard)
    may = guard.by_session(Right.ENTER_PAPER)

    @router.get(LIST)
    def listed(
        request: Request,
        actor: Annotated[Actor, Depends(may)],
        xong: Annotated[str, Query(pattern="^[a-z_]{0,10}$")] = "",
    ) -> Response:
        return papers.list(request, actor, xong)

    @router.get(NEW)
    def new(request: Request, code: _Code, actor: Annotated[Actor, Depends(may)], tu: _From = None) -> Response:
        """An empty form; `tu`: what was sent back and is corrected."""
        before = papers.entry(tu, actor) if tu is not None else None
        view = papers.view(code, actor)
        return pages.respond(request, view.page(view.of(before) if before else view.begun(), {}, (), ""))

    @router.post(NEW)
    def enter(request: Request, code: _Code, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return papers.take(request, code, sent)

    @router.get(f"{LIST}/{{number}}")
    def entry(request: Request, number: RowId, actor: Annotated[Actor, Depends(may)]) -> Response:
        return papers.shown(request, papers.entry(number, actor), actor)

    @router.post(f"{LIST}/{{number}}/khop")
    def check(request: Request, number: RowId, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return papers.check(request, number, sent.actor)

    @router.post(f"{LIST}/{{number}}/tra-lai")
    def send_back(request: Request, number: RowId, sent: Annotated[Posting, Depends(posting(may))]) -> Response:
        return papers.send_back(request, number, sent)

    return router


def _scans(router: APIRouter, papers: _Papers, guard: Guard) -> None:
    """The scans of an entry; a file is larger than other forms."""
    may = guard.by_session(Right.ENTER_PAPER)
    attaching = guard.by_session(Right.ENTER_PAPER, form_bytes=papers.scans.most + _BESIDE)

    @router.post(f"{LIST}/{{number}}/ban-quet")
    def attach(request: Request, number: RowId, sent: Annotated[Posting, Depends(posting(attaching))]) -> Response:
        return papers.attach(request, number, sent)

    @router.get(f"{LIST}/{{number}}/ban-quet/{{digest}}")
    def scan(number: RowId, digest: _Digest, actor: Annotated[Actor, Depends(may)]) -> Response:
        return papers.scan(number, digest, actor)
