"""A private clamd on a Unix socket, with one signature of the tests' own; the vendor's database is no package.

It must never touch the system's.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import MARK, ServerFailed, last_lines, wait_until

SIGNATURE = "Nsw.Test.Eicar"
"""How the signature calls what it finds; clamd adds `.UNOFFICIAL`."""


@contextmanager
def clamd(folder: Path, sought: bytes) -> Iterator[Path]:
    """A scanner that knows these bytes wherever they stand; gives its socket.

    Raises:
        ServerFailed: it did not start.
    """
    (folder / "db").mkdir(parents=True)
    (folder / "db" / "test.ndb").write_text(f"{SIGNATURE}:0:*:{sought.hex()}\n", encoding="ascii")
    stated = folder / "clamd.conf"
    path, log = folder / "clamd.ctl", folder / "clamd.log"
    settings = {"DatabaseDirectory": folder / "db", "LocalSocket": path, "Foreground": "yes", "MaxThreads": 2}
    stated.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
    environment = os.environ | {MARK: str(folder), "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"}
    with log.open("wb") as out:
        running = subprocess.Popen(["clamd", "--config-file", stated], stdout=out, stderr=out, env=environment)
    try:
        if not wait_until(lambda: path.exists() or running.poll() is not None, seconds=60) or not path.exists():
            raise ServerFailed(f"clamd: {last_lines(log)}")
        yield path
    finally:
        running.terminate()
        running.wait(60)
