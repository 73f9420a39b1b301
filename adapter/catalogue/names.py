"""The proof of a mapping's names: fields, groups, codes, rules and keywords that it speaks of exist and can be meant.

Each fault says where in procedure.yaml it stands, what is wrong and what to do; `check` puts the file before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapter.model.finding import Severity
from adapter.model.procedure import Code, FieldSpec, Procedure, RuleSpec, Unit
from adapter.pipeline.converters import CONVERTERS, write
from adapter.pipeline.rules import ARGUMENTS, OPTIONAL, RULES
from adapter.pipeline.terms import RUNNING_KINDS

HEADERS = ("reference", "documentYear", "documentType", "toUnit", "type", "function")
PLACES = ("gate", "unit", "principal", "declarant", "crossing")
SEARCH_KINDS = ("paper", "name", "tax_code", "plate", "confirmation", "personal_number")
DEADLINE_KINDS = ("declare_before", "bring_within", *RUNNING_KINDS)
ACCEPTANCES = ("automatic", "officer")
RESULTS = ("declaration", "procedure")
SIGNATURES = ("always", "never", "when_present")
DAYS = ("date", "datetime")
RULE_TYPES = {
    ("total_equals_rows", "total"): ("integer",),
    ("not_before", "field"): DAYS,
    ("not_before", "than"): DAYS,
    ("before_reception", "field"): DAYS,
}
"""Types that a rule's argument must have; on another type the rule would pass silently."""


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
        for number, rule in enumerate(self.procedure.rules, start=1):
            for fault in self._rule(rule):
                yield f"rules: rule {number} ({rule.rule}): {fault}"
        yield from self._deadlines()

    def _choices(self) -> Iterator[str]:
        procedure = self.procedure
        yield from _choice("acceptance", procedure.acceptance, ACCEPTANCES)
        yield from _choice("result", procedure.result, RESULTS)
        for column in procedure.place:
            yield from _choice("place", column, PLACES)
        for _, header in procedure.header_equal:
            yield from _choice("header_equal", header, HEADERS)
        for kind, _ in procedure.search:
            yield from _choice("search", kind, SEARCH_KINDS)

    def _defined(self) -> Iterator[str]:
        """Every name stands once, every type and code list exists."""
        procedure = self.procedure
        yield from _twice("groups", [group.name for group in procedure.groups])
        lists = [("fields", procedure.fields), *((f"groups: {group.name}", group.fields) for group in procedure.groups)]
        for where, fields in lists:
            yield from _twice(where, [spec.name for spec in fields])
            for spec in fields:
                yield from _choice(f"{where}: {spec.name}: type", spec.type, CONVERTERS)
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

    def _find(self, name: str, *, rows: bool) -> FieldSpec | None:
        """A field by name; with `rows` also `group.field`."""
        group_name, _, field_name = name.rpartition(".")
        if not group_name:
            return self.procedure.field(name)
        group = self.procedure.group(group_name) if rows else None
        return next((spec for spec in group.fields if spec.name == field_name), None) if group else None

    def _named(self, at: str, name: object, *, rows: bool = False, types: Iterable[str] = ()) -> Iterator[str]:
        spec = self._find(str(name), rows=rows)
        if spec is None:
            allowed = "a field, or group.field" if rows else "a field outside the groups"
            yield f"{at}: there is no field {name}; name {allowed}"
        elif types and spec.type not in types:
            yield f"{at}: {name} is of type {spec.type}; it must be {' or '.join(types)}"

    def _references(self) -> Iterator[str]:
        procedure = self.procedure
        for name, _ in procedure.header_equal:
            yield from self._named("header_equal", name)
        for name in procedure.identities:
            yield from self._named("declarant: identities", name, rows=True)
        for name in procedure.accounts:
            yield from self._named("declarant: accounts", name, rows=True)
        yield from self._principal()
        for column, name in procedure.place.items():
            yield from self._named(f"place: {column}", name, types=("datetime",) if column == "crossing" else ())
        for kind, name in procedure.search:
            yield from self._named(f"search: {kind}", name, rows=True)

    def _principal(self) -> Iterator[str]:
        """Who signs must be known to speak for somebody (Articles 3(4), 7(3))."""
        spec, policy = self.procedure.principal, self.procedure.signature
        if spec is None:
            if policy.required != "never":
                yield "declarant: principal: not stated; name the fields with the number of him for whom is signed"
            return
        if not spec.fields:
            yield "declarant: principal: fields: none; name a field"
        for name in spec.fields:
            yield from self._named("declarant: principal: fields", name)
        known = {*policy.stores, *(store for _, stores in policy.stores_where for store in stores)}
        for store in spec.unproved_in:
            yield from _choice("declarant: principal: unproved_in", store, known)

    def _signature(self) -> Iterator[str]:
        policy = self.procedure.signature
        yield from _choice("declarant: signature", policy.required, SIGNATURES)
        if policy.when_present is not None:
            yield from self._named("declarant: signature: when_present", policy.when_present)
        if policy.required != "never" and not policy.stores:
            yield "declarant: stores: none, so no signature could be trusted; name a trust store"
        for condition, _ in policy.stores_where:
            at = "declarant: stores: where"
            yield from self._named(at, condition.field)
            if (spec := self.procedure.field(condition.field)) is not None:
                yield from self._literal(at, spec, condition.value)

    def _literal(self, at: str, spec: FieldSpec, value: object) -> Iterator[str]:
        """A value that a field can never have makes a rule that always, or never, strikes."""
        text = value if isinstance(value, str) else write(value) if isinstance(value, bool | int) else str(value)
        if spec.type == "code" and spec.codes in self.codelists and text not in self.codelists[spec.codes or ""]:
            yield f"{at}: {spec.name} can never be {text}: it is not in the code list {spec.codes}; correct one of them"
        elif spec.type in CONVERTERS:
            try:
                CONVERTERS[spec.type](text)
            except (ValueError, KeyError):
                yield f"{at}: {spec.name} can never be {text}: that is no {spec.type}; correct the value"

    def _rule(self, rule: RuleSpec) -> Iterator[str]:
        if rule.rule not in RULES:
            yield from _choice("rule", rule.rule, RULES)
            return
        if rule.severity not in (Severity.REFUSE, Severity.WARN):
            yield f"severity {rule.severity} is not for rules; write refuse or warn"
        needed, allowed = ARGUMENTS[rule.rule], (*ARGUMENTS[rule.rule], *OPTIONAL.get(rule.rule, ()))
        if missing := [name for name in needed if name not in rule.arguments]:
            yield f"{' and '.join(missing)} must be given; this rule takes {', '.join(allowed)}"
            return
        for name in rule.arguments:
            if name not in allowed:
                yield f"it takes no {name}; this rule takes {', '.join(allowed)}"
        yield from self._arguments(rule.rule, rule.arguments)

    def _arguments(self, rule: str, given: Mapping[str, object]) -> Iterator[str]:
        group = str(given.get("group", ""))
        if group and self.procedure.group(group) is None:
            yield f"there is no group {group}; name one of the mapping's groups"
            return
        name = f"{group}.{given.get('field')}".lstrip(".")
        if "field" in given:
            yield from self._named("field", name, rows=True, types=RULE_TYPES.get((rule, "field"), ()))
            if (spec := self._find(name, rows=True)) is not None:
                yield from self._values(spec, given)
        for argument in ("total", "than"):
            if argument in given:
                yield from self._named(argument, given[argument], types=RULE_TYPES[rule, argument])
        if "where" in given:
            yield from self._where(given["where"], group or name.rpartition(".")[0], outside=not group)

    def _values(self, spec: FieldSpec, given: Mapping[str, object]) -> Iterator[str]:
        values = given.get("values", [given["value"]] if "value" in given else [])
        if not isinstance(values, list):
            yield "values is no list; write [a, b]"
            return
        for value in values:
            yield from self._literal("value", spec, value)

    def _where(self, where: object, group: str, *, outside: bool) -> Iterator[str]:
        """Conditions speak of one record: the row, or (`outside`) what stands outside the groups."""
        if not isinstance(where, Mapping) or not where:
            yield "where is no condition; write {field: value}"
            return
        records = [{name: self._find(f"{group}.{name}", rows=True) for name in where}] if group else []
        if outside:
            records.append({name: self.procedure.field(str(name)) for name in where})
        found = next((record for record in records if all(record.values())), records[0])
        for name, value in where.items():
            spec = found[name]
            if spec is None:
                yield f"where: there is no field {name} in {group or 'the fields outside the groups'}; name one"
            else:
                yield from self._literal("where", spec, value)

    def _deadlines(self) -> Iterator[str]:
        procedure, hidden = self.procedure, dict[str, str]()
        yield from _twice("deadlines", [limit.name for limit in procedure.deadlines])
        for limit in procedure.deadlines:
            at = f"deadlines: {limit.name}"
            yield from _choice(f"{at}: kind", limit.kind, DEADLINE_KINDS)
            if limit.kind in hidden and limit.kind != "bring_within":
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
            if limit.kind not in RUNNING_KINDS:
                yield from self._named(f"{at}: field", limit.field, types=("datetime",))
            for condition in limit.where:
                yield from self._named(f"{at}: where", condition.field)
                if (spec := procedure.field(condition.field)) is not None:
                    yield from self._literal(f"{at}: where", spec, condition.value)


def _choice(at: str, stated: object, known: Iterable[str]) -> Iterator[str]:
    if stated not in (listed := sorted(known)):
        yield f"{at}: {stated} is not known; write one of {', '.join(listed)}"


def _twice(at: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{at}: the name {name} stands twice; rename one"
