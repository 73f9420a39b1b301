"""A private pooler before a private PostgreSQL: PgBouncer on a loopback port, everything it writes in one folder.

It must never meet a system pooler. PgBouncer refuses to run as root; then PostgreSQL's own system user runs it.
"""

import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.postgresql import SYSTEM_USER, _identity
from tests.servers.process import ServerFailed, free_ports, last_lines, wait_until

START_SECONDS = 60.0


class Pooler:
    """One PgBouncer in one of its modes: session, transaction or statement."""

    def __init__(self, folder: Path, *, server_url: str, mode: str) -> None:
        self.folder, self.mode = folder, mode
        self._server = urlsplit(server_url)
        (self._port,) = free_ports(1)
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's url, by way of the pooler."""
        return self._server._replace(netloc=f"{self._server.username}:x@127.0.0.1:{self._port}").geturl()

    def start(self) -> None:
        """Start it and wait until it takes connections. Raises: ServerFailed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        server = self._server
        log = self.folder / "pooler.log"
        stated = [
            "[databases]",
            f"* = host={server.hostname} port={server.port} user={server.username} password={server.password}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self._port}",
            "unix_socket_dir =",
            "auth_type = any",
            f"pool_mode = {self.mode}",
            f"logfile = {log}",
        ]
        file = self.folder / "pooler.ini"
        file.touch(mode=0o600)
        file.write_text("\n".join(stated) + "\n")
        identity = _identity()
        if identity:
            for each in (self.folder, file):
                shutil.chown(each, SYSTEM_USER, SYSTEM_USER)
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self._child = subprocess.Popen([program, "-q", file], cwd=self.folder, stdin=subprocess.DEVNULL, **identity)
        if not wait_until(self._answers, seconds=START_SECONDS):
            self.stop()
            raise ServerFailed(f"PgBouncer did not start in {self.folder}\n{last_lines(log)}")

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _answers(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self._port)) == 0
