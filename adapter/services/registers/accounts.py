"""Suspending the e-ID account of a declarant, at one gate unit or everywhere (QĐ 03/2025/QĐ-TTg Article 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import journal, sessions
from adapter.gateways.store import suspensions as store
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.suspensions import Suspension
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.text import ACTOR, REASON, typed
from adapter.pipeline.units import codes_stated
from adapter.services.registers.party_numbers import number_of


@dataclass(frozen=True)
class Accounts:
    """Use cases of the head of a gate unit (Đồn trưởng). `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Callable[[], Catalogue]
    """Asked only for the unit's code."""
    clock: Callable[[], datetime]

    def suspend(self, number: str, *, unit: str | None, reason: str, officer: str, actor: str) -> Suspension:
        """Suspend: the next message of this account is refused, by either door, with the reason.

        Raises:
            NotAllowed: no number, no unit, no reason that could be told to him, or it is suspended there already.
        """
        now, told = self.clock(), reason_of(reason)
        account, officer = number_of(number), officer_of(officer)
        self._is_unit(unit)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"account:{account}"])
            standing = store.standing(connection, [account])
            if any(each.unit in (None, unit) for each in standing):
                where = "everywhere" if any(each.unit is None for each in standing) else f"at {unit}"
                raise NotAllowed(f"this account is suspended {where} already; restore it first, or see `account list`")
            row_id = store.add(
                connection, self.database, number=account, unit=unit, reason=told, officer=officer, since=now
            )
            detail = {"suspension": row_id, "unit": unit, "reason": told, "officer": officer}
            if unit is None:  # at one unit the door refuses; whoever is suspended everywhere has nothing to do here
                sessions.end_of_number(connection, account)
            journal.append(connection, self.database, Entry("account.suspend", actor, now, detail))
            return next(each for each in store.standing(connection, [account]) if each.id == row_id)

    def restore(self, number: str, *, unit: str | None, reason: str, officer: str, actor: str) -> list[Suspension]:
        """Restore, at the unit named or wherever it is suspended; gives what was lifted.

        Raises:
            NotAllowed: it is not suspended there.
        """
        now, told = self.clock(), reason_of(reason)
        account, officer = number_of(number), officer_of(officer)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"account:{account}"])
            lifted = [each for each in store.standing(connection, [account]) if unit is None or each.unit == unit]
            if not lifted:
                where = f" at {unit}" if unit else ""
                raise NotAllowed(f"this account is not suspended{where}; see `account list`")
            for each in lifted:
                store.lift(connection, each.id, reason=told, officer=officer, at=now)
                detail = {"suspension": each.id, "unit": each.unit, "reason": told, "officer": officer}
                journal.append(connection, self.database, Entry("account.restore", actor, now, detail))
        return lifted

    def list(self, *, number: str | None = None, lifted: bool = False) -> list[Suspension]:
        """What is suspended now; with `lifted` what was suspended too."""
        with self.database.reading() as connection:
            return store.every(connection, number=number_of(number) if number else None, lifted=lifted)

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
    return typed(text, f"a reason of 1 to {REASON} characters is told to him who is turned away", most=REASON, least=1)


def officer_of(text: str) -> str:
    """The id of the officer who decided, as records keep it.

    Raises:
        NotAllowed: it is empty, too long, or no record can hold it.
    """
    return typed(text, "the officer's id", most=ACTOR, least=1)
