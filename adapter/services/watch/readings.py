"""Counts for the metrics, read from the store at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import (
    deadline_figures,
    departures,
    emergency_secrets,
    messages,
    rates,
    replies,
    sessions,
    snapshots,
)
from adapter.gateways.store.database import Database
from adapter.gateways.store.deadline_figures import BROKEN, NEAR
from adapter.gateways.store.snapshots import Look, ReadingsSeen
from adapter.model.ages import age
from adapter.model.outcomes import MessageState, Route
from adapter.services.watch.mode import Mode
from adapter.services.watch.window import Window

FRESH_S = 30.0
"""Seconds for which pages show what the clock has read: it reads every ten."""
CONFIRMED_S = 900.0
"""Seconds within which the window confirms a transfer (40/99)."""
PARTIES = ("border_guard", "declarant")
AREAS = ("portal", "staff")
"""Of sessions: the listener at which somebody has logged in."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Counts and ages (seconds) at one moment. Every possible label is present, with 0 if there is nothing."""

    at: datetime
    waiting: Mapping[str, int]
    """Replies that have not left, by route."""
    oldest_s: Mapping[str, float]
    returned: int
    """Replies that have not left and that the broker has given back, refused or not confirmed."""
    transfers_stay: int
    """Transfers that the window has refused, or has had for `CONFIRMED_S` without confirming them."""
    held: Mapping[str, int]
    """Messages that wait or are parked."""
    deadlines: Mapping[tuple[str, str], int]
    """Deadlines that run, by party and whether they are near their end or broken."""
    certificate_days: Mapping[str, float]
    """Days until the first certificate of a use ends that has no successor."""
    modes: Mapping[str, bool]
    sessions: Mapping[str, int]
    """Sessions of people that are valid, by area."""
    emergencies: int
    """Sessions of staff that were opened without the identity provider, and secrets for that which are locked now."""
    assertions_refused: int
    """Requests of programs for customs officers that were not believed, in this minute and the one before."""
    quarantined: int = 0
    """Messages in the broker's quarantine, of what the clock has kept."""


@dataclass(frozen=True)
class Reading:
    """Reads the store for the metrics. `clock` is the real time."""

    database: Database
    window: Window
    clock: Callable[[], datetime]

    def newest(self) -> Readings:
        """What the clock has kept last, for pages: they read it with its age. Read anew where no clock has kept any
        lately, without what the clock alone sees: certificates and the broker's quarantine.
        """
        now = self.clock()
        with self.database.reading() as connection:
            kept = next(iter(snapshots.read(connection, Look.READINGS, ReadingsSeen)), None)
        if kept is None or kept.seen is None or kept.taken_at is None:
            return self.read({})
        if kept.taken_at > now or age(now, kept.taken_at) > FRESH_S:
            return self.read({})
        return _read_again(kept.seen, kept.taken_at)

    def keep(self, read: Readings) -> None:
        """Keep them for pages.

        Raises:
            Unavailable: the store cannot be reached.
        """
        seen = ReadingsSeen(
            waiting=dict(read.waiting),
            oldest_s=dict(read.oldest_s),
            returned=read.returned,
            transfers_stay=read.transfers_stay,
            held=dict(read.held),
            near={party: read.deadlines[party, NEAR] for party in PARTIES},
            broken={party: read.deadlines[party, BROKEN] for party in PARTIES},
            sessions=dict(read.sessions),
            emergencies=read.emergencies,
            assertions_refused=read.assertions_refused,
            certificate_days=dict(read.certificate_days),
            quarantined=read.quarantined,
            mode=next(mode for mode, is_it in read.modes.items() if is_it),
        )
        with self.database.transaction() as connection:
            snapshots.keep(connection, Look.READINGS, seen, read.at)

    def read(self, certificate_days: Mapping[str, float]) -> Readings:
        """Read the store once. Every count uses a partial index: finished rows are not scanned.

        `certificate_days` are read from files, and seldom (`Expiry.days_left`).
        """
        now = self.clock()
        with self.database.reading() as connection:
            waiting = departures.unsent(connection)
            stay = replies.stuck_transfers(connection, sent_before=now - timedelta(seconds=CONFIRMED_S))
            held = sum(many for many, _ in messages.waiting(connection).values())
            parked = messages.unanswered(connection)
            logged_in = sessions.logged_in(connection, now)
            emergencies = sessions.by_emergency(connection, now) + emergency_secrets.locked(connection, now)
            refused = rates.refused_assertions(connection, int((now - timedelta(minutes=1)).timestamp()) // 60)
            running = deadline_figures.counts(connection, now)
            mode = self.window.mode_now(connection).mode
        return Readings(
            at=now,
            waiting={route.value: waiting[route].many if route in waiting else 0 for route in Route},
            oldest_s={route: age(now, each.since) for route, each in waiting.items()},
            returned=sum(each.returned for each in waiting.values()),
            transfers_stay=stay,
            held={MessageState.WAITING.value: held, MessageState.PARKED.value: parked},
            deadlines={(party, how): running.get((party, how), 0) for party in PARTIES for how in (NEAR, BROKEN)},
            certificate_days=certificate_days,
            modes=_only(mode),
            sessions={area: logged_in.get(area, 0) for area in AREAS},
            emergencies=emergencies,
            assertions_refused=refused,
        )


def _only(mode: Mode) -> dict[str, bool]:
    return {each.value: each is mode for each in Mode}


def _read_again(seen: ReadingsSeen, at: datetime) -> Readings:
    """What was kept; a label that another version did not have is 0."""
    counted = {NEAR: seen.near, BROKEN: seen.broken}
    return Readings(
        at=at,
        waiting={route.value: seen.waiting.get(route.value, 0) for route in Route},
        oldest_s=seen.oldest_s,
        returned=seen.returned,
        transfers_stay=seen.transfers_stay,
        held={state: seen.held.get(state, 0) for state in (MessageState.WAITING.value, MessageState.PARKED.value)},
        deadlines={(party, how): counted[how].get(party, 0) for party in PARTIES for how in counted},
        certificate_days=seen.certificate_days,
        modes=_only(Mode(seen.mode)),
        sessions={area: seen.sessions.get(area, 0) for area in AREAS},
        emergencies=seen.emergencies,
        assertions_refused=seen.assertions_refused,
        quarantined=seen.quarantined,
    )
