"""The certificate registry (Article 6(3); NĐ 85/2019/NĐ-CP Article 12): whose certificates may sign declarations.

A registration changes which messages are accepted, so every act has a reason or a place of registration, and is
in the journal: by serial number, never by a person's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.gateways.store import certificates as store
from adapter.gateways.store import journal, notifications
from adapter.gateways.store.certificates import REGISTERED, CertificateState, Name, Office, Registered
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_access_rows import NewCertificate
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.text import holdable, typed
from adapter.pipeline.envelope import VIETNAM, hour_and_day, write_time
from adapter.pipeline.trust.holder import NumberPlace, numbers
from adapter.services.access.rights import Right, needs
from adapter.services.notifications.telling import notification_rows
from adapter.services.registers.accounts import reason_of
from adapter.services.registers.party_numbers import number_of
from adapter.services.registers.register_shown import NamingRegister, note_register_shown

MOST_WAITING = 200
"""So many certificates that wait are listed."""
TOLD = {
    JournalEvent.CERTIFICATE_REGISTER: "certificate_registered",
    JournalEvent.CERTIFICATE_APPROVE: "certificate_registered",
    JournalEvent.CERTIFICATE_APPLY: "certificate_waiting",
    JournalEvent.CERTIFICATE_DECLINE: "certificate_declined",
    JournalEvent.CERTIFICATE_SUSPEND: "certificate_suspended",
    JournalEvent.CERTIFICATE_RESTORE: "certificate_restored",
}
"""Of which occasion the holder is told."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result for one certificate: registered now, or registered before."""

    file: str
    certificate: Registered
    new: bool


class NotImported(NotAllowed):
    """Nothing was registered; `faults` are all that stand in the way, one a certificate."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("nothing was registered: " + "; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Registration:
    """How certificates are registered. `holder` and `number` where the certificate does not say them."""

    registered_with: Office
    since: datetime | None = None
    holder: str | None = None
    number: str | None = None


@dataclass(frozen=True)
class Registry:
    """Use cases of operators and officers. `places` are where certificates name numbers; `clock` is the legal time."""

    database: Database
    places: tuple[NumberPlace, ...]
    clock: Callable[[], datetime]
    notifications: Callable[[], NotificationKinds] = lambda: NO_NOTIFICATIONS
    """What holders are told."""

    def register(
        self, found: Sequence[tuple[str, x509.Certificate]], how: Registration, *, actor: Actor
    ) -> list[Imported]:
        """Register certificates, given with the names of their files: all of them or none.

        One that is registered already for the same holder stays as it is, so that a folder may be imported again.

        Raises:
            NotImported: with every fault of every file.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REGISTER_CERTIFICATE)
        now, stated = self.clock(), number_of(how.number) if how.number else None
        rows = [self.row(certificate, how, stated) for _, certificate in found]
        with self.database.transaction() as connection:
            self.database.lock(connection, ["certificate registry"])
            names = [_name(row) for row in rows]
            known = store.known(connection, names)
            faults = [
                fault
                for place, ((file, certificate), row) in enumerate(zip(found, rows, strict=True))
                for fault in self._faults(file, certificate, row, known.get(_name(row)), names[:place])
            ]
            if faults:
                raise NotImported(faults)
            for row in rows:
                if _name(row) not in known:
                    self._add(connection, row, actor, now)
            stored = store.known(connection, names)
        return [Imported(file, stored[name], name not in known) for (file, _), name in zip(found, names, strict=True)]

    def row(
        self,
        certificate: x509.Certificate,
        how: Registration,
        stated: str | None,
        state: CertificateState = CertificateState.ACTIVE,
    ) -> NewCertificate:
        """The row of a certificate; `stated`: its holder's number, else the first in the certificate."""
        own, now = numbers(certificate, self.places), self.clock()
        return {
            "issuer": holdable(certificate.issuer.rfc4514_string())[:500],
            "serial": f"{certificate.serial_number:x}",
            "fingerprint": certificate.fingerprint(SHA256()).hex(),
            "subject": holdable(certificate.subject.rfc4514_string())[:500],
            "holder": typed(how.holder, "the holder", most=255, least=1) if how.holder else _holder(certificate),
            "number": (stated or next(iter(own), None) or "")[:20] or None,
            "valid_from": certificate.not_valid_before_utc,
            "valid_to": certificate.not_valid_after_utc,
            "registered_with": how.registered_with.value,
            "since": how.since or now,
            "state": state.value,
            "changed_at": now,
            "body": certificate.public_bytes(Encoding.DER),
        }

    def _faults(
        self,
        file: str,
        certificate: x509.Certificate,
        row: NewCertificate,
        known: Registered | None,
        before: Sequence[Name],
    ) -> list[str]:
        at, own = f"{file}: {row['serial']}", numbers(certificate, self.places)
        if _name(row) in before:
            return [f"{at} is twice among these files; name it once"]
        if known is not None and known.fingerprint != row["fingerprint"]:
            return [f"{at} is another certificate than the registered one of that issuer and serial number: ask the CA"]
        if known is not None and known.state not in REGISTERED:
            return [f"{at} is {known.state.value} by a request of its holder: see `certificate waiting`"]
        if known is not None and known.number != row["number"]:
            since = f"{known.since.astimezone(VIETNAM):%Y-%m-%d}"
            return [f"{at} is registered for another holder, since {since}; see `certificate show`"]
        if own and row["number"] not in own:
            return [f"{at} names another holder ({', '.join(own)}) than the number given; leave --number out"]
        if row["number"] is None:
            return [f"{at} names no tax code or personal number; give it with --number"]
        if certificate.not_valid_after_utc <= self.clock():
            end = certificate.not_valid_after_utc
            return [f"{at} expired on {end.astimezone(VIETNAM):%Y-%m-%d}; register the new one"]
        return []

    def _add(self, connection: Connection, row: NewCertificate, actor: Actor, now: datetime) -> None:
        row_id = store.add(connection, self.database, row)
        detail = {"certificate": row_id, "serial": row["serial"], "registered_with": row["registered_with"]}
        journal.append(connection, self.database, Entry.by("certificate.register", actor, now, detail))

    def suspend(self, which: str, *, reason: str, issuer: str | None = None, actor: Actor) -> Registered:
        """Suspend it: from the commit on what it signs is rejected at both doors.

        Raises:
            NotAllowed: there is no such certificate, more than one, or it is suspended already.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.SUSPEND_CERTIFICATE)
        return self._change(which, CertificateState.SUSPENDED, reason, issuer, actor)

    def restore(self, which: str, *, reason: str, issuer: str | None = None, actor: Actor) -> Registered:
        """End its suspension.

        Raises:
            NotAllowed: there is no such certificate, more than one, or it is not suspended.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.RESTORE_CERTIFICATE)
        return self._change(which, CertificateState.ACTIVE, reason, issuer, actor)

    def approve(self, which: str | int, *, issuer: str | None = None, actor: Actor) -> Registered:
        """Register a certificate that its holder has applied for; its holder is told. An integer is its id.

        Raises:
            NotAllowed: there is no such certificate, more than one, or it does not wait.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REGISTER_CERTIFICATE)
        return self._answer(which, CertificateState.ACTIVE, None, issuer, actor)

    def decline(self, which: str | int, *, reason: str, issuer: str | None = None, actor: Actor) -> Registered:
        """Do not register it; its holder gets the reason, and may apply again.

        Raises:
            NotAllowed: there is no such certificate, more than one, it does not wait, or there is no reason.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REGISTER_CERTIFICATE)
        return self._answer(which, CertificateState.DECLINED, reason_of(reason), issuer, actor)

    def waiting(self, *, actor: Actor) -> list[Registered]:
        """Certificates that wait for an answer, the oldest first; so many at most as a page holds.

        The journal keeps which were shown, here and in what follows.

        Raises:
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REGISTER_CERTIFICATE)
        with self.database.transaction() as connection:
            return self._shown(connection, store.waiting(connection, MOST_WAITING), actor)

    def _answer(
        self, which: str | int, state: CertificateState, reason: str | None, issuer: str | None, actor: Actor
    ) -> Registered:
        now = self.clock()
        with self.database.transaction() as connection:
            self.database.lock(connection, ["certificate registry"])
            named = store.by_id(connection, which) if isinstance(which, int) else store.named(connection, which)
            found = _one(named, str(which), issuer)
            if found.state is not CertificateState.WAITING:
                raise NotAllowed(f"certificate {found.serial} is {found.state.value}: it waits for no answer")
            since = now if state is CertificateState.ACTIVE else None
            store.change(connection, [found.id], state=state, reason=reason, officer=actor.id, at=now, since=since)
            event = JournalEvent.CERTIFICATE_APPROVE if since else JournalEvent.CERTIFICATE_DECLINE
            return self.noted(connection, found.id, event, actor, reason)

    def _change(self, which: str, state: CertificateState, reason: str, issuer: str | None, actor: Actor) -> Registered:
        now, reason = self.clock(), reason_of(reason)
        with self.database.transaction() as connection:
            self.database.lock(connection, ["certificate registry"])
            found = _one(store.named(connection, which), which, issuer)
            if found.state not in REGISTERED:
                raise NotAllowed(f"certificate {found.serial} is {found.state.value}: it is not registered")
            if found.state is state:
                raise NotAllowed(f"certificate {found.serial} is {state.value} already")
            store.change(connection, [found.id], state=state, reason=reason, officer=actor.id, at=now)
            is_stopped = state is CertificateState.SUSPENDED
            event = JournalEvent.CERTIFICATE_SUSPEND if is_stopped else JournalEvent.CERTIFICATE_RESTORE
            return self.noted(connection, found.id, event, actor, reason)

    def noted(
        self, connection: Connection, row_id: int, event: JournalEvent, actor: Actor, reason: str | None = None
    ) -> Registered:
        """Write what has happened to a certificate into the journal, and tell its holder; gives it as it is now."""
        (found,), now = store.by_id(connection, row_id), self.clock()
        detail: dict[str, object] = {"certificate": found.id, "serial": found.serial}
        detail |= {"registered_with": found.registered_with.value} if reason is None else {}
        detail |= {"reason": reason, "officer": actor.id} if reason is not None else {}
        journal.append(connection, self.database, Entry.by(event, actor, now, detail))
        kind = self.notifications().of_occasion(TOLD[event])
        words = {"number": found.serial, "at": hour_and_day(now), "end": hour_and_day(found.valid_to)}
        rows = notification_rows(
            kind,
            [found.number] if found.number else [],
            cause=f"certificate:{found.id}:{event.value}:{write_time(now)}",
            words={**words, "reason": reason or ""},
            at=now,
        )
        notifications.add(connection, self.database, rows)
        return found

    def _shown(self, connection: Connection, found: list[Registered], actor: Actor) -> list[Registered]:
        ids = [each.id for each in found]
        note_register_shown(connection, self.database, NamingRegister.CERTIFICATES, ids, actor, self.clock())
        return found

    def show(self, which: str, *, issuer: str | None = None, actor: Actor) -> Registered:
        """One certificate, by serial number, fingerprint (SHA-256) or id.

        Raises:
            NotAllowed: there is none, or more than one.
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            (found,) = self._shown(connection, [_one(store.named(connection, which), which, issuer)], actor)
            return found

    def list(self, *, number: str | None = None, actor: Actor) -> list[Registered]:
        """All certificates, or a holder's.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            found = store.every(connection, number=number_of(number) if number else None)
            return self._shown(connection, found, actor)


def _one(found: Sequence[Registered], which: str, issuer: str | None) -> Registered:
    chosen = [each for each in found if issuer is None or issuer.lower() in each.issuer.lower()]
    if not chosen:
        raise NotAllowed(f"no certificate {which!r} is registered; see `certificate list`")
    if len(chosen) > 1:
        issuers = "; ".join(each.issuer for each in chosen)
        raise NotAllowed(f"{len(chosen)} certificates have the number {which!r}; choose by --issuer: {issuers}")
    return chosen[0]


def _holder(certificate: x509.Certificate) -> str:
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return holdable(str(common[0].value) if common else certificate.subject.rfc4514_string())[:255]


def _name(row: NewCertificate) -> Name:
    return row["issuer"], row["serial"]
