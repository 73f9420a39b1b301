"""The clock of the machine is set forward by two days and back while declarations come: the whole daemon lives in it.

The servers' clocks stay, as those of other machines do. A small library that is loaded before the program's moves the
time of day of all its processes, and leaves the monotonic clock alone, as setting a clock does.
"""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adapter.gateways.store.tables import deadline
from adapter.model.events import Event
from adapter.services.watch.mode import Mode
from tests.harness.declarations import declarations
from tests.harness.scene import Scene

EACH = 30
TWO_DAYS_S = 2 * 86_400
PATIENCE_S = 180.0


class MovedClock:
    """A file with the seconds by which the clock is moved, and the library that reads it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.library = folder / "moved", folder / "moved_clock.so"
        self.move(0)
        source = Path(__file__).with_name("moved_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, source], check=True)

    def move(self, seconds: int) -> None:
        with self.file.open("r+b" if self.file.exists() else "w+b") as file:  # in its place: it is mapped
            file.write(struct.pack("=q", seconds))

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "MOVED_CLOCK": str(self.file)}


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path)


def breached(scene: Scene) -> int:
    query = select(func.count()).select_from(deadline).where(deadline.c.breached_at.is_not(None))
    with scene.components.database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def test_a_clock_that_is_set_forward_and_back_costs_nothing_but_its_telling(scene: Scene, clock: MovedClock) -> None:
    messages = declarations(0, 3 * EACH)
    first, meanwhile, after = (messages[at : at + EACH] for at in (0, EACH, 2 * EACH))
    scene.configure({"workers.batch": 8})
    daemon = scene.daemon_from_nothing(**clock.environment)
    scene.until_ready()
    scene.partner.publish(first)
    scene.until_done(first, PATIENCE_S)
    for what, seconds, sent in (("forward", TWO_DAYS_S, meanwhile), ("back", 0, after)):
        clock.move(seconds)
        moved = time.monotonic()
        scene.partner.publish(sent)
        told = 1 if what == "forward" else 2
        scene.until_quiet(lambda told=told: len(daemon.events(Event.CLOCK_SET)) >= told, "told", PATIENCE_S)
        print(f"\nDRILL clock set {what}, until it was told: {time.monotonic() - moved:.1f} s")
        scene.until_done(messages[: (told + 1) * EACH], PATIENCE_S)
        scene.until_ready()
        print(f"DRILL clock set {what}, until all were answered and it was ready: {time.monotonic() - moved:.1f} s")
        print(f"DRILL time limits told as broken: {breached(scene)}; /readyz {scene.readyz()}")
    scene.until_quiet(lambda: breached(scene) == 0, "what the jump alone has broken is taken back", PATIENCE_S)
    assert scene.components.window.state().mode is Mode.NORMAL
    assert [each["by_s"] for each in daemon.events(Event.CLOCK_SET)][:2] == pytest.approx(
        [TWO_DAYS_S, -TWO_DAYS_S], abs=5
    )
    assert daemon.events(Event.PARKED) == []
    assert [*daemon.events(Event.WORKER_STOPPED), *daemon.events(Event.WORKER_KILLED)] == []
    print(f"DRILL clock: sent {len(messages)}, stored {scene.store.settled()}, copies {len(scene.partner.collect())}")
    scene.finish()
    scene.assert_whole(messages)
