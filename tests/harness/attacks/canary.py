"""An ear on a local port: whoever follows an address out of a hostile message is heard there."""

from __future__ import annotations

import select
import socket
from functools import cache


@cache
def _ear() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def canary_url() -> str:
    """Host and port to name in a message."""
    return f"127.0.0.1:{_ear().getsockname()[1]}"


def heard() -> bool:
    """Whether anybody has called."""
    return bool(select.select([_ear()], [], [], 0)[0])
