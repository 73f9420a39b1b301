"""The closed table of rules. A mapping chooses rules and their severity; it does not program them.

A rule on an absent value passes: presence is demanded by `required_when` and `at_least_one`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from adapter.model.calendar import NO_CALENDAR, Calendar
from adapter.model.finding import Finding, Severity
from adapter.model.procedure import FieldSpec, GroupSpec, Label, Procedure, Unit
from adapter.model.stages import Declaration, Record, Value
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.mapping import named, row_pointer
from adapter.pipeline.terms import is_late

Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _View:
    """A declaration as rules look at it: values with their pointers and labels."""

    declaration: Declaration

    @property
    def procedure(self) -> Procedure:
        return self.declaration.verified.envelope.procedure

    @property
    def base(self) -> str:
        return f"/Envelope/Body/Content/{self.declaration.verified.envelope.spec.root}"

    @property
    def received_at(self) -> datetime:
        return self.declaration.verified.envelope.submission.received_at

    def field(self, name: str) -> FieldSpec:
        spec = self.procedure.field(name)
        assert spec is not None, name
        return spec

    def group(self, name: str) -> GroupSpec:
        spec = self.procedure.group(name)
        assert spec is not None, name
        return spec

    def rows(self, name: str) -> tuple[Record, ...]:
        """Rows of a group."""
        return self.declaration.rows.get(name, ())

    def places(self, name: str) -> Iterator[tuple[int, FieldSpec, Value | None, Record]]:
        """Each place where a field stands: ordinal, field, value, record; `group.field` stands in every row.

        A pointer is spelled out (`at`) only where something is found: a list has hundreds of places and few faults.
        """
        group_name, _, field_name = name.rpartition(".")
        if not group_name:
            yield 0, self.field(name), self.declaration.values.get(name), self.declaration.values
            return
        spec = next(spec for spec in self.group(group_name).fields if spec.name == field_name)
        for ordinal, row in enumerate(self.rows(group_name), start=1):
            yield ordinal, spec, row.get(field_name), row

    def at(self, name: str, ordinal: int) -> str:
        """XPath of a field, or of that field in the row of that ordinal."""
        group_name, _, field_name = name.rpartition(".")
        if not group_name:
            return f"{self.base}/{self.field(name).path}"
        group = self.group(group_name)
        path = next(spec.path for spec in group.fields if spec.name == field_name)
        return f"{row_pointer(self.base, group.path, ordinal, len(self.rows(group_name)))}/{path}"

    def value(self, name: str) -> Value | None:
        return self.declaration.values.get(name)


Rule = Callable[[_View, Arguments], Iterator[Finding]]


def _matches(record: Record, where: object) -> bool:
    if not isinstance(where, Mapping):
        return True
    return all(_text(record.get(name, "")) == _text(value) for name, value in where.items())


def _text(value: object) -> str:
    """Values of the record and of the mapping meet as element text: a flag is `1` on both sides."""
    if isinstance(value, str):
        return value
    return write(value) if isinstance(value, Value) else str(value)


def _total_equals_rows(view: _View, given: Arguments) -> Iterator[Finding]:
    """The declared total equals the rows of the list (PAXLST control total)."""
    spec = view.field(str(given["total"]))
    total = view.value(spec.name)
    rows = sum(1 for row in view.rows(str(given["group"])) if _matches(row, given.get("where")))
    if total is not None and total != rows:
        yield Finding(
            name="total_mismatch",
            pointer=f"{view.base}/{spec.path}",
            words={**named(spec.label), "rows": str(rows)},
        )


def _all_different(view: _View, given: Arguments) -> Iterator[Finding]:
    """No value of the field stands in two rows; the second and later ones are at fault."""
    seen: set[Value] = set()
    name = f"{given['group']}.{given['field']}"
    for ordinal, spec, value, _ in view.places(name):
        if value is not None and value in seen:
            yield Finding(name="not_different", pointer=view.at(name, ordinal), words=named(spec.label))
        elif value is not None:
            seen.add(value)


def _at_least_one(view: _View, given: Arguments) -> Iterator[Finding]:
    """At least one row of the list has the values asked for."""
    group = view.group(str(given["group"]))
    where = given.get("where")
    if not any(_matches(row, where) for row in view.rows(group.name)):
        parent = group.path.rpartition("/")[0] or group.path
        what = ", ".join(f"{k}={v}" for k, v in where.items()) if isinstance(where, Mapping) else ""
        words = {**named(group.label, "group"), "what": what}
        yield Finding(name="none_of_required", pointer=f"{view.base}/{parent}", words=words)


def _day(value: Value | None) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).date()
    return value if isinstance(value, date) else None


def _not_before(view: _View, given: Arguments) -> Iterator[Finding]:
    """A date is not before another, compared as days in Vietnam."""
    other = view.field(str(given["than"]))
    limit = _day(view.value(other.name))
    name = str(given["field"])
    for ordinal, spec, value, _ in view.places(name):
        day = _day(value)
        if day is not None and limit is not None and day < limit:
            words = {**named(spec.label), **named(other.label, "other")}
            yield Finding(name="date_order", pointer=view.at(name, ordinal), words=words)


def _before_reception(view: _View, given: Arguments) -> Iterator[Finding]:
    """A date lies before the day of reception."""
    today = view.received_at.astimezone(VIETNAM).date()
    name = str(given["field"])
    for ordinal, spec, value, _ in view.places(name):
        day = _day(value)
        if day is not None and day >= today:
            yield Finding(name="not_in_past", pointer=view.at(name, ordinal), words=named(spec.label))


def _required_when(view: _View, given: Arguments) -> Iterator[Finding]:
    """A field is there when others have the values given."""
    where = given.get("where")
    name = str(given["field"])
    for ordinal, spec, value, record in view.places(name):
        if value is None and (_matches(record, where) or _matches(view.declaration.values, where)):
            condition = ", ".join(f"{k}={v}" for k, v in where.items()) if isinstance(where, Mapping) else ""
            words = {**named(spec.label), "condition": condition}
            yield Finding(name="value_required", pointer=view.at(name, ordinal), words=words)


def _one_of(view: _View, given: Arguments) -> Iterator[Finding]:
    """A value is one of those foreseen."""
    raw = given.get("values", [given.get("value")])
    allowed = {_text(value) for value in raw} if isinstance(raw, list | tuple) else {_text(raw)}
    name = str(given["field"])
    for ordinal, spec, value, _ in view.places(name):
        if value is not None and _text(value) not in allowed:
            yield Finding(name="value_not_expected", pointer=view.at(name, ordinal), words=named(spec.label))


RULES: dict[str, Rule] = {
    "total_equals_rows": _total_equals_rows,
    "all_different": _all_different,
    "at_least_one": _at_least_one,
    "not_before": _not_before,
    "before_reception": _before_reception,
    "required_when": _required_when,
    "one_of": _one_of,
    "equals": _one_of,
}
"""Every rule a mapping may name."""

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "total_equals_rows": ("total", "group"),
    "all_different": ("group", "field"),
    "at_least_one": ("group", "where"),
    "not_before": ("field", "than"),
    "before_reception": ("field",),
    "required_when": ("field", "where"),
    "one_of": ("field", "values"),
    "equals": ("field", "value"),
}
"""What each rule must be given."""

OPTIONAL: dict[str, tuple[str, ...]] = {"total_equals_rows": ("where",)}
"""What a rule may be given besides; anything else would be passed over in silence."""


def check(declaration: Declaration, calendar: Calendar = NO_CALENDAR) -> tuple[Finding, ...]:
    """Apply the procedure's rules and its time limit for declaring; every finding with its severity."""
    view = _View(declaration)
    findings = [
        replace(finding, severity=spec.severity)
        for spec in view.procedure.rules
        for finding in RULES[spec.rule](view, spec.arguments)
    ]
    findings.extend(_late(view, calendar))
    findings.extend(_stranger(view))
    return tuple(findings)


def _late(view: _View, calendar: Calendar) -> Iterator[Finding]:
    """Late is flagged, never refused: the Decision names no consequence (Article 10)."""
    limit = view.procedure.deadline("declare_before", view.declaration.values)
    if limit is None or limit.field is None:
        return
    for ordinal, _, value, _ in view.places(limit.field):
        if isinstance(value, datetime) and is_late(limit, view.received_at, value, calendar):
            words = {"amount": f"{limit.amount:g}", **named(UNITS[limit.unit], "unit")}
            yield Finding(
                name="declared_late", pointer=view.at(limit.field, ordinal), severity=Severity.WARN, words=words
            )


UNITS = {
    Unit.HOURS: Label(vi="giờ", en="hours"),
    Unit.DAYS: Label(vi="ngày", en="days"),
    Unit.WORKING_DAYS: Label(vi="ngày làm việc", en="working days"),
}
"""What a time limit is counted in, for people."""


def _stranger(view: _View) -> Iterator[Finding]:
    """Whom the door authenticated must be a declarant of this declaration (Article 3(4))."""
    bound = view.declaration.verified.envelope.submission.bound_to
    if bound is None:
        return
    names = view.procedure.identities
    stated = {str(value) for name in names for _, _, value, _ in view.places(name) if value is not None}
    if bound not in stated:
        yield Finding(name="identity_mismatch", pointer=view.base, severity=Severity.REJECT)
