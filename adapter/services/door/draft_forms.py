"""Made from a draft's answers: its form, the envelope that is signed or sent, and the findings in advance.

A draft that amends has two forms: form 14 is sent; the declarant fills in the form that it amends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from lxml import etree

from adapter.gateways.store import own_dossiers
from adapter.gateways.store.database import Database
from adapter.model.finding import Finding
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.pipeline.amendment.amend import CALLER, LATE, PAST
from adapter.pipeline.envelope import VIETNAM, read_time
from adapter.pipeline.forms.amending import Amending, AmendingForm
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import Changed, answers_in, differences
from adapter.pipeline.forms.faults import in_words_of_form
from adapter.pipeline.forms.layout import FormLayout, layout
from adapter.pipeline.forms.unsigned import Heading, unsigned, whole, written
from adapter.pipeline.judge import Ground, foreseen
from adapter.pipeline.terms import DECLARE_BEFORE, late_by
from adapter.services.door.draft import Draft, message_of
from adapter.services.door.precheck import Threshold, submitted
from adapter.services.ledger.amendment_base import declared_as

_UNCHANGED = "amendment_content"


@dataclass(frozen=True)
class DraftForms:
    """Forms of drafts. `sender` is the portal's name among the partners; `clock` gives the legal time."""

    database: Database
    ground: Ground
    threshold: Threshold
    sender: str
    clock: Callable[[], datetime]

    def layout(self, draft: Draft) -> FormLayout:
        """The form that is filled in."""
        return self._amending_form(draft).asked if draft.declared else self.of(draft.procedure, draft.spec)

    def message(self, draft: Draft) -> FormLayout:
        """The form that is sent."""
        return self.of(draft.procedure, draft.spec)

    @cached_property
    def of(self) -> Callable[[Procedure, MessageSpec], FormLayout]:
        """The form of a message, made once a process: it has hundreds of places."""
        drawn: dict[str, FormLayout] = {}

        def form(procedure: Procedure, spec: MessageSpec) -> FormLayout:
            name = f"{procedure.name} {spec.pair}"
            if name not in drawn:
                drawn[name] = layout(procedure, spec, self.ground.reporter(spec.schema_name))
            return drawn[name]

        return form

    @cached_property
    def amending(self) -> Callable[[Procedure, MessageSpec, Procedure], AmendingForm]:
        """Form 14 with the form that it amends, put together once a process."""
        made: dict[str, AmendingForm] = {}

        def form(procedure: Procedure, spec: MessageSpec, declared: Procedure) -> AmendingForm:
            name = f"{procedure.name} {spec.pair} {declared.name}"
            if name not in made:
                amended = message_of(declared, Meaning.DECLARATION)
                assert amended is not None, "whatever is amended was declared"
                made[name] = AmendingForm(self.of(procedure, spec), self.of(declared, amended))
            return made[name]

        return form

    def complete(self, draft: Draft) -> Answers:
        """The draft's answers with the values that the program fills in."""
        heading, lists = self._heading(draft), self.ground.catalogue.codelists
        if draft.declared is None:
            return whole(self.message(draft), draft.answers, heading, lists)
        amending = self._amending(draft, heading)
        return Answers({**amending.own, **amending.after.values}, amending.after.rows)

    def changed(self, draft: Draft) -> tuple[Changed, ...]:
        """The changes of an amendment against the version that it starts from; empty for any other draft."""
        if draft.declared is None:
            return ()
        return self._amending_form(draft).changed(self._amending(draft, self._heading(draft)))

    def envelope(self, draft: Draft) -> bytes:
        """The whole envelope, as it is signed and sent."""
        return self._written(draft, self._heading(draft))

    def late_by(self, draft: Draft) -> timedelta | None:
        """How late the declaration is if it is sent now; None where it is in time, or amends."""
        if draft.spec.meaning not in (Meaning.DECLARATION, Meaning.REPLACEMENT):
            return None
        values = self.complete(draft).values
        limit = draft.procedure.deadline(DECLARE_BEFORE, values)
        expected = read_time(values.get(limit.field or "", "")) if limit else None
        return late_by(limit, self.clock(), expected) if limit and expected else None

    def foreseen(self, draft: Draft) -> tuple[Finding, ...]:
        """The findings if it were sent now, at the fields of the form; no signature is checked yet."""
        now = self.clock()
        heading = replace(self._heading(draft), sent_at=now)
        found = self._judged(self._written(draft, heading), draft, now)
        if draft.declared is not None:
            amending, form = self._amending(draft, heading), self._amending_form(draft)
            changes = form.changed(amending)
            found = tuple(replace(each, pointer=form.in_asked(each.pointer, changes)) for each in found)
            found = (*found, *self._of_version(draft, amending, changes, heading, now))
        return tuple(in_words_of_form(self.layout(draft), finding) for finding in found)

    def _of_version(
        self, draft: Draft, amending: Amending, changes: Sequence[Changed], heading: Heading, now: datetime
    ) -> Iterator[Finding]:
        """The findings in the version that an amendment brings, which is checked as if it had been declared so.

        An amendment does not make a timely declaration late, nor an unchanged time wrong.
        """
        declared, form = draft.declared, self._amending_form(draft)
        if not changes:
            yield Finding(_UNCHANGED, form.amended.base)
        if declared is None or declared is not self.ground.catalogue.find(
            declared.code, now.astimezone(VIETNAM).date()
        ):
            return  # another version of the form is in force: its findings are shown when it is sent
        raw = written(unsigned(form.amended, amending.after, heading, self.ground.catalogue.codelists))
        changed = {each.field.path for each in changes if each.group is None}
        for finding in self._judged(raw, draft, now):
            stands = finding.pointer.removeprefix(f"{form.amended.base}/") not in changed
            if finding.name not in (LATE, CALLER) and not (finding.name == PAST and stands):
                yield finding

    def _judged(self, raw: bytes, draft: Draft, now: datetime) -> tuple[Finding, ...]:
        presented = self.threshold.present(raw, f"{self.sender}:{draft.owner}", now)
        body = etree.tostring(presented.tree, encoding="UTF-8")
        return foreseen(submitted(body, now, draft.owner), self.ground, presented.tree)

    def signed_otherwise(self, draft: Draft) -> list[Changed]:
        """The places where the signed file differs from the draft."""
        if draft.signed is None:
            return []
        sketch = self.message(draft)
        presented = self.threshold.present(draft.signed, f"{self.sender}:{draft.owner}", self.clock())
        form = presented.tree.find(f"Body/Content/{draft.spec.root}")
        if draft.declared is not None and form is not None:
            heading, lists = self._heading(draft), self.ground.catalogue.codelists
            amending = self._amending(draft, heading)
            return list(self._amending_form(draft).said_otherwise(amending, form, heading, lists))
        after = Answers() if form is None else answers_in(sketch, form)
        return list(differences(sketch, self.complete(draft), after))

    def pointers(self, draft: Draft, pointers: Sequence[str]) -> list[str]:
        """Places in what was sent, as places in what is filled in."""
        if draft.declared is None or not pointers:
            return list(pointers)
        form = self._amending_form(draft)
        changes = form.changed(self._amending(draft, self._heading(draft)))
        return [form.in_asked(pointer, changes) for pointer in pointers]

    def is_overtaken(self, draft: Draft) -> bool:
        """Whether its dossier has another version in force than the one that it was begun with."""
        if draft.about is None:
            return False
        with self.database.reading() as connection:
            row = own_dossiers.find(connection, draft.about.number, draft.about.year)
        return row is None or row.version != draft.base

    def _amending_form(self, draft: Draft) -> AmendingForm:
        assert draft.declared is not None, "only a draft that amends has two forms"
        return self.amending(draft.procedure, draft.spec, draft.declared)

    def _amending(self, draft: Draft, heading: Heading) -> Amending:
        form = self._amending_form(draft)
        lists = self.ground.catalogue.codelists
        return form.amending(self._before(draft, form.amended), draft.answers, draft.cover, heading, lists)

    def _before(self, draft: Draft, amended: FormLayout) -> Answers:
        """The version that it was begun with, whole."""
        about, base = draft.about, draft.base
        assert about is not None
        assert base is not None
        with self.database.reading() as connection:
            row = own_dossiers.find(connection, about.number, about.year)
            assert row is not None, "no dossier is ever removed"
            _, document = declared_as(connection, row.id, base, self.ground)
        return answers_of_document(amended, document)

    def _written(self, draft: Draft, heading: Heading) -> bytes:
        lists = self.ground.catalogue.codelists
        if draft.declared is None:
            return written(unsigned(self.message(draft), draft.answers, heading, lists))
        return written(self._amending_form(draft).envelope(self._amending(draft, heading), heading, lists))

    def _heading(self, draft: Draft) -> Heading:
        return Heading(draft.message_key, draft.pressed_at or self.clock(), draft.key, draft.about)


def answers_of_document(form: FormLayout, document: etree._Element) -> Answers:
    """The answers of a whole envelope, as they would be filled in."""
    root = document.find(f"Body/Content/{form.spec.root}")
    assert root is not None, "a version is valid"
    return answers_in(form, root)
