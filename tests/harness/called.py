"""A program's file for a shell: each call of it is forked from a process that has imported the program."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness import forked

_CALL = """#!{python} -IS
import json, os, socket, sys
here = socket.socket(socket.AF_UNIX)
here.connect({address!r})
with here.makefile("rw", encoding="utf-8") as line:
    line.write(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]) + "\\n")
    line.flush()
    code, said, told = json.loads(line.readline())
sys.stdout.write(said)
sys.stderr.write(told)
sys.exit(code)
"""


@contextmanager
def as_file(file: Path) -> Iterator[None]:
    """While it lasts, the file can be run, one call at a time."""
    with tempfile.TemporaryDirectory(prefix="nsw-") as folder, socket.socket(socket.AF_UNIX) as listener:
        address = f"{folder}/calls"  # beside the file it could be longer than a socket's name may be
        listener.bind(address)
        listener.listen()
        file.write_text(_CALL.format(python=sys.executable, address=address), encoding="utf-8")
        file.chmod(0o755)
        serving = threading.Thread(target=_serve, args=[listener])
        serving.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            asked, _ = listener.accept()
        except OSError:  # it is shut
            return
        with asked, asked.makefile("rw", encoding="utf-8") as line:
            arguments, folder, environment = json.loads(line.readline())
            ran = forked.run(arguments, cwd=Path(folder), environment=environment)
            line.write(json.dumps([ran.returncode, ran.stdout.decode(), ran.stderr.decode()]) + "\n")
