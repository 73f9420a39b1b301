"""Expiry of certificates: alerts before the day, once each, and what stops working on a future day.

Own keys, partners' pinned certificates, anchors and intermediates of the trust stores, registered certificates. A
certificate that already has a successor is not alerted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.keys.certificates_in_use import InUse, Use
from adapter.gateways.store import certificates, journal
from adapter.gateways.store import expiry_alerts as store
from adapter.gateways.store.certificates import CertificateState, Registered
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.errors import Misconfigured
from adapter.model.events import Event, Observe
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.trust import TIMESTAMPING

STOPS = {
    (Use.OWN_KEY, "system"): "no reply can be signed: messages wait, nothing is lost",
    (Use.OWN_KEY, "unit"): "no declaration can be confirmed (xác nhận hoàn thành khai báo)",
    (Use.OWN_KEY, ""): "this unit confirms no declaration (xác nhận hoàn thành khai báo) and requests no amendment",
    (Use.OWN_KEY, "portal"): "the portal cannot seal: it takes no declaration in",
    (Use.PARTNER, ""): "every message of this partner is rejected",
    (Use.ANCHOR, TIMESTAMPING): "no time stamp of this authority proves a signing time any more",
    (Use.ANCHOR, ""): "every signature whose chain ends at this authority is rejected",
    (Use.INTERMEDIATE, ""): "signatures below this authority are rejected, unless they bring its new certificate",
    (Use.BROKER, ""): "the broker lets us in no more: nothing comes or goes until it is renewed, nothing is lost",
    (Use.BROKER_AUTHORITY, ""): "the broker is trusted no more: nothing comes or goes until it is renewed",
    (Use.REGISTERED, ""): "what its holder signs with it is rejected",
}
"""What no longer works, by use and name."""


@dataclass(frozen=True, slots=True)
class Expiring:
    """A certificate that is not valid on a day. `breaks` is False if another one replaces it."""

    certificate: InUse
    breaks: bool
    stops: str


@dataclass(frozen=True)
class Expiry:
    """`installed` reads the files anew; `clock` gives the legal time; `days` are those before an end that alert."""

    database: Database
    installed: Callable[[], Iterable[InUse]]
    clock: Callable[[], datetime]
    observe: Observe
    days: Sequence[int]

    def report(self, at: datetime) -> list[Expiring]:
        """All certificates that are not valid at that time, those that stop something first.

        Raises:
            Misconfigured: a file cannot be read.
        """
        with self.database.reading() as connection:
            every = [*self.installed(), *_registered(connection)]
        alive = {each.place for each in every if each.valid(at)}
        found = [_expiring(each, each.place not in alive) for each in every if not each.valid(at)]
        return sorted(found, key=lambda each: (not each.breaks, each.certificate.valid_to, each.certificate.serial))

    def ending(self) -> list[Expiring]:
        """Valid certificates that end within the alert days without a successor; the next first.

        Raises:
            Misconfigured: a file cannot be read.
        """
        now = self.clock()
        with self.database.reading() as connection:
            near = self._near(connection, list(self.installed()), now)
        found = [_expiring(each, breaks=True) for each in near if each.valid(now)]
        return sorted(found, key=lambda each: (each.certificate.valid_to, each.certificate.serial))

    def outlook(self) -> list[Expiring]:
        """Our own certificates and partners', and the registered ones that end soon; what ends first, first.

        Raises:
            Misconfigured: a file cannot be read.
        """
        now, own = self.clock(), list(self.installed())
        with self.database.reading() as connection:
            near = self._near(connection, own, now)
        found = [_expiring(each, not _succeeded(each, _beside(each, own))) for each in own]
        found += [_expiring(each, breaks=True) for each in near if each.use is Use.REGISTERED]
        return sorted(found, key=lambda each: (each.certificate.valid_to, each.certificate.serial))

    def days_left(self) -> dict[str, float]:
        """Days until the first certificate of ours ends that no other succeeds, by use; less than 0: it has ended."""
        now, left = self.clock(), dict[str, float]()
        try:
            own = list(self.installed())
        except Misconfigured:  # reported by `alert`
            return left
        for each in own:
            if not _succeeded(each, _beside(each, own)):
                days = (each.valid_to - now).total_seconds() / 86400
                left[each.use.value] = min(days, left.get(each.use.value, days))
        return left

    def alert(self) -> int:
        """Alert certificates that end within the days, once each and threshold; gives how many are our own.

        A file that cannot be read is reported by `check` and at start; here it must not stop the clock.
        """
        now = self.clock()
        try:
            own = list(self.installed())
        except Misconfigured as error:
            self.observe(Event.UNAVAILABLE, reason=str(error))
            own = []
        alerts: list[tuple[Expiring, int]] = []
        with self.database.transaction() as connection:
            near = self._near(connection, own, now)
            _forget_what_is_not_due(connection, own, now)
            known = store.sent(connection, [each.fingerprint for each in near])
            for each in near:
                passed = [days for days in self.days if each.valid_to <= now + timedelta(days=days)]
                fresh = [days for days in passed if (each.fingerprint, days) not in known]
                store.keep(connection, each.fingerprint, fresh, now)
                if fresh and min(passed) in fresh:  # of several thresholds at once only the nearest is alerted
                    alerts.append((_expiring(each, breaks=True), min(passed)))
            for expiring, days in alerts:
                detail = {**_facts(expiring, now), "threshold": days}
                journal.append(connection, self.database, Entry("certificate.expires", "clock", now, detail))
        for expiring, _ in alerts:
            self.observe(Event.EXPIRES, **_facts(expiring, now))
        return sum(each.use is not Use.REGISTERED for each in near)

    def _near(self, connection: Connection, own: Sequence[InUse], now: datetime) -> list[InUse]:
        """Those that end within the alert days without a successor. A declarant's expired one is not among them; our
        own is. Of the register only those are read, and the others of their holders: it grows for years.
        """
        limit = now + timedelta(days=max(self.days, default=0))
        ending = certificates.ending(connection, now, limit)
        others = certificates.of_holders(connection, (each.number for each in ending if each.number))
        beside = defaultdict[object, list[InUse]](list)
        for each in [*own, *map(_as_in_use, others)]:
            beside[each.place].append(each)
        near = [*(each for each in own if each.valid_to <= limit), *map(_as_in_use, ending)]
        return [each for each in near if not _succeeded(each, beside[each.place])]


def _forget_what_is_not_due(connection: Connection, own: Sequence[InUse], now: datetime) -> None:
    """An alert of a threshold that is not reached yet came from a clock that ran ahead: the alert's own time has not
    come either.
    """
    ahead = store.sent_after(connection, now)
    ends = certificates.ends(connection, (fingerprint for fingerprint, _ in ahead))
    ends |= {each.fingerprint: each.valid_to for each in own}
    early_alerts: dict[str, list[int]] = {}
    for fingerprint, days in ahead:
        if fingerprint in ends and ends[fingerprint] > now + timedelta(days=days):
            early_alerts.setdefault(fingerprint, []).append(days)
    for fingerprint, early in early_alerts.items():
        store.forget(connection, fingerprint, early)


def _registered(connection: Connection) -> list[InUse]:
    """Registered certificates that may be used; those of one holder replace one another."""
    return [_as_in_use(each) for each in certificates.every(connection) if each.state is CertificateState.ACTIVE]


def _as_in_use(each: Registered) -> InUse:
    return InUse(
        use=Use.REGISTERED,
        name="",
        serial=each.serial,
        fingerprint=each.fingerprint,
        subject=each.subject,
        valid_from=each.valid_from,
        valid_to=each.valid_to,
        group=each.number or each.serial,
    )


def _succeeded(ending: InUse, beside: Sequence[InUse]) -> bool:
    """Whether another one of those in its place goes on when it ends."""
    return any(
        each.valid_from <= ending.valid_to < each.valid_to for each in beside if each.fingerprint != ending.fingerprint
    )


def _beside(one: InUse, every: Sequence[InUse]) -> list[InUse]:
    return [each for each in every if each.place == one.place]


def _expiring(certificate: InUse, breaks: bool) -> Expiring:
    stops = STOPS.get((certificate.use, certificate.name)) or STOPS[certificate.use, ""]
    return Expiring(certificate, breaks, stops if breaks else "nothing: another certificate replaces it")


def _facts(expiring: Expiring, now: datetime) -> dict[str, object]:
    """The name for log and journal: place and number, never a person's name."""
    certificate = expiring.certificate
    return {
        "use": certificate.use.value,
        "name": certificate.name,
        "serial": certificate.serial,
        "until": certificate.valid_to.astimezone(VIETNAM).isoformat(),
        "days": (certificate.valid_to - now).days,
        "stops": expiring.stops,
    }
