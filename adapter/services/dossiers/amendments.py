"""An officer's acts on amendments: ask for one (form 13), approve or decline one (form 14), list what waits.

Own discovery needs an approval always (Article 11(1)(a)); its completion (form 15) is `completion`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store import amendments, dossiers, listings, messages, replies
from adapter.gateways.store.database import Connection
from adapter.gateways.store.new_rows import AmendmentDecision, DossierPlace
from adapter.gateways.store.records import ListedAmendment
from adapter.model.actor import Actor
from adapter.model.dossier import Act, Dossier, DossierState
from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import ReplyKind
from adapter.model.text import typed
from adapter.pipeline import compose
from adapter.pipeline.terms import CONFIRM_WITHIN, Terms
from adapter.services.access.rights import Right, unit_within
from adapter.services.dossiers.amendment_requests import Asker, Asking
from adapter.services.dossiers.completion import Completion
from adapter.services.dossiers.desk import Desk, Done, Matter, OfficerReply
from adapter.services.ledger.docket import CONFIRM_AMENDMENT, due_of
from adapter.services.registers.accounts import reason_of


@dataclass(frozen=True, slots=True)
class WaitingAmendment:
    """An amendment in the officer's list; `confirm_before` is when its confirmation is due from its arrival."""

    number: str
    dossier: str
    procedure: str
    requested: bool
    reason: str
    received_at: datetime
    confirm_before: datetime | None
    state: str


@dataclass(frozen=True)
class Amendments:
    """The officer's use cases on amendments."""

    desk: Desk
    completion: Completion
    asking: Asking

    def request(
        self, key: DossierKey, officer: Actor, *, reason: str, items: Sequence[compose.AmendmentItem]
    ) -> tuple[Dossier, datetime]:
        """Send 20/25 with form 13; gives the dossier, and the time before which no answer is due.

        Raises:
            NotAllowed: no item is asked for, the state has no such step, or an amendment waits for a decision.
        """
        if not items:
            raise NotAllowed("a request to amend names what is wrong and what is asked: give it at least one item")
        due: list[datetime] = []
        reason = typed(reason, "the reason", least=1)
        items = [
            replace(
                item,
                wrong=typed(item.wrong, "what is wrong", least=1),
                asked=typed(item.asked, "what is asked", least=1),
            )
            for item in items
        ]

        def compose_reply(matter: Matter) -> OfficerReply:
            ledger, dossier = matter.ledger, matter.dossier
            assert dossier.id is not None
            if amendments.is_pending(ledger.connection, dossier.id):
                raise NotAllowed(f"an amendment of dossier {key} waits for your decision: approve or decline it first")
            asked = self.asking.request(
                ledger,
                dossier,
                self.desk.answered(matter.request),
                values=matter.latest.values,
                asker=Asker(officer.id, officer.name),
                reason=reason,
                items=items,
            )
            due.append(asked.answer_before)
            detail = {"request": asked.number}
            kind = ReplyKind.AMENDMENT_REQUEST
            return OfficerReply(
                kind, asked.content, dossier, asked.procedure, matter.request, detail=detail, asked=asked.row
            )

        dossier = self.desk.act(key, (Act.REQUEST_AMENDMENT,), officer, compose_reply)
        return dossier, due[0]

    def withdraw(self, key: DossierKey, officer: Actor, *, reason: str) -> Dossier:
        """Withdraw a request to amend. If it has not left, it is never sent; if it has, its time limit ends.

        There is no message for it: the next confirmation names the request in its remarks, and the declarant reads it
        at the portal. The dossier gets the state that it had before the request.

        Raises:
            NotAllowed: nothing is asked of the dossier, or there is no such dossier.
        """

        def do(matter: Matter) -> Done:
            ledger, dossier = matter.ledger, matter.dossier
            assert dossier.id is not None
            row = amendments.open_request(ledger.connection, dossier.id)
            if row is None:
                raise NotAllowed(f"nothing is asked of dossier {key}")
            kind = ReplyKind.AMENDMENT_REQUEST.value
            taken = replies.take_back(ledger.connection, dossier.id, kind, ledger.now)
            amendments.withdraw(ledger.connection, row.id, officer=officer.id, reason=reason, at=ledger.now)
            ledger.docket.withdrawn(dossier, ledger.now)
            state = self._before_request(ledger.connection, dossier)
            return Done(replace(dossier, state=state), {"request": row.number, "sent": taken is None})

        return self.desk.record(key, (Act.WITHDRAW_REQUEST,), officer, do)

    def _before_request(self, connection: Connection, dossier: Dossier) -> DossierState:
        """The state before the request to amend: that of the version in force, confirmed or not."""
        assert dossier.id is not None
        is_amended = amendments.of_version(connection, dossier.id, dossier.version) is not None
        if dossiers.is_confirmed(connection, dossier.id, dossier.version):
            return DossierState.COMPLETED_AMENDED if is_amended else DossierState.COMPLETED
        return DossierState.AMENDED if is_amended else DossierState.ACCEPTED

    def approve(self, number: str, officer: Actor) -> Dossier:
        """Send 20/21 for an amendment: its version comes into force.

        Raises:
            NotAllowed: there is no such amendment waiting, or the dossier has gone on since it was received.
        """
        key = self.about(number)

        def compose_reply(matter: Matter) -> OfficerReply:
            ledger, row = matter.ledger, self._still_waiting(matter, number)
            if row.base != matter.dossier.version:
                raise NotAllowed(
                    f"amendment {number} starts from version {row.base}, but version {matter.dossier.version} is in "
                    f"force: decline it, and ask for a new one"
                )
            procedure = self.desk.procedure(row.mapping)
            assert matter.dossier.id is not None
            version = amendments.version(ledger.connection, matter.dossier.id, row.version)
            declared = self.desk.procedure(version.mapping)
            places = dossiers.place_of(
                declared, version.values, listings.rows_of(ledger.connection, [version.id]).get(version.id, {})
            )
            request = messages.stored(ledger.connection, row.inbox_id)
            is_complete = all(finding["severity"] != Severity.REQUEST for finding in request.findings)
            confirm = declared.deadline(CONFIRM_WITHIN, version.values) if is_complete else None
            due = ledger.docket.approved(matter.dossier, request.received_at, ledger.now, confirm)
            ledger.place(key, places, confirm_due_at=due)
            self._decide(matter, row, officer, amendments.APPROVED)
            if row.requested:
                amendments.close(ledger.connection, matter.dossier.id, ledger.now)
            content = self.completion.acceptance(matter, officer, request)
            before = ledger.dossiers[matter.dossier.key]
            # An amendment of own discovery does not answer the request, which still waits for its answer.
            goes_on = before.state is DossierState.AMENDMENT_REQUESTED and not row.requested
            state = before.state if goes_on else matter.dossier.state
            dossier = replace(matter.dossier, version=row.version, state=state)
            detail = {"amendment": number, **_moved(matter.dossier, places)}
            return OfficerReply(ReplyKind.ACCEPTANCE, content, dossier, procedure, request, detail=detail)

        return self.desk.act(key, (Act.APPROVE,), officer, compose_reply)

    def decline(self, number: str, officer: Actor, *, reason: str, ground: str = "") -> Dossier:
        """Send 20/22 for an amendment: the version before it stays in force, both are kept.

        Raises:
            NotAllowed: there is no such amendment waiting.
        """
        key, reason = self.about(number), reason_of(reason)

        def compose_reply(matter: Matter) -> OfficerReply:
            row = self._still_waiting(matter, number)
            self._decide(matter, row, officer, amendments.DECLINED, reason)
            matter.ledger.docket.declined(matter.dossier, matter.ledger.now)
            request = messages.stored(matter.ledger.connection, row.inbox_id)
            finding = Finding("amendment_declined", "/Envelope", Severity.REFUSE, words={"reason": reason})
            procedure = self.desk.procedure(row.mapping)
            content = self.completion.refusal(matter, officer, finding, procedure, ground, request)
            return OfficerReply(
                ReplyKind.REFUSAL, content, matter.dossier, procedure, request, detail={"amendment": number}
            )

        return self.desk.act(key, (Act.DECLINE,), officer, compose_reply)

    def listed(self, *, everything: bool, limit: int, actor: Actor) -> list[WaitingAmendment]:
        """Amendments that wait for an officer, the oldest first; with `everything` the decided ones too.

        Of the actor's unit, if he sees one unit only.

        Raises:
            NoRight: the actor may not see dossiers.
        """
        units = self.desk.correspondence.installation.units
        state, unit = None if everything else amendments.WAITING, unit_within(actor, Right.SEE_DOSSIERS, units)
        with self.desk.database.reading() as connection:
            rows = amendments.listed(connection, state=state, unit=unit, limit=limit)
        return [self._line(row) for row in rows]

    def _line(self, row: ListedAmendment) -> WaitingAmendment:
        procedure, terms = self.desk.procedure(row.mapping), Terms.of(self.desk.correspondence.catalogue)
        reason = row.values.get(procedure.amends.reason, "") if procedure.amends else ""
        return WaitingAmendment(
            number=row.number,
            dossier=f"{row.dossier_number}/{row.dossier_year}",
            procedure=row.procedure,
            requested=row.requested,
            reason=str(reason),
            received_at=row.received_at,
            confirm_before=due_of(procedure, CONFIRM_AMENDMENT, row.values, row.received_at, terms),
            state=row.state,
        )

    def about(self, number: str) -> DossierKey:
        """The dossier of an amendment.

        Raises:
            NotAllowed: there is no such amendment.
        """
        with self.desk.database.reading() as connection:
            row = amendments.by_number(connection, number)
        if row is None:
            raise NotAllowed(f"there is no amendment {number}: see `dossier amendments`")
        return DossierKey(row.dossier_number, row.dossier_year)

    def _still_waiting(self, matter: Matter, number: str) -> ListedAmendment:
        row = amendments.by_number(matter.ledger.connection, number)
        assert row is not None
        if row.state != amendments.WAITING:
            raise NotAllowed(f"amendment {number} was {row.state} already")
        return row

    def _decide(
        self, matter: Matter, row: ListedAmendment, officer: Actor, state: str, reason: str | None = None
    ) -> None:
        values: AmendmentDecision = {
            "state": state,
            "decided_at": matter.ledger.now,
            "decided_by": officer.id,
            "reason": reason,
        }
        amendments.decide(matter.ledger.connection, row.id, values)


def _moved(dossier: Dossier, places: DossierPlace) -> dict[str, object]:
    """The change of gate and unit, for the journal of both units; empty if the dossier stays.

    Its deadlines go with it as they run: the hour of form 15 from the reception of form 14, a duty of the declaration
    with the time that is left.
    """
    before, after = [dossier.gate, dossier.unit], [places["gate"], places["unit"]]
    return {} if before == after else {"moved_from": before, "moved_to": after}
