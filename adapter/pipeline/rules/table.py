"""The closed table: what each rule takes, what it finds and where. The check at start and the documents read it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapter.model.finding import Finding
from adapter.pipeline.rules import codes, days, numbers, papers, rows, values
from adapter.pipeline.rules.view import Arguments, View

Apply = Callable[[View, Arguments], Iterator[Finding]]


class ArgumentKind(StrEnum):
    """Kinds of arguments; the value describes the kind in words."""

    FIELD = "a field outside the groups"
    PLACE = "a field, or group.field"
    BESIDE = "a field of the same row, or one outside the groups"
    COLUMN = "a field of the group"
    GROUP = "a group"
    WHERE = "a condition"
    VALUE = "a value"
    VALUES = "a list of values"
    NUMBER = "a whole number from 0"
    DAY = "a date of the same row or outside the groups, or the word reception"
    FACT = "what the field's code list says of its codes"


@dataclass(frozen=True, slots=True)
class Takes:
    """One argument: what it names, which types it may have, whether it must be given."""

    kind: ArgumentKind
    types: tuple[str, ...] = ()
    """On another type the rule would pass in silence."""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the table."""

    apply: Apply
    takes: Mapping[str, Takes]
    finds: Mapping[str, str]
    """Finding to the argument that it points at: a group stands for its list, or for its first row."""

    @property
    def subject(self) -> str:
        """The argument that decides which row is looked at."""
        return next(iter(self.takes))


_DATES = ("date", "datetime")
_BIRTHS = ("date", "partial_date")
_PAST = (*_DATES, "partial_date")
_TEXTS = ("text", "upper_name", "code")
_WHERE = {"where": Takes(ArgumentKind.WHERE, needed=False)}


def _place(*types: str) -> dict[str, Takes]:
    return {"field": Takes(ArgumentKind.PLACE, types)}


def _maybe(**kinds: tuple[ArgumentKind, tuple[str, ...]]) -> dict[str, Takes]:
    return {name: Takes(kind, types, needed=False) for name, (kind, types) in kinds.items()}


RULES: dict[str, Rule] = {
    "total_equals_rows": Rule(
        rows.total_equals_rows,
        {"total": Takes(ArgumentKind.FIELD, ("integer",)), "group": Takes(ArgumentKind.GROUP), **_WHERE},
        {"total_mismatch": "total"},
    ),
    "within_capacity": Rule(
        rows.within_capacity,
        {
            "group": Takes(ArgumentKind.GROUP),
            "capacity": Takes(ArgumentKind.FIELD, ("integer",)),
            **_maybe(reserve=(ArgumentKind.NUMBER, ())),
            **_WHERE,
        },
        {"over_capacity": "group"},
    ),
    "all_different": Rule(
        rows.all_different,
        {
            "group": Takes(ArgumentKind.GROUP),
            "field": Takes(ArgumentKind.COLUMN),
            **_maybe(
                **{"with": (ArgumentKind.COLUMN, ())},
                birth=(ArgumentKind.COLUMN, _BIRTHS),
                under=(ArgumentKind.NUMBER, ()),
            ),
        },
        {"not_different": "field"},
    ),
    "differs": Rule(
        rows.differs,
        {
            **_place(),
            "from": Takes(ArgumentKind.PLACE),
            **_maybe(
                **{"with": (ArgumentKind.COLUMN, ())},
                birth=(ArgumentKind.BESIDE, _BIRTHS),
                under=(ArgumentKind.NUMBER, ()),
            ),
            **_WHERE,
        },
        {"stands_elsewhere": "field"},
    ),
    "child_in_paper": Rule(
        rows.child_in_paper,
        {
            **_place(),
            "from": Takes(ArgumentKind.PLACE),
            "birth": Takes(ArgumentKind.BESIDE, _BIRTHS),
            "under": Takes(ArgumentKind.NUMBER),
        },
        {"child_in_paper": "field"},
    ),
    "at_least_one": Rule(
        rows.at_least_one,
        {"group": Takes(ArgumentKind.GROUP), "where": Takes(ArgumentKind.WHERE)},
        {"none_of_required": "group"},
    ),
    "at_most": Rule(
        rows.at_most,
        {"group": Takes(ArgumentKind.GROUP), "where": Takes(ArgumentKind.WHERE), "most": Takes(ArgumentKind.NUMBER)},
        {"too_many_of": "group"},
    ),
    "first_row": Rule(
        rows.first_row,
        {"group": Takes(ArgumentKind.GROUP), "where": Takes(ArgumentKind.WHERE)},
        {"first_row_differs": "group"},
    ),
    "same_value": Rule(
        rows.same_value, {**_place(), "as": Takes(ArgumentKind.PLACE), **_WHERE}, {"not_the_same": "field"}
    ),
    "required_when": Rule(
        values.required_when, {**_place(), "where": Takes(ArgumentKind.WHERE)}, {"value_required": "field"}
    ),
    "forbidden_when": Rule(
        values.forbidden_when, {**_place(), "where": Takes(ArgumentKind.WHERE)}, {"value_forbidden": "field"}
    ),
    "one_of": Rule(
        values.one_of, {**_place(), "values": Takes(ArgumentKind.VALUES), **_WHERE}, {"value_not_expected": "field"}
    ),
    "equals": Rule(
        values.one_of, {**_place(), "value": Takes(ArgumentKind.VALUE), **_WHERE}, {"value_not_expected": "field"}
    ),
    "not_before": Rule(
        days.not_before,
        {**_place(*_DATES), "than": Takes(ArgumentKind.BESIDE, _DATES), **_WHERE},
        {"date_order": "field"},
    ),
    "not_after": Rule(
        days.not_after,
        {**_place(*_DATES), "than": Takes(ArgumentKind.BESIDE, _DATES), **_WHERE},
        {"date_too_late": "field"},
    ),
    "within_days": Rule(
        days.within_days,
        {**_place(*_DATES), "after": Takes(ArgumentKind.BESIDE, _DATES), "days": Takes(ArgumentKind.NUMBER), **_WHERE},
        {"too_many_days": "field"},
    ),
    "before_reception": Rule(days.before_reception, {**_place(*_PAST), **_WHERE}, {"not_in_past": "field"}),
    "not_after_reception": Rule(days.not_after_reception, {**_place(*_PAST), **_WHERE}, {"in_future": "field"}),
    "year_within": Rule(
        days.year_within,
        {
            **_place("year", *_PAST),
            "before": Takes(ArgumentKind.NUMBER),
            **_maybe(after=(ArgumentKind.NUMBER, ())),
            **_WHERE,
        },
        {"year_unlikely": "field"},
    ),
    "near_reception": Rule(
        days.near_reception,
        {**_place("datetime"), "past": Takes(ArgumentKind.NUMBER), "ahead": Takes(ArgumentKind.NUMBER), **_WHERE},
        {"time_long_past": "field", "time_far_ahead": "field"},
    ),
    "whole_date": Rule(days.whole_date, {**_place("partial_date"), **_WHERE}, {"day_unknown": "field"}),
    "tax_code": Rule(
        numbers.tax_code,
        {**_place("text"), **_maybe(unchecked=(ArgumentKind.NUMBER, ())), **_WHERE},
        {"tax_code_wrong": "field"},
    ),
    "imo_number": Rule(numbers.imo_number, {**_place("text"), **_WHERE}, {"imo_number_wrong": "field"}),
    "passport_number": Rule(
        numbers.passport_number, {**_place("text"), **_WHERE}, {"passport_number_unusual": "field"}
    ),
    "personal_number": Rule(
        numbers.personal_number,
        {
            **_place("text"),
            **_maybe(sex=(ArgumentKind.BESIDE, ("code",)), birth=(ArgumentKind.BESIDE, _BIRTHS)),
            **_WHERE,
        },
        {"personal_number_wrong": "field", "personal_number_differs": "field"},
    ),
    "mrz": Rule(
        papers.machine_readable,
        {
            "lines": Takes(ArgumentKind.PLACE, ("text",)),
            **_maybe(
                number=(ArgumentKind.BESIDE, ("text",)),
                birth=(ArgumentKind.BESIDE, _BIRTHS),
                expiry=(ArgumentKind.BESIDE, ("date",)),
                sex=(ArgumentKind.BESIDE, ("code",)),
                nationality=(ArgumentKind.BESIDE, ("code",)),
                issuer=(ArgumentKind.BESIDE, ("code",)),
                name=(ArgumentKind.BESIDE, ("upper_name",)),
            ),
            **_WHERE,
        },
        {"mrz_malformed": "lines", "mrz_check_digit": "lines", "mrz_differs": "number"},
    ),
    "issued_in_lifetime": Rule(
        papers.issued_in_lifetime,
        {
            **_place("date"),
            "birth": Takes(ArgumentKind.BESIDE, _BIRTHS),
            **_maybe(under=(ArgumentKind.NUMBER, ())),
            **_WHERE,
        },
        {"date_order": "field"},
    ),
    "name_matches": Rule(
        papers.name_matches,
        {
            "accented": Takes(ArgumentKind.PLACE, ("text",)),
            "plain": Takes(ArgumentKind.BESIDE, ("upper_name", "text")),
            **_WHERE,
        },
        {"name_differs": "accented"},
    ),
    "code_valid_on": Rule(
        codes.code_valid_on,
        {**_place("code"), "day": Takes(ArgumentKind.DAY, _DATES), **_WHERE},
        {"code_not_valid": "field"},
    ),
    "code_agrees": Rule(
        codes.code_agrees,
        {**_place("code"), "fact": Takes(ArgumentKind.FACT), "with": Takes(ArgumentKind.BESIDE, _TEXTS), **_WHERE},
        {"code_disagrees": "with"},
    ),
    "located_in": Rule(
        codes.located_in, {**_place("text"), "state": Takes(ArgumentKind.VALUE), **_WHERE}, {"port_abroad": "field"}
    ),
    "gate_serves": Rule(
        codes.gate_serves,
        {
            "gate": Takes(ArgumentKind.FIELD, ("code",)),
            **_maybe(
                unit=(ArgumentKind.FIELD, ("code",)), classes=(ArgumentKind.VALUES, ()), day=(ArgumentKind.DAY, _DATES)
            ),
        },
        {"gate_does_not_serve": "gate", "code_disagrees": "unit"},
    ),
    "paper_allowed": Rule(
        codes.paper_allowed,
        {
            "type": Takes(ArgumentKind.PLACE, ("code",)),
            "nationality": Takes(ArgumentKind.BESIDE, ("code",)),
            **_maybe(direction=(ArgumentKind.BESIDE, ("code",)), gate=(ArgumentKind.BESIDE, ("code",))),
            **_WHERE,
        },
        {"paper_not_allowed": "type"},
    ),
}
"""Every rule a mapping may name."""
