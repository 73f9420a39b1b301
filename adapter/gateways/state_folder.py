"""Checks whether the state folder can be written: a read-only file system shows in no other check."""

from __future__ import annotations

import os
from pathlib import Path


def unwritable(folder: Path) -> str | None:
    """Why nothing can be kept there; None where something can. Of a folder that is not there yet, its place is asked.

    It writes nothing.
    """
    try:
        there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        if not there.is_dir():
            return "it is no folder" if there == folder else f"{there} is no folder"
        if os.statvfs(there).f_flag & os.ST_RDONLY:
            return "its file system can only be read"
    except OSError as error:
        return error.strerror or type(error).__name__
    # By effective rights, if the process was started under another user.
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
        return "this user may not write into it"
    return None
