"""One bound for all of a conversation: a socket's own time-out begins again with each byte that a slow server drips."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_AGAIN_S = 0.5


@contextmanager
def within(seconds: float, connection: Any) -> Iterator[None]:
    """After so many seconds the connection's socket (`sock`) is shut, and whoever reads from it gets an error.

    So is one that takes its place later: while a line is opened there is none yet, and TLS puts another one there.
    """
    over = threading.Event()

    def end() -> None:
        pause = seconds
        while not over.wait(pause):
            pause, sock = _AGAIN_S, connection.sock
            if sock is not None:
                with suppress(OSError):
                    # Not `sock.shutdown`: that of TLS forgets its keys first, and what is written then goes in clear.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    threading.Thread(target=end, name="time bound", daemon=True).start()
    try:
        yield
    finally:
        over.set()
