"""The XSDs and the fields of each form, from schemas/ and mappings/*/*/procedure.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import xmlschema
import yaml
from xmlschema.validators import XsdElement, XsdGroup

from docs.generate.page import ROOT, code, first, head, join, table

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


def files() -> list[str]:
    """Every XSD by its path below schemas/."""
    return sorted(str(file.relative_to(SCHEMAS)) for file in SCHEMAS.rglob("*.xsd"))


def page() -> str:
    """docs/reference/schemas.md."""
    blocks = head(
        "Schemas",
        "`schemas/` and `mappings/`",
        "Whole envelopes, one XSD for each (documentType, type, function). What is validated is the signed element "
        "without its two signatures and without `Content/@Id`. No namespace, no attributes.",
        "**The official field lists of the forms and the Ministry of Defence's message specification are not public.** "
        "The fields below are a proposal. Origin says where each comes from: **T** the text of the law, **P** the "
        "border portal's published data-entry rules, **N** real single-window messages of other ministries, **F** IMO "
        "FAL, UN/EDIFACT PAXLST or ICAO 9303, **I** inference.",
        "## Files",
        table(("XSD", "What it is"), ((_link(name), _purpose(name)) for name in files())),
    )
    for procedure in sorted((ROOT / "mappings").glob("*/*/procedure.yaml")):
        blocks += _procedure(procedure)
    return join(blocks)


def _link(name: str) -> str:
    return f"[{name}](../../schemas/{name})"


@cache
def _schema(name: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(SCHEMAS / name), allow="local", defuse="always")


def _purpose(name: str) -> str:
    for annotation in _schema(name).annotations:
        for text in annotation.documentation:
            return first("".join(text.itertext()))
    return ""


def _procedure(file: Path) -> Iterator[str]:
    stated: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    folder, shown = f"{stated['procedure']}/{stated['version']}", set()
    yield f"## {folder} {stated['title']['vi']}"
    mapping = f"[procedure.yaml](../../mappings/{folder}/procedure.yaml)"
    yield f"{stated['title']['en']}. Basis: {stated['basis']}. Mapping: {mapping}."
    for message in stated["messages"]:
        name, root = f"{folder}/{message['schema']}", message["root"]
        if root in shown:
            yield f"[{message['schema']}](../../schemas/{name}) ({message['meaning']}) holds the same `{root}`."
        else:
            yield from _form(name, f"Body/Content/{root}", message["meaning"], message.get("form"))
            shown.add(root)
    if completion := stated.get("completion"):
        steps = f"Body/Content/Completion/{completion['root']}"
        yield from _form(f"{folder}/{completion['schema']}", steps, "completion", completion["form"])


def _form(name: str, steps: str, meaning: str, form: str | None) -> Iterator[str]:
    root = _find(_schema(name).elements["Envelope"], steps)
    called = f"mẫu {form}" if form else "no form of the Decision"
    yield f"### {name.rpartition('/')[2]}: {meaning} ({called})"
    yield f"Below `Envelope/{steps}`:"
    rows = (
        (
            code(place.path),
            place.words.vi,
            place.words.en,
            kind(place.element),
            occurs(place.element),
            place.words.origin,
        )
        for place in _below(root, "")
    )
    yield table(("Element", "Tiếng Việt", "English", "Value", "Occurs", "Origin"), rows)


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
