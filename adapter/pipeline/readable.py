"""An answer of ours for people: each value of its XML beside what its XSD calls it, in the order written.

Nothing here names a form or a field. The signed XML is the answer; this only shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import xmlschema
from lxml import etree

from adapter.model.procedure import Label
from adapter.pipeline import text
from adapter.pipeline.envelope import hour_and_day, read_time
from adapter.pipeline.wanted import documented, element_at
from adapter.pipeline.xml import pointer

_TECHNICAL = "InReplyTo"
"""Which message is answered: for programs."""
_MESSAGE = "/Envelope/"
"""An XPath of a message begins so."""
_PLACE = Label("Mục của bản khai", "Part of the declaration")
"""What an answer names by an XPath."""


@dataclass(frozen=True, slots=True)
class ReadableLine:
    """One line: a heading where it has no text. `depth` counts from 0."""

    label: Label
    text: Label | None
    depth: int
    path: str = ""
    """The XPath that the text stands for, for programs; empty where it stands for none."""


Named = Callable[[str, str], Label | None]
"""What a code means, by the name of its element; None where it is no code."""
Placed = Callable[[str], Label | None]
"""What the form calls the place of an XPath of the declaration; None where it is no place of the form."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What an answer is put into words by. `declared` is its XSD (None: names of elements stand in its place)."""

    declared: xmlschema.XMLSchema10 | None
    named: Named
    placed: Placed


def readable(content: etree._Element, words: Vocabulary) -> tuple[ReadableLine, ...]:
    """The lines of an answer. `content` is the element below Content."""
    return tuple(_lines(content, words, 0))


def title(content: etree._Element, declared: xmlschema.XMLSchema10 | None) -> Label:
    """What the XSD calls the answer."""
    return _label(content, declared)


def _lines(parent: etree._Element, words: Vocabulary, depth: int) -> Iterator[ReadableLine]:
    for child in parent:
        if child.tag == _TECHNICAL:
            continue
        label = _label(child, words.declared)
        if len(child):
            yield ReadableLine(label, None, depth)
            yield from _lines(child, words, depth + 1)
        elif said := text.value(child):
            place = words.placed(said) if said.startswith(_MESSAGE) else None
            if place is not None:
                yield ReadableLine(_PLACE, place, depth, said)
            else:
                yield ReadableLine(label, words.named(str(child.tag), said) or _told(said), depth)


def _label(element: etree._Element, declared: xmlschema.XMLSchema10 | None) -> Label:
    name = str(element.tag)
    if declared is None:
        return Label(name, name)
    found = element_at(declared, pointer(element))
    words = documented(found) or documented(getattr(found, "type", None))
    return Label(*words) if words else Label(name, name)


def _told(said: str) -> Label:
    """A time in the order of people, all else as it is written."""
    moment = read_time(said)
    shown = said if moment is None else hour_and_day(moment)
    return Label(shown, shown)
