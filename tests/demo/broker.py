"""The broker of the demonstration, and how it goes and comes back: a private node, or one that the caller names."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

from tests.harness.commands import nsw_adapter
from tests.harness.premises import Premises
from tests.servers.rabbitmq import Rabbit


class Broker(Protocol):
    """A broker that can be taken away from the adapter."""

    @property
    def url(self) -> str:
        """Where it is."""

    @property
    def about(self) -> str:
        """What it is, in words."""

    @property
    def starting_s(self) -> float:
        """How many seconds its own starts have taken."""

    def start(self) -> None:
        """Make it ready."""

    def stop(self) -> None:
        """Leave no process of it."""

    def go(self, premises: Premises) -> str:
        """Take it away; gives what was done, in words."""

    def come_back(self, premises: Premises) -> str:
        """Give it back; gives what was done, in words."""


class PrivateNode:
    """A node of our own: it is really stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._node = Rabbit(folder)
        self._node.kill()  # left by a run that was killed
        self._starting_s = 0.0

    @property
    def url(self) -> str:
        return self._node.url

    @property
    def about(self) -> str:
        return f"private RabbitMQ node {self._node.name}"

    @property
    def starting_s(self) -> float:
        return self._starting_s

    def start(self) -> None:
        began = time.monotonic()
        self._node.start()
        self._starting_s += time.monotonic() - began

    def stop(self) -> None:
        self._node.stop()

    def go(self, premises: Premises) -> str:
        self._node.stop()
        return "the broker was stopped"

    def come_back(self, premises: Premises) -> str:
        self.start()
        return "the broker was started again"


class GivenBroker:
    """A broker that is not ours to stop: the operator's override declares the incident instead."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    @property
    def about(self) -> str:
        return "the broker that NSW_AMQP_URL names (nobody else may use its virtual host now)"

    @property
    def starting_s(self) -> float:
        return 0.0

    def start(self) -> None:
        return

    def stop(self) -> None:
        return

    def go(self, premises: Premises) -> str:
        nsw_adapter(premises, "window", "override", "down", "--reason", "demonstration of an outage")
        return "the operator's override says that the window is down (the broker is not ours to stop)"

    def come_back(self, premises: Premises) -> str:
        nsw_adapter(premises, "window", "end")
        return "the operator's override was ended"


def broker(folder: Path) -> Broker:
    """The one that NSW_AMQP_URL names, else a private node in the folder."""
    given = os.environ.get("NSW_AMQP_URL")
    return GivenBroker(given) if given else PrivateNode(folder)
