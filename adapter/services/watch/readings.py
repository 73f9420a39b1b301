"""Counts for the metrics, read from the store at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import deadline_figures, departures, emergency_secrets, messages, rates, replies, sessions
from adapter.gateways.store.database import Database
from adapter.gateways.store.deadline_figures import BROKEN, NEAR
from adapter.model.ages import age
from adapter.model.outcomes import MessageState, Route
from adapter.services.watch.mode import Mode
from adapter.services.watch.window import Window

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


@dataclass(frozen=True)
class Reading:
    """Reads the store for the metrics. `clock` is the real time."""

    database: Database
    window: Window
    clock: Callable[[], datetime]

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
            modes={each.value: each is mode for each in Mode},
            sessions={area: logged_in.get(area, 0) for area in AREAS},
            emergencies=emergencies,
            assertions_refused=refused,
        )
