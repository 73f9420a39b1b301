"""The expected form of a value, in words for people: from the XSD's simple types, else from their facets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import xmlschema

from adapter.model.finding import ENGLISH
from adapter.model.procedure import Label

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MANY = 12
"""Values of an enumeration that are named."""


def wanted(declared: xmlschema.XMLSchema10, path: str) -> dict[str, str]:
    """The words `wanted` (Vietnamese) and `wanted_en` for the value at an XPath of the message."""
    form = form_wanted(getattr(element_at(declared, path), "type", None))
    return {"wanted": form.vi, f"wanted{ENGLISH}": form.en}


def takes(type_: Any, text: str) -> bool:
    """Whether a simple type of an XSD takes this text, with all its facets.

    `is_valid` of the same type makes a document of each text first and takes 50 times as long. The context is this
    call's own: the one of the schema is shared by all threads, and holds the errors of whichever came last.
    """
    return bool(type_.text_is_valid(text, copy(type_.schema.validation_context)))


def form_wanted(type_: Any) -> Label:
    """The same of a simple type."""
    return Label(*(said(type_) or _facets(type_)))


def element_at(declared: xmlschema.XMLSchema10, path: str) -> Any:
    """The declaration of the element at an XPath of the message, or None where nothing is declared there."""
    first, *steps = re.sub(r"\[\d+\]", "", path).strip("/").split("/")
    found: Any = declared.elements.get(first)
    for step in steps:
        content = model(found)
        found = next((each for each in content.iter_elements() if each.local_name == step), None) if content else None
    return found


def model(declared: Any) -> Any:
    """The model of an element's children, or None where it has none."""
    content = getattr(getattr(declared, "type", None), "content", None)
    return content if hasattr(content, "iter_elements") else None


def _bases(type_: Any) -> Iterator[Any]:
    while type_ is not None:
        yield type_
        type_ = getattr(type_, "base_type", None)


def said(type_: Any) -> tuple[str, str] | None:
    """What the type, or the nearest that it restricts, says of itself in Vietnamese and English."""
    return next((words for each in _bases(type_) if (words := documented(each))), None)


def documented(component: Any) -> tuple[str, str] | None:
    """What an element, an attribute or a type of an XSD says of itself; None unless it does so in both languages."""
    texts = getattr(getattr(component, "annotation", None), "documentation", ())
    words = {text.get(_LANGUAGE): " ".join((text.text or "").split()) for text in texts}
    return (words["vi"], words["en"]) if words.get("vi") and words.get("en") else None


def _facets(type_: Any) -> tuple[str, str]:
    values = [str(value) for value in getattr(type_, "enumeration", None) or ()]
    if values:
        named = ", ".join(values[:_MANY]) + (", …" if len(values) > _MANY else "")
        return f"một trong các giá trị {named}", f"one of {named}"
    least, most = (getattr(type_, name, None) for name in ("min_length", "max_length"))
    if most is not None:
        return f"từ {least or 0} đến {most} ký tự", f"{least or 0} to {most} characters"
    bounds = {name: facet.value for each in reversed([*_bases(type_)]) for name, facet in _facets_of(each)}
    if "minInclusive" in bounds and "maxInclusive" in bounds:
        low, high = bounds["minInclusive"], bounds["maxInclusive"]
        return f"số nguyên từ {low} đến {high}", f"a whole number from {low} to {high}"
    if "totalDigits" in bounds:
        most = bounds["totalDigits"]
        return (
            f"số nguyên có tối đa {most} chữ số, ví dụ 12",
            f"a whole number of at most {most} digits, for example 12",
        )
    return "như lược đồ XSD quy định", "as the XSD says"


def _facets_of(type_: Any) -> Iterator[tuple[str, Any]]:
    for name, facet in (getattr(type_, "facets", None) or {}).items():
        if name and facet is not None:
            yield str(name).rpartition("}")[2], facet
