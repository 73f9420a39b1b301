"""The daemon in the foreground: configuration, tables, signals; then its supervisor until it is told to stop."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapter.bootstrap import Components, assemble
from adapter.entrypoints.health import Health
from adapter.entrypoints.log import configure, observer, take_over
from adapter.entrypoints.metrics import keep_in
from adapter.entrypoints.notify import Notifier
from adapter.entrypoints.stderr import keep_numbers
from adapter.entrypoints.supervisor import MEBIBYTE, PAUSES_S, Supervisor
from adapter.gateways.store.pooling import refuse_transaction_pooling
from adapter.gateways.store.upgrade import upgrade
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.events import Event
from adapter.settings import RENAMED


def warn(whole: Components) -> None:
    """Log once the warnings about the configuration."""
    if whole.settings.clock.unsafe_frozen is not None:
        whole.observe(Event.UNSAFE, option="clock.unsafe_frozen")
    for old in whole.settings.old_names:
        whole.observe(Event.OLD_NAME, option=old, now=RENAMED[old])


def run(config: Path | None, *, workers: int | None = None) -> int:
    """The daemon in the foreground; gives the exit code.

    Raises:
        Misconfigured: the configuration cannot work.
    """
    keep_numbers()
    whole = assemble(config, observe=observer("supervisor"))
    settings = whole.settings
    configure(settings.log.level, settings.log.json_lines)
    take_over(whole.observe)
    count = workers or settings.workers.count
    if whole.database.is_embedded and count > 1:
        raise Misconfigured("workers.count is more than 1 on SQLite: it serves one writer; use PostgreSQL")
    counts = {f"web.{name}.workers": listener.workers for name, listener in settings.web.listeners.items()}
    for name, many in {**counts, "decisions.workers": settings.decisions.workers}.items():
        if whole.database.is_embedded and many > 1:
            raise Misconfigured(f"{name} is more than 1 on SQLite: it serves one writer; use PostgreSQL")
    warn(whole)
    with suppress(OSError):  # `check` reports a folder that cannot be written; the daemon works without metrics
        keep_in(settings.folders.state / "metrics")
    stated = settings.decisions
    decides = bool(settings.web.listeners) if stated.enabled is None else stated.enabled
    plan = [
        *["worker"] * count,
        "dispatcher",
        "clock",
        *["decisions"] * (stated.workers if decides else 0),
        *(name for name, listener in settings.web.listeners.items() for _ in range(listener.workers)),
    ]
    supervisor = Supervisor(
        config=config,
        plan=plan,
        observe=whole.observe,
        batch_s=settings.workers.batch_seconds,
        memory=settings.workers.memory_mib * MEBIBYTE,
        embedded=whole.database.is_embedded,
    )
    health = Health(*settings.web.health)
    notifier = Notifier()
    health.start()
    try:
        _migrate(whole, health, notifier)
        _follow_signals(supervisor)
        return supervisor.run(health, notifier)
    finally:
        health.stop()


def _migrate(whole: Components, health: Health, notifier: Notifier) -> None:
    """Wait for the database without limit, and migrate its tables."""
    tries = 0
    while True:
        try:
            refuse_transaction_pooling(whole.database)
            upgrade(whole.database)
            break
        except Unavailable as error:
            whole.observe(Event.UNAVAILABLE, reason=str(error))
            health.parts = {"supervisor-0": {"database": False}}
            notifier.waiting()
            time.sleep(PAUSES_S[min(tries + 1, len(PAUSES_S) - 1)])
            tries += 1
    whole.database.close()


def _follow_signals(supervisor: Supervisor) -> None:
    def stop(*_: Any) -> None:
        supervisor.stopping = True

    def reload(*_: Any) -> None:
        supervisor.reload = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
