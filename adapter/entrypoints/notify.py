"""The daemon's state for systemd (sd_notify(3)): waiting, ready, alive, stopping. Does nothing without systemd."""

from __future__ import annotations

import os
import socket


class Notifier:
    """Writes to $NOTIFY_SOCKET; a leading @ means an abstract socket."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]

    def waiting(self) -> None:
        """Not ready yet because a server is missing: the start may take another minute from now on."""
        self._send("EXTEND_TIMEOUT_USEC=60000000")

    def ready(self) -> None:
        """All parts have started."""
        self._send("READY=1")

    def alive(self) -> None:
        """The daemon is alive (watchdog)."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The daemon is stopping."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.connect(self._address)
                channel.sendall(text.encode())
        except OSError:
            return  # the watchdog will report it
