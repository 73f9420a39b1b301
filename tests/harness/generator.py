"""Forms made up from an XSD: any that it lets through, those that keep the rules, and those broken in one place.

Values that the mapping knows more of (codes, times, what repeats the header) are drawn from what it knows; all else is
whatever the XSD's type allows. Expectations are not here: the tests say what must come of what is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from lxml import etree
from xmlschema.validators import XsdElement, XsdGroup, XsdType, XsdUnion
from xmlschema.validators.facets import XsdTotalDigitsFacet

from adapter.model.catalogue import Catalogue
from adapter.model.procedure import FieldSpec, GroupSpec, MessageSpec, Procedure
from adapter.model.stages import Declaration, Record
from adapter.pipeline.converters import write
from adapter.pipeline.mapping import header_values
from adapter.pipeline.rules.view import conditions, matches

MORE_ROWS = 2
_LETTERS = st.characters(min_codepoint=0x20, max_codepoint=0x1EF9, exclude_categories=("C", "Zl", "Zp"))
"""What an XML text can hold and people can see, up to the last Vietnamese letter."""
_ANYTHING = " Đồn số 7 (A) – «é» "
"""What takes this has a pattern that only asks that something be said."""
_OF_ONE_CLASS = re.compile(r"\(?(\[[^]]+\])(?:\+|\{(\d+)\})\)?")
"""Patterns like [A-Z0-9]+ and [0-9]{12}: a text of given letters is drawn at once, one of a pattern bit by bit."""
_TIMES = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2090, 1, 1))  # noqa: DTZ001  written without zone
Hints = Mapping[str, st.SearchStrategy[str]]
"""Values by path below the form's root, where the mapping knows more than the XSD."""


def root_of(schema: Any, root: str) -> XsdElement:
    """The declaration of a form's root element below Envelope/Body/Content."""
    found = schema.elements["Envelope"]
    for step in ("Body", "Content", root):
        found = next(child for child in found.type.content.iter_elements() if child.local_name == step)
    return found


# any form that the XSD lets through -----------------------------------------------------------------------------------


@st.composite
def forms(draw: st.DrawFn, declared: XsdElement, hints: Hints, path: str = "") -> etree._Element:
    """An element as declared, with everything that must stand below it and some of what may."""
    made = etree.Element(declared.local_name)
    if declared.type.has_simple_content() or declared.type.is_simple():
        made.text = draw(hints[path] if path in hints else values(declared.type))
        return made
    children = list(_chosen(draw, declared.type.content))
    if declared.type.content.model == "all":
        children = draw(st.permutations(children))
    for child in children:
        made.append(draw(forms(child, hints, f"{path}/{child.local_name}".lstrip("/"))))
    return made


def _chosen(draw: st.DrawFn, group: XsdGroup) -> Iterator[XsdElement]:
    particles = [draw(st.sampled_from(list(group)))] if group.model == "choice" else list(group)
    for particle in particles:
        least, most = particle.min_occurs, particle.max_occurs
        most = least + MORE_ROWS if most is None else min(most, least + MORE_ROWS)
        for _ in range(draw(st.integers(least, most)) if least < most else least):
            if isinstance(particle, XsdGroup):
                yield from _chosen(draw, particle)
            else:
                yield particle


_WRITTEN = {"date": 10, "gYearMonth": 7, "gYear": 4}
"""How many characters of a day stand in a value of these types."""


@lru_cache(maxsize=512)
def values(kind: XsdType) -> st.SearchStrategy[str]:
    """Texts that a simple type lets through."""
    simple: Any = kind.simple_type or kind
    if isinstance(simple, XsdUnion):
        return st.one_of([values(member) for member in simple.member_types])
    if simple.enumeration:
        return st.sampled_from([str(value) for value in simple.enumeration])
    primitive = simple.primitive_type.local_name
    if primitive in _WRITTEN:
        return st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda day: day.isoformat()[: _WRITTEN[primitive]])
    if primitive == "boolean":
        return st.sampled_from(["0", "1", "true", "false"])
    if primitive == "decimal":
        return _numbers(simple)
    least, most = simple.min_length or 0, simple.max_length or 60
    letters: st.SearchStrategy[str] | str = _LETTERS
    patterns = [pattern for facet in _restrictions(simple) if facet.patterns for pattern in facet.patterns.regexps]
    if patterns and not re.fullmatch(patterns[0], _ANYTHING):
        plain = _OF_ONE_CLASS.fullmatch(patterns[0])
        if plain is None:
            return st.from_regex(patterns[0], fullmatch=True, alphabet=_LETTERS).filter(simple.is_valid)
        letters = "".join(letter for letter in map(chr, range(0x20, 0x7F)) if re.fullmatch(plain[1], letter))
        least, most = (int(plain[2]), int(plain[2])) if plain[2] else (max(least, 1), most)
    return st.text(letters, min_size=least, max_size=min(most, least + 40)).filter(simple.is_valid)


def _restrictions(simple: Any) -> Iterator[Any]:
    while simple is not None:
        yield simple
        simple = simple.base_type


def _numbers(simple: Any) -> st.SearchStrategy[str]:
    facets = [
        facet for each in _restrictions(simple) for name, facet in each.facets.items() if facet is not None and name
    ]
    digits = min((int(facet.value) for facet in facets if type(facet) is XsdTotalDigitsFacet), default=4)
    least = -(10**digits) + 1 if simple.min_value is None else int(simple.min_value)
    most = 10**digits - 1 if simple.max_value is None else min(int(simple.max_value), 10**digits - 1)
    return st.integers(least, most).map(str).filter(simple.is_valid)


def hints_of(base: Declaration, catalogue: Catalogue, declared: XsdElement) -> Hints:
    """What the mapping knows of a form's values: its code lists, its times, and what repeats the header of `base`."""
    procedure, types = base.verified.envelope.procedure, dict(_types(declared))
    known: dict[str, st.SearchStrategy[str]] = {}
    for path, spec in _paths(procedure):
        kind = types.get(path)
        if kind is None:
            continue
        if spec.codes is not None:
            codes = [code.code for code in catalogue.codelists[spec.codes].values() if code.valid_to is None]
            known[path] = st.sampled_from([code for code in codes if kind.is_valid(code)])
        elif spec.type == "datetime":
            known[path] = _TIMES.map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}")
    said = header_values(base.verified)
    for equal in procedure.header_equal:
        spec, wanted = procedure.field(equal.field), said[equal.header]
        if spec is None:
            continue
        if equal.fact is not None:
            stated = catalogue.codelists[spec.codes or ""].values()
            wanted = next(code.code for code in stated if wanted in {fact.value for fact in code.facts[equal.fact]})
        known[spec.path] = st.just(wanted)
    return known


def _paths(procedure: Procedure) -> Iterator[tuple[str, FieldSpec]]:
    for spec in procedure.fields:
        yield spec.path, spec
    for group in procedure.groups:
        for spec in group.fields:
            yield f"{group.path}/{spec.path}", spec


def _types(declared: XsdElement, path: str = "") -> Iterator[tuple[str, Any]]:
    if declared.type.has_simple_content() or declared.type.is_simple():
        yield path, declared.type.simple_type or declared.type
        return
    for child in declared.type.content.iter_elements():
        yield from _types(child, f"{path}/{child.local_name}".lstrip("/"))


# written back ---------------------------------------------------------------------------------------------------------


def written(declaration: Declaration) -> etree._Element:
    """The form's root element with exactly the values of a declaration: what reading undoes."""
    procedure = declaration.verified.envelope.procedure
    root = etree.Element(declaration.verified.envelope.spec.root)
    _write(root, procedure.fields, declaration.values)
    for group in procedure.groups:
        parent, _, name = group.path.rpartition("/")
        for row in declaration.rows[group.name]:
            holder = _reach(root, parent) if parent else root
            _write(etree.SubElement(holder, name), group.fields, row)
    return root


def _write(element: etree._Element, fields: tuple[FieldSpec, ...], record: Record) -> None:
    for spec in fields:
        if spec.name in record:
            path, _, attribute = spec.path.partition("@")
            place = _reach(element, path.rstrip("/")) if path else element
            if attribute:
                place.set(attribute, write(record[spec.name]))
            else:
                place.text = write(record[spec.name])


def _reach(element: etree._Element, path: str) -> etree._Element:
    for step in path.split("/"):
        found = element.find(step)
        element = etree.SubElement(element, step) if found is None else found
    return element


# forms that keep the rules --------------------------------------------------------------------------------------------


@st.composite
def lawful(draw: st.DrawFn, spec: MessageSpec, base: Declaration, form: etree._Element, kinds: Hints) -> etree._Element:
    """A form like an accepted one, but for more rows, other dates, and other texts where no rule looks."""
    procedure = base.verified.envelope.procedure
    root = deepcopy(form)
    assert root.tag == spec.root
    for group in procedure.groups:
        if not any(rule.rule in ("within_capacity", "first_row") for rule in _about(procedure, group)):
            _grow(root, procedure, group, draw(st.integers(0, MORE_ROWS)))
    _count(root, procedure, base)
    for rule in procedure.rules:
        _move(draw, root, procedure, rule.rule, rule.arguments)
    bound = _bound(procedure)
    for path, field in _paths(procedure):
        if path not in bound and field.type in ("text", "code", "date", "partial_date"):
            for place in root.findall(path):
                if draw(st.booleans()) and path in kinds:
                    place.text = draw(kinds[path])
    return root


def free_values(procedure: Procedure, declared: XsdElement, hints: Hints) -> Hints:
    """A strategy for every value of the form: the mapping's, else the type's."""
    return {**{path: values(kind).filter(_says_something) for path, kind in _types(declared)}, **hints}


def _says_something(text: str) -> bool:
    return bool(text.strip())


def _about(procedure: Procedure, group: GroupSpec) -> list[Any]:
    return [rule for rule in procedure.rules if rule.arguments.get("group") == group.name]


def _grow(root: etree._Element, procedure: Procedure, group: GroupSpec, more: int) -> None:
    rows = root.findall(group.path)
    fresh = [
        next(spec.path for spec in group.fields if spec.name == rule.arguments["field"])
        for rule in _about(procedure, group)
        if rule.rule == "all_different"
    ]
    for number in range(len(rows), len(rows) + more if rows else 0):
        row = deepcopy(rows[-1])
        for path in fresh:
            place = row.find(path)
            if place is not None and place.text:
                place.text = _renumbered(place.text, number + 1)
        rows[-1].getparent().append(row)  # type: ignore[union-attr]


def _renumbered(text: str, number: int) -> str:
    """Another number of the same form: its last digits changed."""
    return str(number) if text.isdigit() and len(text) < 4 else f"{text[:-3]}{900 + number}"


def _count(root: etree._Element, procedure: Procedure, base: Declaration) -> None:
    for rule in procedure.rules:
        if rule.rule != "total_equals_rows":
            continue
        total, group = procedure.field(str(rule.arguments["total"])), procedure.group(str(rule.arguments["group"]))
        assert total is not None
        assert group is not None
        wanted = conditions(rule.arguments.get("where"))
        paths = {spec.name: spec.path for spec in group.fields}
        rows = [{name: row.findtext(paths[name], "") for name in wanted} for row in root.findall(group.path)]
        place = root.find(total.path)
        if place is not None:
            place.text = str(sum(1 for row in rows if matches(row, wanted)))


def _move(draw: st.DrawFn, root: etree._Element, procedure: Procedure, rule: str, given: Mapping[str, object]) -> None:
    """Dates that one rule alone binds, to somewhere else that it allows."""
    path = _path(procedure, str(given.get("field", "")))
    if path is None or _bound(procedure).get(path, 0) > 1:
        return
    for place in root.findall(path):
        if place.text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", place.text):
            continue
        if rule == "not_before":
            place.text = (date.fromisoformat(place.text) + timedelta(days=draw(st.integers(0, 3000)))).isoformat()
        elif rule in ("before_reception", "not_after_reception"):
            place.text = (date.fromisoformat(place.text) - timedelta(days=draw(st.integers(0, 3000)))).isoformat()


_BOUND: dict[int, tuple[Procedure, dict[str, int]]] = {}
"""By the identity of a procedure that is kept here: asked for each of thousands of forms."""


def _bound(procedure: Procedure) -> dict[str, int]:
    """By path, how many rules and other words of the mapping speak of a field."""
    if id(procedure) not in _BOUND:
        _BOUND[id(procedure)] = procedure, _counted(procedure)
    return _BOUND[id(procedure)][1]


def _counted(procedure: Procedure) -> dict[str, int]:
    names: list[str] = [equal.field for equal in procedure.header_equal]
    names += [*procedure.identities, *procedure.place.values(), *procedure.accounts]
    names += [limit.field for limit in procedure.deadlines if limit.field]
    names += [each.field for limit in procedure.deadlines for each in limit.where]
    names += [each.field for each, _ in procedure.signature.stores_where]
    names += [procedure.signature.when_present or "", *(procedure.principal.fields if procedure.principal else ())]
    for rule in procedure.rules:
        group = str(rule.arguments.get("group") or str(rule.arguments.get("field", "")).rpartition(".")[0])
        where = rule.arguments.get("where")
        inner = [str(rule.arguments["field"])] if "group" in rule.arguments and "field" in rule.arguments else []
        inner += [str(name) for name in where] if isinstance(where, Mapping) else []
        inner += [str(rule.arguments["with"])] if "with" in rule.arguments else []
        names += [*(f"{group}.{name}" for name in inner), *inner, *map(str, rule.arguments.values())]
    counted: dict[str, int] = {}
    for path in filter(None, (_path(procedure, name) for name in names)):
        counted[path] = counted.get(path, 0) + 1
    return counted


def _path(procedure: Procedure, name: str) -> str | None:
    group_name, _, field_name = name.rpartition(".")
    if not group_name:
        field = procedure.field(name)
        return None if field is None else field.path
    group = procedure.group(group_name)
    found = next((spec for spec in group.fields if spec.name == field_name), None) if group else None
    return None if group is None or found is None else f"{group.path}/{found.path}"


# forms broken in one place --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Broken:
    """A form with one fault that its XSD sees, where it stands (XPath below the root), and what was done."""

    form: etree._Element
    at: str
    how: str


@st.composite
def broken(
    draw: st.DrawFn, declared: XsdElement, whole: st.SearchStrategy[etree._Element], *, only: str | None = None
) -> Broken:
    """A whole form with something left out, added, repeated, too long or short, beyond a bound or of another kind.

    `only`: one way of breaking it.
    """
    root = draw(whole)
    ways = [way for way in _ways(root, declared) if only in (None, way[0])]
    how, place, act = draw(st.sampled_from(ways))
    at = act()
    return Broken(root, at if at is not None else _below(root, place), how)


_Way = tuple[str, etree._Element, Callable[[], str | None]]


def _ways(element: etree._Element, declared: XsdElement) -> Iterator[_Way]:
    if declared.type.has_simple_content() or declared.type.is_simple():
        yield from _wrong_values(element, declared.type.simple_type or declared.type)
        return
    yield "unexpected", element, lambda: _added(element)
    for child in declared.type.content.iter_elements():
        found = element.findall(child.local_name)
        if len(found) == 1 and child.min_occurs == 1 and declared.type.content.model != "choice":
            yield "missing", element, lambda gone=found[0]: _left_out(gone)
        if len(found) == 1 and child.max_occurs == 1:
            yield "twice", element, lambda again=found[0]: _repeated(again)
        for each in found:
            yield from _ways(each, child)


def _wrong_values(element: etree._Element, simple: Any) -> Iterator[_Way]:
    def put(text: str) -> Callable[[], None]:
        return lambda: setattr(element, "text", text)

    if isinstance(simple, XsdUnion):
        yield "type", element, put("x")
        return
    if simple.primitive_type.local_name in ("date", "decimal"):
        yield "type", element, put("x")
    if simple.max_value is not None:
        yield "beyond", element, put(str(simple.max_value + 1))
    if simple.enumeration:
        yield "enumeration", element, put("~")
    strange = "§" * (simple.min_length or 1)
    if not simple.is_valid(strange):
        yield "pattern", element, put(strange)
    if simple.max_length is not None:
        yield "length", element, put("A" * (simple.max_length + 1))
    if simple.min_length:
        yield "empty", element, put("")


def _added(element: etree._Element) -> str:
    added = etree.SubElement(element, "Surplus")
    return _below(_top(added), added)


def _left_out(element: etree._Element) -> str:
    parent = element.getparent()
    assert parent is not None
    at = f"{_below(_top(parent), parent)}/{element.tag}"
    parent.remove(element)
    return at.lstrip("/")


def _repeated(element: etree._Element) -> str:
    again = deepcopy(element)
    element.addnext(again)
    return _below(_top(again), again)


def _top(element: etree._Element) -> etree._Element:
    return next(element.iterancestors(), element) if element.getparent() is None else list(element.iterancestors())[-1]


def _below(root: etree._Element, element: etree._Element) -> str:
    """XPath below the form's root, as a finding points."""
    steps = []
    while element is not root:
        parent = element.getparent()
        assert parent is not None
        same = parent.findall(str(element.tag))
        steps.append(f"{element.tag}[{same.index(element) + 1}]" if len(same) > 1 else str(element.tag))
        element = parent
    return "/".join(reversed(steps))
