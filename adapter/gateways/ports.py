"""Checks whether an address is free to listen on, and whether the running daemon uses it."""

from __future__ import annotations

import errno
import json
import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  where one of ours is asked
_ANSWERS_S = 2.0


def fault(host: str, port: int) -> str | None:
    """Why the address cannot be listened on now; None where it can. Port 0 is any free one."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind)) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        taken = "another program listens there" if error.errno == errno.EADDRINUSE else None
        return taken or error.strerror or type(error).__name__
    return None


def daemon_answers(host: str, port: int) -> bool:
    """Whether the daemon is running there: its health page says that it lives."""
    with closing(HTTPConnection(_ANY.get(host, host), port, timeout=_ANSWERS_S)) as asked:
        try:
            asked.request("GET", "/healthz")
            told = json.loads(asked.getresponse().read(1000))
        except (OSError, HTTPException, ValueError):
            return False
    return isinstance(told, dict) and told.get("status") == "alive"
