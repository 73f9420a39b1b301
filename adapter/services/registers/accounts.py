"""Suspending the e-ID account of a declarant, at one gate unit or everywhere (QĐ 15/2019/QĐ-TTg Article 8).

In force: the head of the post decides, on a risk to the security of the data, and the declarant is told why. What only
the draft knows (dự thảo) has a switch each: a deputy by delegation, the request of the body whose account it is, and
notices to person and body within hours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store import journal, sessions
from adapter.gateways.store import suspensions as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.delegations import Delegation
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.suspensions import Suspension, SuspensionGround
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.notification import RESTORED, SUSPENDED
from adapter.model.text import REASON, typed
from adapter.model.units import BorderUnits
from adapter.pipeline.units import codes_stated
from adapter.services.access.rights import Right, has, needs, needs_in_unit
from adapter.services.registers.delegations import Delegations
from adapter.services.registers.party_numbers import number_of
from adapter.services.registers.register_shown import NamingRegister, note_register_shown
from adapter.services.registers.suspension_notices import DecisionTold, SentNotice, SuspensionNotices
from adapter.services.registers.telephones import Telephones

_SHOWN = 200
"""Suspensions of which the page tells how far their notices came: the newest."""


@dataclass(frozen=True, slots=True)
class SuspensionBasis:
    """What a suspension rests on. `document`: the decision's number; `principal`: the number of the body."""

    ground: SuspensionGround = SuspensionGround.RISK
    document: str = ""
    principal: str = ""


AT_RISK = SuspensionBasis()


@dataclass(frozen=True, slots=True)
class AccountsShown:
    """What stands now, and the notices of the newest suspensions, lifted ones too: of those that the actor may see."""

    standing: Sequence[Suspension]
    told: Sequence[SentNotice]


@dataclass(frozen=True)
class Accounts:
    """Use cases of the head of a gate unit (Đồn trưởng). `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Callable[[], Catalogue]
    """Asked only for the unit's code."""
    units: Callable[[], BorderUnits]
    clock: Callable[[], datetime]
    notices: SuspensionNotices
    delegations: Delegations
    telephones: Telephones
    by_request: bool = False
    """Whether the request of a body is a ground (dự thảo)."""

    def suspend(
        self, number: str, *, unit: str | None, reason: str, basis: SuspensionBasis = AT_RISK, actor: Actor
    ) -> Suspension:
        """Suspend: the next message of this account is refused, at both channels, with the reason.

        Raises:
            NotAllowed: no number, no unit, no reason that could be told to him, a ground that is switched off, or it
                is suspended there already.
            NoRight: the actor has no right to it, or the unit is another one than his.
        """
        now, why, account = self.clock(), reason_of(reason), number_of(number)
        _may(actor, Right.SUSPEND_ACCOUNT)
        by = self._told_of(actor)
        stated = self._basis(account, basis)
        self._is_unit(unit)
        with self.database.transaction() as connection:
            delegation = self._decides(connection, actor, Right.SUSPEND_ACCOUNT, unit, now)
            self.database.lock(connection, [f"account:{account}"])
            self._is_new(connection, account, unit, stated)
            row_id = store.add(
                connection,
                self.database,
                number=account,
                unit=unit,
                reason=why,
                officer=actor.id,
                since=now,
                ground=stated.ground.value,
                document=stated.document or None,
                principal=stated.principal or None,
                decided_by=by,
                told=self.notices.readers(connection, account, stated.principal or None, now),
            )
            # At one unit its forms are shut. The inner network's role sees no session of the portal, which asks the
            # register with each request; this ends them at once where it may.
            if unit is None and stated.ground is SuspensionGround.RISK:
                sessions.end_of_number(connection, account)
            detail = {"suspension": row_id, "unit": unit, "reason": why, "officer": actor.id, **_by(delegation)}
            detail |= {"ground": stated.ground.value, "document": stated.document or None}
            journal.append(connection, self.database, Entry.by("account.suspend", actor, now, detail))
            made = store.find(connection, row_id)
            assert made is not None, "it was added just now"
            self.notices.tell(connection, SUSPENDED, made, DecisionTold(why, by, now))
            return made

    def restore(
        self,
        number: str,
        *,
        unit: str | None,
        reason: str,
        document: str = "",
        only: int | None = None,
        actor: Actor,
    ) -> list[Suspension]:
        """Restore, at the unit named or wherever it is suspended (`only`: that one of them); gives what was lifted.

        Raises:
            NotAllowed: it is not suspended there, or no ground is stated.
            NoRight: the actor has no right to it, or it is suspended at another unit than his.
        """
        now, why, account = self.clock(), reason_of(reason), number_of(number)
        paper = typed(document, "the document", most=80)
        _may(actor, Right.RESTORE_ACCOUNT)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"account:{account}"])
            lifted = [each for each in store.current(connection, [account]) if unit is None or each.unit == unit]
            lifted = [each for each in lifted if only in (None, each.id)]
            if not lifted:
                where = f" at {unit}" if unit else ""
                raise NotAllowed(f"this account is not suspended{where}; see `account list`")
            for each in lifted:
                delegation = self._decides(connection, actor, Right.RESTORE_ACCOUNT, each.unit, now)
                store.lift(connection, each.id, reason=why, officer=actor.id, at=now, document=paper or None)
                detail = {"suspension": each.id, "unit": each.unit, "reason": why, "officer": actor.id}
                detail |= {"document": paper or None, **_by(delegation)}
                journal.append(connection, self.database, Entry.by("account.restore", actor, now, detail))
                self.notices.tell(connection, RESTORED, each, DecisionTold(why, self._told_of(actor), now))
        return lifted

    def list(self, *, number: str | None = None, lifted: bool = False, actor: Actor) -> list[Suspension]:
        """What is suspended now; with `lifted` what was suspended too.

        The journal keeps which were shown, here and in what follows.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            found = store.every(connection, number=number_of(number) if number else None, lifted=lifted)
            self._note(connection, found, actor)
            return found

    def overview(self, *, actor: Actor) -> AccountsShown:
        """What a unit sees: what holds at it or everywhere. Operators and auditors see all.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            standing = [each for each in store.every(connection, lifted=False) if _sees(actor, each)]
            newest = [each for each in store.newest(connection, _SHOWN) if _sees(actor, each)]
            self._note(connection, [*standing, *newest], actor)
            return AccountsShown(standing, self._told(connection, newest, actor))

    def may_restore(self, row_id: int, *, actor: Actor) -> Suspension | None:
        """One that stands, at the actor's unit or everywhere; None: there is none of that id.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            found = store.find(connection, row_id)
            if found is None or found.lifted_at is not None or not is_at_unit_of(actor, found):
                return None
            self._note(connection, [found], actor)
            return found

    def told(self, *, missing: bool = False, actor: Actor) -> Sequence[SentNotice]:
        """How far the notices of the newest suspensions came, lifted ones too: whom nothing has reached is telephoned.

        `missing`: only those that have reached nobody.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.transaction() as connection:
            found = self._told(connection, store.newest(connection, _SHOWN), actor)
            found = [each for each in found if each.is_missing or not missing]
            self._note(connection, [each.suspension for each in found], actor)
            return found

    def may_decide(self, actor: Actor) -> bool:
        """Whether he may suspend and restore now: the head of a unit, or his deputy by a delegation in force."""
        with self.database.reading() as connection:
            by_delegation = self.delegations.of(connection, actor, self.clock()) is not None
        return has(actor, Right.SUSPEND_ACCOUNT) or by_delegation

    def _told(self, connection: Connection, about: Sequence[Suspension], actor: Actor) -> Sequence[SentNotice]:
        """How far their notices came; of those that reached nobody by which telephone somebody is reached."""
        told = self.notices.of(connection, about)
        reach = self.telephones.of(connection, {each.number for each in told if each.is_missing}, actor, self.clock())
        return [replace(each, reach=reach.get(each.number)) if each.is_missing else each for each in told]

    def _note(self, connection: Connection, found: Sequence[Suspension], actor: Actor) -> None:
        ids = [each.id for each in found]
        note_register_shown(connection, self.database, NamingRegister.ACCOUNTS, ids, actor, self.clock())

    def _decides(
        self, connection: Connection, actor: Actor, right: Right, unit: str | None, at: datetime
    ) -> Delegation | None:
        """By which delegation he decides; None: by his own right. What is everywhere is of no unit more than another.

        Raises:
            NoRight: he has neither, or the unit is another one than his.
        """
        delegation = None if has(actor, right) else self.delegations.of(connection, actor, at)
        if delegation is None:
            needs(actor, right)
        if unit is not None:
            asked = right if delegation is None else Right.DECIDE_ACCOUNTS
            needs_in_unit(actor, asked, self.units().by_code(unit), f"the account at {unit}")
        return delegation

    def _basis(self, account: str, stated: SuspensionBasis) -> SuspensionBasis:
        principal = number_of(stated.principal) if stated.principal.strip() else ""
        if stated.ground is SuspensionGround.PRINCIPAL:
            if not self.by_request:
                raise NotAllowed(
                    "the request of a body is a ground by the draft alone, which is off: accounts.principal_request"
                )
            if not principal:
                raise NotAllowed("state the number of the body that has asked for it")
        if principal == account:
            raise NotAllowed("the body is another party than the account that is suspended")
        return SuspensionBasis(stated.ground, typed(stated.document, "the document", most=80), principal)

    def _is_new(self, connection: Connection, account: str, unit: str | None, stated: SuspensionBasis) -> None:
        standing = [each for each in store.current(connection, [account]) if each.covers(unit)]
        for each in standing:
            same_request = (each.ground, each.principal) == (stated.ground, stated.principal)
            if each.ground is SuspensionGround.RISK or same_request:
                where = "everywhere" if each.unit is None else f"at {unit}"
                raise NotAllowed(f"this account is suspended {where} already; restore it first, or see `account list`")

    def _told_of(self, actor: Actor) -> str:
        """Rank, name and unit of who decides, as the declarant is told them; the id where no name is known."""
        unit = self.units().by_code(actor.unit)
        name = " ".join(part for part in (actor.rank, actor.name) if part) or actor.id
        return ", ".join(part for part in (name, unit.name if unit else "") if part)[:250]

    def _is_unit(self, unit: str | None) -> None:
        if unit is None:
            return
        units = codes_stated(self.catalogue(), "unit")
        if unit not in units:
            raise NotAllowed(f"there is no border unit {unit!r}; there are: {', '.join(sorted(units))}")


def reason_of(text: str) -> str:
    """A reason that the law wants told (Article 8: nêu rõ lý do).

    Raises:
        NotAllowed: it is empty, or too long for a refusal.
    """
    return typed(
        text, f"a reason of 1 to {REASON} characters is shown to the declarant in each refusal", most=REASON, least=1
    )


def is_at_unit_of(actor: Actor, suspension: Suspension) -> bool:
    """Whether it stands at his unit, or everywhere: then he may end it."""
    return suspension.unit is None or actor.unit in (EVERYWHERE, suspension.unit)


def _sees(actor: Actor, suspension: Suspension) -> bool:
    return actor.unit is None or is_at_unit_of(actor, suspension)


def _may(actor: Actor, right: Right) -> None:
    """He has the right, or a role that may get it by a delegation.

    Raises:
        NoRight: neither.
    """
    if not has(actor, Right.DECIDE_ACCOUNTS):
        needs(actor, right)


def _by(delegation: Delegation | None) -> dict[str, int | str | None]:
    return {} if delegation is None else {"delegation": delegation.id, "delegated_by": delegation.document}
