"""The only writer to the terminal: text of a message cannot move the cursor or hide text.

Control characters (C0 and C1), bidirectional and other invisible ones are shown as escapes. A character that the
terminal cannot show is an escape too.
"""

from __future__ import annotations

import io
import json as json_format
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_HIDDEN = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u03ff\u1e00-\u1eff]")
"""Characters to be looked up: neither ASCII nor a Latin or Greek letter."""
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    """The text on one line, with an escape (\\x1b, \\u202e) for each character that cannot be seen."""
    return _HIDDEN.sub(_escape, text)


def visible_json(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """A JSON document on one line; what cannot be seen is escaped as JSON does it, so that it reads back the same."""
    return _HIDDEN.sub(_json_escape, json_format.dumps(value, ensure_ascii=False, default=default))


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    return letter.encode("unicode_escape").decode() if _is_unseen(letter) else letter


def _json_escape(found: re.Match[str]) -> str:
    letter = found[0]
    return json_format.dumps(letter)[1:-1] if _is_unseen(letter) else letter


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN


def say(text: str, *, error: bool = False) -> None:
    """One line on stdout, or on stderr."""
    _write(f"{visible(text)}\n", error=error)


def is_watched() -> bool:
    """Whether a person reads stderr: a terminal, not a log."""
    return sys.stderr is not None and sys.stderr.isatty()


def say_json(value: Any, default: Callable[[Any], Any] | None = None) -> None:
    """One JSON document on one line of stdout."""
    _write(f"{visible_json(value, default)}\n", error=False)


def block(text: str, *, end: str = "\n") -> None:
    """Several lines of our own making on stdout: a definition, a reference."""
    _write("\n".join(map(visible, text.split("\n"))) + end, error=False)


def raw(body: bytes) -> None:
    """Bytes for a file or another program on stdout."""
    stream = sys.stdout
    if stream is not None:
        stream.buffer.write(body)


def console() -> Console:
    """Stdout as it is now. Without a terminal lines are wide, so that nothing is folded in a file."""
    from rich.console import Console  # a third of the start, for those commands that draw a table

    made = Console(highlight=False, emoji=False)
    return made if made.is_terminal else Console(highlight=False, emoji=False, width=200)


def prepare() -> None:
    """At the start: a character that the terminal's encoding does not have becomes an escape, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write the buffered output.

    Raises:
        OSError: it cannot be written (a full disk); stdout is closed for good then, so that it is told only once.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        give_up(sys.stdout)
        raise


def give_up(stream: TextIO) -> None:
    """Discard the buffered output: the interpreter would try to write it again at its end, and report an error."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _write(text: str, *, error: bool) -> None:
    stream = sys.stderr if error else sys.stdout
    if stream is not None:  # closed by the process that started this one
        stream.write(text)
