"""Shared by the pages of a draft: finding it, and its form in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.form_page import FormView, Row, Trouble, trouble
from adapter.entrypoints.web.page import Pages
from adapter.entrypoints.web.portal.draft_pages import (
    ROOT,
    DraftHead,
    RowLine,
    Task,
    TaskState,
    list_address,
    place_of,
    row_address,
    section_address,
)
from adapter.entrypoints.web.portal.sending_pages import Answer, AnswersList, AnswersPart, Unlike
from adapter.model.actor import Actor
from adapter.model.errors import Unavailable
from adapter.model.finding import Finding, StatedFinding
from adapter.model.procedure import Label, Procedure
from adapter.pipeline.forms.answers import Texts
from adapter.pipeline.forms.differences import Changed
from adapter.pipeline.forms.faults import Seat, seat_label, seat_of
from adapter.pipeline.forms.layout import FormField, FormGroup, FormLayout, FormSection
from adapter.services.attachments.keeping import Attachments
from adapter.services.door.corrections import Corrections
from adapter.services.door.draft import Draft, NoDraft
from adapter.services.door.drafts import Drafts
from adapter.services.door.opening import Opening
from adapter.services.door.presses import Presses

COLUMNS = 4
"""So many fields of a row stand in its line."""
_NOTHING = Label("–", "–")


class AlreadySent(Exception):
    """A page of a draft that was sent; `address` tells what became of it."""

    def __init__(self, address: str) -> None:
        self.address = address


async def to_the_sent(request: Request, error: Exception) -> Response:
    """A sent draft in the browser's history shows its result, and cannot be changed."""
    del request
    assert isinstance(error, AlreadySent)
    return RedirectResponse(error.address, 303)


@dataclass(frozen=True)
class Drafting:
    """The ground of these pages."""

    pages: Pages
    drafts: Drafts
    corrections: Corrections
    presses: Presses
    opening: Opening
    attachments: Attachments

    def find(self, actor: Actor, public_id: str) -> Draft:
        """The actor's draft, to go on with; 404 where there is none of his.

        Raises:
            AlreadySent: it was sent, or waits to be sent: it can only be looked at.
        """
        draft = self.any(actor, public_id)
        if draft.sent_as is not None:
            raise AlreadySent(sent_address(draft))
        if draft.waits_since is not None:
            raise AlreadySent(waiting_address(draft))
        return draft

    def opened(self, actor: Actor, public_id: str) -> Draft:
        """The actor's draft, to fill in, check or sign.

        Raises:
            AlreadySent: as `find`.
            AccountShut, GrantEnded: its form is shut for him (`ShutForms.of_draft`).
        """
        draft = self.find(actor, public_id)
        self.drafts.shut.of_draft(draft)
        return draft

    def any(self, actor: Actor, public_id: str) -> Draft:
        """The actor's draft, sent or not; 404 where there is none of his."""
        try:
            return self.drafts.find(owner(actor), public_id)
        except NoDraft:
            raise HTTPException(404) from None

    def group(self, draft: Draft, name: str) -> FormGroup:
        """A list of its form; 404 where the form has none of that name."""
        found = self.drafts.forms.layout(draft).group(name)
        if found is None:
            raise HTTPException(404)
        return found

    def typed_group(self, draft: Draft, name: str) -> FormGroup:
        """As `group`; 404 also where its rows are made by uploading files."""
        found = self.group(draft, name)
        if found.attached is not None:
            raise HTTPException(404)
        return found

    def trim(self, draft: Draft) -> None:
        """Files that its answers do not name any more are taken off it."""
        if (spec := draft.fills_in.attached) is not None:
            named = [row[spec.digest] for row in draft.answers.rows.get(spec.group, ()) if row.get(spec.digest)]
            self.attachments.trim(draft.owner, draft.public_id, named)

    def head(self, draft: Draft) -> DraftHead:
        """Which draft it is, in words."""
        field = draft.fills_in.field(draft.fills_in.place.get("gate", ""))
        codes = self.drafts.ground.catalogue.codelists.get(field.codes or "", {}) if field else {}
        gate = codes.get(draft.gate)
        return DraftHead(
            id=draft.public_id,
            title=draft.procedure.title,
            form=draft.spec.form or "",
            gate=Label(gate.vi, gate.en) if gate else _NOTHING,
            number=str(draft.key) if draft.key else "",
            meaning=draft.spec.meaning.value,
            principal=draft.granted_for or draft.acts_for or "",
        )

    def view(self, procedure: Procedure) -> FormView:
        """How its fields are shown and read."""
        catalogue, gate = self.drafts.ground.catalogue, procedure.place.get("gate", "")
        gates = frozenset(code.code for code in self.drafts.gates(procedure))
        return FormView(catalogue.codelists, catalogue.findings, self.drafts.today, {gate: gates})

    def addresses(self, draft: Draft) -> list[str]:
        """Where its parts are filled in, in the order of its tasks."""
        sketch, head = self.drafts.forms.layout(draft), self.head(draft)
        sections = [section_address(head, section.name) for section in asked(sketch)]
        return [*sections, *(list_address(head, group.name) for group in sketch.groups)]

    def tasks(self, draft: Draft) -> Iterator[Task]:
        """The parts that a person fills in."""
        sketch, view, head = self.drafts.forms.layout(draft), self.view(draft.fills_in), self.head(draft)
        for section in asked(sketch):
            address = section_address(head, section.name)
            yield Task(address, section.label, progress(view, section, draft.answers.values))
        for group in sketch.groups:
            rows = draft.answers.rows.get(group.name, ())
            wrong = len(rows) < group.least or any(self.wrong(view, group, row, draft.answers.values) for row in rows)
            state = TaskState.TO_DO if wrong else TaskState.DONE if rows else TaskState.OPTIONAL
            yield Task(list_address(head, group.name), group.label, state, len(rows))

    def wrong(self, view: FormView, group: FormGroup, row: Texts, outside: Texts) -> bool:
        """Whether a row lacks something or has what cannot be read."""
        return bool(view.errors(Row(group.asked), row, outside))

    def lines(
        self, draft: Draft, group: FormGroup, *, looked_at: bool, only: slice = slice(None)
    ) -> tuple[RowLine, ...]:
        """The rows of a list, or `only` some; `looked_at`: with what is wrong in each."""
        view, shown = self.view(draft.fills_in), columns(group)
        outside = draft.answers.values
        return tuple(
            RowLine(ordinal, cells(view, shown, row), looked_at and self.wrong(view, group, row, outside))
            for ordinal, row in list(enumerate(draft.answers.rows.get(group.name, ()), start=1))[only]
        )

    def answers(self, draft: Draft) -> tuple[tuple[AnswersPart, ...], tuple[AnswersList, ...]]:
        """All values, with those that the program fills in."""
        sketch, view, head = self.drafts.forms.layout(draft), self.view(draft.fills_in), self.head(draft)
        whole = self.drafts.forms.complete(draft)
        sections = sketch.sections[:1] if draft.declared else sketch.sections  # an amendment shows what it changes
        parts = tuple(
            AnswersPart(section.label, section_address(head, section.name), stated)
            for section in sections
            if (stated := tuple(_stated(view, section.fields, whole.values)))
        )
        lists = tuple(
            AnswersList(
                group.label,
                list_address(head, group.name),
                labels(columns(group)),
                self.lines(draft, group, looked_at=False),
            )
            for group in sketch.groups
            if draft.answers.rows.get(group.name) and not draft.declared
        )
        return parts, lists

    def unlike(self, draft: Draft, changes: Sequence[Changed]) -> Iterator[Unlike]:
        """Differences in words, each with its place on the form."""
        sketch, sent, view = (
            self.drafts.forms.layout(draft),
            self.drafts.forms.message(draft),
            self.view(draft.fills_in),
        )
        for each in changes:
            group = sketch.group(each.group) or sent.group(each.group) if each.group else None
            place = place_of(group.label, each.ordinal or 0) if group else None
            before, after = (view.spoken(each.field, text) if text else _NOTHING for text in (each.before, each.after))
            yield Unlike(each.field.label, place, before, after)

    def troubles(self, draft: Draft, found: Sequence[StatedFinding]) -> tuple[Trouble, ...]:
        """Findings with the place on the form where each can be corrected, in the order of the form."""
        sketch, head = self.drafts.forms.layout(draft), self.head(draft)
        seats = [(seat_of(sketch, finding.pointer), finding) for finding in found]
        order = {name: place for place, name in enumerate(_names(sketch))}
        seats.sort(key=lambda each: _rank(each[0], order))
        return tuple(self._trouble(sketch, head, seat, finding) for seat, finding in seats)

    def _trouble(self, sketch: FormLayout, head: DraftHead, seat: Seat | None, finding: StatedFinding) -> Trouble:
        message = Label(finding.vi, finding.en)
        if seat is None:
            return Trouble("", None, message)
        return trouble(_address(sketch, head, seat), seat_label(sketch, seat), message)

    def stated(self, findings: Sequence[Finding]) -> list[StatedFinding]:
        """Findings in words."""
        return [self.drafts.ground.catalogue.findings.state(finding) for finding in findings]


def sent_address(draft: Draft) -> str:
    """Where it is told what became of a draft that was sent."""
    return f"{ROOT}/{draft.public_id}/da-gui/{draft.sent_as}"


def waiting_address(draft: Draft) -> str:
    """Where a draft is looked at that waits for the portal to open."""
    return f"{ROOT}/{draft.public_id}/cho"


def owner(actor: Actor) -> str:
    """Whose drafts an actor fills in: his own, by his number."""
    if actor.number is None:
        raise Unavailable("the account states no number")  # log-in refuses such an account
    return actor.number


def asked(sketch: FormLayout) -> list[FormSection]:
    """The sections in which a person fills in something."""
    return [section for section in sketch.sections if section.asked]


def progress(view: FormView, section: FormSection, values: Texts) -> TaskState:
    """How far a section is."""
    if view.errors(Row(section.asked), values, values):
        return TaskState.TO_DO
    return TaskState.DONE if any(values.get(field.name) for field in section.asked) else TaskState.OPTIONAL


def columns(group: FormGroup) -> tuple[FormField, ...]:
    """The fields of a row that say whom or what it is of: the first that must stand."""
    if group.attached is not None:
        return tuple(field for field in group.fields if field.name in (group.attached.kind, group.attached.name))
    first = [field for field in group.asked if field.required] or list(group.asked)
    return tuple(first[:COLUMNS])


def labels(fields: Sequence[FormField]) -> tuple[Label, ...]:
    """What fields are called."""
    return tuple(field.label for field in fields)


def cells(view: FormView, fields: Sequence[FormField], row: Texts) -> tuple[Label, ...]:
    """The values of a row's line."""
    return tuple(view.spoken(field, row[field.name]) if row.get(field.name) else _NOTHING for field in fields)


def _stated(view: FormView, fields: Sequence[FormField], values: Mapping[str, str]) -> Iterator[Answer]:
    for field in fields:
        if values.get(field.name):
            yield Answer(field.label, view.spoken(field, values[field.name]))


def _names(sketch: FormLayout) -> Iterator[str]:
    """Fields and lists in the order in which they are filled in; of a row's field with its list before it."""
    for section in sketch.sections:
        yield from (field.name for field in section.fields)
    for group in sketch.groups:
        yield group.name
        yield from (f"{group.name}.{field.name}" for field in group.fields)


def _rank(seat: Seat | None, order: Mapping[str, int]) -> tuple[int, int, int]:
    """What stands nowhere first, then by place; rows one after the other."""
    if seat is None:
        return (-1, 0, 0)
    if seat.group is None:
        return (order.get(seat.name, 0), 0, 0)
    inner = seat.name.rpartition(".")[2]
    return (order[seat.group], seat.ordinal or 0, order.get(f"{seat.group}.{inner}", 0))


def _address(sketch: FormLayout, head: DraftHead, seat: Seat) -> str:
    """The page where it is corrected, with the input's id."""
    mark = seat.name.replace(".", "-")
    if seat.group is not None:
        if seat.ordinal is None:
            return list_address(head, seat.group)
        return f"{row_address(head, seat.group, seat.ordinal)}#{mark}"
    section = next((each for each in sketch.sections if any(f.name == seat.name for f in each.fields)), None)
    return f"{section_address(head, section.name if section else '')}#{mark}"
