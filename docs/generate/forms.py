"""The forms as their XSDs describe them, for the pages: places, words, values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import xmlschema
from xmlschema.validators import XsdElement, XsdGroup

from adapter.catalogue.load import DataFiles
from adapter.catalogue.slow_schemas import reporter
from docs.generate.page import ROOT, code, first

SCHEMAS = ROOT / "schemas"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Words:
    """What an annotation says of an element."""

    vi: str = ""
    en: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One element of a form."""

    path: str
    element: XsdElement
    words: Words = field(default_factory=Words)


@cache
def _compiled() -> Callable[[str], xmlschema.XMLSchema10]:
    return reporter(DataFiles(SCHEMAS, ROOT / "mappings"))


def schema(name: str) -> xmlschema.XMLSchema10:
    """An XSD by its path below schemas/, as the program compiles it: what all share once."""
    return _compiled()(name)


def places(name: str, steps: str) -> Iterator[Place]:
    """Everything below the element at `steps` of the envelope that an XSD describes."""
    return _below(_find(schema(name).elements["Envelope"], steps), "")


def _find(element: XsdElement, steps: str) -> XsdElement:
    for step in steps.split("/"):
        element = next(child for child in _children(element) if child.local_name == step)
    return element


def _children(element: XsdElement) -> list[XsdElement]:
    content = getattr(element.type, "content", None)
    if not isinstance(content, XsdGroup):
        return []
    return [child for child in content.iter_elements() if isinstance(child, XsdElement)]


def _below(element: XsdElement, path: str) -> Iterator[Place]:
    for child in _children(element):
        inner = f"{path}/{child.local_name}".lstrip("/")
        yield Place(inner, child, _words(child))
        yield from _below(child, inner)


def _words(element: XsdElement) -> Words:
    annotation = element.annotation
    if annotation is None:
        return Words()
    texts = {text.get(_LANGUAGE): first("".join(text.itertext())) for text in annotation.documentation}
    origin = " ".join(" ".join(str(info.text).split()) for info in annotation.appinfo)
    return Words(texts.get("vi", ""), texts.get("en", ""), origin)


def kind(element: XsdElement) -> str:
    """What a value may be, in short."""
    simple: Any = element.type  # a simple type once it says so; the library's own types do not narrow
    if not simple.is_simple():
        return ""
    if simple.enumeration:
        return "one of " + ", ".join(code(value) for value in simple.enumeration)
    name = (simple.local_name or "").removesuffix("Type")
    longest = getattr(simple, "max_length", None)
    return f"{name}, at most {longest}" if longest is not None else name


def occurs(element: XsdElement) -> str:
    """How often it stands; a value that may stand empty is as good as absent."""
    least, most = element.min_occurs, element.max_occurs
    if most == 1:
        return "1" if least else "0–1"
    return f"{least}–{'n' if most is None else most}"
