"""Reading: from a valid document to values under the mapping's names. The mapping selects values; it has no code."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from lxml import etree

from adapter.model.catalogue import Code
from adapter.model.errors import Fault
from adapter.model.finding import ENGLISH, Finding
from adapter.model.procedure import FieldSpec, Label, Meaning, Procedure
from adapter.model.stages import Declaration, Record, Stage, ValidDocument, Value, VerifiedDocument
from adapter.pipeline.converters import CONVERTERS, WANTED, Converter, write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.text import stated, value_at, values_below

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TRUE = ("true", "1")
"""How XSD writes it."""
CodeLists = Mapping[str, Mapping[str, Code]]


def read(valid: ValidDocument, *, codelists: CodeLists) -> Declaration:
    """Map the signed, valid element.

    Raises:
        Fault: at stage read: no form or nothing in it, a value that cannot be read, a code outside its list, a header
            value contradicted.
    """
    verified = valid.verified
    procedure, spec = verified.envelope.procedure, verified.envelope.spec
    base = f"/Envelope/Body/Content/{spec.root}"
    if spec.form is None:
        return Declaration(valid=valid, values={}, rows={})
    root = _form(verified)
    on = verified.envelope.submission.received_at.astimezone(VIETNAM).date()
    findings: list[Finding] = []
    columns = _columns_of(procedure, codelists, on)
    reader = _Reader(on, codelists, findings)
    record = reader.record(root, columns[""], base)
    rows = {
        group.name: tuple(
            reader.record(row, columns[group.name], row_pointer(base, group.path, ordinal, total))
            for ordinal, row, total in _rows(root, group.path)
        )
        for group in procedure.groups
    }
    if not findings and not record and not any(map(any, rows.values())) and spec.meaning is not Meaning.WITHDRAWAL:
        raise _absent(verified)  # a withdrawal names its dossier in the header, and may say nothing more
    findings.extend(_contradictions(record, verified, codelists, base))
    if findings:
        raise Fault(Stage.READ, tuple(findings), verified.header)
    return Declaration(valid=valid, values=record, rows=rows)


def _form(verified: VerifiedDocument) -> etree._Element:
    """The form's root element. An XSD may let it be left out, be nil or stand twice; nobody can declare so."""
    found = list(verified.element.iterfind("Body/Content/*"))
    if [each.tag for each in found] != [verified.envelope.spec.root] or value_at(found[0], f"@{_NIL}") in _TRUE:
        raise _absent(verified)
    return found[0]


def _absent(verified: VerifiedDocument) -> Fault:
    spec = verified.envelope.spec
    finding = Finding("form_absent", f"/Envelope/Body/Content/{spec.root}", words={"form": spec.form or ""})
    return Fault(Stage.READ, (finding,), verified.header)


def _rows(root: etree._Element, path: str) -> Iterator[tuple[int, etree._Element, int]]:
    found = root.findall(path)
    return ((ordinal, row, len(found)) for ordinal, row in enumerate(found, start=1))


def row_pointer(base: str, path: str, ordinal: int, total: int) -> str:
    """XPath of a row; a single row needs no index (as libxml2 writes paths)."""
    return f"{base}/{path}[{ordinal}]" if total > 1 else f"{base}/{path}"


def _dated(procedure: Procedure) -> Mapping[str, Sequence[str]]:
    """Fields by group whose codes a rule holds against another day than that of reception."""
    dated = defaultdict(list)
    for rule in procedure.rules:
        if "day" in rule.arguments:
            group, _, name = str(rule.arguments.get("field") or rule.arguments["gate"]).rpartition(".")
            dated[group].append(name)
    return dated


class _Column(NamedTuple):
    """A field and what reading it needs. Unpacked for each field of each row."""

    spec: FieldSpec
    name: str
    convert: Converter | None
    """How its text becomes a value; None: it is one."""
    allowed: frozenset[str] | None
    """The codes that it may have; None: it is no code."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """The fields of a form or of a list, by where they stand below its element."""

    children: dict[object, _Column]
    """By the tag of the child."""
    below: list[_Column]
    """Two steps down."""
    elsewhere: list[_Column]
    """Any other way: an attribute, further down, a child that another field is read from too."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the forms of a procedure are read on one day: worked out once, and not for each message."""

    procedure: Procedure
    codelists: CodeLists
    on: date
    columns: Mapping[str, _Columns]
    """By the name of the list; `""` is the form itself."""


_plans: dict[int, _Plan] = {}
"""By the identity of the procedure, which the plan keeps alive: no other object gets the same one."""
_MOST_PLANS = 256


def _columns_of(procedure: Procedure, codelists: CodeLists, on: date) -> Mapping[str, _Columns]:
    plan = _plans.get(id(procedure))
    if plan is None or plan.codelists is not codelists or plan.on != on:
        if len(_plans) >= _MOST_PLANS:  # of catalogues that a reload replaced
            _plans.clear()
        dated = _dated(procedure)
        lists = {"": procedure.fields, **{group.name: group.fields for group in procedure.groups}}
        columns = {name: _columns(fields, codelists, dated.get(name, ()), on) for name, fields in lists.items()}
        plan = _plans[id(procedure)] = _Plan(procedure, codelists, on, columns)
    return plan.columns


def _columns(fields: Sequence[FieldSpec], codelists: CodeLists, dated: Sequence[str], on: date) -> _Columns:
    columns = _Columns({}, [], [])
    for spec in fields:
        convert = None if CONVERTERS[spec.type] is str else CONVERTERS[spec.type]
        allowed = None
        if spec.codes:
            codes = codelists[spec.codes].values()
            allowed = frozenset(code.code for code in codes if spec.name in dated or code.valid(on))
        column = _Column(spec, spec.name, convert, allowed)
        if "@" in spec.path or spec.path.count("/") > 1 or spec.path in columns.children:
            columns.elsewhere.append(column)
        elif "/" in spec.path:
            columns.below.append(column)
        else:
            columns.children[spec.path] = column
    return columns


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads records; what cannot be read is added to the findings."""

    on: date
    codelists: CodeLists
    findings: list[Finding]

    def record(self, element: etree._Element, columns: _Columns, base: str) -> Record:
        found = stated(element, columns.children)
        if columns.below:
            texts = values_below(element)
            found += [(column, texts[column.spec.path]) for column in columns.below if column.spec.path in texts]
        found += [(column, value_at(element, column.spec.path)) for column in columns.elsewhere]
        record: dict[str, Value] = {}
        # This loop runs once a field of every row: a group of two hundred has thousands of them.
        for (spec, name, convert, allowed), text in found:
            if not text:
                continue  # an empty or nil element is an absent value
            written = text if text.isascii() else unicodedata.normalize("NFC", text)
            if convert is None:
                record[name] = written
            else:
                try:
                    record[name] = convert(written)
                except (ValueError, KeyError, OverflowError):
                    words = named(WANTED[spec.type], "wanted") if spec.type in WANTED else {}
                    self.findings.append(_finding("value_unreadable", base, spec, **words))
                    continue
            if allowed is not None and written not in allowed:
                self.findings.append(self._not_allowed(written, spec, base))
        return record

    def _not_allowed(self, text: str, spec: FieldSpec, base: str) -> Finding:
        if text in self.codelists[spec.codes or ""]:
            return _finding("code_not_valid", base, spec, day=self.on.isoformat())
        return _finding("code_unknown", base, spec, **named(spec.listing or spec.label, "list"))


def _finding(name: str, base: str, spec: FieldSpec, **words: str) -> Finding:
    return Finding(name=name, pointer=f"{base}/{spec.path}", words={**named(spec.label), **words})


def named(label: Label, word: str = "field") -> dict[str, str]:
    """A label for a finding's texts: `{field}` is Vietnamese in the one and English in the other."""
    return {word: label.vi, f"{word}{ENGLISH}": label.en}


def header_values(verified: VerifiedDocument) -> dict[str, str]:
    """A value of the header, by the keyword of the mapping's `header_equal`, as element text."""
    header, subject = verified.header, verified.header.subject
    return {
        "reference": subject.reference,
        "documentYear": str(subject.document_year),
        "about": verified.key.number,
        "aboutYear": str(verified.key.year),
        "documentType": subject.document_type,
        "toUnit": header.recipient.unit_code or "",
        "type": subject.type,
        "function": subject.function,
        "meaning": verified.meaning.value,
    }


def _contradictions(record: Record, verified: VerifiedDocument, lists: CodeLists, base: str) -> Iterator[Finding]:
    """A Content signed by the declarant must not pass under another header (wire profile 2)."""
    said, procedure = header_values(verified), verified.envelope.procedure
    on = verified.envelope.submission.received_at.astimezone(VIETNAM).date()
    for equal in procedure.header_equal:
        spec, value = procedure.field(equal.field), record.get(equal.field)
        if spec is None or value is None:
            continue
        stated: object = write(value)
        if equal.fact is not None:
            code = lists.get(spec.codes or "", {}).get(str(stated))
            stated = code.fact(equal.fact, on) if code else None
        if stated is not None and stated != said[equal.header]:
            yield _finding("header_mismatch", base, spec)
