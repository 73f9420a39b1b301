"""Form 14 from a form that is filled in again: the version in force is shown as it is, and what is changed there
becomes the list of changes, or the complete form where no list can say it (Articles 11, 14, 17).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lxml import etree

from adapter.model.procedure import AmendsSpec, Label
from adapter.pipeline.forms.answers import Answers, Texts
from adapter.pipeline.forms.differences import Changed, answers_in, differences
from adapter.pipeline.forms.fill import fill
from adapter.pipeline.forms.given import TIME
from adapter.pipeline.forms.layout import FormField, FormGroup, FormLayout, FormSection
from adapter.pipeline.forms.unsigned import Heading, enveloped, whole
from adapter.pipeline.mapping import CodeLists

_INDEX = re.compile(r"\[(\d+)\]")
_OWN_UNIT = "toUnit"


@dataclass(frozen=True, slots=True)
class Amending:
    """An amendment as it is filled in. `before`: the version that it starts from, whole; `after`: what is to stand."""

    before: Answers
    after: Answers
    own: Texts
    """Values of form 14 itself: who amends, the request that is answered, the reason."""


@dataclass(frozen=True)
class AmendingForm:
    """Two forms in one: `own` is form 14, `amended` the form that it amends."""

    own: FormLayout
    amended: FormLayout

    @cached_property
    def asked(self) -> FormLayout:
        """What a person fills in: what form 14 alone asks, and then the amended form."""
        section = FormSection(self.own.spec.root, self._reason, False, self.own_fields)
        return FormLayout(
            procedure=self.amended.procedure,
            spec=self.amended.spec,
            sections=(section, *self.amended.sections),
            groups=self.amended.groups,
            places=self.amended.places,
        )

    @cached_property
    def own_fields(self) -> tuple[FormField, ...]:
        """What form 14 asks and the amended form does not say already."""
        known = {*self.amended.fields, *self.own.procedure.prefill, self._amends.request}
        known |= set(self.own.procedure.place.values())
        return tuple(field for field in self.own.fields.values() if not field.given and field.name not in known)

    @property
    def _amends(self) -> AmendsSpec:
        amends = self.own.procedure.amends
        assert amends is not None, "only what amends has an amending form"
        return amends

    @property
    def _reason(self) -> Label:
        field = self.own.fields[self._amends.reason]
        return field.label

    @property
    def _changes(self) -> FormGroup:
        group = self.own.group(self._amends.group)
        assert group is not None, "the check at start has seen it"
        return group

    def cover(self, before: Answers, known: Texts, request: str) -> dict[str, str]:
        """What form 14 says of itself beside its reason, begun once.

        What the amended form says under the same name, and in its place whoever fills it in (`known`, by field).
        """
        shared = [field.name for field in self.own.fields.values() if not field.given]
        texts = {name: before.values.get(name, "") for name in shared}
        texts |= {**known, self._amends.request: request}
        return {name: text for name, text in texts.items() if text}

    def amending(self, before: Answers, answers: Answers, cover: Texts, heading: Heading, lists: CodeLists) -> Amending:
        """From what is filled in. What repeats the header, and when the declaration was made, stands as it stood."""
        done, amended = whole(self.amended, answers, heading, lists), self.amended.procedure
        standing = {equal.field for equal in amended.header_equal if equal.header != _OWN_UNIT}
        standing |= {name for name, source in amended.prefill.items() if source == TIME}
        after = done.with_values({name: before.values.get(name, "") for name in standing})
        names = set(self.amended.fields)
        after = Answers({name: text for name, text in after.values.items() if name in names}, after.rows)
        own = {**cover, **{each.name: answers.values.get(each.name, "") for each in self.own_fields}}
        return Amending(before, after, {name: text for name, text in own.items() if text})

    def changed(self, amending: Amending) -> tuple[Changed, ...]:
        """Every difference, in the order in which the list has them."""
        return tuple(differences(self.amended, amending.before, amending.after))

    def answers(self, amending: Amending) -> Answers:
        """Form 14's own answers."""
        rows = self._listed(amending)
        return Answers(amending.own) if rows is None else Answers(amending.own, {self._amends.group: rows})

    def _row(self, each: Changed) -> dict[str, str]:
        amends, group = self._amends, self.amended.group(each.group) if each.group else None
        row = {
            amends.form: self.amended.spec.form or "",
            amends.row: str(each.ordinal) if each.ordinal else "",
            amends.field: f"{group.path}/{each.field.path}" if group else each.field.path,
            amends.old: each.before,
            amends.new: each.after,
        }
        return {name: text for name, text in row.items() if text}

    def _listed(self, amending: Amending) -> tuple[dict[str, str], ...] | None:
        """The list of changes. It takes no row away and has bounds; None: the complete form stands in its place."""
        before, after = amending.before.rows, amending.after.rows
        rows = tuple(map(self._row, self.changed(amending)))
        if self._amends.replacement is None:
            return rows
        if any(len(after.get(name, ())) < len(stood) for name, stood in before.items()):
            return None
        longest = {field.name: field.longest for field in self._changes.fields}
        fits = all(len(text) <= (longest[name] or len(text)) for row in rows for name, text in row.items())
        return rows if fits and len(rows) <= (self._changes.most or len(rows)) else None

    def form(self, amending: Amending, heading: Heading, lists: CodeLists) -> etree._Element:
        """Form 14's root element."""
        own = self.answers(amending)
        root = fill(self.own, whole(self.own, own, heading, lists))
        if self._amends.group not in own.rows:
            etree.SubElement(root, str(self._amends.replacement)).append(fill(self.amended, amending.after))
        return root

    def envelope(self, amending: Amending, heading: Heading, lists: CodeLists) -> etree._Element:
        """The whole envelope that nobody has signed; it goes to the gate that has the dossier now."""
        return enveloped(self.own, amending.own, self.form(amending, heading, lists), heading, lists)

    def said_otherwise(
        self, amending: Amending, form: etree._Element, heading: Heading, lists: CodeLists
    ) -> Iterator[Changed]:
        """Where a form 14 that came back says something else than is filled in."""
        mine = whole(self.own, self.answers(amending), heading, lists)
        yield from differences(self.own, mine, answers_in(self.own, form))
        complete = form.find(f"{self._amends.replacement}/{self.amended.spec.root}")
        if complete is not None:
            yield from differences(self.amended, amending.after, answers_in(self.amended, complete))

    def in_asked(self, pointer: str, changes: Sequence[Changed]) -> str:
        """The pointer into form 14 as one into what was filled in, so that a fault is told at its field."""
        if not pointer.startswith(f"{self.own.base}/"):
            return pointer
        path = pointer.removeprefix(f"{self.own.base}/")
        complete = f"{self._amends.replacement}/{self.amended.spec.root}"
        if path == complete or path.startswith(f"{complete}/"):
            return f"{self.amended.base}{path.removeprefix(complete)}"
        if _INDEX.sub("", path).startswith(self._changes.path):
            found = _INDEX.search(path)
            ordinal = int(found[1]) if found else 1
            return self._place(changes[ordinal - 1]) if ordinal <= len(changes) else pointer
        return f"{self.amended.base}/{path}"

    def _place(self, each: Changed) -> str:
        group = self.amended.group(each.group) if each.group else None
        if group is None:
            return f"{self.amended.base}/{each.field.path}"
        return f"{self.amended.base}/{group.path}[{each.ordinal}]/{each.field.path}"


def all_asked(form: FormLayout, answers: Answers) -> Answers:
    """What a person may change of a version that stands: what the program fills in is filled in again."""
    values = {name: text for name, text in answers.values.items() if (f := form.fields.get(name)) and not f.given}
    rows = {}
    for group in form.groups:
        names = {field.name for field in group.asked}
        rows[group.name] = tuple(
            {name: text for name, text in row.items() if name in names} for row in answers.rows.get(group.name, ())
        )
    return replace(answers, values=values, rows=rows)
