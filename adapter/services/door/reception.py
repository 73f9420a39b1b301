"""The part of the portal that judges: it receives sealed declarations of authenticated callers.

It takes the caller's number from the process that recognised him, reads everything else from the sealed bytes, and
judges the seal like any other: so the process that faces the Internet needs no key but the portal's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from adapter.gateways.store import dossiers, lookups, messages
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import MessageWithDossier
from adapter.gateways.store.messages import MessageIdentity
from adapter.gateways.store.own_numbers import NumberRequest, Series
from adapter.model.dossier import CONFIRMED
from adapter.model.errors import Unavailable
from adapter.model.finding import Finding, StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Envelope
from adapter.pipeline.units import gate_before
from adapter.services.door.batching import Batching
from adapter.services.door.declarations import confirmation_of, state_of
from adapter.services.door.precheck import Threshold, TurnedAway, Why, submitted
from adapter.services.messages.intake import Intake
from adapter.services.messages.item import Item, Settled
from adapter.services.registers.authorisations import spoken_for
from adapter.services.watch.links import stated
from adapter.services.watch.mode import Mode
from adapter.services.watch.state import Lasting
from adapter.services.watch.way import PortalTakes, WindowLink, is_linked, way
from adapter.services.watch.window import Window

_STRANGER, _FOREIGN = "identity_mismatch", "foreign_contingency_number"


class WindowUnknown(Unavailable):
    """It is not known whether the window works, so it is not known whether the door is open."""

    def __init__(self, retry_s: float, reason: str) -> None:
        super().__init__(f"the window's state is not known: {reason}")
        self.retry_s, self.reason = retry_s, reason


class WindowSuspected(WindowUnknown):
    """The window seems to be down: the door opens when that is confirmed, or has lasted."""


_Refusal = TurnedAway | WindowUnknown
"""Why a message is not let in."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a message that was taken in, as it is stored."""

    public_id: str
    reference: str | None
    year: int | None
    state: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ForeseenAnswer:
    """What a declaration would be answered now. `duplicate`: the same was sent before, and has its answer."""

    outcome: Word
    findings: tuple[StatedFinding, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name something enters: by an authenticated personal number or tax code, with what is known beside."""

    number: str
    organisation: str | None = None
    """Tax code of the organisation whose account he has logged in with."""
    begun_at: datetime | None = None
    """When he began to fill it in at the portal; None: he did not."""
    pressed_at: datetime | None = None
    """When he pressed, where it has waited since for the portal to open."""
    statement: str | None = None  # without log-in: the hash of the value in the statement signed for this file

    @property
    def numbers(self) -> tuple[str, ...]:
        """His own numbers: each has dossiers."""
        return (self.number, self.organisation) if self.organisation else (self.number,)


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message that asks to be let in, as its header says before anybody has judged it."""

    message_id: str
    mapping: str
    """The name of its procedure's version."""
    is_amendment: bool
    gate: str | None
    key: DossierKey
    earlier: DossierKey


def arriving(envelope: Envelope) -> Arriving:
    """What an opened message asks."""
    subject, procedure = envelope.header.subject, envelope.procedure
    return Arriving(
        message_id=envelope.header.message_id or "",
        mapping=procedure.name,
        is_amendment=envelope.spec.meaning.is_amendment,
        gate=gate_before(procedure, envelope.tree),
        key=subject.key,
        earlier=subject.earlier,
    )


class Reception(Protocol):
    """Takes what the door has sealed in the name of an authenticated caller."""

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """The number of the caller's message or draft that he knows by this name: the same whenever it is asked for.

        `asks`: the message that needs it, which is looked at first; none is drawn for what will be turned away.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; no number was drawn, or the same will be given again.
        """

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """Judge and store a sealed declaration; taken again, it has the same place and the stored answer.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; nothing was stored, or the same is to be sent again.
        """

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """What `take` would answer now; nothing is kept. A declaration without a number bears a placeholder.

        Raises:
            TurnedAway, Unavailable: as `take`.
        """


@dataclass(frozen=True, slots=True, eq=False)
class _Asking:
    """A message that asks to be let in, and who has sent it."""

    asks: Arriving
    caller: Caller
    identity: MessageIdentity
    has_number: bool


@dataclass(frozen=True)
class Judging:
    """The reception in the process that holds the keys. `sender` is the portal's name among the partners."""

    database: Database
    threshold: Threshold
    intake: Intake
    series: Series
    window: Window
    sender: str
    answer_portal: str
    clock: Callable[[], datetime]

    def number(self, name: str, unit_code: str, caller: Caller, asks: Arriving | None) -> DossierKey:
        """As `Reception.number`."""
        sender = f"{self.sender}:{caller.number}"
        if asks is not None:
            self._pass(_Asking(asks, caller, _identity(sender, asks), has_number=False))
        known = {unit.number_code for unit in self.threshold.installation.units.every}
        code = unit_code if unit_code in known else self.threshold.installation.number_code
        return self.numbers.put(NumberRequest(sender, name, code, self.clock()))

    def take(self, body: bytes, caller: Caller) -> Admitted:
        """As `Reception.take`."""
        now = self.clock()
        envelope = self.threshold.sealed(body, now)
        asks = arriving(envelope)
        self._pass(_Asking(asks, caller, _identity(f"{self.sender}:{caller.number}", asks), has_number=True))
        judged = self.intake.judge(submitted(body, now, caller.number, caller.pressed_at), envelope.tree)
        return self._admitted(self.keeping.put(judged))

    def foresee(self, body: bytes, caller: Caller) -> ForeseenAnswer:
        """As `Reception.foresee`."""
        now, sender = self.clock(), f"{self.sender}:{caller.number}"
        envelope = self.threshold.sealed(body, now)
        asks, units = arriving(envelope), self.threshold.installation.units.every
        lent = self.series.is_placeholder(asks.key, {unit.number_code for unit in units}, now)
        self._pass(_Asking(asks, caller, _identity(sender, asks), has_number=not lent))
        judged = self.intake.judge(submitted(body, now, caller.number), envelope.tree)

        def first(connection: Connection) -> None:
            if lent:
                asked = NumberRequest(sender, f"dry-run:{asks.message_id}", self.series.unit, now)
                self.series.lend(connection, self.database, asked, asks.key)

        settled = self.intake.foresee(judged, first)
        self._turn_strangers_away([finding.code for finding in settled.findings])
        return ForeseenAnswer(settled.outcome, settled.findings, settled.duplicate)

    @cached_property
    def numbers(self) -> Batching[NumberRequest, DossierKey]:
        """Gives numbers: a message has its number before it is sealed; sent again, it gets the same."""
        return Batching(self._draw, lambda asked: self._draw([asked])[0])

    @cached_property
    def keeping(self) -> Batching[Item, MessageWithDossier]:
        """Stores what was judged, each request by its own thread; gives the rows as they are read back."""
        return Batching(self._keep_together, lambda item: self._stored([self.intake.keep(item)])[0])

    def _draw(self, asked: Sequence[NumberRequest]) -> Sequence[DossierKey]:
        with self.database.transaction() as connection:
            return self.series.issue(connection, self.database, asked)

    def _keep_together(self, items: Sequence[Item]) -> Sequence[MessageWithDossier] | None:
        # A caller whose dossier is locked by an officer's act waits alone.
        settled = self.intake.keep_together(items, waits=False)
        return None if settled is None else self._stored(settled)

    def _stored(self, settled: Sequence[Settled]) -> Sequence[MessageWithDossier]:
        with self.database.reading() as connection:
            rows = lookups.messages(connection, [each.public_id for each in settled])
        return [rows[each.public_id] for each in settled]

    def _pass(self, asking: _Asking) -> None:
        """Check whether the door is open and whose the number is; a message accepted before is accepted again."""
        refusal = self.asking.put(asking)
        if refusal is not None:
            raise refusal

    @cached_property
    def asking(self) -> Batching[_Asking, _Refusal | None]:
        """Whose the number is, and the window's mode for messages that are accepted only during an incident."""
        return Batching(self._refusals, lambda asked: self._refusals([asked])[0])

    def _refusals(self, asked: Sequence[_Asking]) -> Sequence[_Refusal | None]:
        with self.database.reading() as connection:
            others = self._of_others(connection, [each for each in asked if each.has_number])
            known = messages.known(connection, [each.identity for each in asked])
            fresh = [each for each in asked if each.identity not in known]
            links = stated(connection, None) if fresh else []
            carried = [each for each in fresh if self._carried(connection, each.asks, links)]
            lasting = self.window.mode_now(connection) if carried else None
            shut = {each: self._shut(connection, each, lasting) for each in carried if lasting}
            return [others.get(each) or shut.get(each) for each in asked]

    def _of_others(self, connection: Connection, asked: Sequence[_Asking]) -> dict[_Asking, TurnedAway]:
        """Check that the caller's number is his: nobody replaces another's dossier or uses another's number.

        A dossier is his too for whose principal he may speak now (Articles 3(4), 7(3)).
        """
        found, own = dossiers.find_by_either(connection, [each.asks.key for each in asked])
        unknown = [each.asks.key for each in asked if own.get(each.asks.key, each.asks.key) not in found]
        issued = lookups.issued(connection, unknown)
        turned = {}
        for each in asked:
            key = own.get(each.asks.key, each.asks.key)
            dossier = found.get(key)
            if dossier is not None:
                spoken = spoken_for(connection, each.caller.numbers, self.clock())
                if spoken.of(dossier.procedure) & set(dossier.identities):
                    continue
            elif issued.get(key) == each.identity.sender:
                continue  # the window may give a number of its own series to somebody else later
            like_ours = dossier is None and key.number.upper().startswith(self.series.prefix)
            turned[each] = self._turned(key, like_ours=like_ours)
        return turned

    def _turned(self, key: DossierKey, *, like_ours: bool) -> TurnedAway:
        finding = Finding(_FOREIGN, "/Envelope/Header/Subject/reference", words={"key": str(key)})
        return TurnedAway(
            Why.NUMBER,
            "This dossier number is not yours to use. Leave it out to be given one.",
            "Số hồ sơ này không phải của bạn. Hãy để trống để được cấp số.",
            self._stated((finding,)) if like_ours else (),
        )

    def _carried(self, connection: Connection, asks: Arriving, links: Sequence[WindowLink]) -> bool:
        """Whether the window carries what the message is about: form 14 amends dossiers that it does not carry too."""
        catalogue = self.threshold.ground.catalogue
        procedure, gate, at = catalogue.version(asks.mapping), asks.gate, self.clock()
        if asks.is_amendment:
            amended = lookups.in_force(connection, dossiers.own_key(connection, asks.earlier))
            if amended is not None:
                procedure = catalogue.version(amended.mapping) or procedure
                gate, at = amended.gate, amended.received_at
        return procedure is None or is_linked(procedure, gate, at, links)

    def _shut(self, connection: Connection, asking: _Asking, lasting: Lasting) -> _Refusal | None:
        """Article 9(2): by the portal while the window has an incident; what the window does not carry, always."""
        takes = way(lasting.mode, linked=True).takes
        # Whether it was begun here is asked only where that counts: in an incident the portal takes all.
        if takes is PortalTakes.ALL or (takes is PortalTakes.BEGUN and _begun(connection, asking, lasting.since)):
            return None
        if takes is PortalTakes.SIGNED:
            kind = WindowSuspected if lasting.mode is Mode.SUSPECT else WindowUnknown
            return kind(lasting.again_s, lasting.reason)
        return TurnedAway(
            Why.CLOSED,
            f"The national single window works: declare there, at {self.answer_portal}.",
            f"Cổng thông tin một cửa quốc gia đang hoạt động: hãy khai tại {self.answer_portal}.",
        )

    def _admitted(self, row: MessageWithDossier) -> Admitted:
        self._turn_strangers_away([finding["code"] for finding in row.findings])
        return Admitted(row.public_id, row.reference, row.year, self._state(row), row.outcome)

    def _turn_strangers_away(self, codes: Sequence[str]) -> None:
        if self.threshold.ground.catalogue.findings.texts[_STRANGER].code in codes:
            raise TurnedAway(
                Why.STRANGER,
                "The caller is not the declarant of this declaration.",
                "Người gọi không phải là người làm thủ tục trong bản khai.",
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


def _identity(sender: str, asks: Arriving) -> MessageIdentity:
    return MessageIdentity(sender, f"id:{asks.message_id}")


def _begun(connection: Connection, asking: _Asking, since: datetime | None) -> bool:
    """Whether it is about a dossier that came here, or its declarant began it here before that moment."""
    asks, begun_at = asking.asks, asking.caller.begun_at
    about = asks.earlier if asks.is_amendment else asks.key
    dossier = lookups.in_force(connection, dossiers.own_key(connection, about))
    if dossier is not None:
        return dossier.channel == Channel.PORTAL.value
    return begun_at is not None and since is not None and begun_at <= since
