"""Reading the text of elements: the only place where the text of a tree becomes a value.

Whoever routes a message, whoever asks which signature it needs and whoever reads its form must see one and the same
value, and it must be the signed one. So nothing else in the program reads `.text` of what others wrote
(tests/architecture/test_reading.py), and every tree that comes here was parsed by pipeline/xml, which leaves comments
out as canonical XML does: an element's text is then one text up to its first child.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from lxml import etree

Meant = TypeVar("Meant")


def raw(element: etree._Element) -> str:
    """The text of an element as it is, white space and all; empty where there is none."""
    return element.text or ""


def value(element: etree._Element | None) -> str:
    """The text of an element without the white space around it; empty where there is no element or no text."""
    return "" if element is None or element.text is None else element.text.strip()


def value_at(parent: etree._Element, path: str) -> str:
    """The same at a path below `parent`: of its first element, or of an attribute (`Ship/@kind`, `@kind`)."""
    steps, _, attribute = path.partition("@")
    element = parent.find(steps.rstrip("/")) if steps else parent
    if element is None or not attribute:
        return value(element)
    return (element.get(attribute) or "").strip()


def values(parent: etree._Element | None) -> dict[str, str]:
    """The values of an element's children by their tags; of two with one tag the last one's."""
    if parent is None:
        return {}
    # Asked for each part of every header: calling `value` for each element would be slow.
    return cast(dict[str, str], {child.tag: (child.text or "").strip() for child in parent})


def stated(parent: etree._Element, wanted: Mapping[object, Meant]) -> list[tuple[Meant, str]]:
    """The value of each child that has one and whose tag is wanted, with what `wanted` says of it; in their order."""
    # Asked for every row of a list: calling `value` for each element would be slow.
    return [
        (meant, text)
        for child in parent
        if (meant := wanted.get(child.tag)) is not None and (text := child.text) is not None and (text := text.strip())
    ]


def values_below(parent: etree._Element) -> dict[str, str]:
    """The values of the elements two steps below, by their paths (`Declarant/Name`), each as `value_at` finds it."""
    found: dict[str, str] = {}
    for child in parent:
        for each in child:
            found.setdefault(f"{child.tag!s}/{each.tag!s}", value(each))
    return found


def holds_something(element: etree._Element) -> bool:
    """Whether an element has any content except white space."""
    return len(element) > 0 or bool(value(element))


def elements_only(element: etree._Element) -> bool:
    """Whether there is no text beside an element's children, except white space."""
    return not value(element) and not any((child.tail or "").strip() for child in element)


def line_breaks(element: etree._Element) -> int:
    """Number of line breaks between an element's start and end tag, without those inside tags."""
    return sum(str(part).count("\n") for part in element.itertext())


def line_breaks_before(element: etree._Element) -> int:
    """Number of line breaks between an element's start tag and its first child."""
    return (element.text or "").count("\n")


def line_breaks_behind(element: etree._Element) -> int:
    """Number of line breaks between an element and the next one."""
    return (element.tail or "").count("\n")
