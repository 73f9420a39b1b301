"""Our own numbers for dossiers that have none from the window (wire profile 3), and the numbers of our papers.

prefix + unit + year + counter + check character, at most 35: the prefix is one the window never issues, the unit is
the one that the message is for (the installation's where that is not known), and the counter is drawn once per
(sender, message). All units count together, so that no number depends on how units are named or moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from adapter.gateways.store.database import Database
from adapter.gateways.store.lists import Written
from adapter.gateways.store.tables import contingency
from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM

_GIVEN = Written(
    # Two lists and not one of pairs: a few numbers more than those of these messages.
    lambda among: select(contingency).where(
        among(contingency.c.sender, "senders"), among(contingency.c.message_key, "keys")
    )
)
_ISSUED = Written(lambda among: select(contingency).where(among(contingency.c.number, "numbers")))
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class NumberRequest:
    """A message without a number, by its sender's name for it; `unit`: whose code its number is to bear."""

    sender: str
    message_key: str
    unit: str
    at: datetime

    @property
    def message(self) -> tuple[str, str]:
        return self.sender, self.message_key

    @property
    def year(self) -> int:
        return self.at.astimezone(VIETNAM).year


@dataclass(frozen=True, slots=True)
class Series:
    """The installation's own series of numbers. `unit` stands in each; the counters are one for all units."""

    prefix: str
    unit: str
    confirmation_prefix: str
    amendment_prefix: str

    def of(self, unit: str) -> Series:
        """The same series, with the numbers of a unit."""
        return replace(self, unit=unit)

    def issue(self, connection: Connection, database: Database, asked: Sequence[NumberRequest]) -> list[DossierKey]:
        """The number for each message: the same one whenever it is asked for again."""
        database.lock(connection, (f"contingency:{each.sender}:{each.message_key}" for each in asked))
        messages = {
            "senders": sorted({each.sender for each in asked}),
            "keys": sorted({each.message_key for each in asked}),
        }
        rows = connection.execute(_GIVEN.on(connection), messages)
        given = {(row.sender, row.message_key): DossierKey(row.number, row.year) for row in rows}
        fresh = {each.message: each for each in asked if each.message not in given}
        new = [self._row(connection, database, each, number) for each, number in self._numbered(connection, fresh)]
        database.insert(connection, contingency, new)
        given |= {(row["sender"], row["message_key"]): DossierKey(row["number"], row["year"]) for row in new}
        return [given[each.message] for each in asked]

    def _numbered(
        self, connection: Connection, fresh: Mapping[tuple[str, str], NumberRequest]
    ) -> Iterator[tuple[NumberRequest, str]]:
        for year in sorted({each.year for each in fresh.values()}):
            of_year = [each for each in fresh.values() if each.year == year]
            first = self._count(connection, self.prefix, year, len(of_year)) - len(of_year) + 1
            for count, each in enumerate(of_year, first):
                yield each, self.of(each.unit)._number(self.prefix, year, count)

    def _row(self, connection: Connection, database: Database, asked: NumberRequest, number: str) -> dict[str, Any]:
        return {
            "id": database.new_id(connection),
            "sender": asked.sender,
            "message_key": asked.message_key,
            "number": number,
            "year": asked.year,
            "issued_at": asked.at,
        }

    def placeholder(self, at: datetime) -> DossierKey:
        """A number in the form of the series that is never given: counting begins at 1."""
        year = at.astimezone(VIETNAM).year
        return DossierKey(self._number(self.prefix, year, 0), year)

    def given(self, connection: Connection, asked: NumberRequest) -> DossierKey | None:
        """The number that a message has; None where none was drawn for it."""
        mine = (contingency.c.sender == asked.sender, contingency.c.message_key == asked.message_key)
        row = connection.execute(select(contingency.c.number, contingency.c.year).where(*mine)).first()
        return None if row is None else DossierKey(row.number, row.year)

    def is_placeholder(self, key: DossierKey, units: Iterable[str], at: datetime) -> bool:
        """Whether it is the placeholder of one of these units."""
        return any(key == self.of(unit).placeholder(at) for unit in units)

    def lend(self, connection: Connection, database: Database, asked: NumberRequest, key: DossierKey) -> None:
        """Give a placeholder to a message, in a transaction that its caller takes back."""
        database.insert(connection, contingency, [self._row(connection, database, asked, key.number)])

    def papers(self, at: datetime) -> tuple[str, str]:
        """A number of a confirmation and one of an amendment, of the series' form; given to nobody."""
        year = at.astimezone(VIETNAM).year
        return self._number(self.confirmation_prefix, year, 0), self._number(self.amendment_prefix, year, 0)

    def confirmation(self, connection: Connection, at: datetime) -> str:
        """The next confirmation number. Its gaps mean nothing: a rollback may leave one."""
        return self._next(connection, self.confirmation_prefix, at.astimezone(VIETNAM).year)

    def amendment(self, connection: Connection, at: datetime) -> str:
        """The next number of a request to amend or of an amendment: both are papers about an amendment."""
        return self._next(connection, self.amendment_prefix, at.astimezone(VIETNAM).year)

    def foreign(self, connection: Connection, keys: Iterable[DossierKey]) -> frozenset[DossierKey]:
        """Those that bear our prefix but were not issued by us."""
        ours = {key for key in keys if key.number.upper().startswith(self.prefix)}
        return frozenset(ours - issued(connection, ours).keys())

    def _next(self, connection: Connection, prefix: str, year: int) -> str:
        return self._number(prefix, year, self._count(connection, prefix, year, 1))

    def _count(self, connection: Connection, prefix: str, year: int, how_many: int) -> int:
        """Take so many numbers; gives the last of them."""
        return count_on(connection, f"{prefix}:{year}", how_many)

    def _number(self, prefix: str, year: int, count: int) -> str:
        body = f"{prefix}{self.unit}{year}{count:08d}"
        return body + check_character(body)


_COUNT_ON = text(
    "INSERT INTO counter (name, value) VALUES (:name, :how_many) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + :how_many RETURNING value"
)


def issued(connection: Connection, keys: Collection[DossierKey]) -> dict[DossierKey, str]:
    """To which sender each number of our own series was issued; one that is none of ours is not in it."""
    if not keys:
        return {}
    rows = connection.execute(_ISSUED.on(connection), {"numbers": sorted({key.number for key in keys})})
    return {DossierKey(row.number, row.year): row.sender for row in rows}


def count_on(connection: Connection, name: str, how_many: int = 1) -> int:
    """Count so many more under that name, from 1 on; gives the last of them."""
    return int(connection.execute(_COUNT_ON, {"name": name, "how_many": how_many}).scalar_one())


def check_character(body: str) -> str:
    """ISO/IEC 7064 MOD 37,36 over letters and digits: catches every single slip and transposition."""
    remainder = 36
    for char in body.upper():
        remainder = (remainder + _ALPHABET.index(char)) % 36 or 36
        remainder = remainder * 2 % 37
    return _ALPHABET[(37 - remainder) % 36]
