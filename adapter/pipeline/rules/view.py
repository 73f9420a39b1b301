"""A declaration as rules look at it: values with their pointers, labels and codes. What rules hold is not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import compress, repeat
from typing import Any

from adapter.model.calendar import NO_CALENDAR, Calendar
from adapter.model.catalogue import Code
from adapter.model.finding import Finding
from adapter.model.partial_date import PartialDate
from adapter.model.procedure import FieldSpec, GroupSpec, Label, Procedure, Where
from adapter.model.stages import Declaration, Record, Value
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.mapping import CodeLists, named, row_pointer

Arguments = Mapping[str, object]
"""What the mapping gives a rule, by the names of the table; `check` at start has proved them."""
Place = tuple[int, Value | None, Record]
"""Ordinal of the row (0 outside the groups), value of the field, the record it stands in."""
Stated = tuple[int, Value, Record]
"""A place where the field has a value."""


@dataclass(frozen=True)
class View:
    """One declaration with the code lists of its fields, and the calendar of working days.

    Thirty rules look at one list of hundreds of rows: what several of them ask is looked up once.
    """

    declaration: Declaration
    codelists: CodeLists
    calendar: Calendar = NO_CALENDAR
    _stated: dict[str, Sequence[Stated]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _days: dict[str, Sequence[tuple[int, date]]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _columns: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def procedure(self) -> Procedure:
        return self.declaration.verified.envelope.procedure

    @property
    def base(self) -> str:
        """XPath of the form's root element."""
        return f"/Envelope/Body/Content/{self.declaration.verified.envelope.spec.root}"

    @property
    def received_at(self) -> datetime:
        return self.declaration.verified.envelope.submission.received_at

    @cached_property
    def today(self) -> date:
        """The day of reception in Vietnam."""
        return self.received_at.astimezone(VIETNAM).date()

    def group(self, name: str) -> GroupSpec:
        spec = self.procedure.group(name)
        assert spec is not None, name
        return spec

    def field(self, name: str) -> FieldSpec:
        """The field of that name, or `group.field`."""
        group_name, _, field_name = name.rpartition(".")
        spec = self.group(group_name).by_name.get(field_name) if group_name else self.procedure.field(field_name)
        assert spec is not None, name
        return spec

    def title(self, name: str) -> Label:
        """What a field is called where another list's may be meant: with the name of its own list."""
        label, group = self.field(name).label, name.rpartition(".")[0]
        if not group:
            return label
        within = self.group(group).label
        return Label(vi=f"{label.vi} ({within.vi})", en=f"{label.en} ({within.en})")

    def rows(self, name: str) -> tuple[Record, ...]:
        """Rows of a group."""
        return self.declaration.rows.get(name, ())

    def places(self, name: str, where: object = None) -> Sequence[Place]:
        """Each place where a field stands and the condition holds; `group.field` stands in every row.

        A pointer is spelled out (`at`) only where something is found: a list has hundreds of places and few faults.
        """
        group_name, _, field_name = name.rpartition(".")
        values = self.declaration.values
        if not group_name:
            return [(0, values.get(name), values)] if matches(values, conditions(where)) else []
        within, outside = self._divided(group_name, conditions(where))
        if not matches(values, outside):
            return []
        rows: Iterable[tuple[int, Record]] = enumerate(self.rows(group_name), start=1)
        if within:
            rows = compress(rows, self.holding(group_name, within))
        return [(ordinal, row.get(field_name), row) for ordinal, row in rows]

    def lacking(self, name: str, where: object) -> Sequence[int]:
        """Ordinals of the places where the condition holds and the field has no value."""
        group, _, field = name.rpartition(".")
        if group and all(row.get(field) is not None for row in self.rows(group)):  # nearly every list
            return []
        return [ordinal for ordinal, value, _ in self.places(name, where) if value is None]

    def first(self, name: str, where: object) -> Value | None:
        """The field's value at the first place where the condition holds; None where it holds nowhere."""
        group, _, field = name.rpartition(".")
        wanted = self.asked(group, where) if group else None
        if wanted is None:
            return next((value for _, value, _ in self.places(name, where)), None)
        return next((row.get(field) for row in compress(self.rows(group), self.holding(group, wanted))), None)

    def asked(self, group: str, where: object) -> Conditions | None:
        """What a rule on a list asks of each row; None where its condition outside the groups does not hold."""
        within, outside = self._divided(group, conditions(where))
        return within if matches(self.declaration.values, outside) else None

    def holding(self, group: str, wanted: Conditions) -> Iterable[bool]:
        """Of each row of a group whether the conditions, all on the row itself, hold."""
        if not wanted:
            return repeat(True, len(self.rows(group)))
        columns = [map(texts.__contains__, self._column(group, name)) for name, texts in wanted.items()]
        return columns[0] if len(columns) == 1 else map(all, zip(*columns, strict=True))

    def _column(self, group: str, name: str) -> Sequence[str]:
        """A field of every row as element text, as `matches` reads it: the empty text where it is absent."""
        if (group, name) not in self._columns:
            values = (row.get(name, "") for row in self.rows(group))
            self._columns[group, name] = [value if isinstance(value, str) else text(value) for value in values]
        return self._columns[group, name]

    def stated(self, name: str, where: object = None) -> Sequence[Stated]:
        """The places where the field has a value."""
        if where is not None:
            places = self.places(name, where)
            return [(ordinal, value, record) for ordinal, value, record in places if value is not None]
        if name not in self._stated:
            group, _, field = name.rpartition(".")
            records = enumerate(self.rows(group), start=1) if group else [(0, self.declaration.values)]
            self._stated[name] = [
                (ordinal, value, record) for ordinal, record in records if (value := record.get(field)) is not None
            ]
        return self._stated[name]

    def days(self, name: str, where: object = None) -> Sequence[tuple[int, date]]:
        """Each date that is stated; of one that is not known to the day the first that it may be."""
        if where is not None:
            return _first_days(self.stated(name, where))
        if name not in self._days:
            self._days[name] = _first_days(self.stated(name))
        return self._days[name]

    def _divided(self, group: str, wanted: Conditions) -> tuple[Conditions, Conditions]:
        """Conditions on the row, and those on what stands outside the groups: a row's own field goes first."""
        if not wanted:
            return wanted, wanted
        own = self.group(group).by_name.keys()
        if wanted.keys() <= own:  # nearly every condition
            return wanted, {}
        within = {name: texts for name, texts in wanted.items() if name in own}
        return within, {name: texts for name, texts in wanted.items() if name not in own}

    def value(self, name: str) -> Value | None:
        """The value of a field outside the groups."""
        return self.declaration.values.get(name)

    def beside(self, name: object, record: Record) -> Value | None:
        """The value that stands beside: `group.field` in the same row, any other field outside the groups."""
        group_name, _, field_name = str(name).rpartition(".")
        return record.get(field_name) if group_name else self.declaration.values.get(field_name)

    def at(self, name: str, ordinal: int = 0) -> str:
        """XPath of a field, or of `group.field` in the row of that ordinal."""
        group_name, _, _ = name.rpartition(".")
        if not group_name:
            return f"{self.base}/{self.field(name).path}"
        return f"{self.row(group_name, ordinal)}/{self.field(name).path}"

    def row(self, group: str, ordinal: int) -> str:
        """XPath of a row."""
        return row_pointer(self.base, self.group(group).path, ordinal, len(self.rows(group)))

    def list(self, group: str) -> str:
        """XPath of what holds a group's rows: there even when no row is."""
        path = self.group(group).path
        return f"{self.base}/{path.rpartition('/')[0] or path}"

    def code(self, name: str, value: Value | None) -> Code | None:
        """The entry of the field's code list for a value."""
        return self.codelists.get(self.field(name).codes or "", {}).get(str(value))

    def spoken(self, where: object, group: str = "") -> Label:
        """A condition in words: the labels of its fields (a row's own goes first) and of its codes."""
        said = (
            [self._said(f"{group}.{name}", value) for name, value in where.items()]
            if isinstance(where, Mapping)
            else []
        )
        return Label(vi=", ".join(each.vi for each in said), en=", ".join(each.en for each in said))

    def _said(self, name: str, wanted: object) -> Label:
        group, _, field_name = name.rpartition(".")
        if not group or all(spec.name != field_name for spec in self.group(group).fields):
            name = field_name
        label = self.field(name).label
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        words = [self._word(name, value) for value in values]
        vi, en = " hoặc ".join(f"“{each.vi}”" for each in words), " or ".join(f"“{each.en}”" for each in words)
        return Label(vi=f"{label.vi} là {vi}", en=f"{label.en} is {en}")

    def _word(self, name: str, value: object) -> Label:
        """A value of a condition as people say it; the mapping writes it, so no person's data is told."""
        if self.field(name).type == "flag":
            return FLAGS[text(value)]
        code = self.code(name, text(value))
        return Label(vi=code.vi, en=code.en) if code else Label(vi=text(value), en=text(value))

    def fault(self, finding: str, name: str, ordinal: int = 0, /, **words: str) -> Finding:
        """A finding at a field, named in both languages."""
        all_words = {**named(self.field(name).label), **words}
        return Finding(name=finding, pointer=self.at(name, ordinal), words=all_words)


FLAGS = {"0": Label(vi="không", en="no"), "1": Label(vi="có", en="yes")}
"""The values of a flag for people."""

Conditions = Mapping[str, frozenset[str]]


def conditions(where: object) -> Conditions:
    """`{field: value}` or `{field: [values]}` as element texts; nothing is a condition that always holds."""
    if where is None:  # most rules
        return {}
    if isinstance(where, Where):
        return _of_the_mapping(where)
    if not isinstance(where, Mapping):
        return {}
    return _conditions(where)


@lru_cache(maxsize=4096)  # each condition of the catalogue once, not for each message
def _of_the_mapping(where: Where) -> Conditions:
    return _conditions(where)


def _conditions(where: Mapping[Any, Any]) -> Conditions:
    return {str(name): _texts(value) for name, value in where.items()}


def _texts(value: Any) -> frozenset[str]:
    return frozenset(map(text, value)) if isinstance(value, list | tuple) else frozenset({text(value)})


def matches(record: Record, wanted: Conditions) -> bool:
    """Every field named has one of its values; an absent one has the empty text."""
    for name, texts in wanted.items():  # a plain loop: this runs once a row and rule
        value = record.get(name, "")
        if (value if isinstance(value, str) else text(value)) not in texts:
            return False
    return True


def text(value: object) -> str:
    """Values of the record and of the mapping meet as element text: a flag is `1` on both sides."""
    if isinstance(value, str):
        return value
    return write(value) if isinstance(value, Value) else str(value)


def is_under(born: Value | None, years: int, today: date) -> bool:
    """Whether somebody is younger than so many years; a day of birth that is not known is the last that it may be."""
    days = span(born)
    # As three numbers, since the day of 29 February is not there in every year.
    return days is not None and (days[1].year + years, days[1].month, days[1].day) > (
        today.year,
        today.month,
        today.day,
    )


def _first_days(stated: Sequence[Stated]) -> Sequence[tuple[int, date]]:
    return [(ordinal, days[0]) for ordinal, value, _ in stated if (days := span(value)) is not None]


def span(value: Value | None) -> tuple[date, date] | None:
    """The first and the last day that a date may be; one and the same unless only its month or year is known."""
    if value.__class__ is date:  # by far the most, and asked of every row by several rules
        return value, value
    if (known := day(value)) is not None:
        return known, known
    return (value.first, value.last) if isinstance(value, PartialDate) else None


def day(value: Value | None) -> date | None:
    """A date, or the day in Vietnam of a time; None for anything else, a date that is not known to the day too."""
    if value.__class__ is date:
        return value
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).date()
    return value if isinstance(value, date) else None
