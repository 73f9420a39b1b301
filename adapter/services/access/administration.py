"""Acts of administrators by name: what each changes in its register, and the register's values before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import orjson

from adapter.gateways.store.api_parties import CLIENT, ISSUER
from adapter.gateways.store.database import Database
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.people import Person
from adapter.gateways.store.proposals import Entered
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.pipeline.envelope import VIETNAM
from adapter.services.access.offices import Offices
from adapter.services.access.people import Facts, People
from adapter.services.access.tokens import PERSON, Issued, Tokens
from adapter.services.customs.clients import Clients, PartyFacts
from adapter.services.customs.granted import LookupRights
from adapter.services.registers.list_editions import TEXT, ListEditions


class AdminAct(StrEnum):
    """What an administrator proposes."""

    PERSON_ADD = "person_add"
    PERSON_CHANGE = "person_change"
    PERSON_REMOVE = "person_remove"
    PERSON_RESTORE = "person_restore"
    LOOKUP_GIVE = "lookup_give"
    LOOKUP_WITHDRAW = "lookup_withdraw"
    OFFICE_ADD = "office_add"
    OFFICE_CHANGE = "office_change"
    OFFICE_REMOVE = "office_remove"
    TOKEN_ISSUE = "token_issue"  # noqa: S105  no secret
    TOKEN_REVOKE = "token_revoke"  # noqa: S105  no secret
    CLIENT_ADD = "client_add"
    CLIENT_CHANGE = "client_change"
    CLIENT_END = "client_end"
    ISSUER_ADD = "issuer_add"
    ISSUER_CHANGE = "issuer_change"
    ISSUER_END = "issuer_end"
    LIST_CHANGE = "list_change"

    @property
    def register(self) -> str:
        """What it is about: person, lookup, office, token, client, issuer, list."""
        return self.value.partition("_")[0]

    @property
    def ends(self) -> bool:
        """Whether it ends something: the register keeps its purpose as the reason."""
        return self.value.partition("_")[2] in ("remove", "end", "revoke", "withdraw")


@dataclass(frozen=True)
class Administration:
    """The use cases of administrators, over one database."""

    people: People
    offices: Offices
    tokens: Tokens
    clients: Clients
    lookups: LookupRights
    lists: ListEditions

    def within(self, database: Database) -> Administration:
        """The same, as a part of an open transaction."""
        return Administration(
            replace(self.people, database=database),
            replace(self.offices, database=database),
            replace(self.tokens, database=database),
            replace(self.clients, database=database),
            replace(self.lookups, database=database),
            replace(self.lists, database=database),
        )

    def current(self, act: AdminAct, subject: str) -> Entered | None:
        """The register's values under that name now, by the fields of the form; None: there is no such entry."""
        return _CURRENT[act.register](self, subject)

    def do(self, act: AdminAct, subject: str, stated: Entered, purpose: str, actor: Actor) -> str:
        """Do it. Gives the token that was issued, which is shown this once only, or an empty text.

        Raises:
            NotAllowed: the act is impossible now.
            NoRight: the actor has no right to it.
        """
        if act is AdminAct.TOKEN_ISSUE:
            return self._issue(subject, stated, actor)
        if act.register in (CLIENT, ISSUER):
            self._party(act, subject, stated, purpose, actor)
        else:
            _DONE[act](self, subject, stated, purpose, actor)
        return ""

    def _issue(self, label: str, stated: Entered, actor: Actor) -> str:
        ends = _text(stated, "expires")
        expires_at = datetime.fromisoformat(ends) if ends else None
        person = _text(stated, "person")
        if _text(stated, "role") == PERSON:
            return self.tokens.issue_to_person(person, label, expires_at, actor=actor)[1]
        bound_to, office = _text(stated, "bound_to") or None, _text(stated, "office") or None
        return self.tokens.issue(_text(stated, "role"), label, bound_to, office, expires_at, actor=actor)[1]

    def _party(self, act: AdminAct, code: str, stated: Entered, purpose: str, actor: Actor) -> None:
        if act.ends:
            self.clients.end(act.register, code, reason=purpose, actor=actor)
            return
        procedures = _texts(stated, "procedures")
        facts = PartyFacts(
            _text(stated, "name"),
            _text(stated, "keys"),
            _texts(stated, "offices"),
            _texts(stated, "issuers"),
            procedures or None,
        )
        enter = self.clients.change if act in (AdminAct.CLIENT_CHANGE, AdminAct.ISSUER_CHANGE) else self.clients.add
        enter(act.register, code, facts, actor=actor)

    def _person(self, code: str) -> Entered | None:
        found = next((each for each in self.people.list() if each.id == code), None)
        return None if found is None else entered_of(found)

    def _lookup(self, code: str) -> Entered | None:
        found = self._person(code)
        return None if found is None else {"procedures": sorted(self.lookups.of(code))}

    def _office(self, code: str) -> Entered | None:
        found = next((each for each in self.offices.list() if each.code == code), None)
        return None if found is None else {"name": found.name, "parent": found.parent, "places": list(found.places)}

    def _token(self, label: str) -> Entered | None:
        found = next((each for each in self.tokens.list() if each.label == label and each.revoked_at is None), None)
        return None if found is None else _of_token(found)

    def _list(self, name: str) -> Entered | None:
        text = self.lists.text(name)
        return None if text is None else {TEXT: text}

    def _party_of(self, kind: str, code: str) -> Entered | None:
        found = next((each for each in self.clients.list(kind) if each.code == code), None)
        if found is None:
            return None
        keys = orjson.dumps({"keys": found.keys}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
        if kind == ISSUER:
            return {"name": found.name, "keys": keys}
        return {
            "name": found.name,
            "keys": keys,
            "offices": list(found.offices),
            "issuers": list(found.issuers),
            "procedures": list(found.procedures or ()),
        }


def entered_of(person: Person) -> Entered:
    """The values of a person by the fields of the form."""
    return {
        "name": person.name,
        "rank": person.rank,
        "roles": [role.value for role in person.roles],
        "unit": person.unit,
        "office": person.office,
        "login": person.login,
    }


def _of_token(token: Issued) -> Entered:
    expires = token.expires_at.astimezone(VIETNAM).isoformat() if token.expires_at else None
    whose: Entered = {"person": token.person, "bound_to": token.bound_to, "office": token.office}
    return {"role": token.role, **whose, "expires": expires}


def _text(stated: Entered, name: str) -> str:
    value = stated.get(name)
    return value if isinstance(value, str) else ""


def _texts(stated: Entered, name: str) -> tuple[str, ...]:
    value = stated.get(name)
    return tuple(value) if isinstance(value, list) else ()


def _facts(stated: Entered) -> Facts:
    return Facts(
        _text(stated, "name"),
        _texts(stated, "roles"),
        _text(stated, "rank"),
        _text(stated, "unit") or None,
        _text(stated, "office") or None,
        _text(stated, "login") or None,
    )


def _office_facts(code: str, stated: Entered) -> CustomsOffice:
    return CustomsOffice(code, _text(stated, "name"), _text(stated, "parent") or None, _texts(stated, "places"))


def _lookups(admin: Administration, code: str, stated: Entered, actor: Actor, *, given: bool) -> None:
    procedures = _texts(stated, "procedures")
    if not procedures:
        raise NotAllowed("name one procedure at least")
    for procedure in procedures:
        (admin.lookups.give if given else admin.lookups.withdraw)(code, procedure, actor=actor)


_Doing = Callable[[Administration, str, Entered, str, Actor], object]
_DONE: Mapping[AdminAct, _Doing] = {
    AdminAct.PERSON_ADD: lambda admin, code, stated, _, who: admin.people.add(code, _facts(stated), actor=who),
    AdminAct.PERSON_CHANGE: lambda admin, code, stated, _, who: admin.people.change(
        code, lambda _: _facts(stated), actor=who
    ),
    AdminAct.PERSON_REMOVE: lambda admin, code, _, why, who: admin.people.remove(code, reason=why, actor=who),
    AdminAct.PERSON_RESTORE: lambda admin, code, _, __, who: admin.people.restore(code, actor=who),
    AdminAct.LOOKUP_GIVE: lambda admin, code, stated, _, who: _lookups(admin, code, stated, who, given=True),
    AdminAct.LOOKUP_WITHDRAW: lambda admin, code, stated, _, who: _lookups(admin, code, stated, who, given=False),
    AdminAct.OFFICE_ADD: lambda admin, code, stated, _, who: admin.offices.add(_office_facts(code, stated), actor=who),
    AdminAct.OFFICE_CHANGE: lambda admin, code, stated, _, who: admin.offices.change(
        code, lambda _: _office_facts(code, stated), actor=who
    ),
    AdminAct.OFFICE_REMOVE: lambda admin, code, _, __, who: admin.offices.remove(code, actor=who),
    # A confirmed proposal is the edition itself: here it is only proved.
    AdminAct.LIST_CHANGE: lambda admin, name, stated, _, __: admin.lists.prove(name, _text(stated, TEXT)),
    AdminAct.TOKEN_REVOKE: lambda admin, label, _, __, who: admin.tokens.revoke(label, actor=who),
}
_CURRENT: Mapping[str, Callable[[Administration, str], Entered | None]] = {
    "person": Administration._person,
    "lookup": Administration._lookup,
    "office": Administration._office,
    "token": Administration._token,
    "list": Administration._list,
    CLIENT: lambda admin, code: admin._party_of(CLIENT, code),
    ISSUER: lambda admin, code: admin._party_of(ISSUER, code),
}
