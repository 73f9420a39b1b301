"""Who is let in: whose the number is that a message names, and whether the portal is open for what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import dossiers, lookups, messages, own_numbers
from adapter.gateways.store.database import Connection
from adapter.gateways.store.messages import MessageIdentity
from adapter.gateways.store.own_numbers import Series
from adapter.model.finding import Finding
from adapter.model.identifiers import DossierKey
from adapter.services.door.precheck import Threshold, TurnedAway, Why
from adapter.services.door.reception import Arriving, Caller, WindowSuspected, WindowUnknown
from adapter.services.registers.authorisations import spoken_for
from adapter.services.watch.links import stated
from adapter.services.watch.mode import Mode
from adapter.services.watch.state import Lasting
from adapter.services.watch.way import PortalTakes, WindowLink, is_linked, way
from adapter.services.watch.window import Window

_FOREIGN = "foreign_contingency_number"
NotLetIn = TurnedAway | WindowUnknown
"""Why a message is not let in."""


@dataclass(frozen=True, slots=True, eq=False)
class Applicant:
    """A message that asks to be let in, and who has sent it."""

    asks: Arriving
    caller: Caller
    identity: MessageIdentity
    has_number: bool


def identity_of(sender: str, asks: Arriving) -> MessageIdentity:
    """The name under which the store knows it."""
    return MessageIdentity(sender, f"id:{asks.message_id}")


@dataclass(frozen=True)
class Doorkeeper:
    """Asks the store in the caller's transaction; decides nothing about a declaration."""

    threshold: Threshold
    series: Series
    answer_portal: str
    clock: Callable[[], datetime]

    def refused(
        self, connection: Connection, asked: Sequence[Applicant], window: Window
    ) -> dict[Applicant | None, NotLetIn]:
        """Those that are not let in: by whose the number is, and by the window's mode where the window carries them.

        A message that was accepted before is accepted again.
        """
        others = self._of_others(connection, [each for each in asked if each.has_number])
        known = messages.known(connection, [each.identity for each in asked]) if asked else {}
        fresh = [each for each in asked if each.identity not in known]
        links = stated(connection, None) if fresh else []
        carried = [each for each in fresh if self._carried(connection, each.asks, links)]
        lasting = window.mode_now(connection) if carried else None
        shut = {each: self._shut(connection, each, lasting) for each in carried if lasting}
        found = {each: others.get(each) or shut.get(each) for each in asked}
        return {each: refusal for each, refusal in found.items() if refusal is not None}

    def _of_others(self, connection: Connection, asked: Sequence[Applicant]) -> dict[Applicant, TurnedAway]:
        """Check that the caller's number is his: nobody replaces another's dossier or uses another's number.

        A dossier is his too for whose principal he may speak now (Articles 3(4), 7(3)).
        """
        if not asked:
            return {}
        found, own = dossiers.find_by_either(connection, [each.asks.key for each in asked])
        unknown = [each.asks.key for each in asked if own.get(each.asks.key, each.asks.key) not in found]
        issued = own_numbers.issued(connection, unknown)
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
            (self.threshold.ground.catalogue.findings.state(finding),) if like_ours else (),
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

    def _shut(self, connection: Connection, asking: Applicant, lasting: Lasting) -> NotLetIn | None:
        """Article 9(2): by the portal while the window has an incident; what the window does not carry, always."""
        takes = way(lasting.mode, linked=True).takes
        # Whether it was begun here is asked only where that counts: in an incident the portal takes all.
        if takes is PortalTakes.ALL or (takes is PortalTakes.BEGUN and _begun(connection, asking, lasting)):
            return None
        if takes is PortalTakes.SIGNED:
            kind = WindowSuspected if lasting.mode is Mode.SUSPECT else WindowUnknown
            return kind(lasting.again_s, lasting.reason)
        return TurnedAway(
            Why.CLOSED,
            f"The national single window works: declare there, at {self.answer_portal}.",
            f"Cổng thông tin một cửa quốc gia đang hoạt động: hãy khai tại {self.answer_portal}.",
        )


def _begun(connection: Connection, asking: Applicant, lasting: Lasting) -> bool:
    """Whether it is about a dossier that came here, or its declarant began it here before the window was back."""
    asks = asking.asks
    about = asks.earlier if asks.is_amendment else asks.key
    dossier = lookups.in_force(connection, dossiers.own_key(connection, about))
    return lasting.was_begun_here(asking.caller.begun_at, channel=dossier.channel if dossier else None)
