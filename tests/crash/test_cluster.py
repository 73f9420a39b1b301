"""Three nodes of RabbitMQ, of which two serve: the node that is in use ends or freezes under load, and answers go on.

Three Erlang machines are dear: `make prove ARGS=kills` runs this, `make test` does not (tests/parts.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.model.events import Event
from tests.conftest import demand
from tests.harness.declarations import Message, declarations
from tests.harness.partner import Partner
from tests.harness.scene import PATIENCE_S, Scene, opened
from tests.servers.cluster import Cluster, Node
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS

BEFORE, COUNT = 60, 200
VHOSTS = {"killed": Node.kill, "frozen": Node.freeze}
"""The frozen one last: a node that comes to itself again is restarted before it serves."""


@pytest.fixture(scope="module")
def cluster(server_folder: Path) -> Iterator[Cluster]:
    demand("rabbitmq-server")
    made = Cluster(server_folder / "cluster")
    try:
        made.start()
        made.nodes[0].add_vhosts(VHOSTS)
        yield made
    finally:
        made.remove()


class Watch:
    """What /readyz says from now on, with the seconds since."""

    def __init__(self, scene: Scene) -> None:
        self.began = time.monotonic()
        self.seen: list[tuple[float, int, list[str]]] = []
        self._scene = scene
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def end(self) -> str:
        """The time that it was not ready, and for what."""
        self._over.set()
        self._thread.join()
        unready = [(at, parts) for at, status, parts in self.seen if status != 200]
        if not unready:
            return "ready all the time"
        return (
            f"unready {unready[0][0]:.1f} to {unready[-1][0]:.1f} s: {sorted({each for _, m in unready for each in m})}"
        )

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self.seen.append((self.seconds(), *self._scene.readyz()))


def answered(partner: Partner, messages: list[Message]) -> bool:
    """Whether any of them has its answer."""
    wanted = {message.message_id for message in messages}
    return any(reply.correlation_id in wanted for reply in partner.collect())


@pytest.mark.parametrize("fate", VHOSTS)
def test_with_two_of_three_nodes_answers_go_on_and_none_is_lost(
    fate: str, cluster: Cluster, tmp_path: Path, postgresql_url: str
) -> None:
    cluster.until_whole()
    first, second, third = cluster.nodes
    messages = declarations(0, COUNT)
    with opened(Scene(tmp_path, first.vhost_url(fate), postgresql_url)) as scene:
        # Declared by the first node, so it leads every queue, and the daemon is connected to it.
        scene.configure({"broker.urls": [second.vhost_url(fate), third.vhost_url(fate)]})
        scene.partner = Partner(second.vhost_url(fate))
        time.sleep(QUORUM_SETTLE_SECONDS)
        daemon = scene.daemon()
        scene.until_ready()
        scene.partner.publish(messages[:BEFORE])
        scene.until(lambda: scene.store.settled() >= BEFORE // 3, "under load")

        VHOSTS[fate](first)
        watch = Watch(scene)
        try:
            scene.partner.publish(messages[BEFORE : BEFORE + 1])
            serving = watch.seconds()
            scene.partner.publish(messages[BEFORE + 1 :])
            while not answered(scene.partner, messages[BEFORE:]):
                assert watch.seconds() < PATIENCE_S, "answers go on"
                time.sleep(0.5)
            went_on = watch.seconds()
            scene.until_done(messages)
            done = watch.seconds()
            scene.until_ready()
        finally:
            first.thaw()
            told = watch.end()

        assert [*daemon.events(Event.WORKER_STOPPED), *daemon.events(Event.WORKER_KILLED)] == [], "no part ends"
        assert daemon.events(Event.PARKED) == []
        lost = sorted({each["reason"] for each in daemon.events(Event.BROKER) if each.get("reason")})
        scene.finish()
        scene.assert_whole(messages)
        figures = f"sent {COUNT}, stored {scene.store.settled()}, copies {len(scene.partner.got)}"
        print(
            f"\nDRILL node {fate}: {figures}; the others took messages after {serving:.1f} s, answers went on after "
            f"{went_on:.1f} s, all answered {done:.1f} s; {told}; {lost}"
        )
