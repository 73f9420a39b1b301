"""E-mails in the store: waiting, tried, and what the server said; and the addresses that people have confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.new_rows import NewRow
from adapter.gateways.store.notification_records import StoredMail, StoredMailAddress
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import mail, mail_address

WAITING, SENT, FAILED = "waiting", "sent", "failed"


def add(connection: Connection, database: Database, told: NewRow, at: datetime) -> None:
    """A new e-mail, to be tried at once."""
    fresh = {"state": WAITING, "tries": 0, "next_at": at, "created_at": at}
    connection.execute(insert(mail).values({"id": database.new_id(connection), **fresh, **told}))


def due(connection: Connection, now: datetime, limit: int) -> list[StoredMail]:
    """E-mails to try now, the longest due first."""
    query = select(mail).where(mail.c.state == WAITING, mail.c.next_at <= now)
    return made_all(StoredMail, connection.execute(query.order_by(mail.c.next_at, mail.c.id).limit(limit)))


def take(connection: Connection, row: StoredMail, now: datetime, next_at: datetime) -> bool:
    """A try begins; whether it is ours: another may have begun it. Until `next_at` nobody tries it again."""
    mine = (mail.c.id == row.id, mail.c.state == WAITING, mail.c.tries == row.tries)
    values = {"tries": row.tries + 1, "tried_at": now, "next_at": next_at}
    return connection.execute(update(mail).where(*mine).values(values)).rowcount == 1


def settle(connection: Connection, row_id: int, *, state: str, answer: str, at: datetime) -> None:
    """Store the result of a try. A finished e-mail keeps no words: a code is of no use later."""
    ended = {"ended_at": at, "words": {}} if state != WAITING else {}
    connection.execute(update(mail).where(mail.c.id == row_id).values(state=state, answer=answer, **ended))


def addresses(connection: Connection, numbers: Sequence[str]) -> dict[str, set[str]]:
    """The confirmed addresses of each of these numbers."""
    columns = mail_address.c
    query = select(columns.number, columns.address).where(columns.number.in_(numbers), columns.address.is_not(None))
    found: dict[str, set[str]] = {}
    for number, address in connection.execute(query):
        found.setdefault(number, set()).add(address)
    return found


def address_of(connection: Connection, account: str, number: str) -> StoredMailAddress | None:
    """Where that person is told of what concerns that number."""
    columns = mail_address.c
    query = select(mail_address).where(columns.account == account, columns.number == number)
    return made_first(StoredMailAddress, connection.execute(query))


def state_address(connection: Connection, account: str, number: str, values: NewRow) -> None:
    """He states an address, which counts once he has confirmed it; an older one goes on until then."""
    mine = (mail_address.c.account == account, mail_address.c.number == number)
    if connection.execute(update(mail_address).where(*mine).values(dict(values))).rowcount == 0:
        connection.execute(insert(mail_address).values({"account": account, "number": number, **values}))


def change_address(connection: Connection, account: str, number: str, values: NewRow) -> None:
    """Change columns of his row."""
    mine = (mail_address.c.account == account, mail_address.c.number == number)
    connection.execute(update(mail_address).where(*mine).values(dict(values)))


def forget_address(connection: Connection, account: str, number: str) -> bool:
    """Remove an address; gives whether there was one."""
    mine = (mail_address.c.account == account, mail_address.c.number == number)
    return connection.execute(delete(mail_address).where(*mine)).rowcount > 0
