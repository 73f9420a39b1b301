"""What a form says, compared with what was filled in: a file that comes back signed may have been changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from adapter.pipeline.forms.answers import Answers, Texts, name_in_row
from adapter.pipeline.forms.layout import FormField, FormLayout
from adapter.pipeline.text import value_at


@dataclass(frozen=True, slots=True)
class Changed:
    """A place where they differ. `name` is as a page has it; an empty text: nothing stands there."""

    name: str
    field: FormField
    group: str | None
    ordinal: int | None
    before: str
    after: str


def answers_in(layout: FormLayout, form: etree._Element) -> Answers:
    """The texts of a form's element, under the mapping's names. Nothing is judged: a text may be no value at all."""
    rows = {group.name: tuple(_texts(row, group.fields) for row in form.findall(group.path)) for group in layout.groups}
    return Answers(_texts(form, layout.fields.values()), rows)


def differences(layout: FormLayout, before: Answers, after: Answers) -> Iterator[Changed]:
    """All differences, in the order of the form."""
    for section in layout.sections:
        for field, old, new in _unlike(section.fields, before.values, after.values):
            yield Changed(field.name, field, None, None, old, new)
    for group in layout.groups:
        rows = max(len(answers.rows.get(group.name, ())) for answers in (before, after))
        for ordinal in range(1, rows + 1):
            one, other = before.row(group.name, ordinal), after.row(group.name, ordinal)
            for field, first, second in _unlike(group.fields, one, other):
                name = name_in_row(group.name, ordinal, field.name)
                yield Changed(name, field, group.name, ordinal, first, second)


def _texts(element: etree._Element, fields: Iterable[FormField]) -> dict[str, str]:
    stated = ((field.name, unicodedata.normalize("NFC", value_at(element, field.path))) for field in fields)
    return {name: text for name, text in stated if text}


def _unlike(fields: Sequence[FormField], before: Texts, after: Texts) -> Iterator[tuple[FormField, str, str]]:
    for field in fields:
        old, new = before.get(field.name, ""), after.get(field.name, "")
        if old != new:
            yield field, old, new
