"""The proof of a mapping's names: fields, groups, codes, rules and keywords that it speaks of exist and can be meant.

Each fault says where in procedure.yaml it stands, what is wrong and what to do; `check` puts the file before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.catalogue.fields import Fields, choice
from adapter.catalogue.rules import Rules
from adapter.model.catalogue import Code
from adapter.model.duties import Unit
from adapter.model.finding import Severity
from adapter.model.procedure import PREFILLED, FieldSpec, HeaderEqual, Procedure
from adapter.pipeline.converters import CONVERTERS
from adapter.pipeline.terms import (
    BRING_WITHIN,
    CONFIRM_WITHIN,
    DECLARE_BEFORE,
    DECLARE_WITHIN,
    RUNNING_KINDS,
    TIMED_KINDS,
)

HEADERS = ("reference", "documentYear", "about", "aboutYear", "documentType", "toUnit", "type", "function", "meaning")
PLACES = ("gate", "direction", "unit", "principal", "declarant", "crossing")
SEARCH_KINDS = ("paper", "name", "tax_code", "plate", "confirmation", "personal_number", "ship")
DEADLINE_KINDS = (DECLARE_BEFORE, DECLARE_WITHIN, *RUNNING_KINDS)
ACCEPTANCES = ("automatic", "officer")
RESULTS = ("declaration", "procedure")
SIGNATURES = ("always", "never", "when_present")


@dataclass(frozen=True, slots=True)
class Names:
    """One procedure with the code lists it may name."""

    procedure: Procedure
    codelists: Mapping[str, Mapping[str, Code]]

    def faults(self) -> Iterator[str]:
        """Every fault of the names."""
        yield from self._choices()
        yield from self._defined()
        yield from self._references()
        yield from self._signature()
        yield from Rules(self.procedure, self.codelists).faults()
        yield from self._deadlines()

    @property
    def _fields(self) -> Fields:
        return Fields(self.procedure, self.codelists)

    def _choices(self) -> Iterator[str]:
        procedure = self.procedure
        yield from choice("acceptance", procedure.acceptance, ACCEPTANCES)
        yield from choice("result", procedure.result, RESULTS)
        if procedure.refusal_grounds is not None:
            yield from choice("refusal_grounds", procedure.refusal_grounds, self.codelists)
            yield from self._ground_of_faults(procedure.refusal_grounds)
        for column in procedure.place:
            yield from choice("place", column, PLACES)
        for equal in procedure.header_equal:
            yield from choice("header_equal", equal.header, HEADERS)
        for kind, _ in procedure.search:
            yield from choice("search", kind, SEARCH_KINDS)
        if procedure.once is not None:
            yield from choice("once: key", procedure.once.key, [kind for kind, _ in procedure.search])
            for column in ("gate", "crossing"):
                if column not in procedure.place:
                    yield f"once: place names no {column}; name the field under place, or leave once out"
        if (behalf := procedure.on_behalf) is not None:
            parts = {"declarant": behalf.declarant, "of": behalf.of, "letter": behalf.letter, "born": behalf.born}
            for part, name in parts.items():
                if name is not None:
                    yield from self._fields.named(f"declarant: on_behalf: {part}", name)
            if (behalf.born is None) != (behalf.under == 0):
                yield "declarant: on_behalf: write born and under together, or leave both out"

    def _ground_of_faults(self, name: str) -> Iterator[str]:
        """The program refuses too, so its ground must be in the list."""
        refuses = any(rule.severity is Severity.REFUSE for rule in self.procedure.rules)
        if refuses and all("declaration" not in code.facts for code in self.codelists.get(name, {}).values()):
            yield f"refusal_grounds: {name} has none for a declaration that breaks a rule; write declaration: faulty"

    def _defined(self) -> Iterator[str]:
        """Every name is unique, every type and code list exists."""
        procedure = self.procedure
        yield from _twice("groups", [group.name for group in procedure.groups])
        lists = [("fields", procedure.fields), *((f"groups: {group.name}", group.fields) for group in procedure.groups)]
        for where, fields in lists:
            yield from _twice(where, [spec.name for spec in fields])
            for spec in fields:
                yield from choice(f"{where}: {spec.name}: type", spec.type, CONVERTERS)
                yield from self._codes(f"{where}: {spec.name}", spec)
        for group in procedure.groups:
            if group.ordinal is not None and all(spec.name != group.ordinal for spec in group.fields):
                yield f"groups: {group.name}: ordinal: the group has no field {group.ordinal}; name one of its fields"

    def _codes(self, at: str, spec: FieldSpec) -> Iterator[str]:
        if spec.codes is None:
            if spec.type == "code":
                yield f"{at}: type code without a list; name one in codes"
        elif spec.type != "code":
            yield f"{at}: a code list for the type {spec.type}; write type: code"
        elif spec.codes not in self.codelists:
            known = ", ".join(sorted(self.codelists))
            yield f"{at}: there is no code list {spec.codes}; there are: {known}"

    def _references(self) -> Iterator[str]:
        procedure = self.procedure
        for equal in procedure.header_equal:
            yield from self._fields.named("header_equal", equal.field)
            yield from self._facts(equal)
        for name in procedure.identities:
            yield from self._fields.named("declarant: identities", name, rows=True)
        for name in procedure.accounts:
            yield from self._fields.named("declarant: accounts", name, rows=True)
        yield from self._principal()
        for column, name in procedure.place.items():
            yield from self._fields.named(f"place: {column}", name, types=("datetime",) if column == "crossing" else ())
        for name, source in procedure.prefill.items():
            yield from choice(f"prefill: {name}", source, PREFILLED)
            yield from self._fields.named("prefill", name, types=("datetime",) if source == "time" else ())
        if (attached := procedure.attached) is not None:
            for part in ("kind", "name", "size", "digest"):
                name = f"{attached.group}.{getattr(attached, part)}"
                yield from self._fields.named(f"attachments: {part}", name, rows=True)
        for kind, name in procedure.search:
            yield from self._fields.named(f"search: {kind}", name, rows=True)

    def _facts(self, equal: HeaderEqual) -> Iterator[str]:
        """A code that says nothing would pass under any header, one that says what no message means under none."""
        spec = self.procedure.field(equal.field)
        if equal.fact is None or spec is None:
            return
        meanings = {message.meaning.value for message in self.procedure.messages.values()}
        for code in self.codelists.get(spec.codes or "", {}).values():
            stated = {str(fact.value) for fact in code.facts.get(equal.fact, ())}
            if not stated:
                yield f"header_equal: {equal.field}: {code.code} of {spec.codes} says no {equal.fact}; state it there"
            elif equal.header == "meaning" and not stated <= meanings:
                yield f"header_equal: {equal.field}: no message means what {code.code} of {spec.codes} says; correct it"

    def _principal(self) -> Iterator[str]:
        """A signed procedure must state for whom the signer acts (Articles 3(4), 7(3))."""
        spec, policy = self.procedure.principal, self.procedure.signature
        if spec is None:
            if policy.required != "never":
                yield "declarant: principal: not stated; name the fields with the number of him for whom is signed"
            return
        if not spec.fields:
            yield "declarant: principal: fields: none; name a field"
        for name in spec.fields:
            yield from self._fields.named("declarant: principal: fields", name)
        known = {*policy.stores, *(store for _, stores in policy.stores_where for store in stores)}
        for store in spec.unproved_in:
            yield from choice("declarant: principal: unproved_in", store, known)

    def _signature(self) -> Iterator[str]:
        policy = self.procedure.signature
        yield from choice("declarant: signature", policy.required, SIGNATURES)
        if policy.when_present is not None:
            yield from self._fields.named("declarant: signature: when_present", policy.when_present)
        if policy.required != "never" and not policy.stores:
            yield "declarant: stores: none, so no signature could be trusted; name a trust store"
        for condition, _ in policy.stores_where:
            at = "declarant: stores: where"
            yield from self._fields.named(at, condition.field)
            if (spec := self.procedure.field(condition.field)) is not None:
                yield from self._fields.literal(at, spec, condition.value)

    def _deadlines(self) -> Iterator[str]:
        procedure, hidden = self.procedure, dict[str, str]()
        yield from _twice("deadlines", [limit.name for limit in procedure.deadlines])
        for limit in procedure.deadlines:
            at = f"deadlines: {limit.name}"
            yield from choice(f"{at}: kind", limit.kind, DEADLINE_KINDS)
            if limit.kind in hidden and limit.kind != BRING_WITHIN:
                yield (
                    f"{at}: {hidden[limit.kind]} before it is {limit.kind} without a condition, so this one would "
                    "never count; leave one out, or put the one with a condition first"
                )
            if not limit.where:
                hidden[limit.kind] = limit.name
            if not limit.amount > 0:
                yield f"{at}: {limit.amount:g} {limit.unit} are no time; write more than 0"
            elif limit.unit is not Unit.HOURS and limit.amount % 1:
                yield f"{at}: {limit.amount:g} {limit.unit}: days are counted whole; write a whole number"
            if limit.complete and limit.kind != CONFIRM_WITHIN:
                yield f"{at}: complete is of {CONFIRM_WITHIN} only; leave it out"
            if limit.kind in TIMED_KINDS:
                yield from self._fields.named(f"{at}: field", limit.field, types=("datetime",))
            for condition in limit.where:
                yield from self._fields.named(f"{at}: where", condition.field)
                if (spec := procedure.field(condition.field)) is not None:
                    yield from self._fields.literal(f"{at}: where", spec, condition.value)


def _twice(at: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{at}: the name {name} is there twice; rename one"
