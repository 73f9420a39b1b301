"""Reasons that operators type, checked at their entry."""

from __future__ import annotations

from adapter.model.text import REASON, text_fault


def fault_of_reason(text: str) -> str:
    """The key of words for what is wrong with a reason; empty: nothing is."""
    if not text.strip():
        return "operator.fault.empty"
    return "operator.fault.text" if text_fault(text, most=REASON, least=1) else ""
