"""Registered certificates (Article 6(3)) in the store, found by issuer and serial number as a signature brings them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, text, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.lists import Written, among
from adapter.gateways.store.new_access_rows import NewCertificate
from adapter.gateways.store.tables import certificate
from adapter.model.stages import Signer

_COLUMNS = [column for column in certificate.c if column.name != "body"]
Name = tuple[str, str]
"""Issuer (RFC 4514) and serial number (hexadecimal): unique for each certificate of an authority (RFC 5280)."""


class Office(StrEnum):
    """Where a certificate was registered: Article 6(3) leaves the choice."""

    PORTAL = "portal"
    WINDOW = "window"


class CertificateState(StrEnum):
    """Whether a registered certificate may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    """Its holder has proved that he holds it; an officer has not answered yet. It is not registered."""
    DECLINED = "declined"
    """An officer has declined it. It is not registered."""


REGISTERED = (CertificateState.ACTIVE, CertificateState.SUSPENDED)
"""The states of registered ones."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered certificate. Times are aware; `number` is the holder's tax code or personal number, where known."""

    id: int
    issuer: str
    serial: str
    fingerprint: str
    subject: str
    holder: str
    number: str | None
    valid_from: datetime
    valid_to: datetime
    registered_with: Office
    since: datetime
    state: CertificateState
    reason: str | None
    officer: str | None
    changed_at: datetime

    def numbers(self, at: datetime) -> list[str]:
        """The number it was registered with."""
        return [self.number] if self.number and self.since <= at else []


def name_of(signer: Signer) -> Name:
    """The name by which a signer's certificate is found."""
    return signer.issuer[:500], signer.serial


def find(connection: Connection, names: Iterable[Name]) -> dict[Name, Registered]:
    """The registered ones of these certificates, in one query."""
    return {name: each for name, each in known(connection, names).items() if each.state in REGISTERED}


def known(connection: Connection, names: Iterable[Name]) -> dict[Name, Registered]:
    """Those too that wait for an officer or were declined."""
    wanted = set(names)
    if not wanted:
        return {}
    given = {"issuers": sorted({issuer for issuer, _ in wanted}), "serials": sorted({serial for _, serial in wanted})}
    found = connection.execute(_OF_THESE.on(connection), given)
    return {(row.issuer, row.serial): _registered(row) for row in found if (row.issuer, row.serial) in wanted}


_OF_THESE = Written(
    # Two lists and not one of pairs: a few more than of these names.
    lambda among: select(*_COLUMNS).where(
        among(certificate.c.issuer, "issuers"), among(certificate.c.serial, "serials")
    )
)


def named(connection: Connection, which: str) -> list[Registered]:
    """The certificates that have this serial number, fingerprint or id; more than one if issuers use the same serial
    number.
    """
    text = which.strip().lower().replace(":", "")
    plain = text.removeprefix("0x").lstrip("0")
    told = or_(certificate.c.serial == plain, certificate.c.fingerprint == text)
    if which.isascii() and which.isdigit() and len(which) <= 18:
        told = or_(told, certificate.c.id == int(which))
    query = select(*_COLUMNS).where(told).order_by(certificate.c.id)
    return [_registered(row) for row in connection.execute(query)]


def by_id(connection: Connection, row_id: int) -> list[Registered]:
    """The certificate of that id, or nothing."""
    return [_registered(row) for row in connection.execute(select(*_COLUMNS).where(certificate.c.id == row_id))]


def every(connection: Connection, *, number: str | None = None) -> list[Registered]:
    """All of them, or a holder's, in the order they were registered."""
    query = select(*_COLUMNS).order_by(certificate.c.since, certificate.c.id)
    if number is not None:
        query = query.where(certificate.c.number == number)
    return [_registered(row) for row in connection.execute(query)]


def ending(connection: Connection, first: datetime, last: datetime) -> list[Registered]:
    """Those that may be used and end in that time, both ends counted."""
    theirs = certificate.c.valid_to.between(first, last)
    query = select(*_COLUMNS).where(theirs, certificate.c.state == CertificateState.ACTIVE.value)
    return [_registered(row) for row in connection.execute(query.order_by(certificate.c.valid_to, certificate.c.id))]


def of_numbers(connection: Connection, numbers: Iterable[str]) -> list[Registered]:
    """All of these holders, in whatever state, the newest first."""
    theirs = among(connection, certificate.c.number, sorted(set(numbers)))
    query = select(*_COLUMNS).where(theirs).order_by(certificate.c.since.desc(), certificate.c.id.desc())
    return [_registered(row) for row in connection.execute(query)]


def of_holders(connection: Connection, numbers: Iterable[str]) -> list[Registered]:
    """Those of these holders that may be used."""
    wanted = sorted(set(numbers))
    if not wanted:
        return []
    theirs = among(connection, certificate.c.number, wanted)
    query = select(*_COLUMNS).where(theirs, certificate.c.state == CertificateState.ACTIVE.value)
    return [_registered(row) for row in connection.execute(query)]


def ends(connection: Connection, fingerprints: Iterable[str]) -> dict[str, datetime]:
    """When the registered ones of these end."""
    wanted = sorted(set(fingerprints))
    if not wanted:
        return {}
    mine = among(connection, certificate.c.fingerprint, wanted)
    query = select(certificate.c.fingerprint, certificate.c.valid_to).where(mine)
    return {row.fingerprint: row.valid_to for row in connection.execute(query)}


def add(connection: Connection, database: Database, values: NewCertificate) -> int:
    """A new row; gives its id."""
    row_id = database.new_id(connection)
    connection.execute(insert(certificate).values(id=row_id, **values))
    return row_id


def waiting(connection: Connection, most: int) -> list[Registered]:
    """Those that wait for an officer, the oldest first."""
    # As text, since a prepared statement finds its index of them by no parameter.
    query = select(*_COLUMNS).where(text("state = 'waiting'")).order_by(certificate.c.changed_at, certificate.c.id)
    return [_registered(row) for row in connection.execute(query.limit(most))]


def change(
    connection: Connection,
    ids: Sequence[int],
    *,
    state: CertificateState,
    reason: str | None,
    officer: str | None,
    at: datetime,
    since: datetime | None = None,
) -> None:
    """Register, decline, suspend or restore: in force with the commit, for every process."""
    values: dict[str, object] = {"state": state.value, "reason": reason, "officer": officer, "changed_at": at}
    values |= {"since": since} if since is not None else {}
    connection.execute(update(certificate).where(certificate.c.id.in_(ids)).values(values))


def _registered(row: Row[Any]) -> Registered:
    return Registered(
        id=row.id,
        issuer=row.issuer,
        serial=row.serial,
        fingerprint=row.fingerprint,
        subject=row.subject,
        holder=row.holder,
        number=row.number,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        registered_with=Office(row.registered_with),
        since=row.since,
        state=CertificateState(row.state),
        reason=row.reason,
        officer=row.officer,
        changed_at=row.changed_at,
    )
