"""The line from a web process to the part that decides: HTTP over Unix sockets in a folder that only its user enters.

Each process of that part listens on a socket of its own in the folder, so that several serve and each is replaced by
itself. What it is asked and what it says is not this module's to know.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from adapter.model.errors import Unavailable

SUFFIX = ".sock"
_CONNECT_S = 5.0
ALIVE_S = 10.0
"""So long may take what only asks whether somebody is there: the pulse of the process that asks waits for it."""
_MOST = 100
"""Connections to one process at a time; a web process serves fewer requests at once."""
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


@dataclass(slots=True, eq=False)
class _End:
    """The client of one socket. `descriptor`: of the folder, by which the client finds the socket."""

    client: httpx2.Client
    descriptor: int
    under_way: int = 0
    """Questions whose answer has not come: closing the client would end them."""

    def close(self) -> None:
        self.client.close()
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
        timeout = httpx2.Timeout(answer_s or self.answer_s, connect=_CONNECT_S, pool=_CONNECT_S)
        for socket in self._listening():
            try:
                with self._client(socket) as client:
                    answer = client.post(path, content=body, headers=dict(headers), timeout=timeout)
            except (OSError, httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
                self._forget([socket])
                continue
            except httpx2.HTTPError as error:
                raise DecisionsAway(f"the part that decides has not answered: {type(error).__name__}") from None
            return DecisionsAnswer(answer.status_code, answer.content[:LONGEST])
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
    def _client(self, socket: Path) -> Iterator[httpx2.Client]:
        """The client of a socket, which nobody closes meanwhile."""
        with self._lock:
            end = self._ends.get(socket) or self._made(socket)
            self._ends[socket] = end
            end.under_way += 1
        try:
            yield end.client
        finally:
            with self._lock:
                end.under_way -= 1

    def _made(self, socket: Path) -> _End:
        limits = httpx2.Limits(max_connections=_MOST, max_keepalive_connections=_MOST, keepalive_expiry=_KEPT_S)
        descriptor = folder_open(self.folder)
        transport = httpx2.HTTPTransport(uds=in_folder(descriptor, socket.name), limits=limits, trust_env=False)
        return _End(httpx2.Client(transport=transport, base_url="http://decisions", trust_env=False), descriptor)

    def _forget(self, sockets: Iterable[Path]) -> None:
        """Give back the connections to processes that are gone; one that stops still answers what it has taken."""
        with self._lock:
            idle = [each for each in sockets if each in self._ends and not self._ends[each].under_way]
            ends = [self._ends.pop(each) for each in idle]
        for end in ends:
            end.close()
