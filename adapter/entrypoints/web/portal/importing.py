"""A list of a draft from a file: the template, the faults by cell, the first rows to look at, and then all of them."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.page import attachment
from adapter.entrypoints.web.portal.draft_pages import (
    ROOT,
    ImportFault,
    ImportPage,
    RowLine,
    import_address,
    list_address,
)
from adapter.entrypoints.web.portal.drafting import Drafting, cells, columns, labels
from adapter.entrypoints.web.posting import Dependency, Posting, posting
from adapter.gateways.spreadsheets.reading import cells_of_xlsx
from adapter.gateways.spreadsheets.templates import TemplateColumn, csv_template, xlsx_template
from adapter.model.actor import Actor
from adapter.model.procedure import Label
from adapter.model.text import pasted
from adapter.pipeline.forms.answers import Texts
from adapter.pipeline.forms.importing import CellFault, heading, rows_of
from adapter.pipeline.forms.layout import FormField, FormGroup
from adapter.pipeline.forms.sheet import Cells, Unreadable, cells_of_csv
from adapter.services.access.rates import RateRule
from adapter.services.access.rights import Right
from adapter.services.door.draft import Draft

FIRST = 5
"""Rows that are shown before all are taken."""
MOST_FAULTS = 200
"""Faults that are told one by one; of more, how many."""
LONGEST = 2000
"""Characters of one value that is taken."""
BETWEEN = "\t"
"""Stands between the cells that a page holds; in no text that was read."""
IMPORT_FAULTS = (
    *("no_file", "too_large", "no_xlsx", "no_csv", "encoding", "tcvn3", "no_heading", "unknown_column", "twice"),
    *("missing_column", "too_many", "no_rows", "missing", "formula", "error", "merged", "number"),
)
"""Every fault that has words of its own (`import.fault.…`)."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes(drafting: Drafting, guard: Guard) -> APIRouter:
    """`/khai-bao/<draft>/nhap/<list>` and what is below it."""
    router = APIRouter(include_in_schema=False)
    declarant = guard.by_session(Right.DECLARE)
    importing = _Importing(drafting)
    _templates(router, importing, declarant)
    _files(router, importing, declarant, posting(declarant), guard.seldom(RateRule.UPLOAD))
    return router


@dataclass(frozen=True)
class _Importing:
    drafting: Drafting

    def page(self, draft: Draft, group: FormGroup) -> ImportPage:
        head = self.drafting.head(draft)
        stands = len(draft.answers.rows.get(group.name, ()))
        back, action = list_address(head, group.name), import_address(head, group.name)
        return ImportPage(head, group.label, back, action, draft.version, stands)

    def fields(self, draft: Draft, group: FormGroup) -> list[TemplateColumn]:
        view = self.drafting.view(draft.fills_in)
        return [
            TemplateColumn(
                heading=heading(field),
                hint=f"{field.hint.vi}\n{field.hint.en}" if field.hint else "",
                names=tuple(choice.label.vi for choice in view.choices(field)),
                needed=field.required,
            )
            for field in group.asked
        ]

    def cells(self, sent: Posting) -> Cells:
        if not sent.file:
            raise Unreadable("no_file")
        if sent.file.startswith(b"PK"):
            return cells_of_xlsx(sent.file)
        if sent.file_name.lower().endswith((".xlsx", ".xls", ".xlsm")):
            raise Unreadable("no_xlsx")
        return cells_of_csv(sent.file)

    def read(self, draft: Draft, group: FormGroup, sent: Posting) -> ImportPage:
        page, lists = self.page(draft, group), self.drafting.drafts.ground.catalogue.codelists
        try:
            found = rows_of(group, self.cells(sent), draft.answers.values, lists)
        except Unreadable as unreadable:
            return replace(page, faults=(ImportFault("", None, unreadable.why, None),))
        if found.faults:
            told = tuple(self._fault(fault) for fault in found.faults[:MOST_FAULTS])
            return replace(page, faults=told, more=len(found.faults) - len(told))
        shown, view = columns(group), self.drafting.view(draft.fills_in)
        names, data = _sent_along(found.rows, group.asked)
        return replace(
            page,
            columns=labels(shown),
            first=tuple(
                RowLine(ordinal, cells(view, shown, row), wrong=False)
                for ordinal, row in enumerate(found.rows[:FIRST], start=1)
            ),
            count=len(found.rows),
            names=names,
            data=data,
        )

    def _fault(self, fault: CellFault) -> ImportFault:
        place = f"{fault.column}{fault.row or ''}"
        if fault.finding is None:
            return ImportFault(place, fault.label, fault.what, None)
        (stated,) = self.drafting.stated([fault.finding])
        return ImportFault(place, fault.label, "", Label(stated.vi, stated.en))

    def take(self, draft: Draft, group: FormGroup, sent: Posting) -> Draft:
        rows = _rows(sent["names"], sent["rows"], group.asked)
        before = tuple(draft.answers.rows.get(group.name, ())) if sent["how"] == "append" else ()
        if rows is None or sent["version"] != str(draft.version):
            raise HTTPException(400)
        if group.most is not None and len(before) + len(rows) > group.most:
            raise HTTPException(400)
        return self.drafting.drafts.save(draft, draft.answers.with_rows(group.name, (*before, *rows)))


def _templates(router: APIRouter, importing: _Importing, declarant: Dependency) -> None:
    drafting = importing.drafting

    @router.get(f"{ROOT}/{{id}}/nhap/{{name}}/mau.xlsx")
    def xlsx(id: str, name: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        group = drafting.typed_group(draft, name)
        body = xlsx_template(group.label.vi, importing.fields(draft, group))
        return attachment(body, _XLSX, f"{group.name}.xlsx")

    @router.get(f"{ROOT}/{{id}}/nhap/{{name}}/mau.csv")
    def csv(id: str, name: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.find(actor, id)
        group = drafting.typed_group(draft, name)
        return attachment(csv_template(importing.fields(draft, group)), "text/csv; charset=utf-8", f"{group.name}.csv")


def _files(
    router: APIRouter, importing: _Importing, declarant: Dependency, posted: Dependency, seldom: Dependency
) -> None:
    drafting = importing.drafting

    @router.get(f"{ROOT}/{{id}}/nhap/{{name}}")
    def show(request: Request, id: str, name: str, actor: Annotated[Actor, Depends(declarant)]) -> Response:
        draft = drafting.opened(actor, id)
        return drafting.pages.respond(request, importing.page(draft, drafting.typed_group(draft, name)))

    @router.post(f"{ROOT}/{{id}}/nhap/{{name}}", dependencies=[Depends(seldom)])
    def read(request: Request, id: str, name: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.opened(sent.actor, id)
        page = importing.read(draft, drafting.typed_group(draft, name), sent)
        return drafting.pages.respond(request, page, 422 if page.faults else 200)

    @router.post(f"{ROOT}/{{id}}/nhap/{{name}}/nhan")
    def take(id: str, name: str, sent: Annotated[Posting, Depends(posted)]) -> Response:
        draft = drafting.find(sent.actor, id)
        group = drafting.typed_group(draft, name)
        importing.take(draft, group, sent)
        return RedirectResponse(list_address(drafting.head(draft), group.name), 303)


def _sent_along(rows: Sequence[Texts], fields: tuple[FormField, ...]) -> tuple[str, str]:
    """Rows as the page holds them until they are taken: names once, then all cells.

    JSON would be three times as large for a group of 500, for HTML spells its signs out.
    """
    used = [field.name for field in fields if any(row.get(field.name) for row in rows)]
    cells = (" ".join(row.get(name, "").split()) for row in rows for name in used)
    return BETWEEN.join(used), BETWEEN.join(cells)


def _rows(names: str, data: str, fields: tuple[FormField, ...]) -> list[Texts] | None:
    """The rows that the page has sent back; None of what is none of ours."""
    used, cells = names.split(BETWEEN), data.split(BETWEEN)
    if len(used) > len(set(used)) or not set(used) <= {field.name for field in fields}:
        return None
    if not data or len(cells) % len(used) or any(len(text) > LONGEST for text in cells):
        return None
    kept = [pasted(text)[0] for text in cells]
    rows = (dict(zip(used, kept[at:], strict=False)) for at in range(0, len(kept), len(used)))
    return [{name: text for name, text in row.items() if text} for row in rows]
