"""A cluster of private RabbitMQ nodes on this machine: one port mapper and one cookie for all of them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from tests.servers.process import MARK, ServerFailed, free_ports, marked, send, wait_until
from tests.servers.rabbitmq import START_SECONDS, Rabbit

TICK_SECONDS = 10
"""After these the others take a silent node for gone; RabbitMQ's own 60 hold every queue that a frozen node leads."""


class Node(Rabbit):
    """One of them. The port mapper is the cluster's, so that a node which is killed does not take it along."""

    def __init__(self, folder: Path, *, mapper: int, cookie: str) -> None:
        super().__init__(folder)
        self._mapper = mapper
        self._cookie = cookie

    def freeze(self) -> None:
        """Stop every process as a hung disk or a paused machine does: connections stay, nobody answers."""
        send(self.processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        send(self.processes(), signal.SIGCONT)

    def _write_configuration(self) -> None:
        super()._write_configuration()
        with (self.folder / "rabbitmq.conf").open("a") as stated:
            stated.write(f"net_ticktime = {TICK_SECONDS}\ncluster_partition_handling = pause_minority\n")
        file = self.folder / "home" / ".erlang.cookie"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(self._cookie)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"ERL_EPMD_PORT": str(self._mapper)}


class Cluster:
    """Nodes that know one another; a quorum queue that is declared on one is kept on all."""

    def __init__(self, folder: Path, *, size: int = 3) -> None:
        self.folder = folder
        (self._mapper,) = free_ports(1)
        cookie = secrets.token_hex(16)
        self.nodes = [Node(folder / f"node-{number}", mapper=self._mapper, cookie=cookie) for number in range(size)]

    def start(self) -> None:
        """Start every node and join all to the first.

        Raises: ServerFailed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, MARK: str(self.folder), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        subprocess.run(["epmd", "-port", str(self._mapper), "-daemon"], env=environment, check=True)
        first, *others = self.nodes
        first.start()
        for node in others:
            node.start()
            node.ctl("stop_app")
            node.ctl("join_cluster", first.name)
            node.ctl("start_app")
        self.until_whole()

    def until_whole(self) -> None:
        """Start the nodes that were killed, and wait until every node sees all of them.

        Raises: ServerFailed.
        """
        for node in self.nodes:
            if not node.processes():
                node.start()
        wanted = str(len(self.nodes))
        seen = "length(rabbit_nodes:all_running())."
        whole = lambda: all(node.evaluate(seen) == wanted for node in self.nodes)  # noqa: E731
        if not wait_until(whole, seconds=START_SECONDS, step=1.0):
            raise ServerFailed(f"the nodes of {self.folder} do not find one another")

    def remove(self) -> None:
        """End every node and the port mapper, and delete the folder."""
        for node in self.nodes:
            node.kill()
        send(marked(str(self.folder)), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
