"""Many messages while workers and dispatchers are killed at random: none lost, none doubled.

`make test` runs a seeded, reduced count; NSW_PROVE=full runs the whole of it.
"""

from __future__ import annotations

import os
import random
import threading
import time

import pytest

from tests.harness.declarations import declarations
from tests.harness.scene import PATIENCE_S, Running, Scene

FULL = os.environ.get("NSW_PROVE") == "full"
COUNT, KILLS = (1200, 60) if FULL else (150, 8)
SEED = 20260302

pytestmark = [pytest.mark.crash, pytest.mark.slow]


def test_messages_survive_kills_at_random(scene: Scene) -> None:
    # A message may have bad luck as often as a process is killed here; being poison is another proof's matter.
    scene.configure({"workers.batch": 8, "workers.attempts": 40, "broker.unconfirmed_publishes": 16})
    dice = random.Random(SEED)
    messages = declarations(0, COUNT)
    publishing = threading.Thread(target=scene.partner.publish, args=[messages], kwargs={"pause_s": 0.004})
    publishing.start()
    parts: list[tuple[str, Running]] = [(name, scene.start(name)) for name in ("worker", "worker", "dispatcher")]
    killed_at_work, began = 0, time.monotonic()
    for _ in range(KILLS):
        name, victim = parts.pop(dice.randrange(len(parts)))
        scene.until(lambda v=victim: "up" in v.log.read_text(), f"{name} is up")  # type: ignore[misc]
        time.sleep(dice.uniform(0.05, 0.6))
        killed_at_work += victim.told_anything_of_work()
        victim.die()
        killed = time.monotonic()
        parts.append((name, scene.start(name)))
    publishing.join()
    scene.until_done(messages, seconds=PATIENCE_S + COUNT)
    ended = time.monotonic()
    print(
        f"\nDRILL kills at random: {KILLS} in {killed - began:.1f} s, {killed_at_work} at work; sent {COUNT}, stored "
        f"{scene.store.settled()}, copies {len(scene.partner.collect())}, all answered {ended - killed:.1f} s after "
        "the last"
    )
    # What was delivered again may be answered again until the workers have ended: its copies have to leave too.
    for worker in (each for name, each in parts if name == "worker"):
        worker.stop()
    scene.until(lambda: scene.store.unsent() == 0, "every copy has left")
    scene.finish()
    assert killed_at_work, "every process died before it had work: this proved nothing"
    scene.assert_whole(messages)
