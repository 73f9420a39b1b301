"""A program asks for an officer: it proves who it is, and brings the signed word of whoever has logged him in.

Two signatures by two keys that are registered apart: a stolen key of a client opens nothing without an issuer's, and
an issuer's opens nothing without a client's. Each assertion lasts a minute at most and is used once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeGuard

from adapter.gateways.identity import assertions
from adapter.gateways.identity.assertions import NotAnAssertion
from adapter.gateways.store import api_parties, rates
from adapter.gateways.store import people as people_store
from adapter.gateways.store.api_parties import CLIENT, ISSUER, ApiParty
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.people import Person
from adapter.model.actor import Actor
from adapter.model.errors import AdapterError, NoRight
from adapter.model.events import Event, Observe
from adapter.services.access.offices import codes_below
from adapter.services.access.people import actor_of

LIFE_S = 60
"""Seconds that an assertion lasts at most, from `iat` to `exp`."""
_LEEWAY_S = 10
"""How far another clock may be from ours."""
_KINDS = {CLIENT: "client-authentication+jwt", ISSUER: "officer-assertion+jwt"}
_LONGEST_ID = 200


class AssertionRefused(AdapterError):
    """The caller is not believed; says why, in both languages."""

    def __init__(self, en: str, vi: str) -> None:
        super().__init__(en)
        self.en, self.vi = en, vi
        self.client: str | None = None
        """The program, if it had proved itself: its key is in use."""


@dataclass(frozen=True)
class Assertions:
    """Recognises callers. `audience`: how assertions name this installation, None: nobody is; `clock` the real time."""

    database: Database
    audience: str | None
    clock: Callable[[], datetime]
    observe: Observe

    def caller(self, client: str, officer: str | None) -> Actor:
        """The officer for whom a program asks, with the program's code.

        Raises:
            AssertionRefused: one of the two is missing, forged, too old, of a stranger, or was used before.
            NoRight: the client may not speak for the officer's office.
        """
        try:
            return self._caller(client, officer)
        except (AssertionRefused, NoRight) as error:
            self.observe(Event.ASSERTION_REFUSED, reason=str(error), client=getattr(error, "client", None))
            rates.add_refused_assertion(self.database, int(self.clock().timestamp()) // 60)
            raise

    def _caller(self, client: str, officer: str | None) -> Actor:
        if self.audience is None:
            raise _refused("machine clients are not set up here (customs.audience)", "chưa cấu hình customs.audience")
        now = self.clock()
        with self.database.transaction() as connection:
            program, own = self._proven(connection, CLIENT, client, now)
            try:
                found, said = self._officer(connection, program, officer, now)
                self._use(connection, [_name(own), _name(said)], now)
            except AssertionRefused as error:
                error.client = program.code
                raise
        return replace(actor_of(found), client=program.code)

    def _officer(
        self, connection: Connection, program: ApiParty, assertion: str | None, now: datetime
    ) -> tuple[Person, Mapping[str, object]]:
        """Whom the issuer names to this program, and what it says.

        Raises:
            AssertionRefused: nobody is named, or not to be believed.
            NoRight: the program may not speak for his office.
        """
        if assertion is None:
            raise _refused(
                "the request names no officer: send Officer-Assertion, signed by the issuer that logged him in",
                "yêu cầu không nêu công chức nào: cần Officer-Assertion do hệ thống đăng nhập ký",
            )
        issuer, said = self._proven(connection, ISSUER, assertion, now)
        if issuer.code not in program.issuers:
            raise _refused("this client brings no assertions of that issuer", "bên ký không được chấp nhận")
        if said.get("client_id") != program.code:
            raise _refused("the officer's assertion names another client", "xác nhận nêu hệ thống khác")
        found = people_store.current(connection, [str(said.get("sub"))]).get(str(said.get("sub")))
        if found is None:
            raise _refused("the officer is not registered here", "công chức chưa được đăng ký tại đây")
        reached = {each for code in program.offices for each in codes_below(connection, code)}
        if found.office not in reached:
            raise NoRight(f"client {program.code} may not speak for the office of {found.id}")
        return found, said

    def _use(self, connection: Connection, names: Sequence[str], now: datetime) -> None:
        """Use both assertions up.

        Raises:
            AssertionRefused: one of them was used before.
        """
        self.database.lock(connection, names)
        ends = now + timedelta(seconds=LIFE_S + 2 * _LEEWAY_S)
        if api_parties.used(connection, names, ends, now):
            raise _refused("an assertion is used once, and this one was used before", "xác nhận đã được dùng")

    def _proven(
        self, connection: Connection, kind: str, assertion: str, now: datetime
    ) -> tuple[ApiParty, Mapping[str, object]]:
        """Whose assertion it is, and what it says.

        Raises:
            AssertionRefused: it is of nobody, or not to be believed.
        """
        what, vi = ("client", "hệ thống") if kind == CLIENT else ("officer's", "công chức")
        if len(assertion) > assertions.LONGEST:
            raise _refused(f"the {what} assertion is too long", f"xác nhận {vi} quá dài")
        try:
            stated = assertions.claimed(assertion)
            party = api_parties.current(connection, kind, stated.issuer)
            if party is None:
                raise _refused(f"the {what} assertion is from no registered party", f"không rõ bên ký ({vi})")
            said = assertions.verified(assertion, party.keys)
        except NotAnAssertion as error:
            raise _refused(f"the {what} assertion is refused: {error}", f"xác nhận {vi} không hợp lệ") from None
        if stated.kind != _KINDS[kind]:
            raise _refused(f"the {what} assertion has not the typ {_KINDS[kind]}", f"xác nhận {vi} sai typ")
        if fault := self._fault(said, now, subject=party.code if kind == CLIENT else None):
            raise _refused(f"the {what} assertion is refused: {fault}", f"xác nhận {vi} không hợp lệ: {fault}")
        return party, said

    def _fault(self, said: Mapping[str, object], now: datetime, *, subject: str | None) -> str | None:
        """What is wrong with the claims, or None. `subject`: who it must be about."""
        begun, ends, audience = said.get("iat"), said.get("exp"), said.get("aud")
        valid_from = said.get("nbf", begun)
        if not (_is_time(begun) and _is_time(ends) and _is_time(valid_from)):
            return "iat and exp must be times"
        if not 0 < ends - begun <= LIFE_S:
            return f"it lasts longer than {LIFE_S} seconds"
        if max(begun, valid_from) > now.timestamp() + _LEEWAY_S:
            return "it begins in the future; look at the clock"
        if ends + _LEEWAY_S <= now.timestamp():
            return "it has expired"
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            return "it is for another audience"
        about, number = said.get("sub"), said.get("jti")
        if not isinstance(about, str) or not about.isprintable() or (subject is not None and about != subject):
            return "sub does not fit"
        if not isinstance(number, str) or not number.isprintable() or not 1 <= len(number) <= _LONGEST_ID:
            return "jti is missing, or does not fit"
        return None


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(said: Mapping[str, object]) -> str:
    """By which a use is remembered: the issuer's name and its number for the assertion."""
    return hashlib.sha256(f"{said['iss']}\n{said['jti']}".encode()).hexdigest()


def _refused(en: str, vi: str) -> AssertionRefused:
    return AssertionRefused(en, vi[:1].upper() + vi[1:])
