"""What a forked daemon starts from nothing, at a reload: a fork of a process that has imported the program.

A supervisor that was asked to reload starts each part with an interpreter of its own, which imports for three seconds.
Here a process that has opened nothing waits beside it, is handed what such an interpreter would inherit, and forks
instead; the part is the supervisor's own child all the same. That the program really starts them from nothing is
proved by tests/crash/test_supervisor.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import spawn, util
from typing import Any
from unittest import mock

_PR_SET_CHILD_SUBREAPER = 36
_ABOVE = 500
"""Numbers of files that no daemon has open."""
_GIVEN = re.compile(r"spawn_main\(tracker_fd=(\d+), pipe_handle=(\d+)\)")
_MOST = 64


@contextlib.contextmanager
def by_fork() -> Iterator[None]:
    """While it lasts, what this process spawns is forked. It must have one thread and nothing open at the beginning."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        ours.close()
        _wait(theirs)
    theirs.close()
    # Whoever forks for us ends at once, and leaves us the part as a child.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with mock.patch.object(util, "spawnv_passfds", _instead_of(util.spawnv_passfds, ours)):
        yield


def _instead_of(really: Callable[..., int], asked: socket.socket) -> Callable[..., int]:
    def spawned(path: Any, arguments: Sequence[Any], passed: Sequence[int]) -> int:
        given = _GIVEN.search(" ".join(map(os.fsdecode, arguments)))
        if given is None:
            return really(path, arguments, passed)
        numbers = sorted(set(passed))
        told = json.dumps([*map(int, given.groups()), *numbers]).encode()
        socket.send_fds(asked, [told], numbers)
        (pid,) = struct.unpack("i", asked.recv(4))
        return int(pid)

    return spawned


def _wait(asked: socket.socket) -> None:
    """Fork for each that is asked for, until the supervisor is gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # those to the whole group are the supervisor's
    while True:
        told, got, _, _ = socket.recv_fds(asked, 4096, _MOST)
        if not told:
            os._exit(0)
        tracker, pipe, *numbers = json.loads(told)
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            part = os.fork()
            if not part:
                _begin(tracker, pipe, dict(zip(numbers, got, strict=True)))
            os.write(writing, struct.pack("i", part))
            os._exit(0)
        os.waitpid(between, 0)
        asked.send(os.read(reading, 4))
        for each in (reading, writing, *got):
            os.close(each)


def _begin(tracker: int, pipe: int, files: dict[int, int]) -> None:
    """Be the interpreter that was asked for: with these files by these numbers, and no others."""
    try:
        kept = {number: fcntl.fcntl(file, fcntl.F_DUPFD, _ABOVE) for number, file in files.items()}
        for each in map(int, os.listdir("/proc/self/fd")):
            if 2 < each < _ABOVE:
                with contextlib.suppress(OSError):  # the one by which they were listed
                    os.close(each)
        for number, file in kept.items():
            os.dup2(file, number)
            os.close(file)
        for sign in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_DFL)
        util._finalizer_registry.clear()
        util._run_after_forkers()
        with mock.patch.object(spawn, "is_forking", return_value=True):
            spawn.spawn_main(pipe, tracker_fd=tracker)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    finally:
        os._exit(1)
