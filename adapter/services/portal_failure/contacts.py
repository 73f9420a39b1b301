"""The call list for a failure of the portal: written every few minutes, because the database may be away too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.gateways.portal_failure import FailureFolder, KeptContact, KeptContacts
from adapter.gateways.store import contacts as store
from adapter.gateways.store import mails
from adapter.gateways.store.contacts import StatedDossier
from adapter.gateways.store.database import Connection, Database
from adapter.model.ages import age
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.model.events import Event, Observe
from adapter.model.portal_failure import ContactFields
from adapter.services.portal_failure.documents import call_list_csv, call_list_page
from adapter.services.watch.way import way
from adapter.services.watch.window import Window

PAGE, TABLE = "danh-sach-goi.html", "danh-sach-goi.csv"
"""The list for people: to be printed, and to be opened by a spreadsheet."""
_OPEN_DAYS = 30
"""Dossiers that were received longer ago are left out."""
_AT_ONCE = 500


@dataclass(frozen=True)
class CallList:
    """Makes the call list. `clock` is the real time (aware)."""

    database: Database
    catalogue: Callable[[], Catalogue]
    window: Window
    fields: Callable[[], ContactFields]
    folder: FailureFolder
    clock: Callable[[], datetime]

    def write(self) -> KeptContacts:
        """Write the list again, for programs and for people; gives it.

        Raises:
            Unavailable: the store cannot be reached; the earlier list stays.
            Misconfigured: the folder cannot be written.
        """
        now = self.clock()
        with self.database.reading() as connection:
            shows = way(self.window.mode_now(connection).mode, linked=True).shows
            found = list(store.open_dossiers(connection, now - timedelta(days=_OPEN_DAYS)))
            confirmed = _addresses(connection, {number for each in found for number in each.identities})
        fields = self.fields()
        made = (self._contact(each, fields, confirmed) for each in found)
        ordered = sorted(made, key=lambda each: (each.unit, each.gate, each.crossing_at or now, each.dossier))
        kept = KeptContacts(made_at=now, window_down=shows, contacts=tuple(ordered))
        self.folder.keep_contacts(kept)
        self.folder.write(PAGE, call_list_page(kept, None))
        self.folder.write(TABLE, call_list_csv(kept, None))
        return kept

    def _contact(self, row: StatedDossier, fields: ContactFields, confirmed: dict[str, set[str]]) -> KeptContact:
        procedure = self.catalogue().version(row.mapping)
        stated = _stated(row, fields.email)
        own = {address for number in row.identities for address in confirmed.get(number, ())}
        return KeptContact(
            dossier=f"{row.number}/{row.year}",
            procedure=procedure.title.vi if procedure else row.procedure,
            gate=row.gate or "",
            unit=row.unit or "",
            channel=row.channel,
            state=row.state,
            name=next(iter(_stated(row, fields.name)), row.declarant or ""),
            telephones=tuple(_stated(row, fields.telephone)),
            emails=tuple(sorted(own)) or tuple(stated),
            crossing_at=row.crossing_at,
            due_at=row.confirm_due_at,
        )


@dataclass
class CallListKeeper:
    """Writes the list every `every_s` seconds and removes old files of failures that are over; called by the clock."""

    write: Callable[[], object]
    tidy: Callable[[], object]
    observe: Observe
    every_s: float
    monotonic: Callable[[], float] = time.monotonic
    _last: float | None = field(default=None)
    _told: bool = field(default=False)

    def keep(self) -> None:
        """Write it if it is time. A folder that cannot be written is logged once, and the clock goes on.

        Raises:
            Unavailable: the store cannot be reached.
        """
        now = self.monotonic()
        if self._last is not None and now - self._last < self.every_s:
            return
        self._last = now
        try:
            self.write()
            self.tidy()
        except Misconfigured as error:
            if not self._told:
                self.observe(Event.UNAVAILABLE, reason=str(error))
            self._told = True
            return
        self._told = False


def is_old(now: datetime, made_at: datetime, keep_hours: float) -> bool:
    """Whether a file with names and telephone numbers is older than `keep_hours`."""
    return age(now, made_at) > keep_hours * 3600


def _addresses(connection: Connection, numbers: Iterable[str]) -> dict[str, set[str]]:
    """The confirmed addresses of these numbers."""
    ordered, found = sorted(numbers), dict[str, set[str]]()
    for start in range(0, len(ordered), _AT_ONCE):
        found |= mails.addresses(connection, ordered[start : start + _AT_ONCE])
    return found


def _stated(row: StatedDossier, names: tuple[str, ...]) -> list[str]:
    values = (row.values.get(name) for name in names)
    return list(dict.fromkeys(str(value) for value in values if value))
