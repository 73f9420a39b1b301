"""An officer's act on one dossier, in one transaction.

Locks the dossier, checks the transition table, lets the caller compose the reply, signs, stores and journals it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml import etree

from adapter.gateways.store import dossiers, lookups, messages, windows
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.new_rows import NewRequest
from adapter.gateways.store.records import StoredMessage, StoredVersion
from adapter.model.actor import Actor
from adapter.model.dossier import ACT_NAMES, CONFIRMED, STATE_NAMES, Act, Dossier, DossierState, in_words
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.outcomes import Route, SignedReply, UnsignedReply
from adapter.model.procedure import Procedure, ReplyKind
from adapter.model.stages import Channel
from adapter.pipeline import addressing, compose
from adapter.pipeline.terms import Terms
from adapter.services.access.rights import Right, needs, needs_in_unit
from adapter.services.dossiers.shown_state import shown
from adapter.services.ledger.docket import Docket
from adapter.services.ledger.ledger import Ledger
from adapter.services.replies.correspondence import Correspondence
from adapter.services.watch.cases import Settlement, new_answer, settlement
from adapter.services.watch.links import carries


@dataclass(frozen=True, slots=True)
class Matter:
    """What an officer acts on: the dossier as it was, the version in force, the message that brought it."""

    ledger: Ledger
    act: Act
    dossier: Dossier
    """With the state that the act leads to."""
    latest: StoredVersion
    request: StoredMessage


@dataclass(frozen=True, slots=True)
class OfficerReply:
    """The reply that an act of an officer sends: its content, and the dossier after it.

    `procedure` is the one whose documentType the reply carries, `request` the message that it answers.
    """

    kind: ReplyKind
    content: etree._Element
    dossier: Dossier
    procedure: Procedure
    request: StoredMessage
    schema_name: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    """For the journal: no personal value."""
    confirmation: str | None = None
    """The number of the confirmation, where the reply is one."""
    asked: NewRequest | None = None
    """The row of the request to amend, where the reply is one."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act has changed without a reply, or beside it. `detail` is for the journal: no personal value."""

    dossier: Dossier
    detail: Mapping[str, object] = field(default_factory=dict)


RIGHTS = {
    Act.ACCEPT: Right.ACCEPT,
    Act.COMPLETE: Right.CONFIRM,
    Act.COMPLETE_AMENDMENT: Right.CONFIRM,
    Act.REFUSE: Right.REFUSE,
    Act.REQUEST_AMENDMENT: Right.REQUEST_AMENDMENT,
    Act.WITHDRAW_REQUEST: Right.WITHDRAW_REQUEST,
    Act.APPROVE: Right.APPROVE_AMENDMENT,
    Act.DECLINE: Right.DECLINE_AMENDMENT,
}
"""The right that each act of an officer needs, in the unit that has the dossier."""
ComposeReply = Callable[[Matter], OfficerReply]
Do = Callable[[Matter], Done]
StateThatCounts = Callable[[Connection, Dossier], Dossier]
"""The dossier with the state that counts for an act, by facts of the store beside its state."""


@dataclass(frozen=True)
class Desk:
    """The common steps of every officer's act. `clock` gives the legal time (aware)."""

    database: Database
    correspondence: Correspondence
    clock: Callable[[], datetime]
    observe: Observe
    shows: Callable[[Connection], bool] = lambda connection: False
    """Whether declarants read answers to dossiers of the window at the portal now (an incident of the window)."""
    seen: int | None = None
    """How far the dossier's journal went when the officer looked at it: he acts on what he has seen, or not at all."""

    def act(
        self,
        key: DossierKey,
        acts: tuple[Act, ...],
        officer: Actor,
        compose_reply: ComposeReply,
        state_that_counts: StateThatCounts = lambda _, each: each,
    ) -> Dossier:
        """Do the first of these acts that the dossier's state allows and sign its reply, or raise why not.

        Raises:
            NotAllowed: the dossier is unknown, or not in a state that allows the act.
            NoRight: the officer has no right to the act, or the dossier is another unit's.
        """
        if not officer.name:
            raise NotAllowed("the signed form states the officer's name; it is empty")

        def do(matter: Matter) -> Done:
            answer = compose_reply(matter)
            carried = self.carried(matter.ledger.connection, matter.latest.mapping, matter.dossier)
            waits = self._reply(matter.ledger, answer, carried=carried)
            return Done(matter.ledger.dossiers[answer.dossier.key], {**answer.detail, **waits})

        return self.record(key, acts, officer, do, state_that_counts)

    def record(
        self,
        key: DossierKey,
        acts: tuple[Act, ...],
        officer: Actor,
        do: Do,
        state_that_counts: StateThatCounts = lambda _, each: each,
    ) -> Dossier:
        """The same for an act that sends nothing of itself.

        Raises:
            NotAllowed: the dossier is unknown, not in a state that allows the act, or has gone on since it was seen.
            NoRight: the officer has no right to the act, or the dossier is another unit's.
        """
        right = RIGHTS[acts[0]]
        needs(officer, right)
        with self.database.transaction() as connection:
            key = dossiers.own_key(connection, key)
            self.database.lock(connection, [dossiers.lock_name(key)])
            found = dossiers.find(connection, [key])
            before = found.get(key)
            if before is None or before.id is None:
                raise NotAllowed(f"there is no dossier {key}")
            needs_in_unit(officer, right, self.correspondence.unit_of(before), f"dossier {key}")
            if self.seen is not None and before.journal != self.seen:
                raise NotAllowed(f"dossier {key} has gone on since it was looked at: look at it again")
            act, state = _step(state_that_counts(connection, before), acts)
            latest = dossiers.version(connection, before.id, before.version)
            request = messages.request_of(connection, before.id, before.version)
            docket = Docket(self.database, connection, Terms.of(self.correspondence.catalogue))
            notifications = self.correspondence.catalogue.notifications
            ledger = Ledger(connection, self.database, {}, dict(found), self.clock(), docket, notifications)
            done = do(Matter(ledger, act, replace(before, state=state), latest, request))
            state_shown = _shown(connection, done.dossier, act)
            detail = {"state": state_shown, **done.detail}
            dossier = ledger.record(done.dossier, Entry.by(f"dossier.{act.value}", officer, ledger.now, detail))
            assert dossier is not None
            ledger.write()
        self.observe(Event.SETTLED, dossier=str(key), act=act.value, state=state_shown)
        if "waits_for_key" in detail:
            self.observe(Event.AWAITS_KEY, dossier=str(key), act=act.value, unit=detail["waits_for_key"])
        return dossier

    def procedure(self, mapping: str | None) -> Procedure:
        """The procedure in the version that judged.

        Raises:
            Misconfigured: that version is not installed any more.
        """
        found = self.correspondence.catalogue.version(mapping)
        if found is None:
            raise Misconfigured(f"the mapping {mapping}, under which the dossier was judged, is not installed any more")
        return found

    def carried(self, connection: Connection, mapping: str, dossier: Dossier) -> bool:
        """Whether the window carries the dossier, whose version in force was judged under this mapping."""
        return carries(connection, self.procedure(mapping), dossier.gate, dossier.received_at)

    def answered(self, request: StoredMessage) -> compose.InReplyTo:
        """What binds a reply to the message it answers."""
        assert request.content_digest is not None  # what made a dossier was verified
        return compose.InReplyTo(
            message_id=request.message_id,
            digest=request.content_digest,
            schema=request.schema,
            mapping=request.mapping,
            channel=request.channel,
        )

    def _reply(self, ledger: Ledger, answer: OfficerReply, *, carried: bool) -> dict[str, str]:
        """Sign the reply and send it by the channel of its request, with a transfer until the window has the dossier.

        `carried`: the window carries the dossier's procedure, whichever amends it; else nothing is transferred.
        Gives, for the journal, for the key of which unit the reply waits, where it does.
        """
        dossier, request, procedure = answer.dossier, answer.request, answer.procedure
        ledger.dossiers[dossier.key] = dossier
        to = self._address(dossier, procedure, request)
        unit = self.correspondence.unit_of(dossier)
        if unit is None and answer.kind in compose.OF_UNITS:
            raise NotAllowed(
                f"dossier {dossier.key} is of gate {dossier.gate}, which none of units has: state it there"
            )
        signed = self.correspondence.sign(
            answer.kind, answer.content, to=to, now=ledger.now, schema_name=answer.schema_name, unit=unit
        )
        way = way_of(dossier, request, carried=carried)
        shown = self.shows(ledger.connection)
        reply = ledger.reply(signed, inbox_id=request.id, dossier=dossier, route=way.route, shown=shown)
        if answer.confirmation is not None:
            ledger.add_confirmation(answer.confirmation, dossier, reply)
        if answer.asked is not None:
            ledger.ask(answer.asked, reply)
        if way.is_transferred and isinstance(signed, SignedReply):
            transfer = self.transfer(ledger, dossier, procedure.document_type, request, signed)
            ledger.reply(transfer, inbox_id=request.id, dossier=ledger.dossiers[dossier.key], route=Route.TRANSFER)
        return {"waits_for_key": signed.unit} if isinstance(signed, UnsignedReply) else {}

    def transfer(
        self, ledger: Ledger, dossier: Dossier, document_type: str, request: StoredMessage, signed: SignedReply
    ) -> SignedReply:
        """40/01 for what was decided directly."""
        return self.correspondence.transfer(
            dossier=dossier,
            procedure=document_type,
            request=(request.raw, Digest(request.digest), request.received_at),
            reply=(signed.body, signed.digest, ledger.now),
            incident=windows.incident_name(windows.open_incident(ledger.connection)),
            now=ledger.now,
        )

    def _address(self, dossier: Dossier, procedure: Procedure, request: StoredMessage) -> addressing.Address:
        channel, message = Channel(request.channel), request.message_id
        return self.correspondence.to_declarant(channel, procedure, dossier, correlation_id=message)


@dataclass(frozen=True, slots=True)
class ReplyWay:
    """By which route a new reply goes, and whether a transfer tells the window of it."""

    route: Route
    is_transferred: bool


def way_of(dossier: Dossier, request: StoredMessage, *, carried: bool) -> ReplyWay:
    """The way of a new reply to a message: to the window once that has it, else to the portal's caller."""
    channel = Channel(request.channel)
    found = settlement(new_answer(channel, transferred=dossier.transferred, carried=carried))
    to_window = channel is Channel.WINDOW or found is Settlement.ORIGINAL
    return ReplyWay(Route.WINDOW if to_window else Route.PORTAL, found is Settlement.TRANSFER)


def _step(dossier: Dossier, acts: tuple[Act, ...]) -> tuple[Act, DossierState]:
    for act in acts:
        if (state := dossier.after(act)) is not None:
            return act, state
    raise NotAllowed(not_possible(dossier, acts[-1]))


def _shown(connection: Connection, dossier: Dossier, act: Act) -> str:
    """The shown state after an act; a confirmation that was just made is signed only."""
    assert dossier.id is not None
    is_new = act in (Act.COMPLETE, Act.COMPLETE_AMENDMENT) or dossier.state not in CONFIRMED
    return shown(dossier.state.value, None if is_new else lookups.newest_confirmation(connection, dossier.id))


def not_possible(dossier: Dossier, act: Act) -> str:
    """Why an officer's act is refused, and which acts are possible."""
    state, possible = STATE_NAMES[dossier.state], in_words(dossier.possible)
    return f"dossier {dossier.key} is {state.en}: not possible now: {ACT_NAMES[act].en}; possible: {possible.en}"
