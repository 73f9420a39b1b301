"""Rules on lists: how many rows, which rows, whether they differ, what they have in common with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from adapter.model.finding import Finding
from adapter.model.stages import Record, Value
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.view import Arguments, Stated, View, is_under, matches


def _count(view: View, given: Arguments) -> int | None:
    """How many rows the rule speaks of; None where it does not apply."""
    wanted = view.asked(str(given["group"]), given.get("where"))
    return None if wanted is None else sum(view.holding(str(given["group"]), wanted))


def total_equals_rows(view: View, given: Arguments) -> Iterator[Finding]:
    """The declared total equals the rows of the list (PAXLST control total)."""
    total = str(given["total"])
    rows = _count(view, given)
    if rows is not None and view.value(total) not in (None, rows):
        yield view.fault("total_mismatch", total, rows=str(rows))


def within_capacity(view: View, given: Arguments) -> Iterator[Finding]:
    """No more rows than the capacity, less what is kept in reserve: passengers within the seats but the driver's."""
    capacity = str(given["capacity"])
    room, reserve = view.value(capacity), given.get("reserve", 0)
    rows = _count(view, given)
    if rows is None or not isinstance(room, int) or not isinstance(reserve, int):
        return
    if rows > room - reserve:
        group = view.group(str(given["group"]))
        words = {**named(group.label, "group"), **named(view.field(capacity).label)}
        words |= {"rows": str(rows), "room": str(max(room - reserve, 0))}
        yield Finding(name="over_capacity", pointer=view.list(group.name), words=words)


def all_different(view: View, given: Arguments) -> Iterator[Finding]:
    """No value of the field (with another, if named: a paper with its State) stands in two rows, but for the first.

    Whoever is `under` so many years by the date `birth` is left out: a child may stand in a parent's paper.
    """
    name = f"{given['group']}.{given['field']}"
    stated = view.stated(name)
    if _differ(stated):
        return
    seen, is_child = _Seen(), childhood(view, given)
    for ordinal, value, record in stated:
        if is_child(record):
            continue
        beside = record.get(str(given.get("with")))
        if seen.holds(value, beside):
            yield view.fault("not_different", name, ordinal)
        seen.add(value, beside)


def _differ(stated: Sequence[Stated]) -> bool:
    """Whether no value stands twice: so it is in nearly every list."""
    return len({value for _, value, _ in stated}) == len(stated)


def differs(view: View, given: Arguments) -> Iterator[Finding]:
    """No value of the field (with another, if named) is one of those that stand elsewhere: drivers and passengers.

    Whoever is `under` so many years by the date `birth` is left out.
    """
    seen, is_child = _Seen(), childhood(view, given)
    name, other, beside = str(given["field"]), str(given["from"]), str(given.get("with"))
    for _, value, record in view.stated(other):
        seen.add(value, record.get(beside))
    for ordinal, value, record in view.stated(name, given.get("where")):
        if seen.holds(value, record.get(beside)) and not is_child(record):
            yield view.fault("stands_elsewhere", name, ordinal, **named(view.title(other), "other"))


def child_in_paper(view: View, given: Arguments) -> Iterator[Finding]:
    """Nobody under so many years by the date `birth` has a value that stands in another row, or elsewhere."""
    name, other = str(given["field"]), str(given["from"])
    stated = view.stated(name)
    if name == other and _differ(stated):
        return
    held, is_child = Counter(value for _, value, _ in view.stated(other)), childhood(view, given)
    for ordinal, value, record in stated:
        if held[value] > (name == other) and is_child(record):
            yield view.fault("child_in_paper", name, ordinal, **named(view.title(other), "other"))


def childhood(view: View, given: Arguments) -> Callable[[Record], bool]:
    """Whether a row's person is younger on the day of reception than the rule says; nobody where it says nothing.

    Whose day of birth is not known counts as born on the last day that it may be: a child is told and nobody refused.
    """
    under, field = given.get("under"), str(given.get("birth")).rpartition(".")[2]
    if not isinstance(under, int):
        return lambda record: False
    return lambda record: is_under(record.get(field), under, view.today)


class _Seen:
    """Values with what stands beside each: two are the same unless both say that they are not."""

    def __init__(self) -> None:
        self._beside: dict[Value, set[Value | None]] = {}

    def holds(self, value: Value, beside: Value | None) -> bool:
        known = self._beside.get(value, set())
        return bool(known) and (beside is None or not known.isdisjoint({beside, None}))

    def add(self, value: Value, beside: Value | None) -> None:
        self._beside.setdefault(value, set()).add(beside)


def at_least_one(view: View, given: Arguments) -> Iterator[Finding]:
    """At least one row of the list has the values asked for."""
    group = view.group(str(given["group"]))
    wanted = view.asked(group.name, given["where"])
    if wanted is not None and not any(view.holding(group.name, wanted)):
        words = {**named(group.label, "group"), **named(view.spoken(given["where"], group.name), "what")}
        yield Finding(name="none_of_required", pointer=view.list(group.name), words=words)


def at_most(view: View, given: Arguments) -> Iterator[Finding]:
    """At most so many rows of the list have the values asked for: one leader of a group, sixty persons at a gate."""
    group, most = view.group(str(given["group"])), given["most"]
    assert isinstance(most, int)
    if (rows := _count(view, given)) is not None and rows > most:
        words = {**named(group.label, "group"), **named(view.spoken(given["where"], group.name), "what")}
        words |= {"most": str(most), "rows": str(rows)}
        yield Finding(name="too_many_of", pointer=view.list(group.name), words=words)


def first_row(view: View, given: Arguments) -> Iterator[Finding]:
    """The first row has the values asked for: the master heads the crew list (rule of the border portal)."""
    group = view.group(str(given["group"]))
    rows = view.rows(group.name)
    wanted = view.asked(group.name, given["where"])
    if rows and wanted is not None and not matches(rows[0], wanted):
        words = {**named(group.label, "group"), **named(view.spoken(given["where"], group.name), "what")}
        yield Finding(name="first_row_differs", pointer=view.row(group.name, 1), words=words)


def same_value(view: View, given: Arguments) -> Iterator[Finding]:
    """A value is that of another field; of a list, that of the first row that the condition holds for."""
    name, other = str(given["field"]), str(given["as"])
    if name.rpartition(".")[0] == other.rpartition(".")[0] or "." not in other:
        pairs = [(ordinal, value, view.beside(other, row)) for ordinal, value, row in view.stated(name)]
    else:
        first = view.first(other, given.get("where"))
        pairs = [(ordinal, value, first) for ordinal, value, _ in view.stated(name)]
    for ordinal, value, wanted in pairs:
        if wanted is not None and value != wanted:
            yield view.fault("not_the_same", name, ordinal, **named(view.field(other).label, "other"))
