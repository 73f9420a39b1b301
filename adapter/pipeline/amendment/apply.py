"""Applying a form 14 to the form in force (Articles 11, 14, 17).

Changes are applied in their order, or a complete form takes the place of the old one; each changed place is noted with
where it stands in the amendment. Whether the amendment may be made is the question of `pipeline/amendment/amend`.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from adapter.model.finding import Finding
from adapter.model.procedure import FieldSpec, GroupSpec, MessageSpec, Procedure
from adapter.model.stages import Declaration, Record
from adapter.pipeline import mapping
from adapter.pipeline.converters import CONVERTERS
from adapter.pipeline.text import value_at
from adapter.pipeline.xml import canonical


class Sheet:
    """Form 14 as it was sent: where its parts stand."""

    def __init__(self, form: Declaration) -> None:
        envelope = form.verified.envelope
        amends = envelope.procedure.amends
        group = envelope.procedure.group(amends.group) if amends else None
        assert amends is not None
        assert group is not None  # proved at start (catalogue/amends)
        self.form, self.amends, self.group = form, amends, group
        self.base = f"/Envelope/Body/Content/{envelope.spec.root}"

    @property
    def changes(self) -> tuple[Record, ...]:
        return self.form.rows.get(self.group.name, ())

    @property
    def list_pointer(self) -> str:
        return f"{self.base}/{self.group.path.rpartition('/')[0]}".rstrip("/")

    def at(self, ordinal: int, name: str) -> str:
        """XPath of a part of a change."""
        path = next(spec.path for spec in self.group.fields if spec.name == name)
        return f"{mapping.row_pointer(self.base, self.group.path, ordinal, len(self.changes))}/{path}"

    def field(self, name: str) -> str:
        """XPath of a field of form 14 itself."""
        spec = self.form.verified.envelope.procedure.field(name)
        assert spec is not None
        return f"{self.base}/{spec.path}"

    def complete_form(self, root: str) -> tuple[etree._Element | None, bool]:
        """The complete form that stands instead of changes, and whether anything stands there at all."""
        if self.amends.replacement is None:
            return None, False
        element = self.form.verified.element.find(self.base.removeprefix("/Envelope/") + f"/{self.amends.replacement}")
        return (None, False) if element is None else (element.find(root), len(element) > 0)

    def pointed(self, finding: Finding, places: Mapping[str, str]) -> Finding:
        """A finding in the amended form, with the place in the amendment that brought it about."""
        if finding.pointer in places:
            return replace(finding, pointer=places[finding.pointer])
        for before, after in places.items():
            if before.endswith("/") and f"{finding.pointer}/".startswith(before):
                return replace(finding, pointer=after + finding.pointer[len(before) - 1 :])
        return replace(finding, pointer=self.list_pointer)


def form_in(document: etree._Element, spec: MessageSpec) -> etree._Element:
    """The form's root element in a whole envelope."""
    root = document.find(f"Body/Content/{spec.root}")
    assert root is not None, "a version in force is valid"
    return root


def apply(
    sheet: Sheet, procedure: Procedure, spec: MessageSpec, document: etree._Element, places: dict[str, str]
) -> list[Finding]:
    """Change the document, a message `spec` of `procedure`; gives what stands against it.

    `places` gets where each changed place of it stands in the amendment.
    """
    complete, there = sheet.complete_form(spec.root)
    if there == bool(sheet.changes):
        return [Finding("amendment_content", sheet.base)]
    before = canonical(document)
    if there:
        pointer = f"{sheet.base}/{sheet.amends.replacement}"
        if complete is None:
            return [Finding("amendment_form", pointer, words={"form": spec.form or ""})]
        content = document.find("Body/Content")
        assert content is not None
        content[:] = [copy.deepcopy(complete)]
        places[f"/Envelope/Body/Content/{spec.root}/"] = f"{pointer}/{spec.root}"
        findings: list[Finding] = []
    else:
        findings = _Changes(sheet, procedure, spec, document).apply(places)
    if not findings and canonical(document) == before:
        return [Finding("amendment_content", sheet.base)]
    return findings


@dataclass(frozen=True, slots=True)
class _Target:
    """A place of the amended form that a change may name."""

    group: GroupSpec | None
    field: FieldSpec

    @property
    def path(self) -> str:
        return f"{self.group.path}/{self.field.path}" if self.group else self.field.path


class _Changes:
    """A list of changes on its way into the amended form."""

    def __init__(self, sheet: Sheet, procedure: Procedure, spec: MessageSpec, document: etree._Element) -> None:
        self._sheet, self._root, self._form = sheet, form_in(document, spec), spec
        fields = [_Target(None, field) for field in procedure.fields]
        fields += [_Target(group, field) for group in procedure.groups for field in group.fields]
        self._targets = {target.path: target for target in fields}

    def apply(self, places: dict[str, str]) -> list[Finding]:
        """Apply all in their order; gives every fault."""
        findings: list[Finding] = []
        amends, done = self._sheet.amends, []
        for ordinal, change in enumerate(self._sheet.changes, start=1):
            found = list(self._one(change, ordinal))
            findings += found
            if not found:
                done.append((self._targets[str(change[amends.field]).strip("/")], change, ordinal))
        for target, change, ordinal in done:
            places[self._pointer(target, change)] = self._sheet.at(ordinal, amends.new)
        return findings

    def _pointer(self, target: _Target, change: Record) -> str:
        base = f"/Envelope/Body/Content/{self._form.root}"
        if target.group is None:
            return f"{base}/{target.path}"
        total = len(self._root.findall(target.group.path))
        row = int(str(change[self._sheet.amends.row]))
        return f"{mapping.row_pointer(base, target.group.path, row, total)}/{target.field.path}"

    def _one(self, change: Record, ordinal: int) -> Iterator[Finding]:
        amends, sheet = self._sheet.amends, self._sheet
        if change.get(amends.form) != self._form.form:
            yield Finding("amendment_form", sheet.at(ordinal, amends.form), words={"form": self._form.form or ""})
            return
        target = self._targets.get(str(change.get(amends.field, "")).strip("/"))
        if target is None:
            words = {"form": self._form.form or ""}
            yield Finding("amendment_field_unknown", sheet.at(ordinal, amends.field), words=words)
            return
        old, new = (str(change.get(name, "")) for name in (amends.old, amends.new))
        parent = self._parent(target, change.get(amends.row), grows=not old)
        if parent is None:
            yield Finding(
                "amendment_row_unknown", sheet.at(ordinal, amends.row), words=mapping.named(target.field.label)
            )
        elif not _is_numbered(target, parent, change.get(amends.row)):
            yield Finding("amendment_row_number", sheet.at(ordinal, amends.row))
        elif not _same(text_at(parent, target.field.path), old, target.field.type):
            yield Finding("amendment_old_value", sheet.at(ordinal, amends.old), words=mapping.named(target.field.label))
        else:
            order = [each.field.path for each in self._targets.values() if each.group is target.group]
            _write(parent, target.field.path, new, order)

    def _parent(self, target: _Target, row: object, *, grows: bool) -> etree._Element | None:
        """The element that the field stands in; the row behind the last one is a new row."""
        if target.group is None:
            return self._root if row is None else None
        rows = self._root.findall(target.group.path)
        if not isinstance(row, int) or not 1 <= row <= len(rows) + 1:
            return None
        if row <= len(rows):
            return rows[row - 1]
        return _append(self._root, target.group.path, list(self._targets)) if grows else None


def _is_numbered(target: _Target, parent: etree._Element, row: object) -> bool:
    """Whether a row bears the number that it is called by: else its place and its number are two persons.

    The number itself may be changed: its old value says which row is meant.
    """
    group = target.group
    if group is None or group.ordinal in (None, target.field.name):
        return True
    spec = next(each for each in group.fields if each.name == group.ordinal)
    number = text_at(parent, spec.path)
    return not number or _same(number, str(row), spec.type)


def text_at(parent: etree._Element, path: str) -> str:
    """The text at a path or in an attribute, NFC; empty where there is none."""
    return unicodedata.normalize("NFC", value_at(parent, path))


def _same(standing: str, stated: str, type_: str) -> bool:
    """Equal as values of the field's type; what cannot be read is compared as text."""
    if standing == stated or not standing or not stated:
        return standing == stated
    try:
        return bool(CONVERTERS[type_](standing) == CONVERTERS[type_](stated))
    except (ValueError, KeyError, OverflowError):
        return False


def _write(parent: etree._Element, path: str, text: str, order: list[str]) -> None:
    """Set a value; an empty one takes the element away. `order` are the mapping's paths below the same parent."""
    steps, _, attribute = path.partition("@")
    element, prefix = parent, ""
    for name in filter(None, steps.split("/")):
        found = element.find(name)
        if found is None:
            if not text:
                return
            found = _insert(element, name, [each.removeprefix(prefix) for each in order if each.startswith(prefix)])
        element, prefix = found, f"{prefix}{name}/"
    if attribute:
        element.set(attribute, text)
    elif text:
        element.text = text
    else:
        above = element.getparent()
        assert above is not None
        above.remove(element)


def _insert(parent: etree._Element, name: str, order: list[str]) -> etree._Element:
    """A new child where the mapping's order has it: a form may be a sequence."""
    names = list(dict.fromkeys(each.partition("/")[0].partition("@")[0] for each in order))
    later = set(names[names.index(name) + 1 :]) if name in names else set()
    place = next((index for index, child in enumerate(parent) if child.tag in later), len(parent))
    element = etree.Element(name)
    parent.insert(place, element)
    return element


def _append(root: etree._Element, path: str, order: list[str]) -> etree._Element:
    """A new row behind the last one; its list is made where there was none."""
    *steps, name = path.split("/")
    element, prefix = root, ""
    for step in steps:
        found = element.find(step)
        if found is None:
            found = _insert(element, step, [each.removeprefix(prefix) for each in order if each.startswith(prefix)])
        element, prefix = found, f"{prefix}{step}/"
    return etree.SubElement(element, name)
