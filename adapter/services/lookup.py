"""Customs look results of the Ministry of Defence's procedures up (letter of 27/5/2022), and the desk by the same keys.

Needs neither window nor broker. A caller sees dossiers of its own office only; the journal keeps who asked and the
digest of what was asked for, never the value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapter.gateways import journal, lookups
from adapter.gateways.database import Connection, Database, Stored
from adapter.gateways.dossiers import search_value
from adapter.gateways.journal import Entry
from adapter.model.dossier import DossierState
from adapter.model.errors import NotAllowed
from adapter.model.events import Event, Observe
from adapter.model.procedure import Catalogue, Label, Meaning, Procedure, ReplyKind
from adapter.model.stages import Channel
from adapter.pipeline.envelope import VIETNAM
from adapter.services.comparison import Column, Comparison, Line, compared
from adapter.services.tokens import EVERY_OFFICE, Caller, Role

MOST = 50
"""So many dossiers are listed at most; more are told of, not listed."""
_DECISIONS = tuple(
    kind.value
    for kind in (
        ReplyKind.ACCEPTANCE,
        ReplyKind.REFUSAL,
        ReplyKind.AMENDMENT_REQUEST,
        ReplyKind.COMPLETION,
        ReplyKind.AMENDMENT_COMPLETION,
    )
)


class Kind(StrEnum):
    """By what a dossier is looked up; the value is the search key's kind."""

    NUMBER = "number"
    PAPER = "paper"
    CONFIRMATION = "confirmation"
    PLATE = "plate"
    TAX_CODE = "tax_code"
    SHIP = "ship"
    """Its name, IMO number, registration number or call sign."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; `year` belongs to a number."""

    kind: Kind
    value: str
    year: int = 0


@dataclass(frozen=True, slots=True)
class Paper:
    """Whether paper may still be asked for, and on what ground."""

    value: bool
    ground: Label


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """The newest signed decision; `sent_at` is None while it waits for the window."""

    kind: str
    digest: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    """When the declarant had it (Article 10): the window's 99, or his first look on the portal."""


@dataclass(frozen=True, slots=True)
class Found:
    """One dossier as customs see it; times are Vietnam's."""

    reference: str
    alias: str | None
    year: int
    procedure: str
    title: Label | None
    form: str | None
    state: str
    result: Label
    confirmation: str | None
    channel: str
    gate: str | None
    unit: str | None
    version: int
    versions: Sequence[Column]
    """All versions kept, and where each stands; none for a dossier that was never changed."""
    changes: Sequence[Line]
    """What differs between them; personal values are masked."""
    late: bool
    crossing_at: datetime | None
    received_at: datetime | None
    accepted_at: datetime | None
    completed_at: datetime | None
    issued_through_window: bool
    paper_may_be_asked: Paper
    decision: SignedDecision | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a lookup gives; `more` says that some were left out."""

    dossiers: Sequence[Found]
    more: bool


_RESULTS = {
    DossierState.RECEIVED: Label("Đã nhận bản khai, chưa có kết quả", "Received; no result yet"),
    DossierState.ACCEPTED: Label(
        "Đã tiếp nhận bản khai, chưa xác nhận hoàn thành khai báo", "Accepted; completion is not confirmed yet"
    ),
    DossierState.AMENDMENT_REQUESTED: Label(
        "Đã yêu cầu người khai sửa đổi, bổ sung", "The declarant was asked for an amendment"
    ),
    DossierState.AMENDED: Label(
        "Đã sửa đổi, bổ sung, chưa xác nhận hoàn thành", "Amended; completion is not confirmed yet"
    ),
    DossierState.COMPLETED: Label(
        "Xác nhận hoàn thành {what}, không phải cho phép qua cửa khẩu",
        "{what} is confirmed as complete; this is no permission to cross",
    ),
    DossierState.COMPLETED_AMENDED: Label(
        "Xác nhận hoàn thành {what} sau sửa đổi, bổ sung, không phải cho phép qua cửa khẩu",
        "{what} is confirmed as complete after amendment; this is no permission to cross",
    ),
    DossierState.REFUSED: Label("Không tiếp nhận bản khai", "Refused"),
    DossierState.WITHDRAWN: Label("Người khai đã rút bản khai", "Withdrawn by the declarant"),
}
_COMPLETED = {
    "declaration": Label("khai báo", "The declaration"),
    "procedure": Label("thủ tục", "The procedure"),
}
"""What a completion completes: Article 10 says khai báo, Article 13 (ships) says thủ tục."""
_LETTER = Paper(
    False,
    Label(
        "Công văn TCHQ ngày 27/5/2022, mục 2: kết quả cấp qua Cơ chế một cửa quốc gia",
        "General Department of Customs, letter of 27/5/2022, section 2: issued through the national single window",
    ),
)
_OUTSIDE = Paper(
    True,
    Label(
        "Công văn TCHQ ngày 27/5/2022, mục 2 không áp dụng: xử lý ngoài Cơ chế một cửa quốc gia, chưa chuyển lên",
        "Letter of 27/5/2022, section 2 does not apply: processed outside the window and not yet transferred to it",
    ),
)
_NOT_YET = Paper(
    True,
    Label(
        "Công văn TCHQ ngày 27/5/2022, mục 2 chưa áp dụng: kết quả chưa được cấp qua Cơ chế một cửa quốc gia",
        "Letter of 27/5/2022, section 2 does not apply yet: the result has not been issued through the window",
    ),
)
_NOT_COVERED = Paper(
    True,
    Label(
        "Công văn TCHQ ngày 27/5/2022, mục 2 không áp dụng: thủ tục không thuộc năm thủ tục của công văn",
        "Letter of 27/5/2022, section 2 does not apply: the procedure is not one of the five that the letter names",
    ),
)


@dataclass(frozen=True)
class Lookup:
    """The use cases of GET /lookup and of `dossier find`. `clock` gives the legal time (aware)."""

    database: Database
    catalogue: Catalogue
    clock: Callable[[], datetime]
    observe: Observe

    def dossiers(self, question: Question, caller: Caller) -> Findings:
        """Dossiers of the caller's office; the question is journalled with how many were found.

        Raises:
            NotAllowed: the caller is no customs office.
        """
        found = self.of_office(question, office=_office(caller), actor=caller.actor)
        self.observe(Event.LOOKUP, kind=question.kind.value, hits=len(found.dossiers), token=caller.id)
        return found

    def of_office(self, question: Question, *, office: str, actor: str) -> Findings:
        """Dossiers of a gate or unit, or of every office; the journal keeps that `actor` asked."""
        with self.database.transaction() as connection:
            rows = _ask(connection, question, office)
            self._journal(connection, "lookup.dossiers", question, office, actor, hits=min(len(rows), MOST))
            shown = rows[:MOST]
            decisions = lookups.decisions(connection, [row.id for row in shown], _DECISIONS)
            histories = {
                row.id: compared(connection, row, self.catalogue, personal=False) for row in shown if row.versions > 1
            }
        found = [self._found(row, decisions.get(row.id), histories.get(row.id)) for row in shown]
        return Findings(found, len(rows) > MOST)

    def reply(self, number: str, year: int, caller: Caller) -> bytes | None:
        """The exact bytes of the newest signed decision, or None where there is none for this office.

        Raises:
            NotAllowed: the caller is no customs office.
        """
        question, office = Question(Kind.NUMBER, number, year), _office(caller)
        with self.database.transaction() as connection:
            rows = _ask(connection, question, office)
            found = lookups.decisions(connection, [row.id for row in rows], _DECISIONS)
            bodies = [bytes(found[row.id].body) for row in rows if row.id in found]
            self._journal(connection, "lookup.reply", question, office, caller.actor, hits=len(bodies))
        self.observe(Event.LOOKUP, kind="reply", hits=len(bodies), token=caller.id)
        return bodies[0] if bodies else None

    def _journal(
        self, connection: Connection, event: str, question: Question, office: str, actor: str, *, hits: int
    ) -> None:
        detail = {
            "office": office,
            "kind": question.kind.value,
            "value": hashlib.sha256(_asked(question).encode()).hexdigest(),
            "hits": hits,
        }
        journal.append(connection, self.database, Entry(event, actor, self.clock(), detail))

    def _found(self, row: Stored[Any], decision: Stored[Any] | None, history: Comparison | None) -> Found:
        procedure = self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())
        by_window = row.channel == Channel.WINDOW.value
        # A result that waits in the outbox is none yet for whoever asks the window.
        issued = bool(row.transferred) or (by_window and decision is not None and decision.sent_at is not None)
        return Found(
            reference=row.number,
            alias=row.alias_number,
            year=row.year,
            procedure=row.procedure,
            title=procedure.title if procedure else None,
            form=_form(procedure) if procedure else None,
            state=row.state,
            result=_result(DossierState(row.state), procedure),
            confirmation=row.confirmation_number,
            channel=row.channel,
            gate=row.gate,
            unit=row.unit,
            version=row.version,
            versions=history.columns if history else (),
            changes=tuple(each for each in history.lines if each.changed) if history else (),
            late=row.late,
            crossing_at=_local(row.crossing_at),
            received_at=_local(row.received_at),
            accepted_at=_local(row.accepted_at),
            completed_at=_local(row.completed_at),
            issued_through_window=issued,
            paper_may_be_asked=_paper(procedure, issued=issued, by_window=by_window),
            decision=decision and _decision(decision),
        )


def _paper(procedure: Procedure | None, *, issued: bool, by_window: bool) -> Paper:
    """The letter spares paper for the procedures that it names, and only of results that the window has."""
    if procedure is not None and not procedure.paperless:
        return _NOT_COVERED
    if issued:
        return _LETTER
    return _NOT_YET if by_window else _OUTSIDE


def _office(caller: Caller) -> str:
    if caller.role is not Role.CUSTOMS or not caller.office:
        raise NotAllowed("Only a customs token may look dossiers up.")
    return caller.office


def _ask(connection: Connection, question: Question, office: str) -> Sequence[Stored[Any]]:
    own = None if office == EVERY_OFFICE else office
    if question.kind is Kind.NUMBER:
        return lookups.by_number(connection, number=question.value, year=question.year, office=own, limit=MOST + 1)
    return lookups.by_key(connection, kind=question.kind.value, value=_asked(question), office=own, limit=MOST + 1)


def _decision(row: Stored[Any]) -> SignedDecision:
    return SignedDecision(row.kind, row.digest, row.created_at, row.sent_at, row.delivered_at)


def _asked(question: Question) -> str:
    """The value as search keys are stored, so that one spelling of a paper's number is as good as another."""
    if question.kind is Kind.NUMBER:
        return f"{question.value}/{question.year}"
    return search_value(question.kind.value, question.value)


def _result(state: DossierState, procedure: Procedure | None) -> Label:
    """Where the dossier stands, in words; completion of the declaration and of the procedure are told apart."""
    what = _COMPLETED[procedure.result if procedure else "declaration"]
    said = _RESULTS[state]
    return Label(said.vi.format(what=what.vi), said.en.format(what=what.en))


def _form(procedure: Procedure) -> str | None:
    declared = (spec.form for spec in procedure.messages.values() if spec.meaning is Meaning.DECLARATION)
    return next(declared, None)


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(VIETNAM)
