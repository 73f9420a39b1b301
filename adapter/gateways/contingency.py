"""Numbers of our own for what has none from the window (wire profile 3), and the numbers of our own papers.

prefix + unit + year + counter + check character, at most 35: the prefix is one the window never issues, the unit is
the one that the message is for (the installation's where that is not known), and the counter is drawn once per
(sender, message). All units count together, so that no number depends on how units are named or moved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, text

from adapter.gateways.database import Database
from adapter.gateways.tables import contingency
from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


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

    def issue(
        self, connection: Connection, database: Database, *, sender: str, message_key: str, at: datetime
    ) -> DossierKey:
        """The number for a message of a sender: the same one whenever it is asked for again."""
        database.lock(connection, [f"contingency:{sender}:{message_key}"])
        query = select(contingency).where(contingency.c.sender == sender, contingency.c.message_key == message_key)
        row = connection.execute(query).first()
        if row is not None:
            return DossierKey(row.number, row.year)
        year = at.astimezone(VIETNAM).year
        number = self._next(connection, self.prefix, year)
        connection.execute(
            insert(contingency).values(
                id=database.new_id(connection),
                sender=sender,
                message_key=message_key,
                number=number,
                year=year,
                issued_at=at,
            )
        )
        return DossierKey(number, year)

    def placeholder(self, at: datetime) -> DossierKey:
        """A number of the series' form that is never given to anybody: counting begins at 1."""
        year = at.astimezone(VIETNAM).year
        return DossierKey(self._number(self.prefix, year, 0), year)

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

    def is_foreign(self, connection: Connection, key: DossierKey) -> bool:
        """Bears our prefix but was not issued by us."""
        if not key.number.upper().startswith(self.prefix):
            return False
        query = select(contingency.c.id).where(contingency.c.number == key.number, contingency.c.year == key.year)
        return connection.execute(query).first() is None

    def _next(self, connection: Connection, prefix: str, year: int) -> str:
        value = connection.execute(
            text(
                "INSERT INTO counter (name, value) VALUES (:name, 1) "
                "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value"
            ),
            {"name": f"{prefix}:{year}"},
        ).scalar_one()
        return self._number(prefix, year, value)

    def _number(self, prefix: str, year: int, count: int) -> str:
        body = f"{prefix}{self.unit}{year}{count:08d}"
        return body + check_character(body)


def check_character(body: str) -> str:
    """ISO/IEC 7064 MOD 37,36 over letters and digits: catches every single slip and transposition."""
    remainder = 36
    for char in body.upper():
        remainder = (remainder + _ALPHABET.index(char)) % 36 or 36
        remainder = remainder * 2 % 37
    return _ALPHABET[(37 - remainder) % 36]
