"""A stderr that is full, closed, blocked or left, in a process of its own: the work goes on, the lines are counted."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.entrypoints.folding import Folding
from adapter.model.events import Event

_LINES = 3000
"""More than a pipe or a socket holds."""
_TELLS = f"""
import os, sys
from adapter.entrypoints.log import configure, observer, take_over
from adapter.model.events import Event
configure("info", True)
observe = observer("worker")
take_over(observe)
for number in range({_LINES}):
    observe(Event.GATHERED, count=number)
import logging
logging.getLogger("uvicorn").error("broke")
sys.stdout.write("went on\\n")
sys.stdout.flush()
sys.stdin.readline()
observe(Event.STOPPED)
"""


def _telling(stderr: int | None, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _TELLS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=before,
    )


def _went_on(process: subprocess.Popen[str]) -> None:
    out, _ = process.communicate("\n", timeout=120)
    assert out == "went on\n"
    assert process.returncode == 0


def test_a_full_disk_under_the_log_ends_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        _went_on(_telling(full.fileno()))


def test_a_closed_stderr_ends_nothing() -> None:
    _went_on(_telling(None, before=lambda: os.close(2)))


def test_a_reader_that_has_left_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    _went_on(_telling(writer))
    os.close(writer)


def _pipe() -> tuple[int, int]:
    return os.pipe()


def _socket() -> tuple[int, int]:
    """As the journal's."""
    one, other = socket.socketpair()
    return one.detach(), other.detach()


@pytest.mark.parametrize("opened", [_pipe, _socket])
def test_a_pipe_that_nobody_reads_ends_nothing_and_what_was_dropped_is_counted(
    opened: Callable[[], tuple[int, int]],
) -> None:
    reader, writer = opened()
    process = _telling(writer)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "went on\n"
    assert os.get_blocking(writer) is not False, "it is others' descriptor too"
    os.close(writer)
    told: list[bytes] = []
    os.set_blocking(reader, False)
    while chunk := _available(reader):
        told.append(chunk)
    os.set_blocking(reader, True)
    process.stdin.write("\n")
    process.stdin.close()
    process.stdout.close()
    while chunk := os.read(reader, 65536):
        told.append(chunk)
    assert process.wait(120) == 0
    lines = [json.loads(line) for line in b"".join(told).splitlines() if line.strip()]
    (dropped,) = [line for line in lines if line["event"] == "log.dropped"]
    assert lines[-2:] == [dropped, lines[-1]]
    assert lines[-1]["event"] == "adapter.stopped"
    assert len(lines) - 2 + dropped["count"] == _LINES + 1


def _available(reader: int) -> bytes:
    try:
        return os.read(reader, 65536)
    except BlockingIOError:
        return b""


def test_what_python_would_print_in_several_lines_is_one_without_its_values() -> None:
    breaks = (
        "import sys, threading, warnings\n"
        "from adapter.entrypoints.log import configure, observer, take_over\n"
        "configure('info', True); take_over(observer('worker'))\n"
        "warnings.warn('Nguyen\\nVan')\n"
        "class Told:\n"
        "    def __del__(self): raise ValueError('NGUYEN VAN A')\n"
        "Told()\n"
        "def fail(): raise ValueError('NGUYEN VAN A\\n[parameters: NGUYEN VAN A]')\n"
        "one = threading.Thread(target=fail); one.start(); one.join()\n"
        "fail()\n"
    )
    done = subprocess.run([sys.executable, "-c", breaks], capture_output=True, text=True)
    assert done.returncode == 1
    assert "NGUYEN" not in done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines[1:]] == ["worker.failed"] * 3
    assert all(line["reason"].startswith("ValueError at <string>:") for line in lines[1:])


def test_the_lines_of_one_outage_are_folded() -> None:
    now = [0.0]
    folding = Folding(lambda: now[0])
    told = []
    for second in range(130):
        now[0] = float(second)
        told.append(folding.repeated(Event.UNAVAILABLE, {"reason": "database: OperationalError", "tries": second}))
    assert [count for count in told if count is not None] == [0, 59, 59]
    assert folding.repeated(Event.UNAVAILABLE, {"reason": "keys: away"}) == 0, "another outage"
    assert folding.repeated(Event.AVAILABLE, {}) == 9
    assert folding.repeated(Event.UNAVAILABLE, {"reason": "database: OperationalError"}) == 0, "a new one"
    assert [folding.repeated(Event.SETTLED, {"message": "m"}) for _ in range(3)] == [0, 0, 0]
