"""Find, await and end the processes that belong to one private server.

A process belongs to a server when it carries the server's mark in its environment. Whatever the server spawned inherits
the mark (Erlang's port mapper too, which otherwise outlives its node), so nothing is ever ended by its name.
Standard library only; must never touch a process without the mark.
"""

import fcntl
import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

MARK = "NSW_PRIVATE_SERVER"
_given: set[int] = set()
"""Ports that this process has chosen."""


def free_ports(count: int) -> list[int]:
    """Choose free loopback ports below the ephemeral range, where no outgoing connection can take them meanwhile.

    As long as this process lives, none of them is given again, to this one or to another suite on the machine: a server
    that is down for a while, as proofs of outages want it, finds its ports free.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randint(15000, 32000)
        if port not in _given and _reserved(port) and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


def _reserved(port: int) -> bool:
    """Lock the port's byte in a file that all suites of this user share; the system lets go of it with the process."""
    try:
        fcntl.lockf(_ports_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):
        return False
    return True


@cache
def _ports_file() -> int:
    return os.open(Path(tempfile.gettempdir()) / f"nsw-ports-{os.getuid()}", os.O_CREAT | os.O_RDWR, 0o600)


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def alive(pid: int) -> bool:
    """Tell whether the process runs; a zombie that its parent has not collected is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def marked(mark: str) -> list[int]:
    """List the living processes that carry this mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if wanted in variables and alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def send(pids: Iterable[int], sign: signal.Signals) -> None:
    """Signal each process; one that has just ended is no error."""
    for pid in pids:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.05) -> bool:
    """Poll the condition until it holds or the time is over; tell which."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def last_lines(log: Path, count: int = 30) -> str:
    """Give the end of a log, for the message of a failed start."""
    if not log.exists():
        return f"{log} was not written"
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


class ServerFailed(RuntimeError):
    """A private server did not start or did not stop; the message carries the end of its log."""
