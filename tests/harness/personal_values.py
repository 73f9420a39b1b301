"""What a message says of persons: the values that no page may show unless somebody has unmasked them."""

from __future__ import annotations

import re

from lxml import etree

from adapter.model.catalogue import Catalogue

LEAST = 4
"""Shorter values (a sex, a number of persons) stand in every text."""
EXAMPLE = re.compile("(ví dụ|for example) ([A-Z]?[0-9]+|NGUYEN VAN AN)")
"""What a finding says of how a number is written."""


def told_of_persons(catalogue: Catalogue, raw: bytes) -> tuple[set[str], set[str]]:
    """The values that the mapping of a message's procedure calls a person's, and those of its open fields.

    Raises:
        XMLSyntaxError: it is no XML.
    """
    root = etree.fromstring(raw)
    code, content = root.findtext("Header/Subject/documentType"), root.find("Body/Content")
    told: dict[bool, set[str]] = {True: set(), False: set()}
    if content is None:
        return told[True], told[False]
    for procedure in (each for many in catalogue.procedures.values() for each in many):
        if procedure.document_type != code:
            continue
        paths = [(spec.path, spec.personal) for spec in procedure.fields]
        paths += [(f"{group.path}/{spec.path}", spec.personal) for group in procedure.groups for spec in group.fields]
        for path, is_personal in paths:
            told[is_personal] |= {(found.text or "").strip() for found in content.findall(f"*/{path}")}
    return {value for value in told[True] if len(value) >= LEAST}, told[False]


def personal(catalogue: Catalogue, raw: bytes) -> set[str]:
    """Of one message the values of persons, wherever no open field of it says the same."""
    secret, opened = told_of_persons(catalogue, raw)
    return {value for value in secret if not any(value in other for other in opened)}
