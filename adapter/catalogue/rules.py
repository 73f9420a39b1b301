"""The proof of a mapping's rules: each argument names what the table says, and a value that its field can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapter.catalogue.fields import Fields, choice
from adapter.model.catalogue import Code
from adapter.model.procedure import FieldSpec, Procedure, RuleSpec
from adapter.pipeline.rules.days import RECEPTION
from adapter.pipeline.rules.table import RULES, ArgumentKind, Takes

Given = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one procedure with the code lists they may ask."""

    procedure: Procedure
    codelists: Mapping[str, Mapping[str, Code]]

    @property
    def _fields(self) -> Fields:
        return Fields(self.procedure, self.codelists)

    def faults(self) -> Iterator[str]:
        """Every fault of the rules."""
        for number, rule in enumerate(self.procedure.rules, start=1):
            for fault in self._rule(rule):
                yield f"rules: rule {number} ({rule.rule}): {fault}"

    def _rule(self, rule: RuleSpec) -> Iterator[str]:
        if rule.rule not in RULES:
            yield from choice("rule", rule.rule, RULES)
            return
        takes, given = RULES[rule.rule].takes, rule.arguments
        if missing := [name for name, takes_it in takes.items() if takes_it.needed and name not in given]:
            yield f"{' and '.join(missing)} must be given; this rule takes {', '.join(takes)}"
            return
        for name in given:
            if name not in takes:
                yield f"it takes no {name}; this rule takes {', '.join(takes)}"
        row = _row(given, RULES[rule.rule].subject)
        for name, argument in takes.items():
            if name in given:
                yield from self._argument(name, given[name], argument, given, row)

    def _argument(self, at: str, value: object, takes: Takes, given: Given, row: str) -> Iterator[str]:
        match takes.kind:
            case ArgumentKind.GROUP:
                if self.procedure.group(str(value)) is None:
                    yield f"{at}: there is no group {value}; name one of the mapping's groups"
            case ArgumentKind.FIELD:
                yield from self._fields.named(at, value, types=takes.types)
            case ArgumentKind.PLACE:
                yield from self._fields.named(at, value, rows=True, types=takes.types)
            case ArgumentKind.COLUMN:
                yield from self._fields.named(at, f"{row}.{value}", rows=True, types=takes.types)
            case ArgumentKind.BESIDE:
                yield from self._beside(at, value, takes, row)
            case ArgumentKind.DAY:
                if value != RECEPTION:
                    yield from self._beside(at, value, takes, row)
            case ArgumentKind.WHERE:
                yield from self._where(value, _row(given, "as") if "as" in given else row)
            case ArgumentKind.NUMBER:
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    yield f"{at}: {value} is no whole number from 0; correct it"
            case ArgumentKind.FACT:
                yield from self._fact(at, str(value), given)
            case ArgumentKind.VALUE | ArgumentKind.VALUES:
                yield from self._values(at, value, takes, given)

    def _beside(self, at: str, value: object, takes: Takes, row: str) -> Iterator[str]:
        yield from self._fields.named(at, value, rows=True, types=takes.types)
        group = str(value).rpartition(".")[0]
        if group and group != row:
            yield f"{at}: {value} is in other rows than this rule checks; name a field of {row or 'no group'}"

    def _where(self, where: object, row: str) -> Iterator[str]:
        """A condition names fields of the row, or fields outside the groups; the row's field comes first."""
        if not isinstance(where, Mapping) or not where:
            yield "where is no condition; write {field: value}"
            return
        for name, wanted in where.items():
            spec = self._fields.find(f"{row}.{name}") if row else None
            if spec is None:
                spec = self.procedure.field(str(name))
            if spec is None:
                places = f"{row} and outside the groups" if row else "the fields outside the groups"
                yield f"where: there is no field {name} in {places}; name one"
                continue
            for value in wanted if isinstance(wanted, list) else [wanted]:
                yield from self._fields.literal("where", spec, value)

    def _values(self, at: str, stated: object, takes: Takes, given: Given) -> Iterator[str]:
        values = stated if takes.kind is ArgumentKind.VALUES else [stated]
        if not isinstance(values, list):
            yield f"{at} is no list; write [a, b]"
            return
        spec = self._fields.find(str(given.get("field", "")))
        if spec is not None:
            for value in values:
                yield from self._fields.literal("value", spec, value)
        elif "gate" in given:
            yield from self._classes(at, values, given)

    def _classes(self, at: str, values: list[object], given: Given) -> Iterator[str]:
        spec = self._fields.find(str(given["gate"]))
        codes = self._codes(spec)
        known = {str(fact.value) for code in codes.values() for fact in code.facts.get("class", ())}
        for value in values:
            if codes and str(value) not in known:
                name = spec.codes if spec else None
                yield f"{at}: no code of the list {name} has the class {value}; there are: {', '.join(sorted(known))}"

    def _fact(self, at: str, fact: str, given: Given) -> Iterator[str]:
        spec = self._fields.find(str(given.get("field", "")))
        codes = self._codes(spec)
        if spec is not None and codes and all(fact not in code.facts for code in codes.values()):
            known = ", ".join(sorted({name for code in codes.values() for name in code.facts})) or "nothing"
            yield f"{at}: the code list {spec.codes} says no {fact} of its codes; it says: {known}"

    def _codes(self, spec: FieldSpec | None) -> Mapping[str, Code]:
        return self.codelists.get(spec.codes or "", {}) if spec is not None else {}


def _row(given: Given, subject: str) -> str:
    """The group whose rows a rule looks at; empty outside the groups."""
    return str(given["group"]) if "group" in given else str(given.get(subject, "")).rpartition(".")[0]
