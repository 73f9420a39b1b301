"""Suspending the e-ID account of a declarant, at one gate unit or everywhere (QĐ 15/2019/QĐ-TTg Article 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import journal, notifications, sessions
from adapter.gateways.store import suspensions as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.notification_records import UnarrivedNotification
from adapter.gateways.store.suspensions import Suspension
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.notification import NO_NOTIFICATIONS, RESTORED, SUSPENDED, NotificationKinds
from adapter.model.text import REASON, typed
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import hour_and_day
from adapter.pipeline.units import codes_stated
from adapter.services.access.rights import Right, needs, needs_in_unit
from adapter.services.notifications.telling import notification_rows
from adapter.services.registers.party_numbers import number_of

_NOTICES = 200


@dataclass(frozen=True)
class Accounts:
    """Use cases of the head of a gate unit (Đồn trưởng). `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Callable[[], Catalogue]
    """Asked only for the unit's code."""
    units: Callable[[], BorderUnits]
    clock: Callable[[], datetime]
    notifications: Callable[[], NotificationKinds] = lambda: NO_NOTIFICATIONS
    """The notifications to the holder (Article 8: thông báo cho người làm thủ tục, nêu rõ lý do)."""
    notice_hours: float | None = None
    """So soon he is to have it; None: no time is stated. The draft (dự thảo) has 2 hours."""

    def suspend(self, number: str, *, unit: str | None, reason: str, actor: Actor) -> Suspension:
        """Suspend: the next message of this account is refused, at both channels, with the reason.

        Raises:
            NotAllowed: no number, no unit, no reason that could be told to him, or it is suspended there already.
            NoRight: the actor has no right to it, or the unit is another one than his.
        """
        now, why = self.clock(), reason_of(reason)
        account = number_of(number)
        needs(actor, Right.SUSPEND_ACCOUNT)
        self._is_unit(unit)
        self._in_his_unit(actor, Right.SUSPEND_ACCOUNT, unit)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"account:{account}"])
            suspended = store.current(connection, [account])
            if any(each.unit in (None, unit) for each in suspended):
                where = "everywhere" if any(each.unit is None for each in suspended) else f"at {unit}"
                raise NotAllowed(f"this account is suspended {where} already; restore it first, or see `account list`")
            row_id = store.add(
                connection, self.database, number=account, unit=unit, reason=why, officer=actor.id, since=now
            )
            detail = {"suspension": row_id, "unit": unit, "reason": why, "officer": actor.id}
            # At one unit its forms are shut. The inner network's role sees no session of the portal, which asks the
            # register with each request; this ends them at once where it may.
            if unit is None:
                sessions.end_of_number(connection, account)
            journal.append(connection, self.database, Entry.by("account.suspend", actor, now, detail))
            self._tell(connection, SUSPENDED, account, row_id, unit, why, now)
            return next(each for each in store.current(connection, [account]) if each.id == row_id)

    def restore(self, number: str, *, unit: str | None, reason: str, actor: Actor) -> list[Suspension]:
        """Restore, at the unit named or wherever it is suspended; gives what was lifted.

        Raises:
            NotAllowed: it is not suspended there.
            NoRight: the actor has no right to it, or it is suspended at another unit than his.
        """
        now, why = self.clock(), reason_of(reason)
        account = number_of(number)
        needs(actor, Right.RESTORE_ACCOUNT)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"account:{account}"])
            lifted = [each for each in store.current(connection, [account]) if unit is None or each.unit == unit]
            if not lifted:
                where = f" at {unit}" if unit else ""
                raise NotAllowed(f"this account is not suspended{where}; see `account list`")
            for each in lifted:
                self._in_his_unit(actor, Right.RESTORE_ACCOUNT, each.unit)
                store.lift(connection, each.id, reason=why, officer=actor.id, at=now)
                detail = {"suspension": each.id, "unit": each.unit, "reason": why, "officer": actor.id}
                journal.append(connection, self.database, Entry.by("account.restore", actor, now, detail))
                self._tell(connection, RESTORED, account, each.id, each.unit, why, now)
        return lifted

    def list(self, *, number: str | None = None, lifted: bool = False, actor: Actor) -> list[Suspension]:
        """What is suspended now; with `lifted` what was suspended too.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.reading() as connection:
            return store.every(connection, number=number_of(number) if number else None, lifted=lifted)

    def unread_notices(self, *, actor: Actor) -> Sequence[UnarrivedNotification]:
        """Notices that are to be had in time (`notice_hours`) and that nobody has read, the newest first.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        with self.database.reading() as connection:
            return notifications.to_arrive(connection, _NOTICES)

    def _tell(
        self,
        connection: Connection,
        occasion: str,
        account: str,
        suspension: int,
        unit: str | None,
        reason: str,
        at: datetime,
    ) -> None:
        due = None if self.notice_hours is None else at + timedelta(hours=self.notice_hours)
        where = "tại mọi đơn vị (everywhere)" if unit is None else f"tại {unit} (at {unit})"
        words = {"at": hour_and_day(at), "reason": reason, "where": where}
        kind, cause = self.notifications().of_occasion(occasion), f"suspension:{suspension}:{occasion}"
        rows = notification_rows(kind, [account], cause=cause, words=words, at=at, due_at=due)
        notifications.add(connection, self.database, rows)

    def _in_his_unit(self, actor: Actor, right: Right, code: str | None) -> None:
        """What is suspended everywhere is of no unit more than of another."""
        if code is not None:
            needs_in_unit(actor, right, self.units().by_code(code), f"the account at {code}")

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
