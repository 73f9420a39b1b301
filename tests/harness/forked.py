"""Commands of `nsw-adapter` as processes of their own, each forked from one that has imported the program.

What a person types runs in a real process, with its own arguments, folder, environment, input, output and exit code;
only the two seconds of importing are not spent again, nor by the process that a daemon forks its parts from, nor by
the parts of a reload (spawned.py). That the program starts from nothing is proved by tests/acceptance with the
installed wheel, in a long proof with the first steps of the documents too, and by tests/crash/test_supervisor.py.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.context
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, util
from pathlib import Path
from typing import Any
from unittest import mock

from adapter.cli import main
from tests.harness import spawned

PRELOADED = ["tests.harness.loaded"]
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class _Asked:
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    files: tuple[str, str, str]
    """Standard input, output and error."""


@dataclass(frozen=True)
class Forked:
    """Such a process, with the ways of subprocess.Popen that proofs use."""

    process: multiprocessing.context.ForkServerProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
        return code

    def kill(self) -> None:
        self.process.kill()

    def send_signal(self, sign: int) -> None:
        os.kill(self.pid, sign)


def begin(target: Callable[..., None], *given: Any) -> Forked:
    """Call a function in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=target, args=given)
    process.start()
    return Forked(process)


def begin_daemon(arguments: Sequence[object], *, cwd: Path, environment: Mapping[str, str], log: Path) -> Forked:
    """A command that goes on until it is told to end, with what it says in one file."""
    files = (os.devnull, str(log), str(log))
    return begin(_daemon, _Asked(tuple(map(str, arguments)), dict(environment), cwd, files))


def run(
    arguments: Sequence[object], *, cwd: Path, environment: Mapping[str, str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """One command that ends by itself, whatever its exit code."""
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        given, said, told = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_bytes(stdin)
        words = tuple(map(str, arguments))
        asked = _Asked(words, dict(environment), cwd, (str(given), str(said), str(told)))
        process = begin(_command, asked)
        try:
            code = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(list(words), code, said.read_bytes(), told.read_bytes())


def _command(asked: _Asked) -> None:
    _become(asked)
    main()


def _daemon(asked: _Asked) -> None:
    _become(asked)
    hook = Path(asked.environment.get("PYTHONPATH", os.devnull), "sitecustomize.py")
    if hook.is_file():  # an interpreter that starts from nothing would run it
        runpy.run_path(str(hook))
    # As the supervisor would start it, but forked from this process, while that has opened nothing and has one thread.
    forkserver.set_forkserver_preload(["adapter.entrypoints.preloaded"])
    with spawned.by_fork():
        with mock.patch.object(util, "spawnv_passfds", _fork_server):
            forkserver.ensure_running()
        main()


def _fork_server(_: object, __: object, passed: Sequence[int]) -> int:
    """The process that parts are forked from; like one that was started anew it inherits what is passed, no more."""
    child = os.fork()
    if child:
        return child
    try:
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number not in passed:
                with contextlib.suppress(OSError):  # the one by which they were listed
                    os.close(number)
        listener, alive = passed
        forkserver.main(listener, alive, ["adapter.entrypoints.preloaded"])
    finally:
        os._exit(0)


def _become(asked: _Asked) -> None:
    given, said, told = asked.files
    for number, file, mode in ((0, given, os.O_RDONLY), (1, said, os.O_WRONLY), (2, told, os.O_WRONLY)):
        opened = os.open(file, mode | (os.O_CREAT if number else 0), 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(0, "r"),
        os.fdopen(1, "w", buffering=1),
        os.fdopen(2, "w", buffering=1),
    )
    os.environ.clear()
    os.environ.update(asked.environment)
    os.chdir(asked.cwd)
    sys.argv = ["nsw-adapter", *asked.arguments]
