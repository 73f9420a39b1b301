"""The child process: a file from standard input, the kind that its name says as argument; why it is not taken as JSON.

Its bounds are set before it looks.
"""

from __future__ import annotations

import logging
import sys
import zipfile
from io import BytesIO

import orjson

from adapter.gateways.bounded_child import bound

MEMORY = 700_000_000
CPU_SECONDS = 20
_OTHERS = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"%PDF-", b"<html", b"<script", b"<?php")
"""Beginnings of other kinds, in a picture: no picture has them, and a file that is two kinds at once has."""


class _Refused(Exception):
    """The name of the finding."""


def main() -> int:
    """Look at one file. Exit code 0 with the reason, or none; anything else: a bound was met."""
    bound(MEMORY, CPU_SECONDS)
    logging.disable(logging.CRITICAL)  # libraries tell on standard error what they repair, in the file's own words
    sys.stdout.buffer.write(orjson.dumps({"why": reason(sys.argv[1], sys.stdin.buffer.read())}))
    return 0


def reason(kind: str, raw: bytes) -> str:
    """The name of the finding, empty where the file is taken."""
    try:
        _look(kind, raw)
    except _Refused as refused:
        return str(refused)
    except MemoryError:
        return "file_inflates"
    except Exception:  # noqa: BLE001  whatever a stranger's file brings out of a library: it cannot be read
        return "file_unreadable"
    return ""


def _look(kind: str, raw: bytes) -> None:
    """
    Raises:
        _Refused: it is not taken.
    """
    if zipfile.is_zipfile(BytesIO(raw)):
        raise _Refused("file_other_kind")
    if kind == "pdf":
        from adapter.gateways.attachments import pdf  # after the bounds: it is what they are for

        if why := pdf.fault(raw):
            raise _Refused(why)
        return
    from adapter.gateways.attachments import pictures

    lowered = raw.lower()
    if any(each.lower() in lowered for each in _OTHERS):
        raise _Refused("file_other_kind")
    if why := pictures.fault(kind, raw):
        raise _Refused(why)


if __name__ == "__main__":
    sys.exit(main())
