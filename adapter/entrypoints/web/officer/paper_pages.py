"""Pages of paper records, and what an officer types on the form page as a `PaperForm`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from adapter.entrypoints.web.form_page import Box, FormView, Row, Trouble, said, trouble, troubles
from adapter.entrypoints.web.moments import as_typed, moment_of
from adapter.entrypoints.web.page import Page
from adapter.gateways.store.attachments import AttachedFile
from adapter.gateways.store.paper_records import StoredPaperRecord, Texts
from adapter.model.procedure import Label, Procedure
from adapter.pipeline.forms.entry import entered, findings
from adapter.pipeline.forms.layout import FormField, FormLayout
from adapter.services.dossiers.paper_values import PaperFault, PaperForm

LIST, NEW = "/can-bo/giay", "/can-bo/giay/moi"
MOST_FIELDS = 900
"""Inputs of one page: a form with more is refused before it is read. Longer lists are entered by the command."""
_NUMBER, _YEAR, _RECEIVED, _CONFIRMED, _CONFIRMATION = "so", "nam", "nhan-luc", "xac-nhan-luc", "so-xac-nhan"
HEAD = (_NUMBER, _YEAR, _RECEIVED, _CONFIRMED, _CONFIRMATION)
"""What stands on the paper beside the form's own fields."""


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """An entry in a list."""

    row: StoredPaperRecord
    title: Label
    own: bool
    """Whether the reader has entered it himself: a colleague checks it."""


@dataclass(frozen=True, slots=True)
class PaperListPage(Page):
    """What waits for a second officer, what was sent back, and the forms that can be entered."""

    template: ClassVar[str] = "papers.html"
    waiting: tuple[ListedPaper, ...]
    returned: tuple[ListedPaper, ...]
    offered: tuple[Procedure, ...]
    done: str
    """The act that was just done; empty: none."""


@dataclass(frozen=True, slots=True)
class PaperSection:
    """Fields of a form that belong together."""

    label: Label | None
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class PaperList:
    """A list of a form with its rows."""

    name: str
    label: Label
    rows: tuple[tuple[Box, ...], ...]
    may_add: bool


@dataclass(frozen=True, slots=True)
class PaperFormPage(Page):
    """A form to be typed from the paper. `head` has the texts of `HEAD`, `faults` keys of words by their names."""

    template: ClassVar[str] = "paper_form.html"
    procedure: Procedure
    head: Mapping[str, str]
    faults: Mapping[str, str]
    sections: tuple[PaperSection, ...]
    lists: tuple[PaperList, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One value of an entry, in words."""

    label: Label
    text: Label


@dataclass(frozen=True, slots=True)
class EntryPart:
    """Values of an entry that belong together; `ordinal` of a row of a list."""

    label: Label | None
    ordinal: int
    lines: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class PaperEntryPage(Page):
    """An entry beside the paper: everything that was typed, and whether it agrees."""

    template: ClassVar[str] = "paper_entry.html"
    row: StoredPaperRecord
    title: Label
    parts: tuple[EntryPart, ...]
    own: bool
    fault: str
    """The key of words for what is wrong with the reason; empty: nothing is."""
    refused: str
    """The key of words for why the act was not done; empty: it was not tried."""
    scans: Sequence[AttachedFile] = ()
    kinds: Mapping[str, Label] = field(default_factory=dict)
    most_mb: int = 0
    bad_file: Label | None = None

    @property
    def waits(self) -> bool:
        """Whether it is neither checked nor sent back."""
        return self.row.checked_at is None and self.row.returned_at is None


@dataclass(frozen=True, slots=True)
class Typed:
    """The texts that were typed into a form page."""

    head: Mapping[str, str]
    values: Texts
    rows: Mapping[str, Sequence[Texts]]


@dataclass(frozen=True)
class PaperView:
    """A form's fields for one officer."""

    form: FormLayout
    view: FormView

    def begun(self) -> Typed:
        """Nothing typed yet; a list that needs a row has one."""
        rows: dict[str, list[Texts]] = {group.name: [{}] * min(group.least, 1) for group in self.form.groups}
        return Typed(dict.fromkeys(HEAD, ""), {}, rows)

    def of(self, row: StoredPaperRecord) -> Typed:
        """What stands in an entry, to be corrected."""
        times = {_RECEIVED: row.received_at, _CONFIRMED: row.confirmed_at}
        head = {name: as_typed(at) if at else "" for name, at in times.items()}
        head |= {_NUMBER: row.number, _YEAR: str(row.year), _CONFIRMATION: row.confirmation or ""}
        return Typed(head, row.values, row.rows)

    def read(self, sent: Mapping[str, str], added: str) -> Typed:
        """What was sent, as XML takes it where it can be read; `added`: the list that gets one row more."""
        values = {each.name: self._text(each, sent.get(each.name, "")) for each in self.fields}
        rows: dict[str, list[Texts]] = {}
        for group in self.form.groups:
            stated = sent.get(f"rows.{group.name}", "")
            many = min(int(stated), MOST_FIELDS) if stated.isascii() and stated.isdigit() else 0
            row_of = (Row(group.asked, group.name, ordinal) for ordinal in range(1, many + 1))
            rows[group.name] = [
                {each.name: self._text(each, sent.get(row.name_of(each), "")) for each in group.asked} for row in row_of
            ]
            if group.name == added and self._may_add(group.name, rows[group.name]):
                rows[group.name].append({})
        return Typed({name: sent.get(name, "").strip() for name in HEAD}, values, rows)

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Those outside the lists that an officer types."""
        return tuple(each for section in self.form.sections for each in section.asked)

    def _text(self, field: FormField, typed: str) -> str:
        entry = entered(field, typed, self.view.lists)
        return entry.text

    def _may_add(self, name: str, rows: Sequence[Texts]) -> bool:
        group = self.form.group(name)
        if group is None or (group.most is not None and len(rows) >= group.most):
            return False
        return (len(rows) + 1) * len(group.asked) + len(self.fields) <= MOST_FIELDS

    def page(
        self, typed: Typed, head_faults: Mapping[str, str], faults: Sequence[PaperFault], refused: str
    ) -> PaperFormPage:
        """The form with what is wrong. `refused`: the key of words for why nothing was entered; empty: none."""
        errors = {each.place: self._told(each, typed) for each in faults}
        sections = tuple(self._sections(typed, errors))
        lists = tuple(self._lists(typed, errors))
        boxes = [box for section in sections for box in section.boxes]
        boxes += [box for each in lists for row in each.rows for box in row]
        found = [Trouble(name, said(f"paper.{name}"), said(key)) for name, key in head_faults.items()]
        found += [Trouble("", None, said(refused))] if refused else []
        known = {box.name for box in boxes}
        found += [trouble("", Label(place, place), told) for place, told in errors.items() if place not in known]
        return PaperFormPage(self.form.procedure, typed.head, head_faults, sections, lists, (*found, *troubles(boxes)))

    def _sections(self, typed: Typed, errors: Mapping[str, Label]) -> Iterator[PaperSection]:
        for section in self.form.sections:
            if section.asked:
                yield PaperSection(section.label, self.view.boxes(Row(section.asked), typed.values, errors))

    def _lists(self, typed: Typed, errors: Mapping[str, Label]) -> Iterator[PaperList]:
        for group in self.form.groups:
            stated = typed.rows.get(group.name, ())
            rows = []
            for ordinal, texts in enumerate(stated, start=1):
                row = Row(group.asked, group.name, ordinal)
                wrong = {each.name: errors[row.name_of(each)] for each in group.asked if row.name_of(each) in errors}
                rows.append(self.view.boxes(row, texts, wrong))
            yield PaperList(group.name, group.label, tuple(rows), self._may_add(group.name, stated))

    def _told(self, fault: PaperFault, typed: Typed) -> Label:
        """What is wrong with a text, as the declarants' pages say it."""
        field, text = self._at(fault.place, typed)
        if field is not None and (found := findings(field, entered(field, text, self.view.lists), "")):
            stated = self.view.texts.state(found[0])
            return Label(stated.vi, stated.en)
        return said("fault.text")

    def _at(self, place: str, typed: Typed) -> tuple[FormField | None, str]:
        name, _, rest = place.partition(".")
        if not rest:
            return self.form.fields.get(name), typed.values.get(name, "")
        ordinal, _, below = rest.partition(".")
        group = self.form.group(name)
        field = next((each for each in group.fields if each.name == below), None) if group else None
        rows = typed.rows.get(name, ())
        at = int(ordinal) if ordinal.isdigit() else 0
        return field, rows[at - 1].get(below, "") if 0 < at <= len(rows) else ""

    def parts(self, row: StoredPaperRecord) -> Iterator[EntryPart]:
        """What an entry says, in words and in the order of the form."""
        for section in self.form.sections:
            if lines := self._lines(section.fields, row.values):
                yield EntryPart(section.label, 0, lines)
        for group in self.form.groups:
            for ordinal, texts in enumerate(row.rows.get(group.name, ()), start=1):
                yield EntryPart(group.label, ordinal, self._lines(group.fields, texts))

    def _lines(self, fields: Sequence[FormField], texts: Texts) -> tuple[EntryLine, ...]:
        return tuple(
            EntryLine(each.label, self.view.spoken(each, texts[each.name])) for each in fields if texts.get(each.name)
        )


def head_faults(head: Mapping[str, str]) -> dict[str, str]:
    """Keys of words for what is wrong with the texts beside the form, by their names."""
    faults = {name: "fault.empty" for name in (_NUMBER, _YEAR, _RECEIVED) if not head[name]}
    if head[_YEAR] and not (head[_YEAR].isascii() and head[_YEAR].isdigit() and len(head[_YEAR]) == 4):
        faults[_YEAR] = "paper.fault.year"
    for name in (_RECEIVED, _CONFIRMED):
        if head[name] and moment_of(head[name]) is None:
            faults[name] = "paper.fault.time"
    return faults


def paper_form(typed: Typed, code: str) -> PaperForm | None:
    """What was typed as a form; None where `head_faults` finds something."""
    received = moment_of(typed.head[_RECEIVED])
    if head_faults(typed.head) or received is None:
        return None
    return PaperForm(
        procedure=code,
        number=typed.head[_NUMBER],
        year=int(typed.head[_YEAR]),
        received_at=received,
        confirmed_at=moment_of(typed.head[_CONFIRMED]),
        confirmation=typed.head[_CONFIRMATION] or None,
        values={name: text for name, text in typed.values.items() if text},
        rows=typed.rows,
    )
