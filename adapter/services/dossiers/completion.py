"""An officer's acts on a declaration: accept, complete (xác nhận hoàn thành), refuse.

Completion means that the declaration is complete; it is no permission to cross (Article 3(10)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from adapter.gateways.store import amendments, dossiers
from adapter.gateways.store.database import Connection
from adapter.gateways.store.own_numbers import Series
from adapter.gateways.store.records import StoredAmendment, StoredMessage
from adapter.model.actor import Actor
from adapter.model.dossier import Act, Dossier, DossierState
from adapter.model.duties import Deadline
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import PLACED, CompletionSpec, Procedure, ReplyKind
from adapter.model.stages import StoredRecord
from adapter.model.text import REMARKS, typed
from adapter.pipeline import compose
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM, hour_and_day, write_time
from adapter.pipeline.terms import Terms
from adapter.services.dossiers.desk import Desk, Matter, OfficerReply
from adapter.services.replies.refusal_grounds import LONGEST as LONGEST_GROUND
from adapter.services.replies.refusal_grounds import ground_of

_WITHDRAWN = "Yêu cầu sửa đổi, bổ sung số {number} đã được rút lúc {at}."


@dataclass(frozen=True)
class Completion:
    """The officer's use cases on a declaration."""

    desk: Desk
    series: Series

    def accept(self, key: DossierKey, officer: Actor) -> Dossier:
        """20/21 for a procedure whose acceptance is an officer's.

        Raises:
            NotAllowed: the dossier is unknown or its state has no such step.
        """

        def compose_reply(matter: Matter) -> OfficerReply:
            now, request = matter.ledger.now, matter.request
            procedure = self.desk.procedure(request.mapping)
            content = self.acceptance(matter, officer, request)
            return OfficerReply(
                ReplyKind.ACCEPTANCE, content, replace(matter.dossier, accepted_at=now), procedure, request
            )

        return self.desk.act(key, (Act.ACCEPT,), officer, compose_reply)

    def acceptance(self, matter: Matter, officer: Actor, request: StoredMessage) -> etree._Element:
        """20/21 in an officer's name, with the warnings of reception: the receipt (99) has no place for them."""
        correspondence = self.desk.correspondence
        installation = replace(self.desk.correspondence.ours(matter.dossier), accepter=officer.name)
        answered, flagged = self.desk.answered(request), correspondence.restate(request.findings)
        return compose.acceptance(answered, flagged, installation, received=request.received_at, now=matter.ledger.now)

    def complete(self, key: DossierKey, officer: Actor, *, remarks: str = "") -> Dossier:
        """30/23 with the form's content (08, 12, 17), or 30/28 (15) for what was amended; signed by the unit.

        Raises:
            NotAllowed: the dossier is unknown or its state has no such step.
        """

        remarks = typed(remarks, "the remarks", most=REMARKS)

        def compose_reply(matter: Matter) -> OfficerReply:
            amended = matter.act is Act.COMPLETE_AMENDMENT
            procedure = self.desk.procedure(matter.request.mapping if amended else matter.latest.mapping)
            now, dossier, docket = matter.ledger.now, matter.dossier, matter.ledger.docket
            number = self.series.of(self.desk.correspondence.ours(dossier).number_code).confirmation(
                matter.ledger.connection, now
            )
            by_source = said_by(officer, number, _remarks(matter, remarks), now)
            # For a newer version the duty runs from its own reception; the form states both times.
            by_source |= of_dossier(dossier.key, dossier.received_at if amended else matter.request.received_at)
            declared: StoredRecord = matter.latest.values
            in_force = self.desk.procedure(matter.latest.mapping)
            by_source |= where(in_force, declared)
            if amended:
                row = _amendment(matter)
                declared = row.values
                by_source |= of_amendment(row.number, row.version, row.received_at)
            # From the version in force, whichever form confirms it: form 14 does not state what is brought later.
            wanted = docket.confirmed(dossier, in_force, matter.latest.values, now)
            by_source |= last_days(wanted, docket.terms)
            spec = completion_of(procedure)
            content = confirmation(procedure, self.desk.answered(matter.request), declared, by_source)
            dossiers.keep_confirmation(matter.ledger.connection, dossier, number)
            assert dossier.id is not None
            amendments.close(matter.ledger.connection, dossier.id, now)  # the request needs no answer any more
            kind = ReplyKind.AMENDMENT_COMPLETION if amended else ReplyKind.COMPLETION
            done = replace(dossier, confirmed_at=now)
            detail = {"confirmation": number}
            return OfficerReply(kind, content, done, procedure, matter.request, spec.schema_name, detail, number)

        return self.desk.act(key, (Act.COMPLETE_AMENDMENT, Act.COMPLETE), officer, compose_reply, _to_confirm)

    def refuse(self, key: DossierKey, officer: Actor, *, reason: str, ground: str = "") -> Dossier:
        """20/22 with legal ground and reason, in every state before a confirmation.

        Raises:
            NotAllowed: the dossier is unknown or its state has no such step.
        """

        reason = typed(reason, "the reason", least=1)

        def compose_reply(matter: Matter) -> OfficerReply:
            finding = Finding("officer_refusal", "/Envelope", Severity.REFUSE, words={"reason": reason})
            procedure = self.desk.procedure(matter.latest.mapping)
            content = self.refusal(matter, officer, finding, procedure, ground, matter.request)
            assert matter.dossier.id is not None
            amendments.void(matter.ledger.connection, matter.dossier.id, reason, matter.ledger.now)
            return OfficerReply(ReplyKind.REFUSAL, content, matter.dossier, procedure, matter.request)

        return self.desk.act(key, (Act.REFUSE,), officer, compose_reply)

    def refusal(
        self,
        matter: Matter,
        officer: Actor,
        finding: Finding,
        procedure: Procedure,
        ground: str,
        request: StoredMessage,
    ) -> etree._Element:
        """20/22 in an officer's name, on a ground of the procedure's or the general one.

        Raises:
            NotAllowed: the ground is none of the procedure's.
        """
        correspondence = self.desk.correspondence
        general, codelists = correspondence.installation.refusal_ground, correspondence.catalogue.codelists
        return compose.refusal(
            self.desk.answered(request),
            correspondence.state([finding]),
            self.desk.correspondence.ours(matter.dossier),
            name=officer.name,
            ground=ground_of(procedure, codelists, typed(ground, "the ground", most=LONGEST_GROUND), general=general),
            now=matter.ledger.now,
        )


def _to_confirm(connection: Connection, dossier: Dossier) -> Dossier:
    """A version that form 14 made is confirmed by form 15, also when another request was open since.

    Raises:
        NotAllowed: an amendment waits for the officer.
    """
    assert dossier.id is not None
    if amendments.is_pending(connection, dossier.id):
        raise NotAllowed(f"an amendment of dossier {dossier.key} waits for your decision: approve or decline it first")
    is_amended = amendments.of_version(connection, dossier.id, dossier.version) is not None
    if dossier.state is not DossierState.AMENDMENT_REQUESTED or not is_amended:
        return dossier
    is_confirmed = dossiers.is_confirmed(connection, dossier.id, dossier.version)
    return dossier if is_confirmed else replace(dossier, state=DossierState.AMENDED)


def _remarks(matter: Matter, remarks: str) -> str:
    """The officer's own words, and which requests to amend were withdrawn since the confirmation before this one."""
    assert matter.dossier.id is not None
    since = matter.dossier.confirmed_at
    rows = amendments.withdrawals(matter.ledger.connection, matter.dossier.id, since=since)
    withdrawn = [
        _WITHDRAWN.format(number=row.number, at=hour_and_day(row.withdrawn_at))
        for row in rows
        if row.withdrawn_at is not None
    ]
    return " ".join(filter(None, [remarks, *withdrawn]))


def _amendment(matter: Matter) -> StoredAmendment:
    """The amendment that brought the version in force."""
    assert matter.dossier.id is not None
    row = amendments.of_version(matter.ledger.connection, matter.dossier.id, matter.dossier.version)
    assert row is not None, "what is amended was amended by a form 14"
    return row


def completion_of(procedure: Procedure) -> CompletionSpec:
    """The form that completes a procedure.

    Raises:
        Misconfigured: its mapping has none.
    """
    if procedure.completion is None:
        raise Misconfigured(f"{procedure.code} has no completion in its mapping")
    return procedure.completion


def confirmation(
    procedure: Procedure, answered: compose.InReplyTo, declared: StoredRecord, by_source: Mapping[str, str]
) -> etree._Element:
    """The confirmation: each value comes from the stored declaration or from `by_source`, by its source."""
    spec = completion_of(procedure)
    return compose.completion(answered, form=spec.form, root=spec.root, values=_form(spec, declared, by_source))


def said_by(officer: Actor, number: str, remarks: str, now: datetime) -> dict[str, str]:
    """What a confirmation has from its officer, by source."""
    return {
        "confirmation.number": number,
        "confirmation.time": write_time(now),
        "officer.name": officer.name,
        "officer.rank": officer.rank,
        "officer.remarks": remarks,
    }


def of_dossier(key: DossierKey, received_at: datetime) -> dict[str, str]:
    """What a confirmation has from its dossier, by source."""
    return {
        "dossier.number": key.number,
        "dossier.year": str(key.year),
        "dossier.receivedAt": write_time(received_at.astimezone(VIETNAM)),
    }


def where(procedure: Procedure, values: StoredRecord) -> dict[str, str]:
    """Gate and unit from the version in force: a form 14 only claims them."""
    placed = {source: values.get(procedure.place.get(column, "")) for source, column in PLACED.items()}
    return {source: write(value) for source, value in placed.items() if value is not None}


def of_amendment(number: str, version: int, received_at: datetime) -> dict[str, str]:
    """What a form 15 has from the amendment it confirms, by source."""
    return {
        "amendment.number": number,
        "amendment.receivedAt": write_time(received_at.astimezone(VIETNAM)),
        "amendment.version": str(version),
    }


def _form(spec: CompletionSpec, declared: StoredRecord, by_source: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """The confirmation's values, each from its closed source."""
    return [
        (
            item.path,
            _declared(declared, item.source) if item.source.startswith("declaration.") else by_source.get(item.source),
        )
        for item in spec.content
    ]


def last_days(wanted: Iterable[tuple[Deadline, datetime]], terms: Terms) -> dict[str, str]:
    """The last day for each paper that is brought later, by its source (`deadline.<name>`); `wanted`: `to_bring`."""
    due = {}
    for limit, start in wanted:
        last = terms.due(limit.amount, limit.unit, start)
        if last is not None:
            due[f"deadline.{limit.name}"] = write(last.astimezone(VIETNAM).date())
    return due


def _declared(values: StoredRecord, source: str) -> str | None:
    value = values.get(source.removeprefix("declaration."))
    return None if value is None else write(value)
