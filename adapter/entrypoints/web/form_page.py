"""Fields of a form as a page shows them and as it sends them back. It knows no form by name: forms are data.

One field has one name (`persons.3.expiryDate`) and one id (the same with hyphens), so that a fault in the summary leads
to its input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from adapter.entrypoints.web.words import Language, word
from adapter.model.catalogue import Code
from adapter.model.finding import FindingCatalogue
from adapter.model.procedure import Label
from adapter.pipeline.forms.answers import Texts, name_in_row
from adapter.pipeline.forms.entry import entered, findings, is_needed, shown, spoken
from adapter.pipeline.forms.layout import FormField
from adapter.pipeline.mapping import CodeLists
from adapter.pipeline.rules.view import FLAGS
from adapter.pipeline.wanted import takes

FEW = 4
"""Up to this number choices are shown as buttons; more are a list."""
_DIGITS = ("date", "partial_date", "datetime", "integer", "year")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that can be chosen."""

    value: str
    label: Label


@dataclass(frozen=True, slots=True)
class Box:
    """One field on a page."""

    name: str
    label: Label
    hint: Label | None
    value: str
    kind: str
    """text | lines | buttons | list"""
    choices: tuple[Choice, ...]
    required: bool
    longest: int | None
    digits: bool
    """Digits first on a telephone's keyboard."""
    error: Label | None = None

    @property
    def id(self) -> str:
        """The input's id."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of the summary of errors; `at` is the id that it leads to, empty where there is none."""

    at: str
    label: Label | None
    """What it is about, where the message does not say so itself."""
    message: Label


@dataclass(frozen=True, slots=True)
class Filled:
    """The content of a sent page."""

    texts: Texts
    """By field, as they are kept."""
    errors: Mapping[str, Label]
    """By field: what is wrong with it."""
    cleaned: tuple[Label, ...]
    """Labels of fields from which invisible characters were removed."""


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one page: those of a section, or of a row of a list."""

    fields: Sequence[FormField]
    group: str = ""
    ordinal: int = 0

    def name_of(self, field: FormField) -> str:
        """The name of a field on the page."""
        return name_in_row(self.group, self.ordinal, field.name) if self.group else field.name


@dataclass(frozen=True, slots=True)
class FormView:
    """Everything needed to show and read fields: code lists, texts of findings, the day.

    `only` bounds the codes of a field that has fewer here than its list, such as the gates of a procedure.
    """

    lists: CodeLists
    texts: FindingCatalogue
    on: date
    only: Mapping[str, frozenset[str]]

    def boxes(self, row: Row, texts: Texts, errors: Mapping[str, Label]) -> tuple[Box, ...]:
        """The fields with what is filled in, and what is wrong with it."""
        return tuple(self._box(field, texts.get(field.name, ""), row, errors.get(field.name)) for field in row.fields)

    def _box(self, field: FormField, value: str, row: Row, error: Label | None) -> Box:
        choices = self.choices(field)
        few = "buttons" if len(choices) <= FEW else "list"
        kind = few if field.is_choice else "lines" if field.is_long else "text"
        if kind == "list" and value and all(choice.value != value for choice in choices):
            # A value from a file that is in no list is kept, and reported.
            choices = (*choices, Choice(value, Label(value, value)))
        return Box(
            name=row.name_of(field),
            label=field.label,
            hint=field.hint,
            value=value if field.is_choice else shown(field, value),
            kind=kind,
            choices=choices,
            required=field.required or field.required_with is not None,
            longest=field.longest,
            digits=field.type in _DIGITS,
            error=error,
        )

    def choices(self, field: FormField) -> tuple[Choice, ...]:
        """The choices; empty for a field to type in."""
        if field.codes:
            codes: Iterable[Code] = self.lists.get(field.codes, {}).values()
            only = self.only.get(field.name)
            valid = [code for code in codes if code.valid(self.on) and (only is None or code.code in only)]
            taken = [code for code in valid if takes(field.simple, code.code)]
            return tuple(Choice(code.code, Label(code.vi, code.en)) for code in taken)
        if field.type == "flag":
            words = ((value, FLAGS[value]) for value in sorted(FLAGS, reverse=True))
            return tuple(Choice(value, Label(said.vi.capitalize(), said.en.capitalize())) for value, said in words)
        return tuple(Choice(value, Label(value, value)) for value in field.listed)

    def read(self, row: Row, posted: Mapping[str, str], outside: Texts) -> Filled:
        """What was typed into these fields; `outside` are the values that conditions of a row may look at, too."""
        return self._filled(row, {field.name: posted.get(row.name_of(field), "") for field in row.fields}, outside)

    def errors(self, row: Row, texts: Texts, outside: Texts) -> Mapping[str, Label]:
        """What is wrong with what is kept already."""
        return self._filled(row, texts, outside).errors

    def _filled(self, row: Row, typed: Mapping[str, str], outside: Texts) -> Filled:
        texts, errors, cleaned = dict[str, str](), dict[str, Label](), list[Label]()
        for field in row.fields:
            entry = entered(field, typed.get(field.name, ""), self.lists)
            texts[field.name] = entry.text
            if found := findings(field, entry, ""):
                stated = self.texts.state(found[0])
                errors[field.name] = Label(stated.vi, stated.en)
            if entry.changed:
                cleaned.append(field.label)
        for field in row.fields:
            if not texts[field.name] and is_needed(field, texts, outside, row.fields):
                errors[field.name] = said("form.missing")
        return Filled(texts, errors, tuple(cleaned))

    def spoken(self, field: FormField, text: str) -> Label:
        """The value as people say it."""
        return spoken(field, text, self.lists)


def troubles(boxes: Sequence[Box]) -> tuple[Trouble, ...]:
    """The errors of a page, in its order."""
    return tuple(trouble(first_id(box), box.label, box.error) for box in boxes if box.error is not None)


def trouble(at: str, label: Label, message: Label) -> Trouble:
    """One line of a summary; the label stands before a message that does not name it."""
    return Trouble(at, None if label.vi in message.vi else label, message)


def first_id(box: Box) -> str:
    """What the summary leads to: the input, of buttons the first."""
    return f"{box.id}-1" if box.kind == "buttons" else box.id


def said(key: str) -> Label:
    """A text of ours in both languages."""
    return Label(word(Language.VI, key), word(Language.EN, key))
