"""The catalogue: every procedure in every version, code lists with their facts, texts of findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from adapter.model.calendar import NO_CALENDAR, Calendar
from adapter.model.customs_view import CustomsView
from adapter.model.duties import Deadline
from adapter.model.finding import FindingCatalogue
from adapter.model.identifiers import ProcedureCode
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.procedure import Meaning, Procedure, ReplyKind, RequestWords
from adapter.model.statement import StatementForm


@dataclass(frozen=True, slots=True)
class ReplySpec:
    """How a kind of reply is written: its (type, function), its XSD. `type` None = the type answered."""

    kind: ReplyKind
    type: str | None
    function: str
    schema_name: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Facts of a code list on a code, between two days: a gate's province, class, unit."""

    value: object
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list, with the days between which it is valid."""

    code: str
    vi: str
    en: str
    valid_from: date | None = None
    valid_to: date | None = None
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)

    def valid(self, on: date) -> bool:
        """Whether it may be used on a day."""
        return is_within(on, self.valid_from, self.valid_to)

    def fact(self, name: str, on: date) -> object | None:
        """The fact on a day, or None."""
        stated = self.facts.get(name, ())
        return next((fact.value for fact in stated if is_within(on, fact.valid_from, fact.valid_to)), None)


def is_within(on: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All data files, proved at start: procedures, code lists, replies, finding texts."""

    procedures: Mapping[ProcedureCode, tuple[Procedure, ...]]
    codelists: Mapping[str, Mapping[str, Code]]
    meanings: Mapping[str, Meaning]
    replies: Mapping[ReplyKind, ReplySpec]
    schemas: Mapping[str, etree.XMLSchema]
    """Outbound and technical XSDs by name."""
    schema_files: Mapping[str, str]
    """File of each XSD by name, for the slow second opinion on the reject path."""
    findings: FindingCatalogue
    calendar: Calendar = NO_CALENDAR
    reconciliation: Deadline | None = None
    """Time limit after an incident for transfers to the window; it belongs to no single procedure."""
    request_words: RequestWords = field(default_factory=RequestWords)
    customs: CustomsView = field(default_factory=CustomsView)
    """The values of persons and vehicles that customs see."""
    notifications: NotificationKinds = NO_NOTIFICATIONS
    """Notifications to declarants."""
    statements: StatementForm | None = None
    """How statements that people sign are written; None: these data have none."""
    warn_share: float = 0.75
    """The share of a time limit after which an alert is sent."""
    hour_stands: bool = False
    """Whether the hour of a request to amend stands still while the declarant's account is suspended."""

    def find(self, code: str, on: date) -> Procedure | None:
        """The version of a procedure in force on a day, or None."""
        for procedure in self.procedures.get(ProcedureCode(code), ()):
            if procedure.effective_from <= on and (procedure.effective_to is None or on <= procedure.effective_to):
                return procedure
        return None

    def under(self, document_type: str, on: date) -> list[Procedure]:
        """The procedures in force on a day whose messages bear a documentType."""
        current = (self.find(code, on) for code in self.procedures)
        return [found for found in current if found and found.document_type == document_type]

    def version(self, name: str | None) -> Procedure | None:
        """The version of a procedure by its mapping's name (`Procedure.name`), or None where it is not installed."""
        code, _, _ = (name or "").partition("/")
        versions = self.procedures.get(ProcedureCode(code), ())
        return next((procedure for procedure in versions if procedure.name == name), None)

    def amending(self, code: str, on: date) -> Procedure | None:
        """The procedure in force on a day whose form 14 amends dossiers of another one, or None."""
        current = (self.find(each, on) for each in self.procedures)
        return next((found for found in current if found and found.amends and code in found.amends.procedures), None)
