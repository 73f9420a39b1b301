"""The register of programs that look up for officers (E-Customs), and of issuers, which log these officers in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.identity.assertions import public_keys, thumbprint
from adapter.gateways.store import api_parties as store
from adapter.gateways.store import journal, offices
from adapter.gateways.store.api_parties import CLIENT, ISSUER, ApiParty
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.text import REASON, typed
from adapter.services.access.rights import Right, needs

_CODES = {CLIENT: re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}"), ISSUER: re.compile(r"[!-~]{1,200}")}
_LOCK = "register of api parties"


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What is entered. `keys` is the text of a file with public keys; the rest is of clients alone."""

    name: str
    keys: str
    offices: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    procedures: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Clients:
    """Use cases of administrators. `opened` gives the procedures that are looked up here; `clock` the real time."""

    database: Database
    opened: Callable[[], frozenset[str]]
    clock: Callable[[], datetime]

    def add(self, kind: str, code: str, facts: PartyFacts, *, actor: Actor) -> ApiParty:
        """Register a client under its code, or an issuer under the name that its assertions bear.

        Raises:
            NotAllowed: the code is in use, a key is no public one or is another's, or what it names is not there.
            NoRight: the actor may not.
        """
        return self._enter(kind, code, facts, actor, change=False)

    def change(self, kind: str, code: str, facts: PartyFacts, *, actor: Actor) -> ApiParty:
        """Replace its keys, offices or issuers; from this moment the old ones are not valid.

        Raises:
            NotAllowed: no current entry has the code, or as for `add`.
            NoRight: the actor may not.
        """
        return self._enter(kind, code, facts, actor, change=True)

    def end(self, kind: str, code: str, *, reason: str, actor: Actor) -> ApiParty:
        """End its access from this moment.

        Raises:
            NotAllowed: no current entry has the code.
            NoRight: the actor may not.
        """
        needs(actor, Right.MANAGE_TOKENS)
        reason = typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            self.database.lock(connection, [_LOCK])
            before, now = _current(connection, kind, code), self.clock()
            store.end(connection, kind, code, at=now, by=actor.journal_name, reason=reason)
            self._tell(connection, "api_party.end", before, actor, now)
        return replace(before, ended_at=now, ended_by=actor.journal_name, reason=reason)

    def list(self, kind: str, *, ended: bool = False) -> Sequence[ApiParty]:
        """All of a kind; with `ended` what stood before too."""
        with self.database.reading() as connection:
            return [each for each in store.every(connection, ended=ended) if each.kind == kind]

    def _enter(self, kind: str, code: str, facts: PartyFacts, actor: Actor, *, change: bool) -> ApiParty:
        needs(actor, Right.MANAGE_TOKENS)
        if not _CODES[kind].fullmatch(code):
            raise NotAllowed(f"{code!r} is no code of a {kind}: visible ASCII characters without spaces, not too long")
        keys = public_keys(facts.keys)
        with self.database.transaction() as connection:
            self.database.lock(connection, [_LOCK])
            now, known = self.clock(), store.every(connection)
            stands = any((each.kind, each.code) == (kind, code) for each in known)
            if change:
                _current(connection, kind, code)
                store.end(connection, kind, code, at=now, by=actor.journal_name, reason="changed")
            elif stands:
                raise NotAllowed(f"there is a {kind} {code} already; change it, or end it first")
            others = [each for each in known if (each.kind, each.code) != (kind, code)]
            _keys_are_its_own([thumbprint(key) for key in keys], others)
            self._exists(connection, kind, facts, known)
            made = {
                "kind": kind,
                "code": code,
                "name": typed(facts.name, "the name", most=200, least=1),
                "keys": keys,
                "offices": sorted(set(facts.offices)),
                "issuers": sorted(set(facts.issuers)),
                "procedures": None if facts.procedures is None else sorted(set(facts.procedures)),
            }
            store.add(connection, self.database, **made, since=now, by=actor.journal_name)
            entered = _current(connection, kind, code)
            self._tell(connection, "api_party.change" if change else "api_party.add", entered, actor, now)
        return entered

    def _exists(self, connection: Connection, kind: str, facts: PartyFacts, known: Sequence[ApiParty]) -> None:
        if kind == ISSUER:
            return
        codes = [each.code for each in offices.every(connection)]
        issuers = [each.code for each in known if each.kind == ISSUER]
        for what, stated, there in (
            ("office", facts.offices, codes),
            ("issuer", facts.issuers, issuers),
            ("procedure", facts.procedures or (), sorted(self.opened())),
        ):
            if unknown := [each for each in stated if each not in there]:
                raise NotAllowed(f"there is no {what} {unknown[0]!r}; there are: {', '.join(there) or 'none yet'}")
        if not facts.offices or not facts.issuers:
            raise NotAllowed("a client speaks for one office at least, by the assertions of one issuer at least")

    def _tell(self, connection: Connection, event: str, party: ApiParty, actor: Actor, now: datetime) -> None:
        detail = {
            "kind": party.kind,
            "code": party.code,
            "keys": [thumbprint(key) for key in party.keys],
            "offices": party.offices,
            "issuers": party.issuers,
            "procedures": party.procedures,
        }
        journal.append(connection, self.database, Entry.by(event, actor, now, detail))


def _current(connection: Connection, kind: str, code: str) -> ApiParty:
    found = store.current(connection, kind, code)
    if found is None:
        raise NotAllowed(f"there is no {kind} {code!r}; see `{kind} list`")
    return found


def _keys_are_its_own(prints: Sequence[str], others: Sequence[ApiParty]) -> None:
    """Who has a client's key could make its officers up, if it were an issuer's too."""
    for other in others:
        if {thumbprint(key) for key in other.keys}.intersection(prints):
            raise NotAllowed(f"the {other.kind} {other.code} has this key; each has keys of its own")
