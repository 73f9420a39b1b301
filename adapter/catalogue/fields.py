"""The fields that a mapping may name, and their possible values: used by every check of a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapter.model.catalogue import Code
from adapter.model.procedure import FieldSpec, Procedure
from adapter.pipeline.converters import CONVERTERS
from adapter.pipeline.rules.view import text


@dataclass(frozen=True, slots=True)
class Fields:
    """One procedure with the code lists it may name."""

    procedure: Procedure
    codelists: Mapping[str, Mapping[str, Code]]

    def find(self, name: str, *, rows: bool = True) -> FieldSpec | None:
        """A field by name; with `rows` also `group.field`."""
        group_name, _, field_name = name.rpartition(".")
        if not group_name:
            return self.procedure.field(name)
        group = self.procedure.group(group_name) if rows else None
        return next((spec for spec in group.fields if spec.name == field_name), None) if group else None

    def named(self, at: str, name: object, *, rows: bool = False, types: Iterable[str] = ()) -> Iterator[str]:
        """The fault of a name that does not exist, or of another type."""
        spec = self.find(str(name), rows=rows)
        if spec is None:
            allowed = "a field, or group.field" if rows else "a field outside the groups"
            yield f"{at}: there is no field {name}; name {allowed}"
        elif types and spec.type not in types:
            yield f"{at}: {name} is of type {spec.type}; it must be {' or '.join(types)}"

    def literal(self, at: str, spec: FieldSpec, value: object) -> Iterator[str]:
        """A value that a field can never have makes a rule that is always, or never, broken."""
        stated = text(value)
        if spec.type == "code" and spec.codes in self.codelists and stated not in self.codelists[spec.codes or ""]:
            yield (
                f"{at}: {spec.name} can never be {stated}: it is not in the code list {spec.codes}; correct one of them"
            )
        elif spec.type in CONVERTERS:
            try:
                CONVERTERS[spec.type](stated)
            except (ValueError, KeyError):
                yield f"{at}: {spec.name} can never be {stated}: that is no {spec.type}; correct the value"


def choice(at: str, stated: object, known: Iterable[str]) -> Iterator[str]:
    """The fault of a word outside a closed set."""
    if stated not in (listed := sorted(known)):
        yield f"{at}: {stated} is not known; write one of {', '.join(listed)}"
