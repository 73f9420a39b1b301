"""What each child process of the supervisor does: assemble its own components, loop, end in order."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from adapter.bootstrap import Components, Reach, assemble, now
from adapter.entrypoints.alert_sender import AlertSender
from adapter.entrypoints.clock import Clock
from adapter.entrypoints.consumer import Worker
from adapter.entrypoints.dispatcher import Dispatcher
from adapter.entrypoints.log import configure, observer, take_over
from adapter.entrypoints.mailer import Mailer
from adapter.entrypoints.metrics import Metrics
from adapter.entrypoints.probe import Probe
from adapter.entrypoints.pulse import Pulse
from adapter.entrypoints.survey import Survey
from adapter.gateways.broker import Consumer, Publisher
from adapter.model.errors import Misconfigured, defect
from adapter.model.events import Event
from adapter.services.messages.waiting import Waiting
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.readings import Readings

CONTROL, DECLARATIONS = "adapter.control", "adapter.declarations"
_FAILED, _MISCONFIGURED = 1, 2
_ALARM = {"broker.blocked": False, "broker.unblocked": True}
_COLLECT_AFTER = 10_000
"""New objects between two garbage collections; Python's own 700 are a fraction of one message."""


def worker(part: Components, pulse: Pulse) -> Worker:
    """A worker: a competing consumer; control messages go before declarations."""
    stated = part.settings.workers
    part.ground  # noqa: B018  loaded before the first message, as are the keys, so that a fault shows at start
    part.load_keys()
    _settle_memory()
    consumer = Consumer(
        part.broker,
        queues=[CONTROL, DECLARATIONS],
        prefetch=part.settings.broker.prefetch,
        linger_s=stated.linger_ms / 1000,
        on_event=lambda name, **fields: part.observe(Event.BROKER, kind=name, **fields),
    )
    return Worker(
        consumer=consumer,
        intake=part.intake,
        tries=part.tries,
        clock=part.legal_clock,
        observe=part.observe,
        pulse=pulse,
        batch=stated.batch,
        keys_ready=part.keys_ready,
        look_s=part.settings.keys.look_s,
        new_keys_taken=part.new_keys_taken,
    )


def _settle_memory() -> None:
    """Loaded objects stay: the garbage collector need not visit them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def dispatcher(part: Components, pulse: Pulse) -> Dispatcher:
    """The sender of what the outbox holds."""
    stated = part.settings.broker

    def heard(name: str, **fields: Any) -> None:
        if name in _ALARM:  # at once: the current round waits for the end of the alarm
            pulse.note("room", at_hand=_ALARM[name])
        part.observe(Event.BROKER, kind=name, **fields)

    publisher = Publisher(part.broker, most_unconfirmed=stated.unconfirmed_publishes, on_event=heard)
    dispatch = Dispatch(part.database, publisher, now, part.observe, stated.unconfirmed_publishes)
    return Dispatcher(dispatch, publisher, part.window, part.observe, pulse)


def clock(part: Components, pulse: Pulse) -> Clock:
    """The timers, which also set the metrics of the store."""
    stated = part.settings.clock
    probe_s = min(5.0, max(0.5, part.settings.window.broker_down_s / 3))
    probe = Probe(part.broker, part.topology, part.observe, probe_s)

    def tell(days: Mapping[str, float]) -> Readings:
        read = part.reading.read(days)
        part.reading.keep(replace(read, quarantined=probe.held))
        if isinstance(part.observe, Metrics):
            part.observe.read(read, quarantined=probe.held)
        return read

    return Clock(
        database=part.database,
        window=part.window,
        waiting=Waiting(part.database, part.intake, part.legal_clock, part.observe),
        signing=part.signing,
        send_pressed=partial(_send_pressed, part),
        settling=part.settling,
        deadlines=part.deadlines,
        expiry=part.expiry,
        probe=probe,
        observe=part.observe,
        pulse=pulse,
        tick_s=stated.tick_s,
        seal_s=stated.seal_s,
        expiry_s=stated.expiry_s,
        evidence=part.revocation.collection,
        tell=tell,
        alert_sender=_alert_sender(part),
        new_keys_taken=part.new_keys_taken,
        mailer=Mailer(part.mailing, part.observe),
        here=Survey(_here(part, pulse), part.observe),
        survey=Survey(_survey(part), part.observe),
        chores=(
            part.mode_notices.sign,
            part.overdue.watch,
            part.rates.sweep,
            part.statements.sweep,
            part.draft_retention.sweep,
            part.attachments.sweep,
            part.scanning.catch_up,
            *_call_list(part),
        ),
    )


def _here(part: Components, pulse: Pulse) -> list[tuple[float, Callable[[], None]]]:
    def keep_lists() -> None:
        """A new edition of a code list counts for processes that begin from now on."""
        if part.list_editions.put_in_place():
            pulse.ask_for_reload()

    every_s = part.settings.clock.survey_s
    return [(every_s, part.looks.look_at_parts), (every_s, keep_lists)]


def _alert_sender(part: Components) -> AlertSender:
    return AlertSender(
        part.alert_ways, part.alert_file, now, part.observe, repeat_s=part.settings.alerts.repeat_hours * 3600
    )


def _survey(part: Components) -> list[tuple[float, Callable[[], None]]]:
    looks, every_s = part.looks, part.settings.clock.survey_s
    return [
        (every_s, looks.look_at_queues),
        (every_s, looks.count_messages),
        (20 * every_s, looks.look_at_deadlines),
        (part.settings.clock.expiry_s, looks.look_at_certificates),
    ]


def _call_list(part: Components) -> tuple[Callable[[], object], ...]:
    """A folder that may not hold the list is told, and the timers go on."""
    try:
        keeper = part.call_list_keeper()
        return (keeper.keep,) if keeper else ()
    except Misconfigured as error:
        part.observe(Event.UNAVAILABLE, reason=str(error))
        return ()


def _send_pressed(part: Components) -> None:
    """A portal that is configured wrongly stops its own process with a message; the timers continue."""
    with suppress(Misconfigured):
        part.presses.send_due()


DECISIONS = "decisions"
"""The part that decides: it judges, signs and stores what the listeners hand over."""
LISTENERS = ("portal", "staff")
"""The parts that serve people and programs over HTTP; each is a section of `web` in the configuration."""
PARTS: dict[str, Callable[[Components, Pulse], Any]] = {"worker": worker, "dispatcher": dispatcher, "clock": clock}


def main(name: str, config: Path | None, cells: Any) -> None:
    """A child process, from its first line to its last."""
    pulse = Pulse(cells)
    pulse.follow_signals()
    configure()  # until the configuration is read: a fault in it is one line too
    observe = Metrics(observer(name))
    take_over(observe)
    try:
        reach = Reach(name) if name in LISTENERS else Reach.WHOLE
        part = assemble(config, observe=observe, fetches=True, in_hand=pulse.hold, reach=reach)
        configure(part.settings.log.level, part.settings.log.json_lines)
        _work(name, part, pulse)
    except Misconfigured as error:
        observe(Event.WORKER_STOPPED, reason=str(error))
        sys.exit(_MISCONFIGURED)
    except Exception as error:  # noqa: BLE001  the supervisor starts it again; Python would print values on the way out
        observe(Event.WORKER_FAILED, reason=defect(error))
        sys.exit(_FAILED)


def _work(name: str, part: Components, pulse: Pulse) -> None:
    try:
        if name in LISTENERS:
            _web(name, part, pulse)
        elif name == DECISIONS:
            _decisions(part, pulse)
        else:
            # A message has hours by law, and whoever has asked for a page waits for it.
            os.nice(part.settings.workers.niceness)
            PARTS[name](part, pulse).run()
    finally:
        part.close()


def _decisions(part: Components, pulse: Pulse) -> None:
    """What the listeners hand over; needs no broker."""
    from adapter.entrypoints.decisions.serve import serve  # as below

    serve(part, pulse)


def _web(name: str, part: Components, pulse: Pulse) -> None:
    """A listener in a process of its own; needs no broker."""
    from adapter.entrypoints.web.serve import serve  # heavy: only such a process loads it

    serve(part, name, pulse)
