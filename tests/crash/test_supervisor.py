"""The daemon under its supervisor, as its unit file starts it: what it tells, how it stops, what it replaces."""

from __future__ import annotations

import os
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from adapter.gateways.store import windows
from adapter.gateways.store.dossiers import lock_name
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from tests.harness import configuration
from tests.harness.declarations import declarations
from tests.harness.partner import DECLARATIONS
from tests.harness.pki import shared_pki
from tests.harness.scene import PATIENCE_S, Running, Scene
from tests.servers.process import alive, free_ports, wait_until

pytestmark = pytest.mark.slow
PARTS = 3
"""Worker, dispatcher, clock: each waits for the one before it."""


def workers(daemon: Running) -> list[int]:
    """The pids of the workers that were started, in order."""
    return [told["pid"] for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "worker"]


def test_systemd_is_told_ready_alive_and_stopping(scene: Scene) -> None:
    address = f"\0nsw-notify-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(PATIENCE_S)
        daemon = scene.daemon(NOTIFY_SOCKET="@" + address[1:])
        said = [listener.recv(200)]
        while said[-1] != b"READY=1":
            said.append(listener.recv(200))
        assert set(said[:-1]) <= {b"WATCHDOG=1"}
        assert listener.recv(200) == b"WATCHDOG=1"
        scene.until_ready()
        with urllib.request.urlopen(f"http://127.0.0.1:{scene.health_port}/healthz", timeout=30) as answer:
            assert answer.status == 200
        daemon.process.send_signal(signal.SIGTERM)
        while said[-1] != b"STOPPING=1":
            said.append(listener.recv(200))
    assert daemon.ended() == 0


def test_sigterm_settles_what_is_held_and_loses_nothing(scene: Scene) -> None:
    messages = declarations(0, 120)
    scene.configure({"workers.count": 2, "workers.batch": 4})
    daemon = scene.daemon()
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until(lambda: scene.store.settled() >= 20, "under load")

    assert daemon.stop() == 0

    settled = scene.store.settled()
    assert settled < len(messages), "it had nothing in hand: this proved nothing"
    assert daemon.events(Event.WORKER_KILLED) == []
    # What was settled is acknowledged, what was not is back in the queue: neither more nor less.
    assert wait_until(lambda: scene.partner.ready(DECLARATIONS) == len(messages) - settled, seconds=PATIENCE_S)
    for part in ("worker", "dispatcher"):
        scene.start(part)
    scene.until_done(messages)
    scene.finish()
    scene.assert_whole(messages)
    assert len(scene.partner.got) == len(messages), "an orderly stop repeats nothing"


def test_sighup_under_load_replaces_the_workers_and_loses_nothing(scene: Scene) -> None:
    messages = declarations(0, 120)
    scene.configure({"workers.count": 2, "workers.batch": 4})
    daemon = scene.daemon()
    scene.until_ready()
    before = workers(daemon)
    publishing = threading.Thread(target=scene.partner.publish, args=[messages], kwargs={"pause_s": 0.01})
    publishing.start()
    scene.until(lambda: scene.store.settled() >= 20, "under load")

    daemon.process.send_signal(signal.SIGHUP)

    scene.until(lambda: not any(map(alive, before)), "the old workers have ended")
    publishing.join()
    scene.until_done(messages)
    after = workers(daemon)[len(before) :]
    assert len(after) == 2
    assert all(map(alive, after))
    assert scene.readyz()[0] == 200
    assert daemon.events(Event.WORKER_KILLED) == []
    scene.finish()
    scene.assert_whole(messages)
    assert len(scene.partner.got) == len(messages), "a rolling replacement repeats nothing"


def test_a_reload_that_waits_for_a_new_worker_keeps_the_watchdog_and_readiness_content(scene: Scene) -> None:
    with _told_to_systemd() as (address, said):
        daemon = scene.daemon(NOTIFY_SOCKET=address)
        scene.until_ready()
        daemon.process.send_signal(signal.SIGHUP)
        scene.until(lambda: len(workers(daemon)) == 2, "the new worker is started")
        old, new = workers(daemon)
        os.kill(new, signal.SIGSTOP)  # it stands still before it can say that it is there
        try:
            before = len(said)
            scene.until(lambda: len(said) > before + 8, "the watchdog is told on and on")
            assert scene.readyz()[0] == 200
            assert alive(old)
        finally:
            os.kill(new, signal.SIGCONT)
        scene.until(lambda: not alive(old), "the old worker makes room")
        assert scene.readyz()[0] == 200
        assert daemon.stop() == 0


def test_a_reload_with_a_wrong_configuration_is_given_up_and_the_old_workers_go_on(scene: Scene) -> None:
    messages = declarations(0, 10)
    daemon = scene.daemon()
    scene.until_ready()
    scene.configure({"workers.batch": "many"})
    daemon.process.send_signal(signal.SIGHUP)

    scene.until(lambda: daemon.told(Event.RELOAD_REFUSED), "it is told")
    (asked,), (refused,) = daemon.events(Event.RELOAD_ASKED), daemon.events(Event.RELOAD_REFUSED)
    assert (asked["level"], refused["level"], refused["part"]) == ("info", "warning", "worker")
    assert "workers.batch: " in refused["reason"]

    old, new = workers(daemon)
    assert alive(old)
    assert not alive(new)
    assert scene.readyz()[0] == 200
    scene.partner.publish(messages)
    scene.until_done(messages)
    scene.configure({})
    daemon.process.send_signal(signal.SIGHUP)
    scene.until(lambda: not alive(old), "mended, it is taken")
    scene.until(lambda: daemon.told(Event.RELOAD_TAKEN), "and that is told")
    scene.finish()
    scene.assert_whole(messages)


def _with_a_second_portal() -> dict[str, Any]:
    partners = configuration.stated(shared_pki())["trust"]["partners"]
    return {**partners, "another": partners["portal"]}


def test_what_decides_and_cannot_begin_after_a_reload_stops_nobody_and_the_reload_is_refused(
    embedded_scene: Scene,
) -> None:
    """Nothing that one part dislikes may end the daemon: exit code 2 forbids systemd a restart."""
    scene = embedded_scene
    (port,) = free_ports(1)
    served = {"web.portal.enabled": True, "web.portal.port": port}
    scene.configure(served)
    messages = declarations(0, 10)
    daemon = scene.daemon()
    scene.until_ready()

    scene.configure({**served, "trust.partners": _with_a_second_portal()})
    daemon.process.send_signal(signal.SIGHUP)

    scene.until(lambda: any(told.get("code") == 2 for told in daemon.events()), "what decides could not begin")
    said = [told for told in daemon.events(Event.WORKER_STOPPED) if "reason" in told]
    assert {told["level"] for told in said} == {"warning"}
    assert any("exactly one partner must have role portal" in told["reason"] for told in said)
    scene.until(lambda: daemon.told(Event.RELOAD_REFUSED), "the reload is given up")
    scene.partner.publish(messages)
    scene.until_done(messages)
    scene.configure(served)
    daemon.process.send_signal(signal.SIGHUP)
    scene.until(lambda: scene.readyz()[0] == 200, "mended and reloaded, it comes")
    assert daemon.stop() == 0


def _left(daemon: Running) -> list[dict[str, Any]]:
    """The parts that are not tried again."""
    return [told for told in daemon.events(Event.WORKER_STOPPED) if told.get("code") == 2 and "again_in_s" not in told]


def test_a_port_that_is_taken_at_the_start_stops_the_web_process_alone_until_a_reload(scene: Scene) -> None:
    messages = declarations(0, 20)
    with socket.create_server(("127.0.0.1", 0)) as taken, _told_to_systemd() as (address, said):
        port = taken.getsockname()[1]
        scene.configure({"web.portal.enabled": True, "web.portal.port": port})
        daemon = scene.daemon(NOTIFY_SOCKET=address)
        scene.partner.publish(messages)
        scene.until_done(messages)
        scene.until(lambda: bool(_left(daemon)), "it is tried no more")
        assert scene.readyz() == (503, ["portal-4: configuration"])
        assert b"READY=1" in said, "systemd does not end what serves"
        reasons = [told["reason"] for told in daemon.events(Event.WORKER_STOPPED)]
        assert f"web.portal.host and web.portal.port: 127.0.0.1:{port} cannot be listened on" in reasons
        tries = [told for told in daemon.events(Event.WORKER_STARTED) if told["part"] == "portal"]
        assert 1 < len(tries) < 6
    daemon.process.send_signal(signal.SIGHUP)
    scene.until_ready()
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)


@contextmanager
def _told_to_systemd() -> Iterator[tuple[str, list[bytes]]]:
    """A notify socket's address, and what is said to it; it is read all the time, or the daemon would wait for us."""
    address, said = f"@nsw-reload-{os.getpid()}", list[bytes]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + address[1:])

        def read() -> None:
            while text := listener.recv(200):
                said.append(text)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield address, said
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", "\0" + address[1:])
            reader.join()


def test_a_killed_worker_is_replaced_and_its_messages_pass(scene: Scene) -> None:
    messages = declarations(0, 100)
    scene.configure({"workers.batch": 4})
    daemon = scene.daemon()
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until(lambda: scene.store.settled() >= 10, "under load")
    os.kill(workers(daemon)[0], signal.SIGKILL)
    scene.until_done(messages)
    assert len(workers(daemon)) == 2
    scene.finish()
    scene.assert_whole(messages)


def _waits_for_a_lock(scene: Scene) -> bool:
    with scene.components.database.transaction() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_a_worker_that_hangs_is_ended_by_the_watchdog_and_its_messages_pass_after(scene: Scene) -> None:
    """It hangs in earnest: it waits for the lock of a dossier, in the middle of a batch, and is frozen there."""
    messages = declarations(0, 40)
    key = DossierKey(messages[7].reference, 2026)
    scene.configure({"workers.batch": 8, "workers.batch_seconds": 10.0})  # of innocents no batch takes so long
    daemon = scene.daemon()
    scene.until_ready()
    database = scene.components.database
    with database.transaction() as connection:
        database.lock(connection, [lock_name(key)])
        scene.partner.publish(messages)
        scene.until(lambda: _waits_for_a_lock(scene), "it waits in the middle of a batch")
        os.kill(workers(daemon)[0], signal.SIGSTOP)
    scene.until(lambda: daemon.told(Event.WORKER_KILLED), "the watchdog ends it")
    (killed, *_) = daemon.events(Event.WORKER_KILLED)
    assert (killed["part"], killed["pid"]) == ("worker", workers(daemon)[0])
    assert "more than 10 s" in killed["reason"]
    scene.until_done(messages)
    scene.finish()
    scene.assert_whole(messages)


def test_more_than_one_worker_on_sqlite_is_refused_at_start(tmp_path: Path, sqlite_url: str) -> None:
    scene = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", sqlite_url)
    scene.configure({"workers.count": 2})
    try:
        daemon = scene.daemon()
        assert daemon.ended() == 2
        said = daemon.log.read_text()
        assert "SQLite" in said
        assert "Traceback" not in said
        assert daemon.events(Event.WORKER_STARTED) == [], "refused before any part is started"
    finally:
        scene.close()


def _forked_by(pid: int) -> int:
    """The process that this one is a child of."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_parts_that_lose_what_they_are_forks_of_are_replaced(scene: Scene) -> None:
    """On a daemon that starts from nothing."""
    messages = declarations(0, 20)
    daemon = scene.daemon_from_nothing()
    scene.until_ready()
    before = {told["pid"] for told in daemon.events(Event.WORKER_STARTED)}
    (forker,) = {_forked_by(pid) for pid in before}
    assert forker != daemon.process.pid

    os.kill(forker, signal.SIGKILL)

    scene.until(lambda: not any(map(alive, before)), "nobody could tell any more how they end: they end by themselves")
    scene.until(lambda: len(daemon.events(Event.WORKER_STARTED)) >= 2 * len(before), "others are started")
    scene.until_ready()
    scene.partner.publish(messages)
    scene.until_done(messages)
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)


def test_a_reload_imports_anew(scene: Scene) -> None:
    """Each part of it starts from nothing, and so does the daemon here."""
    messages = declarations(0, 20)
    daemon = scene.daemon_from_nothing()
    scene.until_ready()
    old = workers(daemon)[-1]
    daemon.process.send_signal(signal.SIGHUP)
    scene.until(lambda: not alive(old), "the old worker makes room")
    new = workers(daemon)[-1]
    assert _forked_by(new) == daemon.process.pid, "a fork would be of what was imported at the daemon's start"
    assert b"spawn_main" in Path(f"/proc/{new}/cmdline").read_bytes(), "an interpreter of its own"
    scene.until(lambda: daemon.told(Event.RELOAD_TAKEN), "the other parts too", PARTS * PATIENCE_S)
    assert scene.readyz()[0] == 200
    scene.partner.publish(messages)
    scene.until_done(messages)
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)


def test_a_signal_to_the_whole_group_is_an_orderly_stop(scene: Scene) -> None:
    daemon = scene.daemon()
    scene.until_ready()
    parts = [told["pid"] for told in daemon.events(Event.WORKER_STARTED)]
    for pid in (*parts, _forked_by(parts[0]), daemon.process.pid):
        os.kill(pid, signal.SIGTERM)
    assert daemon.ended() == 0
    assert daemon.events(Event.WORKER_KILLED) == []
    assert not any(map(alive, parts))


def test_a_reload_takes_a_changed_password_for_every_part(scene: Scene) -> None:
    """Sessions that are open go on with the old one; so all of them are ended, and every part must come back."""
    messages = declarations(0, 20)
    owner = scene.components.database

    def give(password: str) -> None:
        with owner.transaction() as connection:
            connection.execute(text(f"ALTER ROLE changing PASSWORD '{password}'"))
        url = owner.engine.url.set(username="changing", password=password)
        scene.configure({"database.url": url.render_as_string(hide_password=False)})

    with owner.transaction() as connection:
        connection.execute(text("CREATE ROLE changing LOGIN SUPERUSER"))
    try:
        give("one")
        daemon = scene.daemon()
        scene.until_ready()
        before = [told["pid"] for told in daemon.events(Event.WORKER_STARTED)]
        give("two")
        daemon.process.send_signal(signal.SIGHUP)
        scene.until(lambda: not any(map(alive, before)), "every part is replaced")
        scene.until_ready()
        with owner.transaction() as connection:
            ended = connection.execute(
                text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'changing'")
            ).scalar_one()
            looked = windows.read(connection).refreshed_at
        assert ended > 0
        scene.partner.publish(messages)
        scene.until_done(messages)

        def looks() -> bool:
            with owner.reading() as connection:
                return bool(windows.read(connection).refreshed_at > looked)

        scene.until(looks, "the clock too")
        assert daemon.stop() == 0
        scene.finish()
        scene.assert_whole(messages)
    finally:
        for each in scene.running:
            each.process.kill()
            each.process.wait()
        with owner.transaction() as connection:
            connection.execute(text("DROP ROLE changing"))
