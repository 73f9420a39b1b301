"""Validation of the signed element against the XSD of its (documentType, type, function).

libxml2's verdict counts. A rejected message gets a second, slower report from xmlschema, because libxml2 stops at the
first fault among an element's children; the findings are the union of both, and never empty.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from time import monotonic
from typing import Any

import xmlschema
from lxml import etree
from xmlschema import XMLSchemaException
from xmlschema.validators import XMLSchemaChildrenValidationError, XMLSchemaValidationError, XsdUnion

from adapter.model.errors import Fault
from adapter.model.finding import Finding
from adapter.model.limits import Limits
from adapter.model.stages import Stage, ValidDocument, VerifiedDocument
from adapter.pipeline.wanted import element_at, model, wanted
from adapter.pipeline.xml import find, pointer

Reporter = Callable[[str], xmlschema.XMLSchema10]
"""The slow validator of an XSD, by the XSD's name; compiled once."""

_FACETS = {
    "PATTERN": "schema_pattern",
    "ENUMERATION": "schema_enumeration",
    "MINLENGTH": "schema_length",
    "MAXLENGTH": "schema_length",
    "LENGTH": "schema_length",
    "MININCLUSIVE": "schema_range",
    "MAXINCLUSIVE": "schema_range",
    "MINEXCLUSIVE": "schema_range",
    "MAXEXCLUSIVE": "schema_range",
    "TOTALDIGITS": "schema_range",
    "FRACTIONDIGITS": "schema_range",
    "DATATYPE": "schema_type",
}
_VALUES = frozenset(_FACETS.values())
"""Findings on a value: they say which form is wanted."""
_STUMBLES = (XMLSchemaException, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What the slow validator raises instead of reporting a fault (an unknown xsi:type, a too large year). The message is
refused already by the fast validator: the second report ends there.
"""
_LOG = threading.Lock()
"""A compiled XSD keeps the faults of its last document, and the door's threads share it. Held while libxml2 looks at a
document and its faults are copied, never while anything is made of them."""
_EXPECTED = re.compile(r"Expected is (?:one of )?\( ?([^)]*?) ?\)")


def validate(verified: VerifiedDocument, *, limits: Limits, reporter: Reporter) -> ValidDocument:
    """Valid, or every fault that two validators see.

    Raises:
        Fault: at stage validate.
    """
    spec = verified.envelope.spec
    faults = faults_of(verified.element, spec.schema)
    if faults is None:
        return ValidDocument(verified)
    findings = report(verified.element, faults, spec.schema_name, limits=limits, reporter=reporter)
    raise Fault(Stage.VALIDATE, findings, verified.header)


def faults_of(element: etree._Element, schema: etree.XMLSchema) -> Sequence[etree._LogEntry] | None:
    """What libxml2 says of an element that the schema refuses; None where it is valid."""
    with _LOG:
        return None if schema.validate(element) else tuple(schema.error_log)


def report(
    element: etree._Element, faults: Sequence[etree._LogEntry], name: str, *, limits: Limits, reporter: Reporter
) -> tuple[Finding, ...]:
    """The findings for an element that the schema of this name refuses with these faults; at least one."""
    declared = reporter(name)
    fast = list(islice(_from_libxml2(element, faults, declared), limits.findings + 1))
    slow: list[Finding] = []
    # The slow validator runs only on authenticated documents under a size and for a bounded time. It looks at its time
    # between two faults, and lists one element's children by comparing each with each before it tells the first.
    crowded = etree.XPath("boolean(//*[count(*) > $limit])")(element, limit=limits.report_children)
    if len(etree.tostring(element)) <= limits.report_bytes and not crowded:
        slow = list(_from_xmlschema(element, declared, limits))
    found = tuple(_in_words(finding, declared) for finding in _union(fast, slow))
    return found or (Finding(name="schema_invalid", pointer="/Envelope", words={"field": "Envelope"}),)


def _union(fast: list[Finding], slow: list[Finding]) -> tuple[Finding, ...]:
    """Both reports, each fault once; of two reports on one element's children the slow one is better."""
    structural = {"schema_missing", "schema_unexpected"}
    reported = {finding.pointer.rpartition("/")[0] for finding in slow if finding.name in structural}
    fast = [
        finding
        for finding in fast
        if not (finding.name in structural and finding.pointer.rpartition("/")[0] in reported)
    ]
    merged = {(finding.pointer, finding.name): finding for finding in [*fast, *slow]}
    narrower = {pointer for pointer, name in merged if name not in ("schema_type", "schema_invalid")}
    kept = [
        finding
        for finding in merged.values()
        if not (finding.name in ("schema_type", "schema_invalid") and finding.pointer in narrower)
    ]
    return tuple(sorted(kept, key=lambda finding: (finding.pointer, finding.name)))


def _in_words(finding: Finding, declared: xmlschema.XMLSchema10) -> Finding:
    """With the form that is wanted, where a value has another."""
    if finding.name not in _VALUES:
        return finding
    return replace(finding, words={**finding.words, **wanted(declared, finding.pointer)})


def _finding(name: str, at: str) -> Finding:
    return Finding(name=name, pointer=at, words={"field": at.rpartition("/")[2]})


def _from_libxml2(
    element: etree._Element, faults: Sequence[etree._LogEntry], declared: xmlschema.XMLSchema10
) -> Iterator[Finding]:
    for error in faults:
        path = error.path or "/Envelope"
        kind = error.type_name.removeprefix("SCHEMAV_").removeprefix("CVC_").partition("_")[0]
        if kind == "ELEMENT":
            yield from _content_faults(element, path, error.message, declared)
        elif kind == "COMPLEX" or "attribute" in error.message:
            yield _finding("schema_unexpected", path)
        else:
            yield _finding(_FACETS.get(kind, "schema_invalid"), path)


def _content_faults(
    element: etree._Element, path: str, message: str, declared: xmlschema.XMLSchema10
) -> Iterator[Finding]:
    """An element's children: what is missing, or what stands where it must not."""
    match = _EXPECTED.search(message)
    expected = [name.strip() for name in match[1].split(",")] if match else []
    node = find(element, path)
    if "Missing child" in message:
        # libxml2 lists what may come next, optional elements too, and only the beginning of a long list.
        present = {child.tag for child in node} if isinstance(node, etree._Element) else set()
        absent = [name for name in _mandatory(model(element_at(declared, path))) if name not in present] or expected
        yield from (_finding("schema_missing", f"{path}/{name}") for name in absent[:1])
        return
    parent = None if node is None else node.getparent()
    absent = [name for name in expected if parent is not None and parent.find(name) is None]
    if absent and parent is not None and len(expected) == 1:
        yield _finding("schema_missing", f"{pointer(parent)}/{absent[0]}")
    else:
        yield _finding("schema_unexpected", path)


def _mandatory(content: Any) -> list[str]:
    """In xs:all and xs:sequence of this profile every mandatory child can be named, however many are missing."""
    particles = content.iter_elements() if content is not None else ()
    return [str(each.local_name) for each in particles if each.min_occurs and each.local_name]


def _from_xmlschema(element: etree._Element, schema: xmlschema.XMLSchema10, limits: Limits) -> Iterator[Finding]:
    until = monotonic() + limits.report_seconds
    document: Any = element  # it takes an lxml element, but the annotations do not say so
    try:
        for count, error in enumerate(schema.iter_errors(document, use_location_hints=False)):
            if count > limits.findings or monotonic() > until:
                return
            yield from _from_error(error, schema)
    except _STUMBLES:
        return


def _from_error(error: XMLSchemaValidationError, schema: xmlschema.XMLSchema10) -> Iterator[Finding]:
    node: Any = error.elem if error.elem is not None else error.obj
    path = pointer(node) if isinstance(node, etree._Element) else (error.path or "/Envelope")
    if isinstance(error, XMLSchemaChildrenValidationError):
        yield from _children(error, node, path)
        return
    reason = error.reason or ""
    facet = type(error.validator).__name__.removeprefix("Xsd").removesuffix("Facet").removesuffix("Facets").upper()
    if "attribute" in reason:
        yield _finding("schema_unexpected", path)
    elif isinstance(getattr(element_at(schema, path), "type", None), XsdUnion):
        yield _finding("schema_type", path)  # the facet told is that of the member tried last
    else:
        yield _finding(_FACETS.get(facet.replace("_", ""), "schema_type"), path)


def _children(error: XMLSchemaChildrenValidationError, node: etree._Element, path: str) -> Iterator[Finding]:
    present = {child.tag for child in node}
    mandatory = {
        str(particle.local_name)
        for particle in (error.expected or ())
        if getattr(particle, "local_name", None) and (particle.min_occurs or 0) > 0
    }
    group = error.validator if hasattr(error.validator, "iter_elements") else model(error.validator)
    missing = sorted(mandatory.union(_mandatory(group)) - present)
    yield from (_finding("schema_missing", f"{path}/{name}") for name in missing)
    if error.invalid_tag and not (missing and _allowed(group, error.invalid_tag)):
        at = pointer(node[error.index]) if error.index < len(node) else path
        yield _finding("schema_unexpected", at)


def _allowed(group: Any, tag: str) -> bool:
    """The element is one of the model's, so it stands wrongly only because another is missing."""
    return group is not None and any(particle.local_name == tag for particle in group.iter_elements())
