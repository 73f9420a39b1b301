"""Filling: from texts under the mapping's names to the form's XML, in the XSD's order. Reading it gives them again.

What must hold something stands, if empty, so that a fault names the field that is missing and not what it stands in.
Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from adapter.model.text import holdable
from adapter.pipeline.forms.answers import Answers, Texts
from adapter.pipeline.forms.layout import FormField, FormGroup, FormLayout
from adapter.pipeline.forms.places import Spot


def fill(layout: FormLayout, answers: Answers) -> etree._Element:
    """The form's root element. What stands under a name that the form does not have is left out."""
    root = etree.Element(layout.spec.root)
    lists = {group.path: group for group in layout.groups}
    filled = [path for path, group in lists.items() if answers.rows.get(group.name)]
    texts = _by_path(layout.fields.values(), answers.values)
    inside = tuple(f"{path}{mark}" for path in lists for mark in "/@")
    made, standing = {"": root}, _ancestors((*texts, *filled))
    for spot in layout.places:
        if spot.path in lists:
            if (parent := made.get(spot.parent)) is not None:
                _rows(parent, layout, lists[spot.path], answers)
        elif not spot.path.startswith(inside):
            _place(made, spot, spot.path, texts, standing)
    return root


def _rows(parent: etree._Element, layout: FormLayout, group: FormGroup, answers: Answers) -> None:
    below = tuple(_below(layout, group.path))
    for row in answers.rows.get(group.name, ()):
        texts = _by_path(group.fields, row)
        made, standing = {"": etree.SubElement(parent, group.path.rpartition("/")[2])}, _ancestors(texts)
        for spot, path in below:
            _place(made, spot, path, texts, standing)


def _below(layout: FormLayout, path: str) -> Iterator[tuple[Spot, str]]:
    """What stands below an element, each with its path from there."""
    for spot in layout.places:
        if spot.path.startswith((f"{path}/", f"{path}@")):
            yield spot, spot.path.removeprefix(path).removeprefix("/")


def _place(made: dict[str, etree._Element], spot: Spot, path: str, texts: Texts, standing: frozenset[str]) -> None:
    """Write one place if it has a text, something below it has one, or it must stand and hold something."""
    above, _, attribute = path.partition("@")
    parent = made.get(above if attribute else path.rpartition("/")[0])
    if parent is None:
        return
    if attribute:
        if path in texts:
            parent.set(attribute, texts[path])
    elif path in texts or path in standing or (spot.mandatory and not spot.is_value):
        made[path] = etree.SubElement(parent, path.rpartition("/")[2])
        made[path].text = texts.get(path)


def _by_path(fields: Iterable[FormField], texts: Texts) -> Mapping[str, str]:
    """Texts that hold something, by the paths of their fields; nothing that XML cannot hold."""
    stated = {field.path.replace("/@", "@"): texts.get(field.name, "").strip() for field in fields}
    return {path: holdable(text) for path, text in stated.items() if text}


def _ancestors(paths: Iterable[str]) -> frozenset[str]:
    found = set()
    for path in paths:
        steps = path.replace("@", "/@").split("/")
        found |= {"/".join(steps[:count]) for count in range(1, len(steps))}
    return frozenset(found)
