"""Looks at an attached file in a child process: its kind is what its name says, and it is harmless to open."""

from __future__ import annotations

from adapter.gateways.bounded_child import BoundedChild, BoundMet
from adapter.model.attachment import BadFile, FileKind

_CHILD = BoundedChild("adapter.gateways.attachments.child", seconds=40.0)


def look(raw: bytes, kind: FileKind) -> None:
    """Look at a file.

    Raises:
        BadFile: it is another kind than its name says, cannot be read, is encrypted, acts by itself, or inflates.
        Unavailable: the process could not be started or did not end in time, or others are read all the time.
    """
    try:
        why = str(_CHILD.told(raw, kind.value)["why"])
    except BoundMet:
        why = "file_inflates"
    if why:
        raise BadFile(why)
