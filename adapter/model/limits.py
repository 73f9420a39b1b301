"""The limits of a message before anything is trusted (config.yaml, `limits`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts and sizes in bytes; each is checked before anything that costs more than reading the bytes once."""

    message_bytes: int
    depth: int
    elements: int
    attributes: int
    element_attributes: int
    """Attributes of one element: canonicalising compares each with each."""
    namespaces: int
    text: int
    """Characters of one text or attribute value."""
    references: int
    """References of all signatures together."""
    transforms: int
    findings: int
    """Findings that an answer lists; if there are more, the answer says so."""
    report_bytes: int
    """Up to this size a rejected message gets the second, slower schema report."""
    report_children: int
    """Up to so many elements directly under one."""
    report_seconds: float
