"""Reading: from a valid document to values under the mapping's names. The mapping selects values; it has no code."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree

from adapter.model.catalogue import Code
from adapter.model.errors import Fault
from adapter.model.finding import ENGLISH, Finding
from adapter.model.procedure import FieldSpec, Label, Meaning, Procedure
from adapter.model.stages import Declaration, Record, Stage, ValidDocument, Value, VerifiedDocument
from adapter.pipeline.converters import CONVERTERS, WANTED, Converter, write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.text import value_at, values, values_below

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
    dated = _dated(procedure)
    reader = _Reader(on, findings)
    record = reader.record(root, _columns(procedure.fields, codelists, dated.get("", ())), base)
    rows = {}
    for group in procedure.groups:
        columns = _columns(group.fields, codelists, dated.get(group.name, ()))
        rows[group.name] = tuple(
            reader.record(row, columns, row_pointer(base, group.path, ordinal, total))
            for ordinal, row, total in _rows(root, group.path)
        )
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


_Column = tuple[FieldSpec, str, str, bool, bool, Converter | None, Mapping[str, Code] | None, bool, set[str]]
"""A field and what reading it needs: its name and path, whether that leads two steps down, whether any other way but to
a child, how its text becomes a value (None: it is one), the codes it may have, whether they must be valid on the day of
reception, and which of them were looked up already."""


def _columns(fields: Sequence[FieldSpec], codelists: CodeLists, dated: Sequence[str]) -> list[_Column]:
    """Looked up once for all rows of a list."""
    return [
        (
            spec,
            spec.name,
            spec.path,
            spec.path.count("/") == 1 and "@" not in spec.path,
            spec.path.count("/") > 1 or "@" in spec.path,
            None if CONVERTERS[spec.type] is str else CONVERTERS[spec.type],
            codelists[spec.codes] if spec.codes else None,
            spec.name not in dated,
            set(),
        )
        for spec in fields
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads records; what cannot be read is added to the findings."""

    on: date
    findings: list[Finding]

    def record(self, element: etree._Element, columns: Sequence[_Column], base: str) -> Record:
        # This loop runs once a field of every row: a group of two hundred has thousands of them.
        texts = values(element)
        record: dict[str, Value] = {}
        below: dict[str, str] | None = None
        for spec, name, path, two_steps, otherwise, convert, codes, today, taken in columns:
            if two_steps:
                if below is None:
                    below = values_below(element)
                text = below.get(path)
            else:
                text = value_at(element, path) if otherwise else texts.get(path)
            if not text:
                continue  # an empty or nil element is an absent value
            if not text.isascii():
                text = unicodedata.normalize("NFC", text)
            if convert is None:
                record[name] = text
            else:
                try:
                    record[name] = convert(text)
                except (ValueError, KeyError, OverflowError):
                    words = named(WANTED[spec.type], "wanted") if spec.type in WANTED else {}
                    self.findings.append(_finding("value_unreadable", base, spec, **words))
                    continue
            if codes is not None and text not in taken and self._look_up(text, codes, spec, base, today=today):
                taken.add(text)
        return record

    def _look_up(self, text: str, codes: Mapping[str, Code], spec: FieldSpec, base: str, *, today: bool) -> bool:
        """Whether the code is allowed there; if not, it adds a finding."""
        code = codes.get(text)
        if code is None:
            self.findings.append(_finding("code_unknown", base, spec, **named(spec.listing or spec.label, "list")))
        elif today and not code.valid(self.on):
            self.findings.append(_finding("code_not_valid", base, spec, day=self.on.isoformat()))
        else:
            return True
        return False


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
