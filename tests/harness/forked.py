"""Commands of `nsw-adapter` as processes of their own, each forked from one that has imported the program.

What a person types runs in a real process, with its own arguments, folder, environment, input, output and exit code;
only the two seconds of importing are not spent again. That the program starts from nothing is proved by
tests/acceptance, with the installed wheel and with the first steps of the documents.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.cli import main

PRELOADED = ["tests.harness.loaded"]
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class _Asked:
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    files: tuple[str, str, str]
    """Standard input, output and error."""


def run(
    arguments: Sequence[object], *, cwd: Path, environment: Mapping[str, str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """One command that ends by itself, whatever its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        given, said, told = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_bytes(stdin)
        words = tuple(map(str, arguments))
        asked = _Asked(words, dict(environment), cwd, (str(given), str(said), str(told)))
        process = context.Process(target=_command, args=(asked,))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(words), _SECONDS)
        return subprocess.CompletedProcess(list(words), process.exitcode, said.read_bytes(), told.read_bytes())


def _command(asked: _Asked) -> None:
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
    main()
