"""Rules on whether a field has a value, and which values are allowed."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.model.finding import Finding
from adapter.pipeline.mapping import named
from adapter.pipeline.rules.view import Arguments, View, text


def required_when(view: View, given: Arguments) -> Iterator[Finding]:
    """A field is there when others have the values given."""
    name = str(given["field"])
    for ordinal in view.lacking(name, given["where"]):
        yield view.fault("value_required", name, ordinal, **_condition(view, given))


def forbidden_when(view: View, given: Arguments) -> Iterator[Finding]:
    """A field is empty when others have the values given."""
    name = str(given["field"])
    for ordinal, _, _ in view.stated(name, given["where"]):
        yield view.fault("value_forbidden", name, ordinal, **_condition(view, given))


def _condition(view: View, given: Arguments) -> dict[str, str]:
    return named(view.spoken(given["where"], str(given["field"]).rpartition(".")[0]), "condition")


def one_of(view: View, given: Arguments) -> Iterator[Finding]:
    """A value is one of the allowed ones."""
    raw = given.get("values", [given.get("value")])
    allowed = {text(value) for value in raw} if isinstance(raw, list | tuple) else {text(raw)}
    name = str(given["field"])
    for ordinal, value, _ in view.stated(name, given.get("where")):
        if text(value) not in allowed:
            yield view.fault("value_not_expected", name, ordinal)
