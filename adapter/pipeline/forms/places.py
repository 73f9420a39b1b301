"""A form (mẫu) as its XSD describes it: every place below the form's root element, by path, in the XSD's order.

Looks at schemas only; it must never look at a message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xmlschema
from xmlschema.validators import XsdElement, XsdGroup, XsdUnion

from adapter.pipeline.wanted import takes

XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
MAX_DEPTH = 20
"""A type that contains itself would have no end; no message may be this deep."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One element or attribute of a form."""

    path: str
    kinds: tuple[frozenset[str], ...]
    """Built-in types that its value stands on, one set for each member of a union; empty: it holds elements only."""
    mandatory: bool
    """It must stand wherever its parent stands; no alternative of a choice is."""
    stands: bool
    """Every valid message has it."""
    repeats: int
    """How many steps of its path may stand more than once."""
    simple: Any = None
    """The type of its value."""
    declared: Any = None
    """Its declaration in the XSD, with what is said of it there."""

    @property
    def parent(self) -> str:
        """Path of the element that it stands in; empty for the root."""
        return self.path.partition("@")[0] if "@" in self.path else self.path.rpartition("/")[0]

    @property
    def certain(self) -> bool:
        """Every valid message has it, with a value in it."""
        return self.stands and (self.simple is None or not self.takes(("", " ")))

    @property
    def is_value(self) -> bool:
        """Holds text, not elements only."""
        return bool(self.kinds)

    def fits(self, allowed: frozenset[str]) -> bool:
        """Whatever its type lets through stands on one of the allowed types."""
        return self.is_value and all(kinds & allowed for kinds in self.kinds)

    def takes(self, samples: Iterable[str]) -> bool:
        """Whether its type, with its facets, lets one of these values through."""
        return self.simple is None or any(takes(self.simple, each) for each in samples)

    @property
    def listed(self) -> tuple[str, ...]:
        """The values that its type enumerates; empty where it enumerates none."""
        return tuple(str(each) for each in getattr(self.simple, "enumeration", None) or ())


@dataclass(frozen=True, slots=True)
class _Way:
    """The way from the root to the current place."""

    path: str = ""
    certain: bool = True
    repeats: int = 0


class Form:
    """The places of one form."""

    def __init__(self, root: XsdElement, *, certain: bool) -> None:
        """`certain`: the XSD lets no message pass without the root, nor with a root that is nil."""
        way = _Way(certain=certain)
        self._spots = {spot.path: spot for spot in (*_attributes(root, way), *_below(root, way))}
        self._order = {path: number for number, path in enumerate(self._spots)}

    def spot(self, path: str) -> Spot | None:
        """The place at a mapping's path, or None."""
        return self._spots.get(path.replace("/@", "@"))

    def __iter__(self) -> Iterator[Spot]:
        """Every place in the XSD's order, parents first."""
        return iter(self._spots.values())

    def position(self, path: str) -> int:
        """Where the place stands in the XSD's order."""
        return self._order[path]

    def demanded(self, used: Collection[str]) -> Iterator[Spot]:
        """What must stand in a form that has its root, and has whatever is `used` (paths of values).

        What is mandatory below an element that may be left out is demanded only where that element is used. Of elements
        that hold elements, only those are named that nothing mandatory stands in.
        """
        standing = {""}
        for path in used:
            steps = path.replace("/@", "@").replace("@", "/@").split("/")[:-1]
            standing |= {"/".join(steps[:count]) for count in range(1, len(steps) + 1)}
        inner = {spot.parent for spot in self._spots.values() if spot.mandatory}
        for spot in self._spots.values():  # in the XSD's order, so parents come first
            if spot.mandatory and spot.parent in standing:
                standing.add(spot.path)
                if spot.is_value or spot.path not in inner:
                    yield spot


def form_of(schema: xmlschema.XMLSchema10, steps: str) -> Form | None:
    """The form whose root element stands at `steps` below Envelope, or None."""
    element, certain = schema.elements.get("Envelope"), True
    for step in steps.split("/"):
        children = () if element is None else _children(element)
        named = ((child, always) for child, always in children if child.local_name == step)
        element, always = next(named, (None, False))
        certain = element is not None and always and element.min_occurs > 0 and not element.nillable
    return None if element is None else Form(element, certain=certain)


def never_there(schema: xmlschema.XMLSchema10) -> Iterator[str]:
    """What a schema demands although it never stands in what is validated: signatures are looked at before, and taken
    out of it with the Id of Content."""
    for path in ("SystemSignature", "Body/Signature"):
        if _is_demanded(schema.elements.get("Envelope"), path.split("/")):
            yield f"Envelope/{path}"
    content = schema.elements.get("Envelope")
    for step in ("Body", "Content"):
        content = (
            next((child for child, _ in _children(content) if child.local_name == step), None) if content else None
        )
    identifier = getattr(getattr(content, "type", None), "attributes", {}).get("Id")
    if identifier is not None and identifier.use == "required":
        yield "Envelope/Body/Content/@Id"


def _is_demanded(element: XsdElement | None, steps: list[str]) -> bool:
    for child, always in _children(element) if element is not None else ():
        if child.local_name == steps[0]:
            return always and child.min_occurs > 0 and (len(steps) == 1 or _is_demanded(child, steps[1:]))
    return False


def _children(element: XsdElement) -> Iterator[tuple[XsdElement, bool]]:
    content = getattr(element.type, "content", None)
    if isinstance(content, XsdGroup):
        yield from _particles(content, always=True)


def _particles(group: XsdGroup, *, always: bool) -> Iterator[tuple[XsdElement, bool]]:
    """The elements of a group, each with whether the group makes it stand always (a choice does not)."""
    always = always and group.min_occurs > 0 and group.model != "choice"
    for particle in group:
        if isinstance(particle, XsdGroup):
            yield from _particles(particle, always=always)
        elif isinstance(particle, XsdElement):
            yield particle, always


def _below(element: XsdElement, way: _Way) -> Iterator[Spot]:
    if way.path.count("/") >= MAX_DEPTH:
        return
    for child, always in _children(element):
        step = _Way(
            path=f"{way.path}/{child.local_name}" if way.path else str(child.local_name),
            certain=way.certain and always and child.min_occurs > 0 and not child.nillable,
            repeats=way.repeats + (child.max_occurs != 1),
        )
        simple = child.type.simple_type
        yield Spot(
            path=step.path,
            kinds=() if simple is None else _kinds(simple),
            mandatory=always and child.min_occurs > 0,
            stands=step.certain,
            repeats=step.repeats,
            simple=simple,
            declared=child,
        )
        yield from _attributes(child, step)
        yield from _below(child, step)


def _attributes(element: XsdElement, way: _Way) -> Iterator[Spot]:
    attributes: Mapping[str | None, xmlschema.XsdAttribute] = getattr(element.type, "attributes", {})
    for name, attribute in attributes.items():
        kinds = getattr(attribute, "type", None)
        if name and kinds is not None:
            needed = attribute.use == "required"
            stands = needed and way.certain
            yield Spot(f"{way.path}@{name}", _kinds(kinds), needed, stands, way.repeats, kinds, attribute)


def _kinds(simple: xmlschema.XsdType) -> tuple[frozenset[str], ...]:
    """Names of the built-in types that a simple type is derived from, its own first ancestor included."""
    names = set()
    kind: xmlschema.XsdType | None = simple
    while kind is not None:
        if isinstance(kind, XsdUnion):
            return tuple(kinds for member in kind.member_types for kinds in _kinds(member))
        if kind.target_namespace == XSD_NAMESPACE and kind.local_name:
            names.add(kind.local_name)
        kind = kind.base_type
    return (frozenset(names),)
