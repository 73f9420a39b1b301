"""An officer's acts on a dossier: accept, complete (xác nhận hoàn thành khai báo), refuse.

Completion says that the declaration is complete, never that one may cross (Article 3(10)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lxml import etree

from adapter.gateways import dossiers, mailbox, windows
from adapter.gateways.contingency import Series
from adapter.gateways.database import Connection, Database, Stored
from adapter.gateways.journal import Entry
from adapter.model.dossier import ACT_NAMES, STATE_NAMES, Act, Dossier, in_words
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.finding import Finding, Severity
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import SignedReply
from adapter.model.procedure import CompletionSpec, Procedure, ReplyKind
from adapter.model.stages import Channel
from adapter.pipeline import compose
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM, read_time, write_time
from adapter.pipeline.terms import Terms
from adapter.services.correspondence import Correspondence
from adapter.services.docket import Docket
from adapter.services.grounds import ground_of
from adapter.services.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Officer:
    """Who decides. The name stands in the signed form; the journal and the log keep only the id."""

    id: str
    name: str
    rank: str = ""


@dataclass(frozen=True)
class Completion:
    """The officer's use cases. `clock` gives the legal time (aware)."""

    database: Database
    correspondence: Correspondence
    series: Series
    clock: Callable[[], datetime]
    observe: Observe

    def accept(self, key: DossierKey, officer: Officer) -> Dossier:
        """20/21 for a procedure whose acceptance is an officer's."""

        def content(ledger: Ledger, dossier: Dossier, latest: Stored[Any], request: Stored[Any]) -> _Said:
            installation = replace(self.correspondence.installation, accepter=officer.name)
            answered = _answered(request)
            element = compose.acceptance(answered, (), installation, received=request.received_at, now=ledger.now)
            return _Said(ReplyKind.ACCEPTANCE, element, replace(dossier, accepted_at=ledger.now))

        return self._act(key, Act.ACCEPT, officer, content)

    def complete(self, key: DossierKey, officer: Officer, *, remarks: str = "") -> Dossier:
        """30/23 with the form's content (forms 08, 12), signed by the confirming unit.

        Raises:
            NotAllowed: the dossier is unknown or its state has no such step.
        """

        def content(ledger: Ledger, dossier: Dossier, latest: Stored[Any], request: Stored[Any]) -> _Said:
            procedure = self._procedure(dossier, request.mapping)
            spec = procedure.completion
            if spec is None:
                raise Misconfigured(f"{dossier.procedure} has no completion in its mapping")
            number = self.series.confirmation(ledger.connection, ledger.now)
            due = _due(procedure, latest.values, ledger.docket.terms)
            values = _form(due, spec, dossier, latest, officer, remarks, number, ledger.now)
            element = compose.completion(_answered(request), form=spec.form, root=spec.root, values=values)
            dossiers.keep_confirmation(ledger.connection, dossier, number)
            return _Said(ReplyKind.COMPLETION, element, replace(dossier, completed_at=ledger.now), spec.schema_name)

        return self._act(key, Act.COMPLETE, officer, content)

    def refuse(self, key: DossierKey, officer: Officer, *, reason: str, ground: str = "") -> Dossier:
        """20/22 with legal ground and reason: from received on, as long as nothing was confirmed."""

        def content(ledger: Ledger, dossier: Dossier, latest: Stored[Any], request: Stored[Any]) -> _Said:
            finding = Finding("officer_refusal", "/Envelope", Severity.REFUSE, words={"reason": reason})
            installation, codelists = self.correspondence.installation, self.correspondence.catalogue.codelists
            procedure = self._procedure(dossier, request.mapping)
            element = compose.refusal(
                _answered(request),
                self.correspondence.state([finding]),
                installation,
                name=officer.name,
                ground=ground_of(procedure, codelists, ground, general=installation.refusal_ground),
                now=ledger.now,
            )
            return _Said(ReplyKind.REFUSAL, element, dossier)

        return self._act(key, Act.REFUSE, officer, content)

    def _act(self, key: DossierKey, act: Act, officer: Officer, say: _Say) -> Dossier:
        with self.database.transaction() as connection:
            self.database.lock(connection, [dossiers.lock_name(key)])
            found = dossiers.find(connection, [key])
            before = found.get(key)
            if before is None or before.id is None:
                raise NotAllowed(f"there is no dossier {key}")
            state = before.after(act)
            if state is None:
                raise NotAllowed(not_possible(before, act))
            latest = dossiers.latest(connection, before.id)
            request = mailbox.request_of(connection, before.id)
            docket = Docket(self.database, connection, Terms.of(self.correspondence.catalogue))
            ledger = Ledger(connection, self.database, {}, dict(found), self.clock(), docket)
            said = say(ledger, replace(before, state=state), latest, request)
            dossier = self._reply(ledger, said, request)
            entry = Entry(f"dossier.{act.value}", f"officer:{officer.id}", ledger.now, {"state": state.value})
            dossier = ledger.record(dossier, entry) or dossier
            ledger.write(found)
        self.observe(Event.SETTLED, dossier=str(key), act=act.value, state=state.value)
        return dossier

    def _reply(self, ledger: Ledger, said: _Said, request: Stored[Any]) -> Dossier:
        """Sign what is said and send it the way the dossier came, or as a transfer until the window has it."""
        dossier = said.dossier
        ledger.dossiers[dossier.key] = dossier
        procedure = self._procedure(dossier, request.mapping)
        to = self._address(dossier, request)
        signed = self.correspondence.sign(said.kind, said.content, to=to, now=ledger.now, schema_name=said.schema_name)
        direct = dossier.channel is Channel.PORTAL and not (dossier.transferred and procedure.on_window)
        ledger.reply(signed, inbox_id=request.id, dossier=dossier, route="portal" if direct else "window")
        if direct and procedure.on_window:
            transfer = self._transfer(ledger, dossier, request, signed)
            ledger.reply(transfer, inbox_id=request.id, dossier=ledger.dossiers[dossier.key], route="transfer")
        return ledger.dossiers[dossier.key]

    def _transfer(self, ledger: Ledger, dossier: Dossier, request: Stored[Any], signed: SignedReply) -> SignedReply:
        return self.correspondence.transfer(
            key=dossier.key,
            procedure=dossier.procedure,
            request=(request.raw, request.digest, request.received_at),
            reply=(signed.body, signed.digest, ledger.now),
            incident=_incident(ledger.connection),
            now=ledger.now,
        )

    def _address(self, dossier: Dossier, request: Stored[Any]) -> compose.Address:
        installation = self.correspondence.installation
        recipient = installation.portal if dossier.channel is Channel.PORTAL else installation.window
        return compose.Address(
            sender=installation.own,
            recipient=recipient,
            document_type=dossier.procedure,
            type="10",
            key=dossier.key,
            correlation_id=request.message_id,
        )

    def _procedure(self, dossier: Dossier, mapping: str | None) -> Procedure:
        """The procedure in the version that judged the declaration."""
        version = (mapping or "").rpartition("/")[2]
        versions = self.correspondence.catalogue.procedures.get(dossier.procedure, ())  # type: ignore[call-overload]
        for procedure in versions:
            if procedure.version == version:
                found: Procedure = procedure
                return found
        raise Misconfigured(f"procedure {dossier.procedure} has no version {version} any more")


def not_possible(dossier: Dossier, act: Act) -> str:
    """Why an officer's act is turned down, and what he can do instead."""
    state, possible = STATE_NAMES[dossier.state], in_words(dossier.possible)
    return f"dossier {dossier.key} is {state.en}: not possible now: {ACT_NAMES[act].en}; possible: {possible.en}"


@dataclass(frozen=True, slots=True)
class _Said:
    kind: ReplyKind
    content: etree._Element
    dossier: Dossier
    schema_name: str | None = None


_Say = Callable[[Ledger, Dossier, Any, Any], _Said]


def _incident(connection: Connection) -> str | None:
    return windows.incident_name(windows.open_incident(connection))


def _answered(request: Stored[Any]) -> compose.InReplyTo:
    return compose.InReplyTo(
        message_id=request.message_id,
        digest=request.content_digest,
        schema=request.schema,
        mapping=request.mapping,
        channel=request.channel,
    )


def _form(
    due: Mapping[str, str],
    spec: CompletionSpec,
    dossier: Dossier,
    latest: Stored[Any],
    officer: Officer,
    remarks: str,
    number: str,
    now: datetime,
) -> list[tuple[str, str | None]]:
    """The confirmation's values, each from its closed source."""
    fixed = {
        "confirmation.number": number,
        "confirmation.time": write_time(now),
        "dossier.number": dossier.key.number,
        "dossier.year": str(dossier.key.year),
        "dossier.receivedAt": write_time(dossier.received_at.astimezone(VIETNAM)),
        "officer.name": officer.name,
        "officer.rank": officer.rank,
        "officer.remarks": remarks,
    }
    told = {**fixed, **due}
    return [
        (
            item.path,
            _declared(latest.values, item.source) if item.source.startswith("declaration.") else told.get(item.source),
        )
        for item in spec.content
    ]


def _due(procedure: Procedure, values: Mapping[str, Any], terms: Terms) -> dict[str, str]:
    """The last day for whatever the declarant brings later, by its source (`deadline.<name>`)."""
    due = {}
    for limit in procedure.deadlines:
        start = read_time(str(values.get(limit.field or "", "")))
        if limit.kind == "bring_within" and start is not None and limit.holds(values):
            last = terms.due(limit.amount, limit.unit, start)
            if last is not None:
                due[f"deadline.{limit.name}"] = write(last.astimezone(VIETNAM).date())
    return due


def _declared(values: dict[str, Any], source: str) -> str | None:
    value = values.get(source.removeprefix("declaration."))
    return None if value is None else write(value)
