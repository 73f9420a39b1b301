"""Marks of states and time limits on pages: a colour, a shape, and the word beside them."""

from __future__ import annotations

from datetime import datetime

from adapter.services.dossiers.own_records import RunningLimit

_SOON_MINUTES = 60

MARKS = {
    "received": ("info", "dot"),
    "accepted": ("info", "half"),
    "amendment_requested": ("ask", "diamond"),
    "amended": ("info", "half"),
    "confirmation_signed": ("info", "half"),
    "confirmation_sent": ("ask", "diamond"),
    "completed": ("ok", "check"),
    "amendment_confirmation_signed": ("info", "half"),
    "amendment_confirmation_sent": ("ask", "diamond"),
    "completed_amended": ("ok", "check"),
    "refused": ("no", "cross"),
    "withdrawn": ("wait", "both"),
    "recorded": ("wait", "half"),
    "merged": ("wait", "both"),
}
"""The mark of each state: colour and shape. Its word is beside them."""


def urgency(limit: RunningLimit, at: datetime) -> str:
    """The mark of a time limit: over, soon, or neither."""
    if limit.due_at is None:
        return ""
    minutes = (limit.due_at - at).total_seconds() / 60
    return "over" if minutes < 0 else "soon" if minutes <= _SOON_MINUTES else ""
