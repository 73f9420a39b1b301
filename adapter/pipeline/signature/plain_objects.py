"""A plain ds:Object that states the time of signing (XML-DSig 5.2), as Vietnam's e-invoice and tax software writes it.

Nothing but this one value may stand in it, so that nothing can hide there. Tools put the Id on any of the three levels,
leave the namespace of XML-DSig below Object, and give SigningTime one of their own. @Target has no effect: tools write
a constant, and what binds the time to this signature is the reference that covers it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from adapter.model.finding import Finding
from adapter.pipeline.signature.algorithms import ds
from adapter.pipeline.signature.claimed_time import SigningTime, signing_time
from adapter.pipeline.text import elements_only, value

_ATTRIBUTES = ({"Id", "MimeType", "Encoding"}, {"Id"}, {"Id", "Target"}, set[str]())
"""Of each level: an `xml:*` attribute above what is referred to would change its inclusive C14N."""


@dataclass(frozen=True, slots=True)
class StatedTime:
    """The time of signing in a plain Object. A claim if a reference covers one of `bearers`, nothing otherwise."""

    time: SigningTime
    bearers: tuple[etree._Element, ...]
    """Object, SignatureProperties, SignatureProperty: each holds the time and nothing else."""


class ObjectNotTaken(Exception):
    """This Object is not to be read further. Internal to the gate, which lists it as a finding."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def finding(self, pointer: str) -> Finding:
        return Finding("object_forbidden", pointer, words={"what": self.what})


def stated_time(holder: etree._Element) -> StatedTime:
    """Read the one ds:Object of a signature that is not XAdES.

    Raises:
        ObjectNotTaken: something else stands in it; says what.
    """
    properties = _only(holder, "SignatureProperties", {ds("SignatureProperties"), "SignatureProperties"})
    stated = _only(properties, "SignatureProperty", {ds("SignatureProperty"), "SignatureProperty"})
    time = _only(stated, "SigningTime", None)
    levels = (holder, properties, stated, time)
    for element, allowed in zip(levels, _ATTRIBUTES, strict=True):
        for name in element.attrib:
            if name not in allowed:
                raise ObjectNotTaken(f"{_local(element)}/@{etree.QName(str(name)).localname}"[:80])
    if len(time):
        raise ObjectNotTaken(_local(time[0]))
    try:
        return StatedTime(signing_time(value(time)), levels[:3])
    except ValueError:
        raise ObjectNotTaken("SigningTime") from None


def _only(parent: etree._Element, name: str, tags: set[str] | None) -> etree._Element:
    """The only child, with no text beside it; `tags` None takes the name in any namespace."""
    if len(parent) != 1:
        raise ObjectNotTaken(_local(parent[1]) if len(parent) else _local(parent))
    child = parent[0]
    if _local(child) != name or (tags is not None and child.tag not in tags):
        raise ObjectNotTaken(_local(child))
    if not elements_only(parent):
        raise ObjectNotTaken(_local(parent))
    return child


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname[:40]
