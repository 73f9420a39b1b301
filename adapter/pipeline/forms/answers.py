"""What has been filled into a form so far: texts as XML takes them, by the mapping's names; what could not be read
stands as it was typed. And the names that a page gives to its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

Texts = Mapping[str, str]
"""Texts by field; an empty one counts as none."""


class StoredAnswers(TypedDict, total=False):
    """Answers for a column of JSON."""

    values: dict[str, str]
    rows: dict[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Answers:
    """A form's values, and the rows of its lists."""

    values: Texts = field(default_factory=dict)
    rows: Mapping[str, Sequence[Texts]] = field(default_factory=dict)

    def row(self, group: str, ordinal: int) -> Texts:
        """The row of that ordinal (from 1); empty where there is none."""
        rows = self.rows.get(group, ())
        return rows[ordinal - 1] if 0 < ordinal <= len(rows) else {}

    def with_values(self, values: Texts) -> Answers:
        """With these values in the place of what stands under the same names; an empty one takes a value away."""
        return Answers(_merged(self.values, values), self.rows)

    def with_row(self, group: str, ordinal: int, texts: Texts) -> Answers:
        """With these values in a row, which is put at the end if there is none of that ordinal."""
        rows = list(self.rows.get(group, ()))
        if ordinal > len(rows):
            rows.append(_merged({}, texts))
        else:
            rows[ordinal - 1] = _merged(rows[ordinal - 1], texts)
        return self.with_rows(group, rows)

    def without_row(self, group: str, ordinal: int) -> Answers:
        """Without that row; the following ones move up."""
        rows = list(self.rows.get(group, ()))
        return self.with_rows(group, [row for place, row in enumerate(rows, start=1) if place != ordinal])

    def with_rows(self, group: str, rows: Sequence[Texts]) -> Answers:
        """With these rows in the place of the list's."""
        return Answers(self.values, {**self.rows, group: tuple(dict(row) for row in rows)})

    def named(self) -> Iterator[tuple[str, str]]:
        """Every text under its name on a page."""
        yield from self.values.items()
        for group, rows in self.rows.items():
            for ordinal, row in enumerate(rows, start=1):
                yield from ((name_in_row(group, ordinal, name), text) for name, text in row.items())

    def as_stored(self) -> StoredAnswers:
        """For a column of JSON."""
        return {
            "values": dict(self.values),
            "rows": {group: [dict(row) for row in rows] for group, rows in self.rows.items()},
        }


def stored_answers(kept: StoredAnswers) -> Answers:
    """What `as_stored` made."""
    rows = {group: tuple(dict(row) for row in rows) for group, rows in kept.get("rows", {}).items()}
    return Answers(dict(kept.get("values", {})), rows)


def name_in_row(group: str, ordinal: int, field: str) -> str:
    """How a page names a field of a row: `persons.3.expiryDate`."""
    return f"{group}.{ordinal}.{field}"


def _merged(before: Texts, texts: Texts) -> dict[str, str]:
    return {name: text for name, text in {**before, **texts}.items() if text}
