"""Each change of the window's mode makes a notice, signed with the portal's key (NĐ 85/2019/NĐ-CP Article 17(2)).

The notice is written in the transaction of the change. It is signed afterwards, by the clock: no change of mode waits
for a key. Declarants with dossiers that are not finished are told as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.store import mode_notices as store
from adapter.gateways.store import notifications
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.notification_records import StoredModeNotice
from adapter.gateways.store.window_records import StoredIncident
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.notification import NotificationKinds, filled
from adapter.model.procedure import Label
from adapter.pipeline.envelope import hour_and_day, write_time
from adapter.pipeline.signature.seal import SigningKey, seal_envelope, written
from adapter.services.notifications.telling import notification_rows
from adapter.services.watch.mode import Mode

SHOWN = 20
"""So many notices are told, and looked through for what is not signed yet."""
_OPEN_DAYS = 30
"""A dossier that was received longer ago and never finished is nobody's concern any more."""
_UNKNOWN_CAUSE = "none"


@dataclass(frozen=True, slots=True)
class ModeChange:
    """The mode that begins, why and when. `incident`: the row of the one that stands."""

    mode: Mode
    cause: str
    at: datetime
    incident: StoredIncident | None


@dataclass(frozen=True, slots=True)
class ModeNotice:
    """A published notice. `announcement`: the number of its manager's notice; `digest` None: it is not signed yet."""

    number: str
    at: datetime
    mode: str
    title: Label
    text: Label
    announcement: str | None
    expected_end: datetime | None
    digest: str | None


def publish(connection: Connection, database: Database, told: NotificationKinds, change: ModeChange) -> None:
    """Write the notice of a change, and tell declarants whose dossiers are not finished."""
    incident = change.incident
    end = incident.expected_end if incident is not None else None
    times = {"at": hour_and_day(change.at), "end": hour_and_day(end)}
    announcement = incident.notice_number if incident is not None else None
    words = told.published.get(change.mode.value)
    if words is not None:
        # What the program or an operator has written of an incident is for the operator; its manager's word is public.
        own = told.causes.get(change.cause) or told.causes.get(_UNKNOWN_CAUSE) or Label("", "")
        reason = Label(incident.reason, incident.reason) if incident is not None and announcement else own
        vi = {**times, "announcement": announcement or "", "reason": reason.vi}
        title, text = filled(words.title, vi), filled(words.text, vi)
        english = filled(words.text, {**vi, "reason": reason.en}).en
        store.add(
            connection,
            database,
            at=change.at,
            mode=change.mode.value,
            cause=change.cause,
            title={"vi": title.vi, "en": title.en},
            text={"vi": text.vi, "en": english},
            announcement=announcement,
            expected_end=end,
        )
    kind = told.of_mode(change.mode.value)
    if kind is not None:
        numbers = notifications.parties_of_open_dossiers(connection, change.at - timedelta(days=_OPEN_DAYS))
        cause = f"mode:{change.mode.value}:{write_time(change.at)}"
        rows = notification_rows(kind, numbers, cause=cause, words=times, at=change.at)
        notifications.add(connection, database, rows)


@dataclass(frozen=True)
class ModeNotices:
    """Signs and reads notices. `clock` is the real time (aware); `issuer` says in whose name they are published."""

    database: Database
    key: Callable[[], SigningKey]
    issuer: Label
    clock: Callable[[], datetime]

    def sign(self) -> int:
        """Sign what waits for the portal's key; gives how many that were. While it cannot sign they wait.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.reading() as connection:
            rows = store.unsigned(connection, SHOWN)
        for done, row in enumerate(rows):
            try:
                body = written(seal_envelope(notice_xml(_notice(row), self.issuer), system=self.key()))
            except (KeyUnavailable, Misconfigured):  # told by the parts that look at the keys; other timers go on
                return done
            digest = hashlib.sha256(body).hexdigest()
            with self.database.transaction() as connection:
                store.sign(connection, row.id, body=body, digest=digest, at=self.clock())
        return len(rows)

    def newest(self) -> tuple[ModeNotice, ...]:
        """The newest first; none while the store is away."""
        try:
            with self.database.reading() as connection:
                return tuple(_notice(row) for row in store.newest(connection, SHOWN))
        except Unavailable:
            return ()

    def signed(self, number: str) -> bytes | None:
        """The exact bytes of a notice that was signed; None: there is none.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.reading() as connection:
            row = store.by_number(connection, number)
        return None if row is None or row.body is None else bytes(row.body)


def notice_xml(notice: ModeNotice, issuer: Label) -> etree._Element:
    """A notice as XML of its own root, which no door takes for a declaration; its signature is to be put in."""
    root = etree.Element("ModeNotice")
    content = etree.SubElement(root, "Content")

    def say(name: str, text: str | None) -> None:
        if text:
            etree.SubElement(content, name).text = text

    def both(name: str, label: Label) -> None:
        place = etree.SubElement(content, name)
        etree.SubElement(place, "Vi").text = label.vi
        etree.SubElement(place, "En").text = label.en

    say("NoticeNumber", notice.number)
    both("Issuer", issuer)
    say("Mode", notice.mode)
    say("Since", write_time(notice.at))
    both("Title", notice.title)
    both("Text", notice.text)
    say("Announcement", notice.announcement)
    say("ExpectedEnd", write_time(notice.expected_end) if notice.expected_end else None)
    etree.SubElement(root, "SystemSignature")
    return root


def _notice(row: StoredModeNotice) -> ModeNotice:
    return ModeNotice(
        number=row.number,
        at=row.at,
        mode=row.mode,
        title=Label(row.title["vi"], row.title["en"]),
        text=Label(row.text["vi"], row.text["en"]),
        announcement=row.announcement,
        expected_end=row.expected_end,
        digest=row.digest,
    )
