"""The part of the portal that judges: it receives sealed declarations of authenticated callers.

It takes the caller's number from the process that recognised him, reads everything else from the sealed bytes, and
judges the seal like any other: so the process that faces the Internet needs no key but the portal's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Protocol, TypeVar

from adapter.gateways.store import lookups
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import MessageWithDossier
from adapter.gateways.store.own_numbers import NumberRequest, Series
from adapter.model.dossier import CONFIRMED
from adapter.model.finding import Finding, StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.services.door.batching import Batching
from adapter.services.door.declarations import confirmation_of, state_of
from adapter.services.door.doorkeeper import Applicant, Doorkeeper, NotLetIn, identity_of
from adapter.services.door.precheck import Threshold, TurnedAway, Why, submitted
from adapter.services.door.reception import Admitted, Arriving, Caller, ForeseenAnswer, WindowUnknown, arriving
from adapter.services.messages.intake import Admit, Intake
from adapter.services.messages.item import Item, Settled
from adapter.services.watch.window import Window

T = TypeVar("T")
_STRANGER = "identity_mismatch"


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """A number that is asked for. `asking`: the message that needs it; None: a draft does."""

    request: NumberRequest
    asking: Applicant | None


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """A judged message that asks to be let in."""

    item: Item
    asking: Applicant


class _Keep(Protocol):
    """Stores those that are let in; None: nothing was done."""

    def __call__(self, items: Sequence[Item], *, admit: Admit) -> list[Settled] | None: ...


def _let_in(result: T | NotLetIn) -> T:
    """What came of a message.

    Raises:
        TurnedAway, WindowUnknown: it was not let in.
    """
    if isinstance(result, TurnedAway | WindowUnknown):
        raise result
    return result


@dataclass(frozen=True)
class Judging:
    """The reception in the process that holds the keys. `sender` is the portal's name among the partners."""

    database: Database
    threshold: Threshold
    intake: Intake
    series: Series
    window: Window
    doorkeeper: Doorkeeper
    sender: str
    clock: Callable[[], datetime]

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """As `Reception.number`."""
        sender = f"{self.sender}:{caller.number}"
        asking = None if asks is None else Applicant(asks, caller, identity_of(sender, asks), has_number=False)
        known = {unit.number_code for unit in self.threshold.installation.units.every}
        code = unit_code if unit_code in known else self.threshold.installation.number_code
        return _let_in(self.numbers.put(_Wanted(NumberRequest(sender, name, code, self.clock()), asking)))

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """As `Reception.take`."""
        now = self.clock()
        envelope = self.threshold.sealed(body, now)
        asks = arriving(envelope)
        asking = Applicant(asks, caller, identity_of(f"{self.sender}:{caller.number}", asks), has_number=True)
        judged = self.intake.judge(submitted(body, now, caller.number, caller.pressed_at), envelope.tree)
        return self._admitted(_let_in(self.keeping.put(_Judged(judged, asking))))

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """As `Reception.foresee`."""
        now, sender = self.clock(), f"{self.sender}:{caller.number}"
        envelope = self.threshold.sealed(body, now)
        asks, units = arriving(envelope), self.threshold.installation.units.every
        lent = self.series.is_placeholder(asks.key, {unit.number_code for unit in units}, now)
        asking = Applicant(asks, caller, identity_of(sender, asks), has_number=not lent)
        with self.database.reading() as connection:
            refused = self.doorkeeper.refused(connection, [asking], self.window)
        if refused:
            raise refused[asking]
        judged = self.intake.judge(submitted(body, now, caller.number), envelope.tree)

        def first(connection: Connection) -> None:
            if lent:
                asked = NumberRequest(sender, f"dry-run:{asks.message_id}", self.series.unit, now)
                self.series.lend(connection, self.database, asked, asks.key)

        settled = self.intake.foresee(judged, first)
        self._turn_strangers_away([finding.code for finding in settled.findings])
        return ForeseenAnswer(settled.outcome, settled.findings, settled.duplicate)

    @cached_property
    def numbers(self) -> Batching[_Wanted, DossierKey | NotLetIn]:
        """Gives numbers: a message has its number before it is sealed; sent again, it gets the same."""
        return Batching(self._draw, lambda wanted: self._draw([wanted])[0])

    @cached_property
    def keeping(self) -> Batching[_Judged, MessageWithDossier | NotLetIn]:
        """Stores what was judged and is let in; gives the rows as they are read back."""
        return Batching(self._keep_together, self._keep)

    def _draw(self, wanted: Sequence[_Wanted]) -> Sequence[DossierKey | NotLetIn]:
        """None is drawn for what is not let in, which is asked in the same transaction."""
        with self.database.transaction() as connection:
            asked = [each.asking for each in wanted if each.asking is not None]
            refused = self.doorkeeper.refused(connection, asked, self._window_in(connection))
            requests = [each.request for each in wanted if each.asking not in refused]
            drawn = iter(self.series.issue(connection, self.database, requests) if requests else ())
            return [refused[each.asking] if each.asking in refused else next(drawn) for each in wanted]

    def _keep_together(self, brought: Sequence[_Judged]) -> Sequence[MessageWithDossier | NotLetIn] | None:
        # A caller whose dossier is locked by an officer's act waits alone.
        return self._kept(brought, partial(self.intake.keep_together, waits=False))

    def _keep(self, brought: _Judged) -> MessageWithDossier | NotLetIn:
        def alone(items: Sequence[Item], *, admit: Admit) -> list[Settled] | None:
            return self.intake.keep_admitted(items[0], admit)

        kept = self._kept([brought], alone)
        assert kept is not None
        return kept[0]

    def _kept(self, brought: Sequence[_Judged], keep: _Keep) -> Sequence[MessageWithDossier | NotLetIn] | None:
        """Whether each is let in is asked in the transaction that stores: what is refused does not stop the others."""
        refused = dict[Applicant | None, NotLetIn]()

        def admit(connection: Connection, items: Sequence[Item]) -> Sequence[Item]:
            asked = [each.asking for each in brought]
            refused.update(self.doorkeeper.refused(connection, asked, self._window_in(connection)))
            return [item for item, asking in zip(items, asked, strict=True) if asking not in refused]

        settled = keep([each.item for each in brought], admit=admit)
        if settled is None:
            return None
        rows = iter(self._stored(settled) if settled else ())
        return [refused[each.asking] if each.asking in refused else next(rows) for each in brought]

    def _stored(self, settled: Sequence[Settled]) -> Sequence[MessageWithDossier]:
        with self.database.single(writes=False) as connection:
            rows = lookups.messages(connection, [each.public_id for each in settled])
        return [rows[each.public_id] for each in settled]

    def _window_in(self, connection: Connection) -> Window:
        """The window as it is seen, and set right, in a transaction that writes."""
        return replace(self.window, database=self.database.within(connection))

    def _admitted(self, row: MessageWithDossier) -> Admitted:
        self._turn_strangers_away([finding["code"] for finding in row.findings])
        return Admitted(row.public_id, row.reference, row.year, self._state(row), row.outcome)

    def _turn_strangers_away(self, codes: Sequence[str]) -> None:
        if self.threshold.ground.catalogue.findings.texts[_STRANGER].code in codes:
            raise TurnedAway(
                Why.STRANGER,
                "The caller is not the declarant of this declaration.",
                "Người gửi không phải là người làm thủ tục ghi trong bản khai.",
                self._stated((Finding(_STRANGER, "/Envelope"),)),
            )

    def _state(self, row: MessageWithDossier) -> str:
        """The state; a dossier is confirmed only when a message is sent again, so only then the store is read."""
        if row.dossier_state not in CONFIRMED:
            return state_of(row, None)
        with self.database.reading() as connection:
            return state_of(row, confirmation_of(connection, row))

    def _stated(self, findings: tuple[Finding, ...]) -> tuple[StatedFinding, ...]:
        texts = self.threshold.ground.catalogue.findings
        return tuple(texts.state(finding) for finding in findings)
