"""The line from a web process to the part that decides: HTTP over Unix sockets in a folder that only its user enters.

Each process of that part listens on a socket of its own in the folder, so that several serve and each is replaced by
itself. What it is asked and what it says is not this module's to know.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from adapter.model.errors import Unavailable

SUFFIX = ".sock"
_CONNECT_S = 5.0
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


@dataclass
class DecisionsLine:
    """Asks one of those that listen in the folder. `answer_s`: how long an answer may take, in seconds."""

    folder: Path
    answer_s: float
    _clients: dict[Path, tuple[httpx2.Client, int]] = field(default_factory=dict)
    """For each socket its client, and the descriptor of the folder by which the client finds it."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, path: str, body: bytes, headers: Mapping[str, str]) -> DecisionsAnswer:
        """POST it; whoever cannot be reached is passed by.

        Raises:
            DecisionsAway: nobody could be reached; or who was has not answered, and whether it was done is not known.
        """
        for socket in self._listening():
            try:
                answer = self._client(socket).post(path, content=body, headers=dict(headers))
            except (OSError, httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
                self._forget(socket)
                continue
            except httpx2.HTTPError as error:
                raise DecisionsAway(f"the part that decides has not answered: {type(error).__name__}") from None
            return DecisionsAnswer(answer.status_code, answer.content[:LONGEST])
        raise DecisionsAway(f"the part that decides cannot be reached: nobody listens in {self.folder}")

    def answers(self) -> bool:
        """Whether somebody answers now."""
        try:
            return self.ask("/alive", b"", {}).status == 200
        except DecisionsAway:
            return False

    def close(self) -> None:
        """Give all connections back."""
        for socket in list(self._clients):
            self._forget(socket)

    def _listening(self) -> list[Path]:
        """The sockets, in an order of chance, so that the work is spread."""
        try:
            with os.scandir(self.folder) as found:
                sockets = [Path(entry.path) for entry in found if entry.name.endswith(SUFFIX)]
        except OSError:
            return []
        random.shuffle(sockets)
        return sockets

    def _client(self, socket: Path) -> httpx2.Client:
        with self._lock:
            if socket not in self._clients:
                limits = httpx2.Limits(max_connections=_MOST, max_keepalive_connections=_MOST, keepalive_expiry=_KEPT_S)
                descriptor = folder_open(self.folder)
                place = in_folder(descriptor, socket.name)
                transport = httpx2.HTTPTransport(uds=place, limits=limits, trust_env=False)
                timeout = httpx2.Timeout(self.answer_s, connect=_CONNECT_S, pool=_CONNECT_S)
                client = httpx2.Client(
                    transport=transport, base_url="http://decisions", timeout=timeout, trust_env=False
                )
                self._clients[socket] = client, descriptor
            return self._clients[socket][0]

    def _forget(self, socket: Path) -> None:
        """Its process is gone: another one has another name."""
        with self._lock:
            gone = self._clients.pop(socket, None)
        if gone is not None:
            client, descriptor = gone
            client.close()
            os.close(descriptor)
