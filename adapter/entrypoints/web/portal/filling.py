"""Filling in a draft: the fields of a section, the rows of a list one at a time, what two windows changed at once."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import Filled, FormView, Row, first_id, troubles
from adapter.entrypoints.web.guard import CSRF, Guard
from adapter.entrypoints.web.page import CLEANED, PERSONAL
from adapter.entrypoints.web.portal.draft_pages import (
    GENERAL,
    ROOT,
    ROWS_ON_PAGE,
    Clash,
    ConflictPage,
    FieldsPage,
    RemovePage,
    RowRange,
    RowsPage,
    attach_address,
    import_address,
    list_address,
    place_of,
    row_address,
    section_address,
)
from adapter.entrypoints.web.portal.drafting import Drafting, asked, cells, columns, labels
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.model.actor import Actor
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.answers import Answers, Texts
from adapter.pipeline.forms.entry import shown
from adapter.pipeline.forms.layout import FormGroup
from adapter.services.access.rights import Right
from adapter.services.door.draft import ChangedMeanwhile, Draft

VERSION, THEN = "version", "then"
"""Fields of the page itself: the draft's version that it shows, and what was pressed."""
LATER, ANOTHER, AUTO = "later", "another", "auto"
"""AUTO: the page's script keeps what was typed so far; nothing was pressed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page fills in: a section, or a row of a list."""

    row: Row
    label: Label | None
    optional: bool
    action: str
    back: str
    outside: Texts
    stands: Texts
    """What is filled in already."""

    def answers(self, before: Answers, texts: Texts) -> Answers:
        """The draft's answers with these."""
        if self.row.group:
            asked_for = {field.name for field in self.row.fields}
            given = {name: text for name, text in self.stands.items() if name not in asked_for}
            return before.with_row(self.row.group, self.row.ordinal, {**given, **texts})
        return before.with_values(texts)


@dataclass(frozen=True)
class _Filling:
    """Showing a page's fields, and taking what comes back."""

    drafting: Drafting

    def section(self, draft: Draft, name: str) -> _Part:
        sketch, head = self.drafting.drafts.forms.layout(draft), self.drafting.head(draft)
        wanted = "" if name == GENERAL else name
        found = next((section for section in asked(sketch) if section.name == wanted), None)
        if found is None:
            raise HTTPException(404)
        values = draft.answers.values
        action = section_address(head, found.name)
        return _Part(Row(found.asked), found.label, found.optional, action, head.address, values, values)

    def row(self, draft: Draft, name: str, ordinal: int) -> _Part:
        """A row, or the one after the last."""
        group, head = self.drafting.group(draft, name), self.drafting.head(draft)
        count = len(draft.answers.rows.get(name, ()))
        more = 0 if group.attached is not None else 1  # a row of files is made by uploading one
        if not 1 <= ordinal <= min(count + more, group.most or count + more):
            raise HTTPException(404)
        return _Part(
            row=Row(group.asked, name, ordinal),
            label=group.label,
            optional=False,
            action=row_address(head, name, ordinal),
            back=list_address(head, name, ordinal),
            outside=draft.answers.values,
            stands=draft.answers.row(name, ordinal),
        )

    def rows(self, draft: Draft, group: FormGroup, asked_from: str) -> RowsPage:
        """The page of a list that begins at that row; the first where there is none such."""
        head, count = self.drafting.head(draft), len(draft.answers.rows.get(group.name, ()))
        starts = range(1, max(count, 1) + 1, ROWS_ON_PAGE)
        first = next((start for start in starts if str(start) == asked_from), 1)
        ranges = tuple(
            RowRange(start, min(start + ROWS_ON_PAGE - 1, count), list_address(head, group.name, start))
            for start in starts
        )
        return RowsPage(
            head=head,
            label=group.label,
            address=list_address(head, group.name),
            columns=labels(columns(group)),
            rows=self.drafting.lines(draft, group, looked_at=True, only=slice(first - 1, first - 1 + ROWS_ON_PAGE)),
            ranges=ranges if len(ranges) > 1 else (),
            count=count,
            new=self.new_row(draft, group.name, count + 1) if group.most is None or count < group.most else None,
            from_file=import_address(head, group.name),
        )

    def show(self, request: Request, draft: Draft, part: _Part) -> Response:
        """What is filled in; of what was begun already, what is wrong with it, too."""
        view = self.drafting.view(draft.fills_in)
        begun = any(part.stands.get(field.name) for field in part.row.fields)
        errors = view.errors(part.row, part.stands, part.outside) if begun and part.row.group else {}
        return self._page(request, draft, part, Filled(part.stands, errors, ()), 200)

    def take(self, request: Request, draft: Draft, part: _Part, sent: Mapping[str, str]) -> Response:
        """Keep what was typed, whatever it is; then on, or the page again with what is wrong."""
        view = self.drafting.view(draft.fills_in)
        filled = view.read(part.row, sent, part.outside)
        then = sent.get(THEN, "")
        clashes = self._clashes(view, draft, part, filled, sent)
        if clashes:
            return _changed_elsewhere() if then == AUTO else self._conflict(request, draft, part, clashes, sent)
        try:
            draft = self.drafting.drafts.save(draft, part.answers(draft.answers, filled.texts))
        except ChangedMeanwhile as changed:
            if then == AUTO:
                return _changed_elsewhere()
            return self._conflict(request, changed.now, part, self._unlike(view, part, filled), sent)
        if then == AUTO:
            at = self.drafting.drafts.clock().astimezone(VIETNAM).strftime("%H:%M")
            return JSONResponse({"version": draft.version, "at": at}, headers=PERSONAL)
        if filled.errors and then != LATER:
            return self._page(request, draft, part, filled, 422)
        return RedirectResponse(_telling(self._next(draft, part, then), filled), 303)

    def new_row(self, draft: Draft, name: str, ordinal: int) -> str:
        """Where the row after the last is filled in: its first field has the focus, without scripts too."""
        part = self.row(draft, name, ordinal)
        boxes = self.drafting.view(draft.fills_in).boxes(part.row, {}, {})
        return f"{part.action}#{first_id(boxes[0])}"

    def _next(self, draft: Draft, part: _Part, then: str) -> str:
        head, group = self.drafting.head(draft), part.row.group
        if group and then == ANOTHER:
            another = part.row.ordinal + 1
            is_new = another > len(draft.answers.rows.get(group, ()))
            return self.new_row(draft, group, another) if is_new else row_address(head, group, another)
        if group:
            return part.back
        if then == LATER:
            return head.address
        addresses = self.drafting.addresses(draft)
        after = addresses[addresses.index(part.action) + 1 :]
        return after[0] if after else f"{head.address}/kiem-tra"

    def _page(self, request: Request, draft: Draft, part: _Part, filled: Filled, status: int) -> Response:
        boxes = self.drafting.view(draft.fills_in).boxes(part.row, filled.texts, filled.errors)
        page = FieldsPage(
            head=self.drafting.head(draft),
            label=part.label,
            ordinal=part.row.ordinal if part.row.group else None,
            optional=part.optional,
            action=part.action,
            back=part.back,
            boxes=boxes,
            troubles=troubles(boxes),
            version=draft.version,
            cleaned=filled.cleaned,
        )
        return self.drafting.pages.respond(request, page, status)

    def _clashes(
        self, view: FormView, draft: Draft, part: _Part, filled: Filled, sent: Mapping[str, str]
    ) -> tuple[Clash, ...]:
        """The page is older than the draft, and its fields stand otherwise now."""
        if sent.get(VERSION) == str(draft.version):
            return ()
        return self._unlike(view, part, filled)

    def _unlike(self, view: FormView, part: _Part, filled: Filled) -> tuple[Clash, ...]:
        found = []
        for field in part.row.fields:
            theirs, mine = part.stands.get(field.name, ""), filled.texts.get(field.name, "")
            if theirs != mine:
                said = [view.spoken(field, text) if text else Label("–", "–") for text in (theirs, mine)]
                found.append(Clash(part.row.name_of(field), field.label, said[0], said[1], shown(field, mine)))
        return tuple(found)

    def _conflict(
        self, request: Request, draft: Draft, part: _Part, clashes: tuple[Clash, ...], sent: Mapping[str, str]
    ) -> Response:
        named = {clash.name for clash in clashes} | {VERSION, CSRF}
        others = tuple((name, text) for name, text in sent.items() if name not in named)
        page = ConflictPage(self.drafting.head(draft), part.action, draft.version, clashes, others)
        return self.drafting.pages.respond(request, page, 409)


def _telling(address: str, filled: Filled) -> str:
    """The address of a page that says, too, that something was taken out of what was pasted."""
    before, mark, place = address.partition("#")
    return f"{before}?{CLEANED}=1{mark}{place}" if filled.cleaned else address


def _changed_elsewhere() -> Response:
    """To the script: the page is older than the draft, and who types is asked which is meant once he presses."""
    return JSONResponse({}, 409, PERSONAL)


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/<draft>/muc/…` and `/danh-sach/…`."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    posted = posting(declarant)
    filling = _Filling(drafting)
    _sections(router, filling, declarant, posted)
    _rows(router, filling, declarant, posted)
    _removal(router, filling, declarant, posted)
    return router


def _sections(router: APIRouter, filling: _Filling, declarant: Dependency, posted: Dependency) -> None:
    drafting = filling.drafting

    @router.get(f"{ROOT}/{{id}}/muc/{{name}}")
    def section(request: Request, id: str, name: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.opened(actor, id)
        return filling.show(request, draft, filling.section(draft, name))

    @router.post(f"{ROOT}/{{id}}/muc/{{name}}")
    def fill_section(request: Request, id: str, name: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.find(sent.actor, id)
        return filling.take(request, draft, filling.section(draft, name), sent.fields)


def _rows(router: APIRouter, filling: _Filling, declarant: Dependency, posted: Dependency) -> None:
    drafting = filling.drafting

    @router.get(f"{ROOT}/{{id}}/danh-sach/{{name}}")
    def rows(
        request: Request, id: str, name: str, actor: Annotated[Actor, Depends(declarant)], tu: str = "1"
    ) -> Response:
        draft = drafting.opened(actor, id)
        group = drafting.group(draft, name)
        if group.attached is not None:
            return RedirectResponse(attach_address(drafting.head(draft), group.name), 303)
        return drafting.pages.respond(request, filling.rows(draft, group, tu))

    @router.get(f"{ROOT}/{{id}}/danh-sach/{{name}}/{{ordinal}}")
    def row(
        request: Request, id: str, name: str, ordinal: int, actor: Annotated[Actor, Depends(declarant)]
    ) -> Response:
        draft = drafting.opened(actor, id)
        return filling.show(request, draft, filling.row(draft, name, ordinal))

    @router.post(f"{ROOT}/{{id}}/danh-sach/{{name}}/{{ordinal}}")
    def fill_row(
        request: Request, id: str, name: str, ordinal: int, sent: Annotated[Posting, Depends(posted)]
    ) -> Response:
        draft = drafting.find(sent.actor, id)
        return filling.take(request, draft, filling.row(draft, name, ordinal), sent.fields)


def _removal(router: APIRouter, filling: _Filling, declarant: Dependency, posted: Dependency) -> None:
    drafting = filling.drafting

    @router.get(f"{ROOT}/{{id}}/danh-sach/{{name}}/{{ordinal}}/xoa")
    def ask_to_remove(
        request: Request, id: str, name: str, ordinal: int, actor: Annotated[Actor, Depends(declarant)]
    ) -> Response:
        draft = drafting.opened(actor, id)
        part, head = filling.row(draft, name, ordinal), drafting.head(draft)
        group = drafting.group(draft, name)
        (called,) = cells(drafting.view(draft.fills_in), columns(group)[:1], part.stands)
        place = place_of(group.label, ordinal)
        what = Label(f"{place.vi} ({called.vi})", f"{place.en} ({called.en})")
        page = RemovePage(head, what, False, f"{part.action}/xoa", part.back, draft.version)
        return drafting.pages.respond(request, page)

    @router.post(f"{ROOT}/{{id}}/danh-sach/{{name}}/{{ordinal}}/xoa")
    def remove(id: str, name: str, ordinal: int, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.find(sent.actor, id)
        part = filling.row(draft, name, ordinal)
        if sent[VERSION] == str(draft.version):  # else another row may stand there by now, and he looks again
            with suppress(ChangedMeanwhile):
                drafting.trim(drafting.drafts.save(draft, draft.answers.without_row(part.row.group, ordinal)))
        return RedirectResponse(f"{part.back}#list", 303)  # the heading has the focus: what had it is gone
