"""A form as it is asked for: sections, fields and lists of rows, drawn from the mapping and the XSD of one message.

Labels are the mapping's, titles of sections and hints the XSD's, in Vietnamese and English. A field that the program
fills by itself (`given`) is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import xmlschema

from adapter.model.errors import Misconfigured
from adapter.model.finding import Severity
from adapter.model.procedure import AttachedSpec, FieldSpec, GroupSpec, Label, Meaning, MessageSpec, Procedure
from adapter.pipeline.forms.given import given_fields
from adapter.pipeline.forms.places import Form, Spot, form_of
from adapter.pipeline.rules.view import Conditions, conditions
from adapter.pipeline.wanted import documented, said

P = TypeVar("P", FieldSpec, GroupSpec)
LONG = 255
"""Characters from which on a text is typed in several lines."""
TYPED: Mapping[str, Label] = {
    "date": Label("ngày/tháng/năm, ví dụ 02/03/2026", "day/month/year, for example 02/03/2026"),
    "partial_date": Label(
        "ngày/tháng/năm, ví dụ 15/06/1985; nếu giấy tờ không ghi đủ: 06/1985 hoặc 1985",
        "day/month/year, for example 15/06/1985; where the paper states no more: 06/1985 or 1985",
    ),
    "datetime": Label(
        "ngày/tháng/năm giờ:phút, ví dụ 02/03/2026 07:15",
        "day/month/year hour:minute, for example 02/03/2026 07:15",
    ),
}
"""How days and times are typed. XML has them otherwise, so these stand in the place of what the XSD says."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One value that a form has."""

    name: str
    """The mapping's name; of a field of a row its name in the row."""
    path: str
    """Below the form's root element, or below the row."""
    type: str
    label: Label
    hint: Label | None
    required: bool
    """The XSD takes no form (no row) without it."""
    required_with: str | None
    """The section that takes it along: it must stand where anything of that section stands."""
    required_when: tuple[Conditions, ...]
    """A rule of the mapping demands it where all conditions of one of these hold."""
    codes: str | None
    listing: Label | None
    """What its code list is called."""
    listed: tuple[str, ...]
    """The values that the XSD enumerates; empty where it enumerates none."""
    longest: int | None
    """Characters, where the XSD says so."""
    personal: bool
    given: bool
    """The program fills it: what repeats the header, counts rows or numbers them, or can only be one value."""
    simple: Any
    """Its type in the XSD."""

    @property
    def is_long(self) -> bool:
        """Typed in several lines."""
        return self.longest is not None and self.longest > LONG and self.type == "text"

    @property
    def is_choice(self) -> bool:
        """Chosen among values that are known."""
        return bool(self.codes or self.listed or self.type == "flag")


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields that belong together: those of one element below the form's root, or those that stand in none."""

    name: str
    """The element's name; empty for what stands in none."""
    label: Label | None
    optional: bool
    """It may be left out as a whole."""
    fields: tuple[FormField, ...]

    @property
    def asked(self) -> tuple[FormField, ...]:
        """What a person fills in."""
        return tuple(each for each in self.fields if not each.given)


@dataclass(frozen=True, slots=True)
class FormGroup:
    """A list of rows: persons, crew, changes."""

    name: str
    path: str
    label: Label
    least: int
    most: int | None
    """How many rows the XSD takes; None: as many as you like."""
    fields: tuple[FormField, ...]
    ordinal: str | None
    attached: AttachedSpec | None = None
    """Its rows are made by uploading files."""

    @property
    def asked(self) -> tuple[FormField, ...]:
        """What a person fills in for each row."""
        return tuple(each for each in self.fields if not each.given)


@dataclass(frozen=True)
class FormLayout:
    """One message's form. `places` are the elements and attributes below its root, in the XSD's order."""

    procedure: Procedure
    spec: MessageSpec
    sections: tuple[FormSection, ...]
    groups: tuple[FormGroup, ...]
    places: tuple[Spot, ...]

    @cached_property
    def fields(self) -> Mapping[str, FormField]:
        """The fields outside the lists, by name."""
        return {field.name: field for section in self.sections for field in section.fields}

    def group(self, name: str) -> FormGroup | None:
        """The list of that name, or None."""
        return next((group for group in self.groups if group.name == name), None)

    def section(self, name: str) -> FormSection | None:
        """The section of that name, or None."""
        return next((section for section in self.sections if section.name == name), None)

    @property
    def base(self) -> str:
        """XPath of the form's root element."""
        return f"/Envelope/Body/Content/{self.spec.root}"


def layout(procedure: Procedure, spec: MessageSpec, declared: xmlschema.XMLSchema10) -> FormLayout:
    """The form of one message; `declared` is its XSD in the slow engine.

    Raises:
        Misconfigured: the mapping and the XSD do not agree; the check at start makes that impossible.
    """
    form = form_of(declared, f"Body/Content/{spec.root}")
    if form is None:
        raise Misconfigured(f"{spec.schema_name} has no element Envelope/Body/Content/{spec.root}")
    drawing = _Drawing(procedure, spec, form)
    return FormLayout(procedure, spec, tuple(drawing.sections()), tuple(drawing.groups()), tuple(form))


class _Drawing:
    """One form while it is drawn."""

    def __init__(self, procedure: Procedure, spec: MessageSpec, form: Form) -> None:
        self._procedure, self._spec, self._form = procedure, spec, form
        self._given = given_fields(procedure)
        self._needed = _needed(procedure)

    def sections(self) -> Iterator[FormSection]:
        """In the order in which their first field stands in the XSD, what stands in no section first."""
        by_section: dict[str, list[FieldSpec]] = {"": []}
        for spec in sorted(self._stated(self._procedure.fields), key=lambda each: self._place(each.path)):
            step = spec.path.partition("@")[0].rstrip("/")
            by_section.setdefault(step.partition("/")[0] if "/" in step else "", []).append(spec)
        for name, specs in by_section.items():
            spot = self._form.spot(name) if name else None
            fields = tuple(self._field(spec, "", name) for spec in specs)
            yield FormSection(name, _label(spot), spot is not None and not spot.mandatory, fields)

    def groups(self) -> Iterator[FormGroup]:
        for group in sorted(self._stated(self._procedure.groups), key=lambda each: self._place(each.path)):
            row = self._spot(group.path)
            specs = sorted(group.fields, key=lambda each: self._place(f"{group.path}/{each.path}"))
            least = row.declared.min_occurs if self._must_stand(row.path) else 0
            fields = tuple(self._field(spec, f"{group.path}/", group.path, group) for spec in specs)
            spec = self._procedure.attached
            attached = spec if spec is not None and spec.group == group.name else None
            yield FormGroup(
                group.name, group.path, group.label, least, row.declared.max_occurs, fields, group.ordinal, attached
            )

    def _stated(self, specs: Sequence[P]) -> Sequence[P]:
        """A withdrawal has some of its procedure's fields only; every other form has them all."""
        if self._spec.meaning is not Meaning.WITHDRAWAL:
            return specs
        return [spec for spec in specs if self._form.spot(spec.path) is not None]

    def _field(self, spec: FieldSpec, prefix: str, within: str, group: GroupSpec | None = None) -> FormField:
        spot = self._spot(f"{prefix}{spec.path}")
        name = f"{group.name}.{spec.name}" if group else spec.name
        needed = self._must_stand(spot.path, below=group.path if group else "")
        along = not needed and bool(within) and self._must_stand(spot.path, below=within)
        return FormField(
            name=spec.name,
            path=spec.path,
            type=spec.type,
            label=spec.label,
            hint=None if spec.codes else TYPED.get(spec.type) or _hint(spot),
            required=needed,
            required_with=within if along and group is None else None,
            required_when=tuple(self._needed.get(name, ())),
            codes=spec.codes,
            listing=spec.listing,
            listed=spot.listed,
            longest=getattr(spot.simple, "max_length", None),
            personal=spec.personal,
            given=name in self._given,
            simple=spot.simple,
        )

    def _must_stand(self, path: str, below: str = "") -> bool:
        """Whether it and everything that it stands in, as far as `below`, must stand."""
        while path and path != below:
            spot = self._spot(path)
            if not spot.mandatory:
                return False
            path = spot.parent
        return True

    def _spot(self, path: str) -> Spot:
        spot = self._form.spot(path)
        if spot is None:
            raise Misconfigured(f"{self._procedure.name}: the path {path} is not in its XSD")
        return spot

    def _place(self, path: str) -> int:
        return self._form.position(self._spot(path).path)


def _needed(procedure: Procedure) -> Mapping[str, Sequence[Conditions]]:
    """By field (`group.field` in a row), when a rule demands it; a rule that only flags demands nothing."""
    needed: dict[str, list[Conditions]] = {}
    for rule in procedure.rules:
        if rule.rule == "required_when" and rule.severity is not Severity.WARN:
            needed.setdefault(str(rule.arguments["field"]), []).append(conditions(rule.arguments.get("where")))
    return needed


def _label(spot: Spot | None) -> Label | None:
    words = documented(spot.declared) if spot is not None else None
    return None if words is None else Label(*words)


def _hint(spot: Spot) -> Label | None:
    words = said(spot.simple)
    return None if words is None else Label(*words)
