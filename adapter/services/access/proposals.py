"""Acts of administrators that need two people: one administrator proposes, another confirms, and only then it is done.

The act is tried in a transaction that is rolled back: in the proposer's name when the proposal is made, in the other's
when it is confirmed. So both must have the right to it, neither may do it to himself, and what is impossible is told
before anybody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Unpack

from adapter.gateways.store import journal
from adapter.gateways.store import people as people_store
from adapter.gateways.store import proposals as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.proposals import DECLINED, DONE, DRAFTED, WAITING, WITHDRAWN, Entered, StoredProposal
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.text import REASON, typed
from adapter.services.access.administration import AdminAct, Administration
from adapter.services.access.people import actor_of
from adapter.services.access.rights import Right, needs

RECENT = timedelta(minutes=5)
"""Whoever asks for a confirmation, confirms or declines has logged in no longer ago than that."""
LASTS = timedelta(days=7)
"""A proposal that nobody has confirmed or declined by then lapses."""
_DRAFT_LASTS = timedelta(days=1)
_LOCK = "proposals"


class LogInTooOld(NoRight):
    """The actor's log-in is older than `RECENT`: he has to log in again first."""


class _TriedOut(Exception):
    """Raised to roll back the trial of an act that can be done."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed act and its state now. `may_confirm`, `may_withdraw`: what the reader may do with it."""

    number: int
    act: AdminAct
    subject: str
    stated: Entered
    before: Entered | None
    purpose: str
    state: str
    """drafted, waiting, lapsed, done, declined, withdrawn."""
    proposer: str
    made_at: datetime
    asked_at: datetime | None
    ends_at: datetime | None
    decider: str | None
    decided_at: datetime | None
    answer: str | None
    may_confirm: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Proposals:
    """The use cases of proposals. `clock` gives the real time (aware)."""

    database: Database
    administration: Administration
    clock: Callable[[], datetime]

    def draft(self, act: AdminAct, subject: str, stated: Entered, purpose: str, *, actor: Actor) -> int:
        """Try an act and keep it as a draft: he sees what it changes before he asks another. Gives its number.

        Raises:
            NotAllowed: the act is impossible now.
            NoRight: the actor has no right to it, or it is about himself.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        purpose, now = typed(purpose, "the reason", most=REASON, least=1), self.clock()
        subject = typed(subject, "the name", most=200, least=1)
        before = self.administration.current(act, subject)
        self._try(act, subject, stated, purpose, actor)
        with self.database.transaction() as connection:
            store.sweep(connection, now - _DRAFT_LASTS)
            return store.add(
                connection,
                self.database,
                act=act.value,
                subject=subject,
                stated=stated,
                before=before,
                purpose=purpose,
                proposer=actor.id,
                made_at=now,
            )

    def ask(self, number: int, *, actor: Actor) -> None:
        """Its proposer asks another administrator to confirm it.

        Raises:
            NotAllowed: there is no proposal of that number, or it is no draft any more.
            NoRight: it is not his.
            LogInTooOld: he logs in again first.
        """
        self._may_act(actor)
        now, row = self.clock(), self._stored(number)
        if row.proposer != actor.id:
            raise NoRight("only its proposer asks for the confirmation")
        with self.database.transaction() as connection:
            self._become(connection, row, DRAFTED, WAITING, asked_at=now)
            self._tell(connection, JournalEvent.PROPOSAL_ASK, row, actor, now)

    def confirm(self, number: int, *, actor: Actor) -> str:
        """Another administrator confirms: it is done in its proposer's name. Gives the token that it issued, or none.

        Raises:
            NotAllowed: it does not wait any more, what it changes was changed meanwhile, or it is impossible now.
            NoRight: it is his own, it is about himself, or he or its proposer has no right to it.
            LogInTooOld: he logs in again first.
        """
        self._may_act(actor)
        now, row = self.clock(), self._stored(number)
        if row.proposer == actor.id:
            raise NoRight("another administrator confirms it: nobody confirms his own")
        self._waits(row, now)
        act = AdminAct(row.act)
        self._try(act, row.subject, row.stated, row.purpose, actor)
        with self.database.transaction() as connection:
            self.database.lock(connection, [_LOCK])
            within = self.administration.within(self.database.within(connection))
            if within.current(act, row.subject) != row.before:
                raise NotAllowed("what it changes was changed since it was proposed: propose it again")
            self._become(connection, row, WAITING, DONE, decider=actor.id, decided_at=now)
            proposer = people_store.current(connection, [row.proposer]).get(row.proposer)
            if proposer is None:
                raise NotAllowed(f"{row.proposer}, who proposed it, is not registered any more")
            self._tell(connection, JournalEvent.PROPOSAL_CONFIRM, row, actor, now)
            return within.do(act, row.subject, row.stated, row.purpose, actor_of(proposer))

    def decline(self, number: int, reason: str, *, actor: Actor) -> None:
        """Another administrator declines it.

        Raises:
            NotAllowed: it does not wait any more, or no reason was stated.
            NoRight: it is his own.
            LogInTooOld: he logs in again first.
        """
        self._may_act(actor)
        reason, now, row = typed(reason, "the reason", most=REASON, least=1), self.clock(), self._stored(number)
        if row.proposer == actor.id:
            raise NoRight("its proposer withdraws it")
        with self.database.transaction() as connection:
            self._become(connection, row, WAITING, DECLINED, decider=actor.id, decided_at=now, answer=reason)
            self._tell(connection, JournalEvent.PROPOSAL_DECLINE, row, actor, now)

    def withdraw(self, number: int, *, actor: Actor) -> None:
        """Its proposer takes it back.

        Raises:
            NotAllowed: it does not wait any more.
            NoRight: it is not his.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        now, row = self.clock(), self._stored(number)
        if row.proposer != actor.id:
            raise NoRight("only its proposer withdraws it")
        with self.database.transaction() as connection:
            before = DRAFTED if row.state == DRAFTED else WAITING
            self._become(connection, row, before, WITHDRAWN, decider=actor.id, decided_at=now)
            self._tell(connection, JournalEvent.PROPOSAL_WITHDRAW, row, actor, now)

    def show(self, number: int, *, actor: Actor) -> Proposal:
        """One proposal.

        Raises:
            NotAllowed: there is none of that number.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        return self._seen(self._stored(number), actor)

    def newest(self, *, actor: Actor, waiting: bool, limit: int = 50) -> Sequence[Proposal]:
        """The newest proposals: those that wait for another administrator, or those that have ended.

        Raises:
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.MANAGE_PEOPLE)
        states = (WAITING,) if waiting else (DONE, DECLINED, WITHDRAWN)
        with self.database.reading() as connection:
            return [self._seen(row, actor) for row in store.newest(connection, states, limit)]

    def is_recent(self, actor: Actor) -> bool:
        """Whether the actor's log-in is no older than `RECENT`."""
        proven = actor.proven_at
        return proven is not None and age(self.clock(), proven) <= RECENT.total_seconds()

    def _try(self, act: AdminAct, subject: str, stated: Entered, purpose: str, actor: Actor) -> None:
        if (act.register in ("person", "lookup") and subject == actor.id) or stated.get("person") == actor.id:
            raise NoRight(f"{actor.id} grants himself nothing, and takes nothing from himself")
        try:
            with self.database.transaction() as connection:
                within = self.administration.within(self.database.within(connection))
                within.do(act, subject, stated, purpose, actor)
                raise _TriedOut
        except _TriedOut:
            return

    def _may_act(self, actor: Actor) -> None:
        needs(actor, Right.MANAGE_PEOPLE)
        if not self.is_recent(actor):
            raise LogInTooOld(f"{actor.id} logs in again first: his last log-in is more than five minutes old")

    def _stored(self, number: int) -> StoredProposal:
        with self.database.reading() as connection:
            found = store.find(connection, number)
        if found is None:
            raise NotAllowed(f"there is no proposal {number}")
        return found

    def _waits(self, row: StoredProposal, now: datetime) -> None:
        state = self._state(row, now)
        if state not in (WAITING, "lapsed"):
            raise NotAllowed(f"proposal {row.id} is {state}")
        if state == "lapsed":
            raise NotAllowed(f"nobody has answered it within {LASTS.days} days: propose it again")

    @staticmethod
    def _become(
        connection: Connection, row: StoredProposal, before: str, after: str, **values: Unpack[store.Decided]
    ) -> None:
        if not store.become(connection, row.id, before=before, after=after, **values):
            raise NotAllowed(f"proposal {row.id} is {row.state} already")

    def _tell(
        self, connection: Connection, event: JournalEvent, row: StoredProposal, actor: Actor, now: datetime
    ) -> None:
        detail = {"proposal": row.id, "act": row.act, "proposer": f"person:{row.proposer}"}
        journal.append(connection, self.database, Entry.by(event, actor, now, detail))

    @staticmethod
    def _state(row: StoredProposal, now: datetime) -> str:
        asked = row.asked_at
        lapsed = row.state == WAITING and asked is not None and age(now, asked) > LASTS.total_seconds()
        return "lapsed" if lapsed else row.state

    def _seen(self, row: StoredProposal, actor: Actor) -> Proposal:
        state = self._state(row, self.clock())
        return Proposal(
            number=row.id,
            act=AdminAct(row.act),
            subject=row.subject,
            stated=row.stated,
            before=row.before,
            purpose=row.purpose,
            state=state,
            proposer=row.proposer,
            made_at=row.made_at,
            asked_at=row.asked_at,
            ends_at=None if row.asked_at is None else row.asked_at + LASTS,
            decider=row.decider,
            decided_at=row.decided_at,
            answer=row.answer,
            may_confirm=state == WAITING and row.proposer != actor.id,
            may_withdraw=state in (DRAFTED, WAITING) and row.proposer == actor.id,
        )
