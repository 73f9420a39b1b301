"""Editions of code lists and of the calendar of working days, switched on by two administrators at a page.

An edition is the text of a list's file. It takes the place of the installed file from its confirmation on, on every
machine, until the next edition of the same list. The confirmed proposals are the editions: nothing else is stored. The
clock of each machine writes them into the state folder, from where they are read like the installed files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from adapter.catalogue.check import Compiled, check
from adapter.catalogue.load import CALENDAR_FILE, DataFiles, load
from adapter.gateways.store import browse
from adapter.gateways.store import proposals as store
from adapter.gateways.store.browse import WantedMessages
from adapter.gateways.store.database import Database
from adapter.gateways.store.message_archive import Span
from adapter.gateways.whole_file import write_whole
from adapter.model.catalogue import Catalogue, Code
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.pipeline.judge import Ground
from adapter.services.messages.rehearsal import Difference, Rehearsal, Tally

ACT, TEXT = "list_change", "text"
"""The name of the act among proposals, and of its field."""
CALENDAR = CALENDAR_FILE.removesuffix(".yaml")
MOST = 500_000
"""Characters of an edition."""
REHEARSED = 100
"""So many of the newest messages are judged again before an edition is switched on."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ChangedCode:
    """A code before and after; None: it is not there."""

    before: Code | None
    after: Code | None


@dataclass(frozen=True, slots=True)
class RehearsedEdition:
    """What an edition would change: its codes, and the verdict on messages that came lately. `differences`: some."""

    codes: tuple[ChangedCode, ...]
    tally: Tally
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class ListEditions:
    """`source`: the files; `ground` judges by what is in force in this process."""

    database: Database
    source: Callable[[], DataFiles]
    ground: Callable[[], Ground]

    def names(self) -> list[str]:
        """The lists that may be changed, and the calendar."""
        return [*sorted(file.stem for file in _installed(self.source())), CALENDAR]

    def text(self, name: str) -> str | None:
        """The newest edition of a list, or the installed file; None: there is no such list."""
        if name not in self.names():
            return None
        newest = self._editions().get(name)
        if newest is not None:
            return newest
        source = self.source()
        file = source.calendar_file if name == CALENDAR else source.mappings / "codelists" / f"{name}.yaml"
        return file.read_text(encoding="utf-8")

    def prove(self, name: str, text: str) -> Catalogue:
        """All data with this edition, as it would be loaded.

        Raises:
            NotAllowed: there is no such list, or the data have a fault with it.
        """
        if name not in self.names():
            raise NotAllowed(f"there is no list {name!r}; there are: {', '.join(self.names())}")
        editions = tuple({**self._editions(), name: text}.items())
        proved = _proved(replace(self.source(), switched=None), editions, name, self.ground().reporter)
        if isinstance(proved, str):
            raise NotAllowed(proved)
        return proved

    def rehearse(self, name: str, text: str) -> RehearsedEdition:
        """What it would change, beside what this process judges by now.

        Raises:
            NotAllowed: as for `prove`.
        """
        proved, present = self.prove(name, text), self.ground()
        new = replace(present, catalogue=proved)
        tally = Tally()
        with self.database.reading() as connection:
            latest, _ = browse.newest(connection, WantedMessages(), behind=None, limit=REHEARSED)
        rehearsal = Rehearsal(self.database, present, new, proved)
        found = rehearsal.differences(Span(latest[-1].received_at), tally) if latest else iter(())
        differences = tuple(found)[:_SHOWN]
        before, after = (each.codelists.get(name, {}) for each in (present.catalogue, proved))
        changed = [
            ChangedCode(before.get(code), after.get(code))
            for code in dict.fromkeys((*before, *after))
            if before.get(code) != after.get(code)
        ]
        return RehearsedEdition(tuple(changed), tally, differences)

    def put_in_place(self) -> bool:
        """Write the editions to where they are read; whether one was new, so that processes are to begin anew.

        Raises:
            Unavailable: the database cannot be reached.
            Misconfigured: the folder cannot be written.
        """
        folder = self.source().switched
        if folder is None:
            return False
        try:
            written = [_put(folder / f"{name}.yaml", text) for name, text in self._editions().items()]
        except OSError as error:
            raise Misconfigured(f"confirmed code lists cannot be written to {folder}: {error.strerror}") from None
        return any(written)

    def _editions(self) -> dict[str, str]:
        with self.database.reading() as connection:
            found = store.newest_done(connection, ACT)
        stated = ((each.subject, each.stated.get(TEXT)) for each in found)
        return {name: text for name, text in stated if isinstance(text, str)}


def _put(file: Path, text: str) -> bool:
    """Whether it was not there yet. Bytes are compared: a text may be read with other line ends than it has."""
    body = text.encode()
    if file.exists() and file.read_bytes() == body:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, body)
    return True


def _installed(source: DataFiles) -> Sequence[Path]:
    return sorted((source.mappings / "codelists").glob("*.yaml"))


@lru_cache(maxsize=4)
def _proved(source: DataFiles, editions: tuple[tuple[str, str], ...], name: str, compiled: Compiled) -> Catalogue | str:
    """The data with these editions, or their faults. Kept for a while: it is asked when an act is tried and done."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for each, text in editions:
            (folder / f"{each}.yaml").write_bytes(text.encode())
        tried = replace(source, switched=folder)
        try:
            catalogue = load(tried)
        except Misconfigured as error:
            return str(error).replace(f"{made}/", "")
        if name != CALENDAR and name not in catalogue.codelists:
            return f"its `name` is another one: write `name: {name}`"
        faults = check(catalogue, tried, compiled)
    return " | ".join(faults).replace(f"{made}/", "") if faults else catalogue
