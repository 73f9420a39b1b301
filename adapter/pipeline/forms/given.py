"""What the program fills into a form by itself, so that nobody is asked for it and nobody can contradict it.

A field that repeats the header, the number of a row, a count of rows, the unit that has the gate, the time at which it
is sent, and a field that a rule lets have one value only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from adapter.model.catalogue import Code
from adapter.model.procedure import Procedure
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.answers import Answers, Texts
from adapter.pipeline.mapping import CodeLists
from adapter.pipeline.rules.view import conditions, matches, text

SERVES = "gate_serves"
COUNTS = "total_equals_rows"
ONE_VALUE = "equals"
TIME = "time"
UNIT = "unit"
"""The fact of a gate that names its unit."""


def given_fields(procedure: Procedure) -> frozenset[str]:
    """Names of such fields; of a row's field with its list's name before it."""
    names = {equal.field for equal in procedure.header_equal}
    names |= {f"{group.name}.{group.ordinal}" for group in procedure.groups if group.ordinal}
    if (attached := procedure.attached) is not None:  # a row is made by uploading its file: the person says what it is
        fields = next(group.fields for group in procedure.groups if group.name == attached.group)
        names |= {f"{attached.group}.{field.name}" for field in fields if field.name != attached.kind}
    names |= {str(rule.arguments["total"]) for rule in procedure.rules if rule.rule == COUNTS}
    names |= {name for name, _ in _constants(procedure)}
    names |= {name for name, source in procedure.prefill.items() if source == TIME}
    return frozenset(names)


def completed(
    procedure: Procedure, answers: Answers, said: Mapping[str, str], lists: CodeLists, at: datetime
) -> Answers:
    """The answers with everything that is given, for a message that is sent at this time (aware).

    `said` has the header's values by the words of `header_equal`.
    """
    rows = {
        group.name: tuple(
            {**row, group.ordinal: str(ordinal)} if group.ordinal else row
            for ordinal, row in enumerate(answers.rows.get(group.name, ()), start=1)
        )
        for group in procedure.groups
    }
    values = {**answers.values, **dict(_constants(procedure))}
    values.update({name: write(at) for name, source in procedure.prefill.items() if source == TIME})
    values.update(_repeated(procedure, said, lists, at.astimezone(VIETNAM).date()))
    values.update(_counted(procedure, values, rows))
    return Answers({name: value for name, value in values.items() if value}, rows)


def begun(procedure: Procedure, known: Mapping[str, str]) -> dict[str, str]:
    """What a form is begun with; `known` has what is known of who fills it in, by source."""
    stated = ((name, known.get(source, "")) for name, source in procedure.prefill.items() if source != TIME)
    return {name: text for name, text in stated if text}


def unit_of_gate(procedure: Procedure, values: Texts, lists: CodeLists, on: date) -> str | None:
    """The code of the unit that has the gate which is filled in, or None."""
    field = procedure.field(procedure.place.get("gate", ""))
    code = lists.get(field.codes or "", {}).get(values.get(field.name, "")) if field else None
    unit = code.fact(UNIT, on) if code else None
    return unit if isinstance(unit, str) else None


def gates_of(procedure: Procedure, lists: CodeLists, on: date) -> tuple[Code, ...]:
    """The gates where a procedure is handled on a day, in the order of their list."""
    field = procedure.field(procedure.place.get("gate", ""))
    if field is None:
        return ()
    rule = next((each for each in procedure.rules if each.rule == SERVES), None)
    classes = rule.arguments.get("classes") if rule else None
    return tuple(code for code in lists.get(field.codes or "", {}).values() if _serves(code, procedure, classes, on))


def _serves(code: Code, procedure: Procedure, classes: object, on: date) -> bool:
    kind, served = code.fact("class", on), code.fact("procedures", on)
    return (
        code.valid(on)
        and (not isinstance(classes, list) or kind is None or kind in classes)
        and (not isinstance(served, list) or str(procedure.code) in served)
    )


def _constants(procedure: Procedure) -> Iterator[tuple[str, str]]:
    """Fields outside the lists that may have one value only."""
    for rule in procedure.rules:
        name = str(rule.arguments.get("field"))
        if rule.rule == ONE_VALUE and not rule.arguments.get("where") and "." not in name:
            yield name, text(rule.arguments["value"])


def _repeated(procedure: Procedure, said: Mapping[str, str], lists: CodeLists, on: date) -> Iterator[tuple[str, str]]:
    """What repeats the header; where it is not known (no number was drawn yet), it is left out."""
    for equal in procedure.header_equal:
        stated, spec = said.get(equal.header, ""), procedure.field(equal.field)
        if equal.fact is not None and spec is not None:
            codes = lists.get(spec.codes or "", {}).values()
            stated = next((code.code for code in codes if code.fact(equal.fact, on) == stated), "")
        yield equal.field, stated


def _counted(procedure: Procedure, values: Texts, rows: Mapping[str, tuple[Texts, ...]]) -> Iterator[tuple[str, str]]:
    for rule in procedure.rules:
        if rule.rule != COUNTS:
            continue
        group, wanted = procedure.group(str(rule.arguments["group"])), conditions(rule.arguments.get("where"))
        own = {spec.name for spec in group.fields} if group else set()
        within = {name: texts for name, texts in wanted.items() if name in own}
        outside = {name: texts for name, texts in wanted.items() if name not in own}
        if group is not None and matches(values, outside):
            yield str(rule.arguments["total"]), str(sum(1 for row in rows[group.name] if matches(row, within)))
