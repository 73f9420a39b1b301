"""Stderr for the log: it never raises and never waits long for its reader.

A full disk, a reader that has ended, a pipe that nobody reads: the line is dropped and counted, and the work
goes on.
Must never change what the descriptor is for others: it is shared with every part and with whoever started us.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import stat
import threading
import time
from collections.abc import Callable

_PATIENCE_S = 1.0
"""Seconds to wait for a busy reader; after a time-out there is no waiting until the reader is back."""
_CHUNK = select.PIPE_BUF
"""Bytes that go into a pipe at once or not at all (PIPE_BUF)."""


def keep_numbers() -> None:
    """Open /dev/null for a closed standard descriptor, so that no socket gets its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


class Stderr:
    """Lines go to a descriptor (None: there was none from the beginning); `lost` says how many could not."""

    def __init__(self, number: int | None, patience_s: float = _PATIENCE_S) -> None:
        self.lost = 0
        self._patience_s = patience_s
        self._number = number
        self._lock = threading.Lock()
        self._waits = True
        self._torn = False
        self._own: int | None = None
        self._send = _refused if number is None else self._opened(number)

    def write(self, text: str) -> int:
        """One line or several, whole or counted as lost."""
        line = text.encode("utf-8", "backslashreplace")
        with self._lock:
            self._put(b"\n" + line if self._torn else line)
        return len(text)

    def flush(self) -> None:
        """Does nothing: no line is buffered."""

    def is_free(self) -> bool:
        """Whether a line would be taken now."""
        try:
            return self._number is not None and _is_ready(self._number, 0.0)
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        """Close what was opened; the descriptor itself stays."""
        if self._own is not None:
            os.close(self._own)
        self._own = None
        self._send = _refused

    def _put(self, line: bytes) -> None:
        until = time.monotonic() + self._patience_s
        at = 0
        while at < len(line):
            try:
                at += self._send(line[at : at + _CHUNK])
            except BlockingIOError:
                left = until - time.monotonic()
                if self._waits and left > 0:
                    self._is_free_within(left)
                    continue
                self._waits = False
                break
            except (OSError, ValueError):
                break
        if at == len(line):
            self._torn, self._waits = False, True
        else:
            self.lost += 1
            self._torn = self._torn or at > 0

    def _is_free_within(self, seconds: float) -> None:
        assert self._number is not None, "whatever says that it is full is open"
        _is_ready(self._number, seconds)

    def _opened(self, number: int) -> Callable[[bytes], int]:
        """How to write without waiting, by what it is.

        Raises: OSError where it is closed.
        """
        mode = os.fstat(number).st_mode
        if stat.S_ISSOCK(mode):  # the socket of systemd's journal
            channel = socket.socket(fileno=os.dup(number))
            return lambda part: channel.send(part, socket.MSG_DONTWAIT)
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            own = self._of_our_own(number, fifo=stat.S_ISFIFO(mode))
            return lambda part: os.write(own, part)
        return lambda part: os.write(number, part)

    def _of_our_own(self, number: int, *, fifo: bool) -> int:
        """The same pipe or terminal, opened anew: non-blocking mode then does not affect others."""
        way = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self._own = os.open(f"/proc/self/fd/{number}", way)
        except OSError:  # another user's pipe: then for all who write to it, which are our processes
            if fifo:
                held = fcntl.fcntl(number, fcntl.F_GETFL)
                fcntl.fcntl(number, fcntl.F_SETFL, held | os.O_NONBLOCK)
            return number
        return self._own


def _is_ready(number: int, seconds: float) -> bool:
    ready = select.poll()
    ready.register(number, select.POLLOUT)
    return any(events & select.POLLOUT for _, events in ready.poll(seconds * 1000))


def _refused(_: bytes) -> int:
    raise OSError("it is not open")
