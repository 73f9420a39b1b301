"""A declarant's own dossiers, whichever door they came by (Article 9(2)): list, life, answers, receipt in law.

He sees a dossier if the number that he has logged in with is its declarant's or principal's, or if he is authorised
now for one of them. Having an answer in law is that he opens it (Article 10): `open` is the only thing that sets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import deadlines, lookups, pairs, replies
from adapter.gateways.store import own_dossiers as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import (
    ConfirmationWithReply,
    MessageOfDossier,
    ReadableReply,
    StoredDossier,
    UnopenedReply,
)
from adapter.model.actor import Actor
from adapter.model.dossier import CONFIRMED, DossierState
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label, Meaning
from adapter.pipeline.terms import Terms
from adapter.services.access import rights
from adapter.services.access.rights import Right
from adapter.services.dossiers.answers import SHOWN, AnswersInWords, answer
from adapter.services.dossiers.naming import form_of, gate_name
from adapter.services.dossiers.own_records import (
    OneWith,
    OpenedAnswer,
    OwnDossier,
    OwnMessage,
    OwnPage,
    OwnRow,
    RunningLimit,
)
from adapter.services.dossiers.pairs import pair_of
from adapter.services.dossiers.results import result, times
from adapter.services.dossiers.running_limits import running_limits
from adapter.services.dossiers.shown_state import shown
from adapter.services.registers.authorisations import Spoken, spoken_for
from adapter.services.watch.way import way
from adapter.services.watch.window import Window

PAGE = 50
"""So many dossiers are on one page of the list."""


@dataclass(frozen=True)
class OwnDossiers:
    """The use cases of a declarant's pages. `clock` gives the legal time (aware)."""

    database: Database
    answers: AnswersInWords
    window: Window
    clock: Callable[[], datetime]

    def page(self, actor: Actor, after: str | None) -> OwnPage:
        """His dossiers, the newest first, behind the place that `OwnPage.last` named.

        Raises:
            NoRight: no declarant asks.
        """
        rights.needs(actor, Right.READ_OWN)
        now, before = self.clock(), int(after) if after else None
        with self.database.reading() as connection:
            spoken = _spoken(connection, actor, now)
            found = store.of(connection, sorted(spoken.everybody), before=before, limit=PAGE + 1)
            rows = [row for row in found[:PAGE] if spoken.of(row.procedure) & set(row.identities)]
            ids = [row.id for row in rows]
            limits, waiting = running_limits(connection, rows, self.answers.catalogue), self._waiting(connection, ids)
            confirmations = lookups.confirmations(connection, [row.id for row in rows if row.state in CONFIRMED])
        shown_rows = [
            self._row(row, limits.get(row.id, ()), waiting.get(row.id, 0), confirmations.get(row.id, ()))
            for row in rows
        ]
        return OwnPage(tuple(shown_rows), str(found[PAGE - 1].id) if len(found) > PAGE else None, now)

    def read(self, actor: Actor, number: str, year: int) -> OwnDossier | None:
        """One of his dossiers, or None where there is none of his.

        Raises:
            NoRight: no declarant asks.
        """
        now = self.clock()
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, now)
            if row is None:
                return None
            limits = running_limits(connection, [row], self.answers.catalogue).get(row.id, ())
            signed = lookups.confirmations(connection, [row.id]).get(row.id, ())
            answers = self._answers(connection, row)
            messages = store.messages(connection, row.id)
            one_with = tuple(_one_with(connection, actor, row, now))
        procedure = self.answers.procedure(row)
        waiting = sum(1 for each in answers if each.delivered_at is None)
        return OwnDossier(
            row=self._row(row, limits, waiting, signed),
            alias=row.alias_number,
            result=result(DossierState(row.state), procedure, [times(each) for each in signed]),
            confirmation=row.confirmation_number if any(each.delivered_at for each in signed) else None,
            principal=row.principal,
            declarant=row.declarant,
            limits=tuple(limits),
            messages=tuple(self._message(row, each) for each in messages),
            answers=tuple(answer(each) for each in answers),
            at=now,
            one_with=one_with,
        )

    def open(self, actor: Actor, number: str, year: int, digest: str) -> bool:
        """He opens an answer, and has it from now on if he had not; whether there is such an answer of his.

        Raises:
            NoRight: no declarant asks.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            row = own_row(connection, actor, number, year, now)
            wanted = [each for each in self._answers(connection, row) if each.digest == digest] if row else []
            read = replies.mark_read(connection, [each.id for each in wanted if each.delivered_at is None], now)
            deadlines.sent(connection, sorted(read), now)
            if row is not None and read:  # his hour runs from now on, and the page that follows says how long
                deadlines.begin_delivered(connection, Terms.of(self.answers.catalogue), _HOURS, dossier_id=row.id)
            return bool(read) or any(each.delivered_at is not None for each in wanted)

    def answer(self, actor: Actor, number: str, year: int, digest: str) -> OpenedAnswer | None:
        """An answer that he has opened, to be read again; None where there is none.

        Raises:
            NoRight: no declarant asks.
        """
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, self.clock())
            found = [each for each in self._answers(connection, row) if each.digest == digest] if row else []
            if row is None or not found or found[0].delivered_at is None:
                return None
            return self.answers.opened(connection, row, found[0])

    def _answers(self, connection: Connection, row: StoredDossier) -> list[ReadableReply]:
        """What he may open. Of a window's dossier, while it works, only what the broker has confirmed: an answer that
        is read earlier would not leave by the window any more."""
        found = self.answers.of(connection, row)
        shows = way(self.window.mode_now(connection).mode, linked=True).shows
        return [each for each in found if shows or _has_left(each)]

    def _waiting(self, connection: Connection, ids: Sequence[int]) -> Mapping[int, int]:
        kinds = {kind.value for kind in SHOWN}
        shows = way(self.window.mode_now(connection).mode, linked=True).shows
        counted: dict[int, int] = {}
        for each in store.unopened(connection, ids):
            if each.kind in kinds and (shows or _has_left(each)):
                counted[each.dossier_id] = counted.get(each.dossier_id, 0) + 1
        return counted

    def _row(
        self,
        row: StoredDossier,
        limits: Sequence[RunningLimit],
        waiting: int,
        signed: Sequence[ConfirmationWithReply],
    ) -> OwnRow:
        procedure = self.answers.procedure(row)
        return OwnRow(
            number=row.number,
            year=row.year,
            title=procedure.title if procedure else Label(row.procedure, row.procedure),
            form=form_of(procedure) if procedure else None,
            state=shown(row.state, signed[-1] if signed else None),
            gate=gate_name(self.answers.catalogue, procedure, row.gate),
            crossing_at=row.crossing_at,
            received_at=row.received_at,
            limit=limits[0] if limits else None,
            unopened=waiting,
        )

    def _message(self, row: StoredDossier, message: MessageOfDossier) -> OwnMessage:
        meaning = self.answers.catalogue.meanings.get(message.pair or "")
        return OwnMessage(
            meaning=(meaning or Meaning.DECLARATION).value,
            channel=message.channel,
            outcome=message.outcome or "",
            received_at=message.received_at,
            findings=self.answers.places.findings(row, message),
        )


def own_row(connection: Connection, actor: Actor, number: str, year: int, now: datetime) -> StoredDossier | None:
    """The dossier of this number if it is one of his, or None.

    Raises:
        NoRight: no declarant asks.
    """
    rights.needs(actor, Right.READ_OWN)
    row = store.find(connection, number, year)
    if row is None or not _spoken(connection, actor, now).of(row.procedure) & set(row.identities):
        return None
    return row


def _one_with(connection: Connection, actor: Actor, row: StoredDossier, now: datetime) -> Iterator[OneWith]:
    """What an officer has said to be the same dossier, where one of the two ended by it."""
    if row.state != DossierState.MERGED and row.alias_number is None:
        return
    own = DossierKey(row.number, row.year)
    for pair in map(pair_of, pairs.of_dossier(connection, row.id)):
        if pair.ended is not None and pair.settled_at is not None:
            other = pair.other(own)
            is_his = own_row(connection, actor, other.number, other.year, now) is not None
            yield OneWith(other.number, other.year, pair.settled_at, pair.ended == own, is_his)


def _spoken(connection: Connection, actor: Actor, now: datetime) -> Spoken:
    """Whose dossiers he sees: his own, or his organisation's, and those of whom he is authorised for now.

    Who has chosen to act for somebody sees that one's only.
    """
    if actor.by_grant and actor.number is not None:
        granted = spoken_for(connection, [actor.number], now).grants
        return Spoken(frozenset(), frozenset(grant for grant in granted if grant.principal == actor.on_behalf_of))
    own = actor.speaks_for
    return spoken_for(connection, [own] if own is not None else [], now)


_HOURS = 10
"""More time limits than can begin with the delivery of one reply."""


def _has_left(row: ReadableReply | UnopenedReply) -> bool:
    return row.route != "window" or row.sent_at is not None
