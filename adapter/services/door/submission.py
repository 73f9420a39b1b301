"""The second door: an authenticated caller's envelope becomes a sealed Submission on channel PORTAL (wire profile 2).

It guarantees the caller, the sender and the number. It must never change Body, and it decides nothing about a
declaration: the pipeline does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from adapter.gateways.store import dossiers, lookups, messages
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import MessageWithDossier
from adapter.gateways.store.messages import MessageIdentity
from adapter.gateways.store.own_numbers import NumberRequest, Series
from adapter.model.actor import Actor
from adapter.model.dossier import CONFIRMED
from adapter.model.errors import Unavailable
from adapter.model.finding import Finding, StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Channel, Envelope
from adapter.pipeline.judge import Ground
from adapter.pipeline.signature.seal import SigningKey
from adapter.pipeline.units import gate_before, unit_before
from adapter.services.access.rights import Right, has
from adapter.services.door import sealing
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
        self.retry_s = retry_s


class WindowSuspected(WindowUnknown):
    """The window seems to be down: the door opens when that is confirmed, or has lasted."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a message that was taken in, as it is stored."""

    public_id: str
    reference: str | None
    year: int | None
    state: str
    outcome: str | None


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

    @property
    def numbers(self) -> tuple[str, ...]:
        """His own numbers: each has dossiers."""
        return (self.number, self.organisation) if self.organisation else (self.number,)


@dataclass(frozen=True, slots=True, eq=False)
class _Asking:
    """A message that is about to be accepted."""

    envelope: Envelope
    identity: MessageIdentity
    caller: Caller


@dataclass(frozen=True, slots=True)
class _Stands:
    """How the window stands for a message that it carries."""

    lasting: Lasting
    begun: bool
    """It was begun here before the mode became what it is."""


@dataclass(frozen=True)
class Door:
    """The use case of POST. `sender` is the portal's name among the partners; `clock` gives the legal time (aware)."""

    database: Database
    ground: Ground
    intake: Intake
    series: Series
    window: Window
    threshold: Threshold
    key: Callable[[], SigningKey]
    """Asked for each message, so that a key that rolls over is taken without a restart."""
    sender: str
    answer_portal: str
    clock: Callable[[], datetime]

    def submit(self, raw: bytes, actor: Actor) -> Admitted:
        """Accept a declaration; sent again, it gets the same number, the same dossier and the stored answer.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; nothing was stored.
        """
        if not has(actor, Right.DECLARE) or actor.number is None:
            raise TurnedAway(Why.ROLE, "Only a declarant's token may declare.", "Chỉ người khai mới được gửi bản khai.")
        return self.declare(raw, Caller(actor.number))

    def declare(self, raw: bytes, caller: Caller) -> Admitted:
        """The same for a person who has logged in.

        Raises:
            TurnedAway, Unavailable: as `submit`.
        """
        now, bound_to = self.clock(), caller.number
        digest = hashlib.sha256(raw).hexdigest()
        sender = f"{self.sender}:{bound_to}"
        presented = self.threshold.present(raw, sender, now)
        tree = presented.tree
        identity = MessageIdentity(sender, f"id:{presented.envelope.header.message_id}")
        asking = _Asking(presented.envelope, identity, caller)
        self._pass(asking, numberless=presented.numberless)
        if presented.numberless:
            unit = unit_before(presented.envelope.procedure, tree, self.intake.asking.correspondence.installation.units)
            code = self.intake.asking.correspondence.installation.of_unit(unit).number_code
            sealing.write_number(tree, self.numbers.put(NumberRequest(sender, presented.named or digest, code, now)))
        sealed = sealing.sealed(tree, self.key())
        judged = self.intake.judge(submitted(sealed.body, now, bound_to, caller.pressed_at), sealed.tree)
        return self._admitted(self.keeping.put(judged))

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

    def _pass(self, asking: _Asking, *, numberless: bool) -> None:
        """Open or closed, and whose number; what was let in before is let in again, so that a retry is answered."""
        if not numberless:
            with self.database.reading() as connection:
                self._own(connection, asking.envelope.header.subject.key, asking)
        if stands := self.asking.put(asking):
            self._open(stands)

    @cached_property
    def asking(self) -> Batching[_Asking, _Stands | None]:
        """The window's mode for messages that are accepted only during an incident; None for all others."""
        return Batching(self._standing, lambda asked: self._standing([asked])[0])

    def _standing(self, asked: Sequence[_Asking]) -> Sequence[_Stands | None]:
        with self.database.reading() as connection:
            known = messages.known(connection, [each.identity for each in asked])
            fresh = [each for each in asked if each.identity not in known]
            links = stated(connection, None) if fresh else []
            carried = [each for each in fresh if self._carried(connection, each.envelope, links)]
            lasting = self.window.mode_now(connection) if carried else None
            return [
                _Stands(lasting, _begun(connection, each, lasting.since)) if lasting and each in carried else None
                for each in asked
            ]

    def _own(self, connection: Connection, key: DossierKey, asking: _Asking) -> None:
        """A number that the caller gives is his: nobody replaces another's dossier or takes another's number.

        A dossier is his too for whose principal he may speak now (Articles 3(4), 7(3)).
        """
        key = dossiers.own_key(connection, key)
        names = lookups.identities(connection, key)
        if names is not None:
            if spoken_for(connection, asking.caller.numbers, self.clock()) & set(names):
                return
        elif lookups.issued_to(connection, key) == asking.identity.sender:
            return  # a number in the window's style may be given by the window to somebody else tomorrow
        like_ours = names is None and key.number.upper().startswith(self.series.prefix)
        finding = Finding(_FOREIGN, "/Envelope/Header/Subject/reference", words={"key": str(key)})
        raise TurnedAway(
            Why.NUMBER,
            "This dossier number is not yours to use. Leave it out to be given one.",
            "Số hồ sơ này không phải của bạn. Hãy để trống để được cấp số.",
            self._stated((finding,)) if like_ours else (),
        )

    def _carried(self, connection: Connection, envelope: Envelope, links: Sequence[WindowLink]) -> bool:
        """Whether the window carries what the message is about: form 14 amends dossiers that it does not carry too."""
        subject, procedure = envelope.header.subject, envelope.procedure
        gate, at = gate_before(procedure, envelope.tree), self.clock()
        if envelope.spec.meaning.is_amendment:
            amended = lookups.in_force(connection, dossiers.own_key(connection, subject.earlier))
            if amended is not None:
                procedure = self.ground.catalogue.version(amended.mapping) or procedure
                gate, at = amended.gate, amended.received_at
        return is_linked(procedure, gate, at, links)

    def _open(self, stands: _Stands) -> None:
        """Article 9(2): by the portal while the window has an incident; what the window does not carry, always."""
        lasting = stands.lasting
        takes = way(lasting.mode, linked=True).takes
        if takes is PortalTakes.ALL or (takes is PortalTakes.BEGUN and stands.begun):
            return
        if takes is PortalTakes.SIGNED:
            kind = WindowSuspected if lasting.mode is Mode.SUSPECT else WindowUnknown
            raise kind(lasting.again_s, lasting.reason)
        raise TurnedAway(
            Why.CLOSED,
            f"The national single window works: declare there, at {self.answer_portal}.",
            f"Cổng thông tin một cửa quốc gia đang hoạt động: hãy khai tại {self.answer_portal}.",
        )

    def _admitted(self, row: MessageWithDossier) -> Admitted:
        stranger = self.ground.catalogue.findings.texts[_STRANGER].code
        if any(finding["code"] == stranger for finding in row.findings):
            raise TurnedAway(
                Why.STRANGER,
                "The caller is not the declarant of this declaration.",
                "Người gọi không phải là người làm thủ tục trong bản khai.",
                self._stated((Finding(_STRANGER, "/Envelope"),)),
            )
        return Admitted(row.public_id, row.reference, row.year, self._state(row), row.outcome)

    def _state(self, row: MessageWithDossier) -> str:
        """The state; a dossier is confirmed only when a message is sent again, so only then the store is read."""
        if row.dossier_state not in CONFIRMED:
            return state_of(row, None)
        with self.database.reading() as connection:
            return state_of(row, confirmation_of(connection, row))

    def _stated(self, findings: tuple[Finding, ...]) -> tuple[StatedFinding, ...]:
        return self.intake.asking.correspondence.state(findings)


def _begun(connection: Connection, asking: _Asking, since: datetime | None) -> bool:
    """Whether it is about a dossier that came here, or its declarant began it here before that moment."""
    subject = asking.envelope.header.subject
    about = subject.earlier if asking.envelope.spec.meaning.is_amendment else subject.key
    dossier = lookups.in_force(connection, dossiers.own_key(connection, about))
    if dossier is not None:
        return bool(dossier.channel == Channel.PORTAL.value)
    begun_at = asking.caller.begun_at
    return begun_at is not None and since is not None and begun_at <= since
