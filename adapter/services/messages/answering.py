"""Answering one message in the transaction that stores it: the reply, its transfer to the window, form 13 at once."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.gateways.store.amendments import PROGRAM
from adapter.gateways.store.journal import Entry
from adapter.model.dossier import Act, Dossier
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Route, SignedReply, UnsignedReply, verified_of
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel, Submission
from adapter.pipeline.decide import Decision
from adapter.services.dossiers.amendment_requests import Asker, Asking, items_of
from adapter.services.ledger.ledger import Ledger
from adapter.services.watch.cases import Settlement, new_answer, settlement
from adapter.services.watch.way import is_linked

ROUTES = {Channel.WINDOW: Route.WINDOW, Channel.PORTAL: Route.PORTAL}
"""The route of replies by channel: the window takes them from its queue, the caller of the portal reads them."""
_DECISIONS = (ReplyKind.ACCEPTANCE, ReplyKind.REFUSAL)


@dataclass(frozen=True, slots=True)
class Answering:
    """One message with what was decided on it; `inbox_id` is the row it is stored under."""

    ledger: Ledger
    asking: Asking
    submission: Submission
    decision: Decision
    inbox_id: int

    def answer(self, kind: ReplyKind, dossier: Dossier | None, about: Dossier | None) -> None:
        """The reply; where it decides directly, its transfer; where the declaration is inaccurate, form 13 after it.

        `dossier` is the one that was made or changed, `about` the one that the message speaks of.
        """
        ledger, decision, correspondence = self.ledger, self.decision, self.asking.correspondence
        signed = correspondence.answer(kind, self.submission, decision.outcome, now=ledger.now, dossier=about)
        self._send(signed, dossier)
        verified = verified_of(decision.outcome)
        if dossier is None or verified is None:
            return
        if kind in _DECISIONS:
            self._transfer(signed, dossier.key, verified.envelope.procedure.document_type)
        if decision.inaccurate:
            self._ask(dossier)

    def _ask(self, dossier: Dossier) -> None:
        """20/25 with form 13, as a message of its own after the acceptance ("ngay sau khi phát hiện", 11(3)(a))."""
        decision, correspondence, now = self.decision, self.asking.correspondence, self.ledger.now
        said, words = verified_of(decision.outcome), correspondence.catalogue.request_words
        assert said is not None
        assert decision.version is not None
        asked = self.asking.request(
            self.ledger,
            dossier,
            correspondence.in_reply_to(self.submission, decision.outcome),
            values=decision.version.values,
            asker=Asker(PROGRAM, correspondence.ours(dossier).accepter),
            reason=words.reason,
            items=items_of(correspondence.state(decision.inaccurate), words, said.envelope.spec.form),
        )
        channel, message = self.submission.channel, said.header.message_id
        to = correspondence.to_declarant(channel, asked.procedure, dossier, correlation_id=message)
        unit, kind = correspondence.unit_of(dossier), ReplyKind.AMENDMENT_REQUEST
        signed = correspondence.sign(kind, asked.content, to=to, now=now, unit=unit)
        self.ledger.ask(asked.row, self._send(signed, self.ledger.dossiers[dossier.key]))
        detail = {"state": dossier.state.value, "request": asked.number}
        if isinstance(signed, UnsignedReply):
            detail["waits_for_key"] = signed.unit
        else:
            self._transfer(signed, dossier.key, asked.procedure.document_type)
        entry = Entry(f"dossier.{Act.REQUEST_AMENDMENT.value}", PROGRAM, now, detail)
        self.ledger.record(self.ledger.dossiers[dossier.key], entry)

    def _send(self, signed: SignedReply | UnsignedReply, dossier: Dossier | None) -> int:
        route = ROUTES[self.submission.channel]
        return self.ledger.reply(signed, inbox_id=self.inbox_id, dossier=dossier, route=route)

    def _transfer(self, signed: SignedReply, key: DossierKey, document_type: str) -> None:
        """Transfer to the window what was decided directly, unless the window does not carry the dossier."""
        version, submission, ledger = self.decision.version, self.submission, self.ledger
        if version is None:
            return
        dossier, procedure = ledger.dossiers[key], version.verified.envelope.procedure
        carried = is_linked(procedure, dossier.gate, dossier.received_at, ledger.window_links)
        # The window has nothing of this message yet, whatever it has of the dossier.
        case = new_answer(submission.channel, transferred=False, carried=carried)
        if settlement(case) is not Settlement.TRANSFER:
            return
        transfer = self.asking.correspondence.transfer(
            dossier=dossier,
            procedure=document_type,
            request=(submission.raw, submission.digest, submission.received_at),
            reply=(signed.body, signed.digest, ledger.now),
            incident=ledger.incident,
            now=ledger.now,
        )
        ledger.reply(transfer, inbox_id=self.inbox_id, dossier=dossier, route=Route.TRANSFER)
