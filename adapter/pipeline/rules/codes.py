"""Rules on facts of code lists: valid on the day, a gate and its unit, a paper and its holder. The facts are data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from adapter.model.catalogue import Code
from adapter.model.finding import Finding
from adapter.model.procedure import Label
from adapter.model.stages import Record, Value
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.days import on_day
from adapter.pipeline.rules.view import Arguments, View, text


def code_valid_on(view: View, given: Arguments) -> Iterator[Finding]:
    """A code is valid on the day that a field states, or on the day of reception."""
    name = str(given["field"])
    for ordinal, value, record in view.stated(name, given.get("where")):
        code, on = view.code(name, value), on_day(view, given["day"], record)
        if code is not None and on is not None and not code.valid(on):
            yield view.fault("code_not_valid", name, ordinal, day=on.isoformat())


def code_agrees(view: View, given: Arguments) -> Iterator[Finding]:
    """What the code list says of a code is what another field says: a gate's unit, a sign's State."""
    name, other = str(given["field"]), str(given["with"])
    for ordinal, value, record in view.stated(name, given.get("where")):
        expected = _fact(view, name, value, given["fact"], view.today)
        stated = view.beside(other, record)
        if expected is not None and stated is not None and text(stated) not in expected:
            pointer_of = ordinal if other.rpartition(".")[0] else 0
            words = _wanted(view, name, other, expected)
            yield view.fault("code_disagrees", other, pointer_of, **words)


def gate_serves(view: View, given: Arguments) -> Iterator[Finding]:
    """A gate is open on that day, of a class this procedure is handled at, serves it, and has the unit declared."""
    name = str(given["gate"])
    gate = view.value(name)
    on = on_day(view, given.get("day"), view.declaration.values)
    code = view.code(name, gate)
    if gate is None or on is None or code is None:
        return
    classes = given.get("classes")
    kind = _fact(view, name, gate, "class", on)
    served = _fact(view, name, gate, "procedures", on)
    if (
        not code.valid(on)
        or (isinstance(classes, list) and kind is not None and not kind & set(map(text, classes)))
        or (served is not None and str(view.procedure.code) not in served)
    ):
        yield view.fault("gate_does_not_serve", name, day=on.isoformat())
    if "unit" in given:
        unit, own = view.value(str(given["unit"])), _fact(view, name, gate, "unit", on)
        if unit is not None and own is not None and text(unit) not in own:
            words = _wanted(view, name, str(given["unit"]), own)
            yield view.fault("code_disagrees", str(given["unit"]), **words)


def _wanted(view: View, name: str, other: str, said: frozenset[str]) -> dict[str, str]:
    """What `other` must agree with, and which values of it would, by their names where it has a code list."""
    codes = [view.code(other, each) or Code(each, each, each) for each in sorted(said)]
    wanted = Label(vi=", ".join(code.vi for code in codes), en=", ".join(code.en for code in codes))
    return {**named(view.field(name).label, "other"), **named(wanted, "wanted")}


def located_in(view: View, given: Arguments) -> Iterator[Finding]:
    """A port lies in a State: the first two letters of its UN/LOCODE are the State's (UNECE Recommendation 16)."""
    name, state = str(given["field"]), text(given["state"])
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if text(value)[:2].upper() != state:
            yield view.fault("port_abroad", name, ordinal, state=state)


def paper_allowed(view: View, given: Arguments) -> Iterator[Finding]:
    """The kind of paper serves this holder at this gate in this direction (TT 09/2016/TT-BQP Article 8, as data)."""
    name = str(given["type"])
    beside = [str(given[argument]) for argument in ("nationality", "direction", "gate") if argument in given]
    own = [field for group, _, field in (each.rpartition(".") for each in beside) if group]
    known: dict[tuple[Value | None, ...], bool] = {}  # a list of hundreds has a handful of kinds of holder
    for ordinal, value, record in view.stated(name, given.get("where")):
        kind = (value, *map(record.get, own))
        if kind not in known:
            known[kind] = _serves(view.code(name, value), view, given, record)
        if not known[kind]:
            paper = view.code(name, value)
            words = {"paper": paper.vi, "paper_en": paper.en} if paper else {}
            yield view.fault("paper_not_allowed", name, ordinal, **words)


def _serves(paper: Code | None, view: View, given: Arguments, record: Record) -> bool:
    cases = paper.fact(ALLOWED, view.today) if paper else None
    return not isinstance(cases, list) or any(_suits(case, view, given, record) for case in cases)


def _suits(case: Mapping[str, Any], view: View, given: Arguments, record: Record) -> bool:
    """Every condition of the case holds, as far as what it asks for is declared."""
    return all(
        (said := _asked(word, view, given, record)) is None or bool(said & set(wanted)) is not word.startswith("not_")
        for word, wanted in case.items()
    )


def _asked(word: str, view: View, given: Arguments, record: Record) -> frozenset[str] | None:
    """What the declaration says to a word of a case; None where it says nothing.

    A gate of which the list says no neighbour has none: a port is on no border that a border paper could serve at.
    """
    argument, fact = CASE_WORDS[word]
    name = given.get(argument)
    value = None if name is None else view.beside(name, record)
    if name is None or value is None:
        return None
    return (_fact(view, str(name), value, fact, view.today) or frozenset()) if fact else frozenset({text(value)})


ALLOWED = "allowed"
"""The fact of a kind of paper that lists for whom, where and which way it serves; without it, it serves everybody."""

CASE_WORDS: dict[str, tuple[str, str]] = {
    "nationality": ("nationality", ""),
    "not_nationality": ("nationality", ""),
    "direction": ("direction", ""),
    "gate_class": ("gate", "class"),
    "neighbour": ("gate", "neighbour"),
}
"""Words of a case in `allowed`: the rule's argument they are held against, and the fact of its code, if not itself."""


def _fact(view: View, name: str, value: object, fact: object, on: date) -> frozenset[str] | None:
    """What the code list says of a value on a day, as texts; None where it says nothing."""
    code = view.code(name, text(value))
    fact_of_code = code.fact(str(fact), on) if code else None
    if fact_of_code is None:
        return None
    return (
        frozenset(map(text, fact_of_code))
        if isinstance(fact_of_code, list | tuple)
        else frozenset({text(fact_of_code)})
    )
