"""Find, await and end the processes that belong to one private server.

A process belongs to a server when it carries the server's mark in its environment. Whatever the server spawned inherits
the mark (Erlang's port mapper too, which otherwise outlives its node), so nothing is ever ended by its name.
Standard library only; must never touch a process without the mark.
"""

import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

MARK = "NSW_PRIVATE_SERVER"


def free_ports(count: int) -> list[int]:
    """Choose free loopback ports below the ephemeral range, where no outgoing connection can take them meanwhile."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            candidate = socket.socket()
            try:
                candidate.bind(("127.0.0.1", random.randint(15000, 32000)))
            except OSError:
                candidate.close()
                continue
            held.append(candidate)
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


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
