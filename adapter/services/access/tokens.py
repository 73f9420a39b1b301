"""Tokens: who a caller of the HTTP door is, and for whom or which office it may speak.

A token is shown once, when it is issued; only its SHA-256 is kept. It has 256 random bits, so that its hash needs no
salt and cannot be searched for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from adapter.gateways.store import journal
from adapter.gateways.store import tokens as store
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.model.errors import NotAllowed
from adapter.model.text import typed
from adapter.services.door.batching import Gathering
from adapter.services.registers.party_numbers import number_of

PREFIX = "nsw_"
"""So that a token that was published by mistake can be searched for."""
EVERY_OFFICE = "*"
_OFFICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PLAIN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class Machine(StrEnum):
    """What a token may be used for."""

    DECLARANT = "declarant"
    """Declares, and reads what is its own."""
    CUSTOMS = "customs"
    """Looks dossiers of its office up."""
    OFFICER = "officer"
    OPERATOR = "operator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `bound_to` is a declarant's personal number or tax code; `office` a customs caller's gate or unit."""

    id: int
    role: Machine
    label: str
    bound_to: str | None
    office: str | None

    @property
    def actor(self) -> str:
        """How the journal names the caller: by the token, never by the person."""
        return f"token:{self.id}"


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as the operator sees it later: everything but the token."""

    id: int
    role: Machine
    label: str
    bound_to: str | None
    office: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Tokens:
    """Issues, revokes, recognises. `clock` is the real time; `new_secret` gives 43 URL-safe random letters."""

    database: Database
    clock: Callable[[], datetime]
    new_secret: Callable[[], str]

    def issue(
        self,
        role: str,
        label: str,
        bound_to: str | None = None,
        office: str | None = None,
        expires_at: datetime | None = None,
        *,
        actor: str = "cli",
    ) -> tuple[int, str]:
        """A new token: its id, and the token itself, which nobody can be told again.

        Raises:
            NotAllowed: role, identity and office do not fit together, or the label is in use.
        """
        now, label = self.clock(), typed(label, "the label", most=120)
        given = _check(role, label, bound_to, office)
        bound_to = None if bound_to is None else number_of(bound_to)
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
            raise NotAllowed("a token expires at a time to come, given with its zone")
        plain = PREFIX + self.new_secret()
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"token:{label}"])
            if store.active_label(connection, label, now):
                raise NotAllowed(f"a valid token has the label {label!r} already: revoke it first, or choose another")
            row_id = store.add(
                connection,
                self.database,
                hash=_hash(plain),
                role=given.value,
                label=label,
                bound_to=bound_to,
                office=office,
                created_at=now,
                expires_at=expires_at,
            )
            detail = {"token": row_id, "role": given.value, "office": office}
            journal.append(connection, self.database, Entry("token.issue", actor, now, detail))
        return row_id, plain

    def revoke(self, which: int | str, *, actor: str = "cli") -> list[int]:
        """Revoke by id or label, from this moment; gives the ids.

        Raises:
            NotAllowed: no token has this id or label, or it is revoked already.
        """
        now, label = self.clock(), str(which)
        # Eighteen digits: more would not fit the column, and no id has them.
        row_id = int(label) if label.isascii() and label.isdigit() and len(label) <= 18 else None
        with self.database.transaction() as connection:
            ids = store.revoke(connection, row_id=row_id, label=label, at=now)
            if not ids:
                raise NotAllowed(f"there is no token {label!r} that could be revoked")
            for found in ids:
                journal.append(connection, self.database, Entry("token.revoke", actor, now, {"token": found}))
        return list(ids)

    def authenticate(self, plain: str) -> Caller | None:
        """Who this token belongs to, or None where it is unknown, revoked or expired."""
        return self._callers.put(_hash(plain)) if _PLAIN.fullmatch(plain) else None

    @cached_property
    def _callers(self) -> Gathering[str, Caller | None]:
        return Gathering(self._by_hash, lambda digest: self._by_hash([digest])[0])

    def _by_hash(self, hashes: Sequence[str]) -> Sequence[Caller | None]:
        with self.database.reading() as connection:
            rows = store.by_hash(connection, hashes, self.clock())
        found = {row.hash: Caller(row.id, Machine(row.role), row.label, row.bound_to, row.office) for row in rows}
        return [found.get(digest) for digest in hashes]

    def list(self) -> list[Issued]:
        """Every token that was issued, the revoked ones too."""
        with self.database.reading() as connection:
            rows = store.every(connection)
        return [
            Issued(
                id=row.id,
                role=Machine(row.role),
                label=row.label,
                bound_to=row.bound_to,
                office=row.office,
                created_at=row.created_at,
                expires_at=row.expires_at,
                revoked_at=row.revoked_at,
            )
            for row in rows
        ]


def _check(stated: str, label: str, bound_to: str | None, office: str | None) -> Machine:
    if stated not in list(Machine):
        raise NotAllowed(f"there is no role {stated!r}; there are {', '.join(Machine)}")
    role = Machine(stated)
    if not label:
        raise NotAllowed("a token has a label of 1 to 120 characters")
    if role is Machine.DECLARANT:
        if bound_to is None:
            raise NotAllowed("a declarant's token is bound to a personal number (12 digits) or tax code (10, or 13)")
        number_of(bound_to)  # an impossible one would be nobody's, and its holder turned away each time
    elif bound_to is not None:
        raise NotAllowed(f"a token of role {role.value} is bound to no person or enterprise")
    if role is Machine.CUSTOMS:
        if office is None or not (office == EVERY_OFFICE or _OFFICE.fullmatch(office)):
            raise NotAllowed(f"a customs token has an office: the code of a gate or a border unit, or {EVERY_OFFICE}")
    elif office is not None:
        raise NotAllowed(f"a token of role {role.value} has no office")
    return role


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
