"""Programs that ask for officers, and whoever logs officers in, with their keys; which assertions were used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from adapter.gateways.store.database import Database
from adapter.gateways.store.records import made_all, made_first
from adapter.gateways.store.tables import api_party, assertion_seen

CLIENT, ISSUER = "client", "issuer"


@dataclass(frozen=True, slots=True)
class ApiParty:
    """A client or an issuer of assertions. `keys` are public JWKs; what is of clients alone is empty here."""

    kind: str
    code: str
    name: str
    keys: list[dict[str, Any]]
    offices: list[str]
    """For which offices, and those below them, a client may speak."""
    issuers: list[str]
    """Whose assertions a client may bring."""
    procedures: list[str] | None
    """What may be looked up by a client at most; None: whatever its officers may."""
    since: datetime
    by: str
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None


def current(connection: Connection, kind: str, code: str) -> ApiParty | None:
    """The current one of that kind and code (not ended), or None."""
    mine = (api_party.c.kind == kind, api_party.c.code == code, api_party.c.ended_at.is_(None))
    return made_first(ApiParty, connection.execute(select(api_party).where(*mine)))


def every(connection: Connection, *, ended: bool = False) -> list[ApiParty]:
    """All current ones, the oldest first; with `ended` those that have ended too."""
    query = select(api_party).order_by(api_party.c.since, api_party.c.id)
    if not ended:
        query = query.where(api_party.c.ended_at.is_(None))
    return made_all(ApiParty, connection.execute(query))


def add(connection: Connection, database: Database, **facts: Any) -> None:
    """Add one."""
    connection.execute(insert(api_party).values(id=database.new_id(connection), **facts))


def end(connection: Connection, kind: str, code: str, *, at: datetime, by: str, reason: str) -> None:
    """It stands no more."""
    mine = (api_party.c.kind == kind, api_party.c.code == code, api_party.c.ended_at.is_(None))
    connection.execute(update(api_party).where(*mine).values(ended_at=at, ended_by=by, reason=reason))


def used(connection: Connection, digests: Sequence[str], ends_at: datetime, now: datetime) -> bool:
    """Whether one of these assertions was used before; else all of them are from now on. Forgets those that ended.

    The caller has locked their names.
    """
    connection.execute(delete(assertion_seen).where(assertion_seen.c.ends_at < now))
    before = select(assertion_seen.c.digest).where(assertion_seen.c.digest.in_(digests))
    if connection.execute(before).first() is not None:
        return True
    connection.execute(insert(assertion_seen), [{"digest": each, "ends_at": ends_at} for each in digests])
    return False
