"""Reasons and times that operators type, checked at their entry."""

from __future__ import annotations

from datetime import datetime

from adapter.model.text import REASON, text_fault, time_fault
from adapter.pipeline.envelope import VIETNAM


def fault_of_reason(text: str) -> str:
    """The key of words for what is wrong with a reason; empty: nothing is."""
    if not text.strip():
        return "operator.fault.empty"
    return "operator.fault.text" if text_fault(text, most=REASON, least=1) else ""


def moment_of(text: str) -> datetime | None:
    """A time as a field of a page states it, in Vietnam's zone; None where it states none that is one."""
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time_fault(stated) else stated.replace(tzinfo=VIETNAM)
