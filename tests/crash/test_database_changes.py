"""The database freezes or fails over to its standby under a running daemon: no part ends, nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.scene import Scene, opened
from tests.servers.postgresql import Postgres

COUNT = 60
PATIENCE_S = 180.0


def note(what: str, since: float) -> None:
    """A figure for whoever runs it with -s; nothing passes or fails by it."""
    print(f"\nDRILL {what}: {time.monotonic() - since:.1f} s")


def test_a_frozen_database_is_told_and_ends_no_part(vhost_url: str, tmp_path: Path, cluster: Postgres) -> None:
    messages = declarations(0, COUNT)
    with opened(Scene(tmp_path, vhost_url, cluster.create_database("frozen"))) as scene:
        scene.configure({"workers.batch": 8})
        daemon = scene.daemon()
        scene.until_ready()
        scene.partner.publish(messages[: COUNT // 2])
        scene.until(lambda: scene.store.settled() >= 5, "under load")
        scene.components.database.close()
        cluster.freeze()
        frozen = time.monotonic()
        scene.partner.publish(messages[COUNT // 2 :])
        scene.until_quiet(lambda: "dispatcher-1: database" in scene.readyz()[1], "told", PATIENCE_S)
        note("frozen, until /readyz told it", frozen)
        scene.until_quiet(lambda: "clock-2: database" in scene.readyz()[1], "by the clock too", PATIENCE_S)
        note("frozen, until the clock told it", frozen)
        cluster.thaw()
        thawed = time.monotonic()
        scene.until_ready()
        note("thawed, until ready", thawed)
        scene.until_done(messages, PATIENCE_S)
        note("thawed, until all were answered", thawed)
        ended = [*daemon.events(Event.WORKER_STOPPED), *daemon.events(Event.WORKER_KILLED)]
        assert ended == [], "no part ends"
        reasons = [each["reason"] for each in daemon.events(Event.UNAVAILABLE)]
        assert any("frozen" in reason for reason in reasons), "the log says what a name alone does not"
        copies = len(scene.partner.collect())
        print(f"DRILL frozen: sent {COUNT}, stored {scene.store.settled()}, copies of answers {copies}")
        scene.finish()
        scene.assert_whole(messages)


def test_a_fail_over_loses_and_doubles_nothing(
    vhost_url: str, tmp_path: Path, cluster: Postgres, database_folder: Path
) -> None:
    messages = declarations(0, COUNT)
    standby = Postgres(database_folder / "standby")
    url = cluster.create_database("switched")
    try:
        standby.follow(cluster)
        with psycopg.connect(cluster.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")  # else a commit could be lost
            connection.execute("SELECT pg_reload_conf()")
        first, second = (each.url.rpartition("@")[2].partition("/")[0] for each in (cluster, standby))
        both = url.replace(first, f"{first},{second}")
        with opened(Scene(tmp_path, vhost_url, both)) as scene:
            scene.configure({"workers.batch": 8})
            daemon = scene.daemon()
            scene.until_ready()
            scene.partner.publish(messages[: COUNT // 2])
            scene.until(lambda: scene.store.settled() >= 5, "under load")
            cluster.kill()
            scene.components.database.close()  # this process's own
            killed = time.monotonic()
            scene.partner.publish(messages[COUNT // 2 :])
            scene.until_quiet(lambda: scene.readyz()[0] == 503, "told", PATIENCE_S)
            note("fail-over, until /readyz told it", killed)
            with psycopg.connect(standby.url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute("SELECT pg_promote()")
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
                connection.execute("SELECT pg_reload_conf()")
            promoted = time.monotonic()
            scene.until_quiet(lambda: scene.readyz()[0] == 200, "ready", PATIENCE_S)
            note("promoted, until ready", promoted)
            scene.until_done(messages, PATIENCE_S)
            note("promoted, until all were answered", promoted)
            assert daemon.events(Event.PARKED) == [], "a state error parks nothing"
            assert [*daemon.events(Event.WORKER_STOPPED), *daemon.events(Event.WORKER_KILLED)] == []
            copies = len(scene.partner.collect())
            print(f"DRILL fail-over: sent {COUNT}, stored {scene.store.settled()}, copies of answers {copies}")
            scene.finish()
            scene.assert_whole(messages)
    finally:
        standby.remove()
