"""Files for the time when portal and database are away: a folder that only its user reads, and pages for a web server.

The folder holds names and telephone numbers: it has mode 0700, each file 0600, and nothing of it is ever logged.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapter.gateways.whole_file import write_whole
from adapter.model.errors import Misconfigured

_LIST, _FAILURES, _ACTS = "danh-sach-lien-he.json", "su-co.json", "cho-ghi-nhat-ky.json"
_LIST_MADE = "danh-sach-lap-luc.json"
_CHANGING_ACTS = "cho-ghi"


class KeptContact(BaseModel):
    """Whom to reach about one dossier that is not finished."""

    model_config = ConfigDict(frozen=True)

    dossier: str
    """Number and year, `N/YYYY`."""
    procedure: str
    """What it is called, in Vietnamese."""
    gate: str
    unit: str
    channel: str
    state: str
    name: str
    telephones: tuple[str, ...]
    emails: tuple[str, ...]
    crossing_at: AwareDatetime | None
    due_at: AwareDatetime | None
    """By when the border guard has to confirm."""


class KeptContacts(BaseModel):
    """The list, when it was made, and whether declarants of the window are told too: while the window is down."""

    model_config = ConfigDict(frozen=True)

    made_at: AwareDatetime
    window_down: bool
    contacts: tuple[KeptContact, ...]

    def nameless(self) -> KeptContacts:
        """The same dossiers, without what names or reaches a person."""
        nobody = {"name": "", "telephones": (), "emails": ()}
        return self.model_copy(update={"contacts": tuple(each.model_copy(update=nobody) for each in self.contacts)})


class KeptListMade(BaseModel):
    """When a list was made, and of how many dossiers: in a file of its own, since a list may have some MB."""

    model_config = ConfigDict(frozen=True)

    made_at: AwareDatetime
    many: int


class KeptFailure(BaseModel):
    """One failure of the portal, as an operator has told it. `account`: of the system, from which it was typed, or who
    pressed the button, as the journal names him."""

    model_config = ConfigDict(frozen=True)

    number: int
    since: AwareDatetime
    told_at: AwareDatetime
    expected_end: AwareDatetime | None
    over_at: AwareDatetime | None
    reason_vi: str
    reason_en: str
    account: str


class KeptAct(BaseModel):
    """An act that is not in the journal yet, since the store may be away: its event, and by whom."""

    model_config = ConfigDict(frozen=True)

    event: str
    at: AwareDatetime
    number: int
    actor: str


class KeptLetter(BaseModel):
    """An e-mail to one address, which is written down before it is tried; `posted`: what became of it."""

    model_config = ConfigDict(frozen=True)

    address: str
    message_id: str
    posted: str


_MANY_FAILURES, _MANY_LETTERS = TypeAdapter(tuple[KeptFailure, ...]), TypeAdapter(tuple[KeptLetter, ...])
_MANY_ACTS = TypeAdapter(tuple[KeptAct, ...])


@dataclass(frozen=True, slots=True)
class FailureFolder:
    """The folder that only its user reads."""

    folder: Path

    def contacts(self) -> KeptContacts | None:
        """The list as it was written last; None where there is none, or one that is not whole."""
        with suppress(OSError, ValidationError):
            return KeptContacts.model_validate_json((self.folder / _LIST).read_bytes())
        return None

    def keep_contacts(self, kept: KeptContacts) -> None:
        """Write the list in place of the one before.

        Raises:
            Misconfigured: it cannot be written.
        """
        self.write(_LIST, kept.model_dump_json().encode())
        made = KeptListMade(made_at=kept.made_at, many=len(kept.contacts))
        self.write(_LIST_MADE, made.model_dump_json().encode())

    def list_made(self) -> KeptListMade | None:
        """When the list was written last; None where there is none."""
        with suppress(OSError, ValidationError):
            return KeptListMade.model_validate_json((self.folder / _LIST_MADE).read_bytes())
        listed = self.contacts()  # as a version wrote it that told it nowhere else
        return None if listed is None else KeptListMade(made_at=listed.made_at, many=len(listed.contacts))

    def forget_contacts(self) -> None:
        """Remove the list, for people and for programs."""
        for file in self.folder.glob("danh-sach-*"):
            with suppress(OSError):
                file.unlink()

    def failures(self) -> tuple[KeptFailure, ...]:
        """Every failure that was told, the first one first.

        Raises:
            Misconfigured: what was kept of them cannot be read.
        """
        file = self.folder / _FAILURES
        try:
            return _MANY_FAILURES.validate_json(file.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            raise Misconfigured(f"{file}: cannot be read ({type(error).__name__}); move it away") from None

    def keep_failures(self, kept: Sequence[KeptFailure]) -> None:
        """Write them in place of those before.

        Raises:
            Misconfigured: they cannot be written.
        """
        self.write(_FAILURES, _MANY_FAILURES.dump_json(tuple(kept)))

    def acts(self) -> tuple[KeptAct, ...]:
        """Acts that are not in the journal yet, the first one first."""
        with suppress(OSError, ValidationError):
            return _MANY_ACTS.validate_json((self.folder / _ACTS).read_bytes())
        return ()

    def add_act(self, act: KeptAct) -> None:
        """Put an act behind those that are there.

        Raises:
            Misconfigured: they cannot be written.
        """
        with self.alone(_CHANGING_ACTS):
            self._keep_acts([*self.acts(), act])

    def drop_acts(self, many: int) -> None:
        """Take so many of the first ones away; whoever adds one meanwhile waits.

        Raises:
            Misconfigured: they cannot be written.
        """
        with self.alone(_CHANGING_ACTS):
            self._keep_acts(self.acts()[many:])

    def _keep_acts(self, kept: Sequence[KeptAct]) -> None:
        self.write(_ACTS, _MANY_ACTS.dump_json(tuple(kept)))

    @contextmanager
    def alone(self, what: str, *, wait: bool = True) -> Iterator[bool]:
        """No other process does the same meanwhile: command, button and clock work in one folder.

        Without `wait`: False at once where another one is at it.

        Raises:
            Misconfigured: the folder cannot be written.
        """
        file = self.folder / f".{what}.lock"
        try:
            _shut(self.folder)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise Misconfigured(f"portal_failure.folder: cannot write {file}: {error.strerror}") from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)  # which lets it go

    def letters(self, name: str) -> tuple[KeptLetter, ...]:
        """The e-mails of that file; none where there is no such file."""
        with suppress(OSError, ValidationError):
            return _MANY_LETTERS.validate_json((self.folder / name).read_bytes())
        return ()

    def keep_letters(self, name: str, kept: Sequence[KeptLetter]) -> None:
        """Write them in place of those before.

        Raises:
            Misconfigured: they cannot be written.
        """
        self.write(name, _MANY_LETTERS.dump_json(tuple(kept)))

    def write(self, name: str, body: bytes) -> Path:
        """Write a file whole, or leave it as it was; gives where it is. `name` may name a folder below.

        Raises:
            Misconfigured: it cannot be written.
        """
        file = self.folder / name
        try:
            _shut(self.folder)
            _shut(file.parent)
            write_whole(file, body, 0o600)
        except OSError as error:
            raise Misconfigured(f"portal_failure.folder: cannot write {file}: {error.strerror}") from None
        return file

    def read(self, name: str) -> bytes | None:
        """The bytes of a file below the folder; None where there is none. `name` is the program's own, never typed."""
        with suppress(OSError):
            return (self.folder / name).read_bytes()
        return None

    def add_line(self, name: str, line: bytes, head: bytes) -> Path:
        """Put a line at the end of a file, which begins with `head`; gives where it is.

        Raises:
            Misconfigured: it cannot be written.
        """
        file = self.folder / name
        try:
            _shut(self.folder)
            _shut(file.parent)
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "ab") as opened:
                opened.write(line if opened.tell() else head + line)
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as error:
            raise Misconfigured(f"portal_failure.folder: cannot write {file}: {error.strerror}") from None
        return file

    def remove(self, name: str) -> bool:
        """Remove a folder below with all that is in it; whether it was there."""
        there = (self.folder / name).is_dir()
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return there


def write_page(folder: Path, name: str, body: bytes) -> None:
    """A page that a web server carries: everybody may read it.

    Raises:
        Misconfigured: it cannot be written.
    """
    file = folder / name
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
        if not (file.is_file() and file.read_bytes() == body):
            write_whole(file, body)
    except OSError as error:
        raise Misconfigured(f"portal_failure.pages: cannot write {file}: {error.strerror}") from None


def _shut(folder: Path) -> None:
    """A folder that its user alone reads, also where somebody has opened it meanwhile."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
