"""A private RabbitMQ node: own name, own loopback ports, own port mapper, everything it writes under one folder.

It must never meet a system node: neither its name, nor its cookie, nor the port mapper on 4369 is used.
`python -m tests.servers.rabbitmq start|stop|url FOLDER` serves the Makefile.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.process import MARK, ServerFailed, alive, free_ports, last_lines, marked, send, wait_until

BINARIES = Path("/usr/lib/rabbitmq/bin")  # those on PATH are Debian's wrappers, which switch to the system user
ERL_CALL = "erl_call"  # of erlang-base, which every node needs
START_SECONDS = 240.0
STOP_SECONDS = 120.0
# Measured on 3.10.8: the node's directory of quorum queues reaches the disk up to a second after the declaration is
# confirmed. A queue younger than that at a kill is unusable for ever, confirmed messages included.
QUORUM_SETTLE_SECONDS = 2.0


IDLE = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Whoever has nothing to do sleeps at once: a third of what a start costs is waiting in a loop."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of a TLS listener that admits only clients with a certificate under `ca`."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of one node, kept over restarts."""

    amqp: int
    amqps: int
    distribution: int
    mapper: int


class Rabbit:
    """One node in one folder; the same folder means the same node, from any process."""

    def __init__(self, folder: Path | str, *, tls: Tls | None = None) -> None:
        self.folder = Path(folder).resolve()
        self._tls = tls
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def ports(self) -> Ports:
        """The node's ports, chosen once and written into the folder."""
        file = self.folder / "ports.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(asdict(Ports(*free_ports(4)))))
        return Ports(**json.loads(file.read_text()))

    @property
    def name(self) -> str:
        return f"nsw-{self.ports.amqp}@localhost"

    @property
    def url(self) -> str:
        return self.vhost_url("/")

    @property
    def tls_url(self) -> str:
        return self.tls_vhost_url("%2F")

    @property
    def log(self) -> Path:
        return self.folder / "log" / "node.log"

    def vhost_url(self, vhost: str) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.ports.amqp}/{'%2F' if vhost == '/' else vhost}"

    def tls_vhost_url(self, vhost: str) -> str:
        return f"amqps://guest:guest@localhost:{self.ports.amqps}/{vhost}"

    def processes(self) -> list[int]:
        """Every living process of this node, its port mapper included."""
        return marked(str(self.folder))

    def start(self) -> None:
        """Start the node and wait until it talks AMQP.

        Raises: ServerFailed with the end of the log.
        """
        if self.processes():
            raise ServerFailed(f"a node already runs in {self.folder}")
        self._write_configuration()
        with (self.folder / "log" / "console.log").open("ab") as console:
            self._child = subprocess.Popen(
                [BINARIES / "rabbitmq-server"],
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        if not wait_until(lambda: self._answers() or not self._running(), seconds=START_SECONDS) or not self._running():
            console_end, log_end = last_lines(self.folder / "log" / "console.log"), last_lines(self.log)
            self.kill()
            raise ServerFailed(f"RabbitMQ did not start in {self.folder}\n{console_end}\n{log_end}")

    def stop(self) -> None:
        """Shut the node down in order and leave no process of it."""
        everything = self.processes()
        send((pid for pid in everything if _is(pid, "beam.smp")), signal.SIGTERM)
        wait_until(lambda: not any(_is(pid, "beam.smp") for pid in self.processes()), seconds=STOP_SECONDS)
        self._end_all()

    def kill(self) -> None:
        """End every process of the node at once; see QUORUM_SETTLE_SECONDS for queues just declared."""
        self._end_all()

    def restart(self) -> None:
        """Stop in order and start again on the same ports with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop and delete the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl against this node (it takes a second or two: an Erlang machine starts each time)."""
        done = subprocess.run(
            [BINARIES / "rabbitmqctl", "--node", self.name, "--quiet", *arguments],
            env=self._environment() | {MARK: ""},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServerFailed(f"rabbitmqctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def evaluate(self, expression: str) -> str:
        """What an Erlang expression gives in this node: 2 ms of CPU, where rabbitmqctl takes 500.

        Raises: ServerFailed with what the node says.
        """
        done = subprocess.run(
            [ERL_CALL, "-sname", self.name, "-e"],
            input=f"{expression}\n",
            env=self._environment() | {MARK: ""},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        given = re.fullmatch(r"\{ok, (.*)\}", done.stdout, re.S)
        if done.returncode or given is None:
            raise ServerFailed(f"{expression} {done.stdout}{done.stderr}")
        return given[1]

    def manage(self, tls: Tls) -> str:
        """Start the management interface on a port of its own, until the node ends; gives its URL (guest, guest)."""
        (port,) = free_ports(1)
        files = f'{{cacertfile, "{tls.ca}"}}, {{certfile, "{tls.cert}"}}, {{keyfile, "{tls.key}"}}'
        plugins = self.folder / "plugins"
        plugins.write_text("[rabbitmq_management].\n")
        self.evaluate(
            "application:load(rabbitmq_management), application:set_env(rabbitmq_management, ssl_config, "
            f'[{{port, {port}}}, {{ip, "127.0.0.1"}}, {files}]), rabbit_plugins:ensure("{plugins}").',
        )
        return f"https://localhost:{port}"

    def add_vhosts(self, names: Iterable[str]) -> None:
        """Make virtual hosts that guest may use."""
        listed = ",".join(f'<<"{name}">>' for name in names)
        self.evaluate(
            f'[begin ok = rabbit_vhost:add(V, <<"guest">>), ok = rabbit_auth_backend_internal:set_permissions('
            f'<<"guest">>, V, <<".*">>, <<".*">>, <<".*">>, <<"guest">>) end || V <- [{listed}]], ok.',
        )

    def _running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _answers(self) -> bool:
        """A port that accepts is not yet a broker: ask for the protocol's first frame."""
        try:
            with socket.create_connection(("127.0.0.1", self.ports.amqp), timeout=10) as door:
                door.sendall(b"AMQP\x00\x00\x09\x01")
                return door.recv(1) == b"\x01"
        except OSError:
            return False

    def _end_all(self) -> None:
        # The port mapper may be started by a late child: look again until nobody carries the mark.
        def nobody() -> bool:
            left = self.processes()
            send(left, signal.SIGKILL)
            return not left

        if not wait_until(nobody, seconds=STOP_SECONDS):
            raise ServerFailed(f"processes of {self.folder} do not end: {self.processes()}")
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _write_configuration(self) -> None:
        for each in ("log", "data", "home"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "environment").touch()  # else the system's rabbitmq-env.conf is read
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.ports.amqp}",
            "log.file = node.log",
            "log.file.level = info",
            "log.console = false",
            "disk_free_limit.absolute = 50MB",
            "raft.wal_max_size_bytes = 64000000",
        ]
        if self._tls is not None:
            lines += [
                f"listeners.ssl.1 = 127.0.0.1:{self.ports.amqps}",
                f"ssl_options.cacertfile = {self._tls.ca}",
                f"ssl_options.certfile = {self._tls.cert}",
                f"ssl_options.keyfile = {self._tls.key}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
                "ssl_options.depth = 3",
            ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")

    def _environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
        ports, folder = self.ports, self.folder
        return kept | {
            MARK: str(folder),
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),  # the Erlang cookie lives here
            "ERL_EPMD_PORT": str(ports.mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(ports.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} {IDLE}",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "data" / "config"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }


def _is(pid: int, program: str) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == program and alive(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.rabbitmq", description=__doc__)
    parser.add_argument("action", choices=["start", "stop", "url"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    node = Rabbit(arguments.folder)
    if arguments.action == "stop":
        node.stop()
        return 0
    if arguments.action == "start" and not node.processes():
        node.start()
    if not node.processes():
        print(f"no node runs in {node.folder}", file=sys.stderr)
        return 1
    print(node.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
