"""E-mail addresses of declarants: an address is valid once the code sent to it was typed.

A link in an e-mail would be followed by mail scanners; a code is typed by a person who has logged in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapter.gateways.mail.smtp import message_id_of
from adapter.gateways.store import mails as store
from adapter.gateways.store.database import Database
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import NotAllowed
from adapter.model.notification import ADDRESS, NotificationKinds
from adapter.services.access import rights
from adapter.services.access.rights import Right

TRIES = 5
"""Wrong codes; then another one must be asked for."""
MINUTES = 30
"""So long a code works."""
PAUSE_S = 60.0
"""Between one code and the next: nobody fills a stranger's mailbox from here."""
LONGEST = 254
_LOCAL, _LABEL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}")
"""One plain address (the grammar of HTML's own field, with a domain of two parts): no name, no list, no quotes."""


class AddressAct(StrEnum):
    """What came of what he has done."""

    STATED = "stated"
    CONFIRMED = "confirmed"
    REMOVED = "removed"
    NO_ADDRESS = "no_address"
    WRONG_CODE = "wrong_code"
    CODE_OVER = "code_over"
    TOO_SOON = "too_soon"


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """The address in use. `pending`: a stated address that is not confirmed yet."""

    address: str | None
    pending: str | None
    code_until: datetime | None


@dataclass(frozen=True)
class MailAddresses:
    """The use cases of the address page. `clock` gives the legal time (aware); `new_code` gives 8 random digits."""

    database: Database
    kinds: NotificationKinds
    clock: Callable[[], datetime]
    new_code: Callable[[], str]
    new_id: Callable[[], str]
    domain: str

    def of(self, actor: Actor) -> OwnAddress:
        """His address for the number that he acts for now.

        Raises:
            NoRight: no declarant asks.
        """
        account, number = _whose(actor)
        with self.database.reading() as connection:
            row = store.address_of(connection, account, number)
        if row is None:
            return OwnAddress(None, None, None)
        stands = row.pending is not None and row.code_until is not None and row.code_until > self.clock()
        return OwnAddress(row.address, row.pending if stands else None, row.code_until if stands else None)

    def state(self, actor: Actor, typed: str) -> AddressAct:
        """He states an address: a code is sent there. The one that he has confirmed before goes on until then.

        Raises:
            NoRight: no declarant asks.
        """
        account, number = _whose(actor)
        address, now = typed.strip(), self.clock()
        if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
            return AddressAct.NO_ADDRESS
        kind, code = self.kinds.of_occasion(ADDRESS), self.new_code()
        if kind is None:
            raise NotAllowed("this installation sends no codes: its notifications name no occasion `address`")
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"mail_address:{account}:{number}"])
            row = store.address_of(connection, account, number)
            if row is not None and age(now, row.stated_at) < PAUSE_S:
                return AddressAct.TOO_SOON
            until = now + timedelta(minutes=MINUTES)
            kept = {"pending": address, "code": _hash(code), "code_until": until, "tries": 0, "stated_at": now}
            store.state_address(connection, account, number, kept)
            words, message_id = {"code": code, "minutes": str(MINUTES)}, message_id_of(self.new_id(), self.domain)
            columns = {"kind": kind.name, "address": address, "words": words, "message_id": message_id}
            store.add(connection, self.database, columns, now)
        return AddressAct.STATED

    def confirm(self, actor: Actor, code: str) -> AddressAct:
        """He types the code that was sent to the address that he has stated.

        Raises:
            NoRight: no declarant asks.
        """
        account, number = _whose(actor)
        now = self.clock()
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"mail_address:{account}:{number}"])
            row = store.address_of(connection, account, number)
            if row is None or row.code is None or row.code_until is None or not row.code_until > now:
                return AddressAct.CODE_OVER
            if row.tries >= TRIES:
                return AddressAct.CODE_OVER
            if not hmac.compare_digest(_hash(re.sub(r"\s", "", code)), row.code):
                store.change_address(connection, account, number, {"tries": row.tries + 1})
                return AddressAct.WRONG_CODE
            kept = {"address": row.pending, "confirmed_at": now, "pending": None, "code": None, "code_until": None}
            store.change_address(connection, account, number, {**kept, "tries": 0})
        return AddressAct.CONFIRMED

    def remove(self, actor: Actor) -> AddressAct:
        """He wants no e-mail any more; what waits to be sent to him still is.

        Raises:
            NoRight: no declarant asks.
        """
        account, number = _whose(actor)
        with self.database.transaction() as connection:
            store.forget_address(connection, account, number)
        return AddressAct.REMOVED


def _whose(actor: Actor) -> tuple[str, str]:
    rights.needs(actor, Right.READ_OWN)
    assert actor.speaks_for is not None, "whoever has logged in has a number"
    return actor.id, actor.speaks_for


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
