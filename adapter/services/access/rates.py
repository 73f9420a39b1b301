"""Limits of requests in a minute: counted in the store, so the same for all processes of the web.

The caller is stored as a hash, which names nobody. The limit is for a minute of the clock: a caller over it waits for
the next minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import rates as store
from adapter.gateways.store.database import Database
from adapter.model.errors import NotAllowed

_MINUTE_S = 60


class RateRule(StrEnum):
    """What is counted; each has its number a minute in `web.rates`."""

    LOGIN = "login"
    """Log-ins that begin, by address."""
    UPLOAD = "upload"
    """Files that are sent, by account."""
    DRAFT = "draft"
    """Drafts that are begun, by account."""
    CHECK = "check"
    """Check codes that are compared, by address."""
    ADDRESS = "address"
    """Codes for e-mail addresses that are asked for or typed, by account."""
    STATEMENT = "statement"
    """Statements to be signed that are asked for, by account, without log-in by address."""
    API = "api"
    """Requests of programs, by token or by the code of a client of customs."""


class TooOften(NotAllowed):
    """Asked for more often than a minute allows; after `retry_s` seconds it may be asked again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"That was asked for too often; try again in {retry_s} seconds.")
        self.retry_s = retry_s


@dataclass(frozen=True)
class Rates:
    """`most`: how often each may be asked for in a minute; None: any number. `clock` is the real time (aware)."""

    database: Database
    most: Mapping[RateRule, int | None]
    clock: Callable[[], datetime]

    def count(self, rule: RateRule, who: str) -> None:
        """Somebody asks once more.

        Raises:
            TooOften: more often than he may.
            Unavailable: the store is away.
        """
        most = self.most.get(rule)
        if most is None:
            return
        minute, second = divmod(int(self.clock().timestamp()), _MINUTE_S)
        key = hashlib.sha256(f"{rule}|{who}".encode()).hexdigest()
        counted = store.count(self.database, minute=minute, rule=rule.value, key=key)
        if counted > most:
            raise TooOften(_MINUTE_S - second)

    def sweep(self) -> int:
        """Forget the minutes that are over; gives how many counters that were."""
        minute = int(self.clock().timestamp()) // _MINUTE_S
        with self.database.transaction() as connection:
            return store.sweep(connection, minute - 1)
