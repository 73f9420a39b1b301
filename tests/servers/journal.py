"""A systemd journal of its own, a program that logs to it as a service does, and rsyslog that reads it.

`python -m tests.servers.journal FOLDER CONFIG UNIT COMMAND...` runs inside namespaces that `entered` makes. There the
machine's run folder and journal are not seen, and whatever was started ends with it. Standard library only.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

JOURNALD = Path("/lib/systemd/systemd-journald")
_DAEMONS = f"{os.environ.get('PATH', '')}:/usr/sbin"
_STREAM = Path("/run/systemd/journal/stdout")
_PATIENCE_S = 30.0


def is_possible() -> bool:
    """Whether namespaces can be made here: the kernel or a container may refuse it, and only root may mount."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode == 0


def entered(*arguments: object) -> list[str]:
    """The command that runs this module inside; when it is killed everything inside ends."""
    inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [*inside, sys.executable, "-m", "tests.servers.journal", *map(str, arguments)]


def _mounted(folder: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)


def _stream(unit: str) -> socket.socket:
    """What systemd gives a service as its stderr (SyslogLevelPrefix is on, nothing is forwarded)."""
    deadline = time.monotonic() + _PATIENCE_S
    while not _STREAM.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the journal did not start")
        time.sleep(0.05)
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.connect(str(_STREAM))
    stream.sendall(f"{unit}\n{unit}\n6\n1\n0\n0\n0\n".encode())
    return stream


def main(arguments: Sequence[str]) -> int:
    folder, config, unit, *command = arguments
    _mounted("/run")
    Path("/var/log/journal").mkdir(parents=True, exist_ok=True)
    _mounted("/var/log/journal")
    for each in ("/run/systemd/journal", "/run/log/journal"):
        Path(each).mkdir(parents=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen([str(JOURNALD)], **quiet)
    stream = _stream(unit)
    there = os.fstat(stream.fileno())
    environment = os.environ | {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"}
    given = {"stdin": subprocess.DEVNULL, "stdout": stream, "stderr": stream}
    program = subprocess.Popen(command, env=environment, **given)
    with (Path(folder) / "rsyslog.log").open("wb") as told:
        rsyslog = shutil.which("rsyslogd", path=_DAEMONS) or "rsyslogd"
        subprocess.Popen([rsyslog, "-n", "-f", config, "-i", "/run/rsyslogd.pid"], stdout=told, stderr=told)
    sys.stdin.read()  # until whoever entered lets go
    with (Path(folder) / "journal.txt").open("wb") as kept:
        subprocess.run(["journalctl", "-o", "cat", "-u", unit, "--no-pager"], stdout=kept, check=True)
    program.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
