"""A private PostgreSQL cluster: own folder, loopback only, a random password, durable unless told otherwise.

PostgreSQL refuses to run as root; then its own system user runs it, in a folder that this user can reach.
It must never touch a system cluster. `python -m tests.servers.postgresql start|stop|url FOLDER` serves the Makefile.
"""

import argparse
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import psycopg
from psycopg import sql

from tests.servers.process import ServerFailed, alive, free_ports, last_lines, send, wait_until

INSTALLED = Path("/usr/lib/postgresql")
SYSTEM_USER = "postgres"
START_SECONDS = 180.0
STOP_SECONDS = 180.0
_HURRIED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # it would visit each of hundreds of databases that live for a second
    "jit": "off",  # a plan for a large store is compiled for longer than it runs
}
HURRIED = tuple(word for name, value in _HURRIED.items() for word in ("-c", f"{name}={value}"))


def binaries() -> Path:
    """The newest installed server's programs.

    Raises: ServerFailed if there is none.
    """
    found = [each for each in INSTALLED.glob("*/bin") if (each / "postgres").exists()]
    if not found:
        raise ServerFailed(f"PostgreSQL is not installed: no {INSTALLED}/*/bin/postgres")
    return max(found, key=lambda each: float(re.sub(r"[^0-9.]", "", each.parent.name) or 0))


class Postgres:
    """One cluster in one folder; the same folder means the same cluster, from any process."""

    def __init__(self, folder: Path | str, *, fsync: bool = True) -> None:
        self.folder = Path(folder).resolve()
        self._fsync = fsync
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def database_url(self, database: str) -> str:
        secret = self._secret
        return f"postgresql+psycopg://nsw:{secret['password']}@127.0.0.1:{secret['port']}/{database}"

    def processes(self) -> list[int]:
        """The postmaster and its children, if they live."""
        first = self._postmaster()
        return [] if first is None else [first, *_children(first)]

    def start(self) -> None:
        """Make the cluster if there is none, start it and wait until it answers.

        Raises: ServerFailed with the end of the log.
        """
        if self.processes():
            raise ServerFailed(f"a cluster already runs in {self.folder}")
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._make_cluster()
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self._secret['port']}"]
        settings += ["-c", "unix_socket_directories="] + ([] if self._fsync else list(HURRIED))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder / "data", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_identity(),
            )
        if not wait_until(lambda: self._answers() or not self._running(), seconds=START_SECONDS) or not self._running():
            self.kill()
            raise ServerFailed(f"PostgreSQL did not start in {self.folder}\n{last_lines(self.log)}")

    def stop(self) -> None:
        """End open sessions, write everything out, leave no process."""
        running = self.processes()
        send(running[:1], signal.SIGINT)
        if not wait_until(lambda: not any(map(alive, running)), seconds=STOP_SECONDS):
            self.kill()
        self._collect()

    def kill(self) -> None:
        """End every process at once, as a power cut would."""
        running = self.processes()
        send(running, signal.SIGKILL)
        if not wait_until(lambda: not any(map(alive, running)), seconds=STOP_SECONDS):
            raise ServerFailed(f"processes of {self.folder} do not end: {running}")
        self._collect()

    def restart(self) -> None:
        """Stop in order and start again on the same port with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop and delete the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def follow(self, primary: "Postgres") -> None:
        """Make this folder a streaming standby of a cluster that runs, and start it."""
        own = {"port": str(free_ports(1)[0]), "password": primary._secret["password"]}
        self._prepare_folder(own)
        source = primary.url.replace("+psycopg", "")
        self._run([
            str(binaries() / "pg_basebackup"), "--pgdata", str(self.folder / "data"),
            "--dbname", source, "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        ])  # fmt: skip
        self.start()

    def promote(self) -> None:
        """Make a standby the primary."""
        self._execute(sql.SQL("SELECT pg_promote()"))

    def freeze(self) -> None:
        """Stop every process as a hung disk or a paused machine does: connections stay, nobody answers."""
        send(self.processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        send(self.processes(), signal.SIGCONT)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, if wanted as a copy of another one that nobody uses just now, and give its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        if not self._fsync:
            statement += by_files(int(binaries().parent.name))
        self._execute(statement)
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Delete a database, ending whatever session still holds it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _secret(self) -> dict[str, str]:
        loaded: dict[str, str] = json.loads((self.folder / "secret.json").read_text())
        return loaded

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)

    def _running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def _collect(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _postmaster(self) -> int | None:
        """The pid in the cluster's own lock file, if that process is this cluster's (a pid may have been re-used)."""
        try:
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            here = Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.folder / "data"
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return None
        return pid if here and alive(pid) else None

    def _make_cluster(self) -> None:
        password = secrets.token_hex(16)
        self._prepare_folder({"port": str(free_ports(1)[0]), "password": password})
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if os.geteuid() == 0:
            shutil.chown(password_file, SYSTEM_USER, SYSTEM_USER)
        # To prove a password by SCRAM costs more than all else of a connection, and tests open thousands.
        proved = "scram-sha-256" if self._fsync else "md5"
        options = ["--username=nsw", f"--auth={proved}", f"--pwfile={password_file}", "--encoding=UTF8"]
        options += ["--no-locale"] if self._fsync else ["--no-locale", "--no-sync"]
        self._run([str(binaries() / "initdb"), "--pgdata", str(self.folder / "data"), *options])
        password_file.unlink()

    def _prepare_folder(self, own: dict[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "secret.json"
        secret.touch(mode=0o600)
        secret.write_text(json.dumps(own))
        if os.geteuid() == 0:
            shutil.chown(self.folder, SYSTEM_USER, SYSTEM_USER)

    def _run(self, command: Sequence[str]) -> None:
        try:
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, **_identity())
        except PermissionError as error:
            raise ServerFailed(f"user {SYSTEM_USER} cannot reach {self.folder}; choose a folder under /tmp") from error
        if done.returncode:
            raise ServerFailed(f"{command[0]} failed in {self.folder}\n{done.stdout}{done.stderr}")


def by_files(version: int) -> sql.SQL:
    """How a database is copied: since 15 else through the log, seven times the work where nothing is flushed."""
    return sql.SQL(" STRATEGY FILE_COPY" if version >= 15 else "")


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]
    umask: int


def _identity() -> _Identity:
    """Who runs the programs: ourselves, or PostgreSQL's system user when we are root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(SYSTEM_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "umask": 0o077}


def _children(parent: int) -> list[int]:
    try:
        listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(each) for each in listed.split()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.postgresql", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "url"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    cluster = Postgres(arguments.folder)
    if arguments.action == "stop":
        cluster.stop()
        return 0
    if arguments.action == "start" and not cluster.processes():
        cluster.start()
    if not cluster.processes():
        print(f"no cluster runs in {cluster.folder}", file=sys.stderr)
        return 1
    print(cluster.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
