"""One bound for all of a conversation: a socket's own time-out begins anew with each byte that a slow server drips."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def within(seconds: float, connection: Any) -> Iterator[None]:
    """After so many seconds the connection's socket (`sock`) is shut, and whoever reads from it gets an error."""

    def end() -> None:
        sock = connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
