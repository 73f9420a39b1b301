"""A file that is attached to a dossier: which kinds may stand there, what it is called, whether it was scanned."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding
from adapter.model.text import pasted

LONGEST_NAME = 120
"""Characters of a file's name, its suffix included."""
_PATHS = str.maketrans({"\\": "/"})
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
"""What no file on Windows can be called (Microsoft, "Naming Files, Paths, and Namespaces")."""


class FileKind(StrEnum):
    """The kinds of files that are taken."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"

    @property
    def media_type(self) -> str:
        """As HTTP names it (RFC 6838)."""
        return "application/pdf" if self is FileKind.PDF else f"image/{self.value}"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The ends of names of such files, in lower case."""
        return (".jpg", ".jpeg") if self is FileKind.JPEG else (f".{self.value}",)


class Scan(StrEnum):
    """What is known of malicious software in a file."""

    NOT_SCANNED = "not_scanned"
    """No scanner could be asked yet."""
    CLEAN = "clean"
    INFECTED = "infected"
    """It is never given out."""


class BadFile(NotAllowed):
    """A file that is not taken, with the finding that says why."""

    def __init__(self, name: str, **words: str) -> None:
        super().__init__(name)
        self.finding = Finding(name, "/", words=words)


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Bytes of one file, of all files that a dossier names at one time, and of all that one person has not sent yet."""

    file: int
    dossier: int
    unsent: int


def named(stated: str) -> tuple[str, FileKind]:
    """The name of a file as it is kept, and the kind that the name says.

    Folders before it are left out, and so is every sign that cannot be seen: one that turns the direction of writing
    would show `gpj.exe` as `exe.jpg`.

    Raises:
        BadFile: it names no kind that is taken.
    """
    last = stated.translate(_PATHS).rpartition("/")[2]
    seen, _ = pasted(last)
    name = unicodedata.normalize("NFC", seen).translate(_NOT_IN_NAMES).lstrip(". ")
    stem, dot, suffix = name.rpartition(".")
    kind = next((each for each in FileKind if f".{suffix.lower()}" in each.suffixes), None)
    if not dot or not stem.strip() or kind is None:
        raise BadFile("file_name")
    return f"{stem.strip()[: LONGEST_NAME - len(suffix) - 1]}.{suffix.lower()}", kind
