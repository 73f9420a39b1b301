"""A request to amend (yêu cầu sửa đổi, bổ sung, form 13), made the same way for an officer and for the program.

The program asks at once, in the transaction that accepts an inaccurate declaration ("ngay sau khi phát hiện", QĐ
15/2019/QĐ-TTg Articles 11(3)(a), 17(3)(a)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from adapter.gateways.store.new_rows import NewRequest
from adapter.gateways.store.own_numbers import Series
from adapter.model.dossier import Dossier
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.finding import StatedFinding
from adapter.model.outcomes import Accepted
from adapter.model.procedure import Procedure, ReplyKind, RequestWords
from adapter.model.stages import Submission
from adapter.pipeline import compose
from adapter.pipeline.compose import AmendmentItem
from adapter.pipeline.decide import Decision
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.terms import Terms
from adapter.services.ledger.docket import AMEND
from adapter.services.ledger.ledger import Ledger
from adapter.services.replies.correspondence import Correspondence


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the id for the store, and the name in the signed form."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to amend before it is signed. `procedure` is the one that amends: the reply bears its documentType."""

    content: etree._Element
    procedure: Procedure
    number: str
    answer_before: datetime
    row: NewRequest


@dataclass(frozen=True, slots=True)
class Asking:
    """Makes requests to amend."""

    correspondence: Correspondence
    series: Series

    def request(
        self,
        ledger: Ledger,
        dossier: Dossier,
        answered: compose.InReplyTo,
        *,
        values: Mapping[str, object],
        asker: Asker,
        reason: str,
        items: Sequence[AmendmentItem],
    ) -> Request:
        """Number it and begin the declarant's hour, which runs from the delivery (Article 11(3)(b)).

        `values` are of the version in force.

        Raises:
            NotAllowed: no procedure in force amends such dossiers.
            Misconfigured: the calendar cannot tell when the answer is due.
        """
        procedure = self._amending(dossier, ledger.now)
        limit = procedure.deadline(AMEND, values)
        answer_before = _known(procedure, ledger.docket.asked(dossier, limit, ledger.now) if limit else None)
        ours = self.correspondence.ours(dossier)
        number = self.series.of(ours.number_code).amendment(ledger.connection, ledger.now)
        assert dossier.id is not None, "what is asked of is stored or held"
        row: NewRequest = {
            "id": ledger.new_id(),
            "number": number,
            "dossier_id": dossier.id,
            "mapping": procedure.name,
            "reason": reason,
            "items": [item.as_stored() for item in items],
            "officer": asker.id,
            "requested_at": ledger.now,
            "answer_before": answer_before,
        }
        content = compose.amendment_request(
            answered,
            compose.AmendmentRequest(number, ledger.now, answer_before, reason, tuple(items)),
            ours,
            name=asker.name,
        )
        return Request(content, procedure, number, answer_before, row)

    def is_possible(self, dossier: Dossier, now: datetime) -> bool:
        """Whether form 13 can be sent: some unit must have the gate, and some procedure must amend the dossier."""
        is_ours = dossier.id is None or self.correspondence.unit_of(dossier) is not None
        return is_ours and self._found(dossier, now) is not None

    def drafted(self, submission: Submission, decision: Decision, now: datetime) -> tuple[AmendmentItem, ...]:
        """The items of form 13 that would follow at once; the form is composed without store, number and key.

        Raises:
            Misconfigured: it could not be written, or the calendar cannot tell when the answer is due.
        """
        accepted, dossier, words = decision.outcome, decision.dossier, self.correspondence.catalogue.request_words
        if not decision.inaccurate or dossier is None or not isinstance(accepted, Accepted):
            return ()
        said, procedure = accepted.declaration.verified, self._amending(dossier, now)
        ours = self.correspondence.ours_of(accepted)
        limit = procedure.deadline(AMEND, accepted.declaration.values)
        due = Terms.of(self.correspondence.catalogue).due(limit.amount, limit.unit, now) if limit else None
        items = items_of(self.correspondence.state(decision.inaccurate), words, said.envelope.spec.form)
        asked = compose.AmendmentRequest(self.series.papers(now)[1], now, _known(procedure, due), words.reason, items)
        answered = self.correspondence.in_reply_to(submission, accepted)
        content = compose.amendment_request(answered, asked, ours, name=ours.accepter)
        to = self.correspondence.to_declarant(
            submission.channel, procedure, dossier, correlation_id=said.header.message_id
        )
        self.correspondence.composed(ReplyKind.AMENDMENT_REQUEST, content, to=to, now=now)
        return items

    def _found(self, dossier: Dossier, now: datetime) -> Procedure | None:
        return self.correspondence.catalogue.amending(dossier.procedure, now.astimezone(VIETNAM).date())

    def _amending(self, dossier: Dossier, now: datetime) -> Procedure:
        found = self._found(dossier, now)
        if found is None:
            raise NotAllowed(
                f"no procedure in force amends dossiers of {dossier.procedure}: see amends in the mappings"
            )
        return found


def _known(procedure: Procedure, due: datetime | None) -> datetime:
    if due is None:
        raise Misconfigured(f"{procedure.name}: no {AMEND} that the calendar can tell: see `check`")
    return due


def items_of(found: Sequence[StatedFinding], words: RequestWords, form: str | None) -> tuple[AmendmentItem, ...]:
    """The program's request: one item for each finding, at its place in the form that was sent."""
    return tuple(AmendmentItem(each.vi[:1000], words.asked, form, each.pointer[:1000]) for each in found)
