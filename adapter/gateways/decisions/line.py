"""The line from a web process to the part that decides: HTTP over Unix sockets in a folder that only its user enters.

Each process of that part listens on a socket of its own in the folder, so that several serve and each is replaced by
itself. What it is asked and what it says is not this module's to know.
"""

from __future__ import annotations

import http.client
import os
import random
import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapter.model.errors import Unavailable

SUFFIX = ".sock"
_CONNECT_S = 5.0
ALIVE_S = 10.0
"""So long may take what only asks whether somebody is there: the pulse of the process that asks waits for it."""
_KEPT_S = 5.0
"""A connection that is not used for so long is closed, before the other side does."""
LONGEST = 4_194_304
"""Bytes of the longest answer."""


def folder_open(folder: Path) -> int:
    """A descriptor of the folder, for `in_folder`.

    Raises: OSError where it cannot be opened.
    """
    return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def in_folder(descriptor: int, name: str) -> str:
    """A path of a socket in an open folder, short enough for any folder: the kernel takes 108 bytes (unix(7))."""
    return f"/proc/self/fd/{descriptor}/{name}"


class DecisionsAway(Unavailable):
    """Nobody answers at the other end."""


@dataclass(frozen=True, slots=True)
class DecisionsAnswer:
    """What was answered."""

    status: int
    body: bytes


class _Connection(http.client.HTTPConnection):
    """HTTP over the socket of one process, connected; never anew."""

    auto_open = 0

    def __init__(self, place: str) -> None:
        super().__init__("decisions")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(_CONNECT_S)
            self.sock.connect(place)
        except OSError:
            self.sock.close()
            raise

    def is_over(self) -> bool:
        """Whether the other side has closed it: nothing else comes unasked."""
        asked = select.poll()
        asked.register(self.sock, select.POLLIN)
        return bool(asked.poll(0))


@dataclass(slots=True, eq=False)
class _End:
    """The connections to one socket. `descriptor`: of the folder, by which the socket is found."""

    place: str
    descriptor: int
    under_way: int = 0
    """Questions whose answer has not come: closing their connections would end them."""
    idle: list[tuple[float, _Connection]] = field(default_factory=list)
    """With when each was used last."""

    def connected(self) -> _Connection:
        """A connection that nobody else uses.

        Raises:
            OSError: there is none.
        """
        while self.idle:
            try:
                used, kept = self.idle.pop()
            except IndexError:  # another thread took it
                break
            if time.monotonic() - used < _KEPT_S and not kept.is_over():
                return kept
            kept.close()
        return _Connection(self.place)

    def close(self) -> None:
        for _, kept in self.idle:
            kept.close()
        os.close(self.descriptor)


@dataclass
class DecisionsLine:
    """Asks one of those that listen in the folder. `answer_s`: how long an answer may take, in seconds."""

    folder: Path
    answer_s: float
    _ends: dict[Path, _End] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, path: str, body: bytes, headers: Mapping[str, str], *, answer_s: float | None = None
    ) -> DecisionsAnswer:
        """POST it; whoever cannot be reached is passed by.

        Raises:
            DecisionsAway: nobody could be reached; or who was has not answered, and whether it was done is not known.
        """
        for place in self._listening():
            try:
                with self._end(place) as end:
                    connection = end.connected()
                    answer = _answer(connection, path, body, headers, answer_s or self.answer_s)
                    if connection.sock is not None:  # it is to be closed after some answers
                        end.idle.append((time.monotonic(), connection))
                    return answer
            except OSError:
                self._forget([place])
        raise DecisionsAway(f"the part that decides cannot be reached: no process listens in {self.folder}")

    def answers(self) -> bool:
        """Whether somebody answers now."""
        try:
            return self.ask("/alive", b"", {}, answer_s=min(ALIVE_S, self.answer_s)).status == 200
        except DecisionsAway:
            return False

    def close(self) -> None:
        """Give all connections back."""
        with self._lock:
            ends, self._ends = list(self._ends.values()), {}
        for end in ends:
            end.close()

    def _listening(self) -> list[Path]:
        """The sockets, in an order of chance, so that the work is spread."""
        try:
            with os.scandir(self.folder) as found:
                sockets = [Path(entry.path) for entry in found if entry.name.endswith(SUFFIX)]
        except OSError:
            return []
        self._forget([each for each in list(self._ends) if each not in sockets])
        random.shuffle(sockets)
        return sockets

    @contextmanager
    def _end(self, place: Path) -> Iterator[_End]:
        """The connections to a socket, which nobody closes meanwhile."""
        with self._lock:
            end = self._ends.get(place) or self._made(place)
            self._ends[place] = end
            end.under_way += 1
        try:
            yield end
        finally:
            with self._lock:
                end.under_way -= 1

    def _made(self, place: Path) -> _End:
        descriptor = folder_open(self.folder)
        return _End(in_folder(descriptor, place.name), descriptor)

    def _forget(self, sockets: Iterable[Path]) -> None:
        """Give back the connections to processes that are gone; one that stops still answers what it has taken."""
        with self._lock:
            idle = [each for each in sockets if each in self._ends and not self._ends[each].under_way]
            ends = [self._ends.pop(each) for each in idle]
        for end in ends:
            end.close()


def _answer(
    connection: _Connection, path: str, body: bytes, headers: Mapping[str, str], answer_s: float
) -> DecisionsAnswer:
    """What is answered over the connection, which is closed where it ends in between.

    Raises:
        DecisionsAway: nothing.
    """
    try:
        connection.sock.settimeout(answer_s)
        connection.request("POST", path, body, dict(headers))
        told = connection.getresponse()
        return DecisionsAnswer(told.status, told.read(LONGEST))
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise DecisionsAway(f"the part that decides has not answered: {type(error).__name__}") from None
