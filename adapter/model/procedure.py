"""A procedure (thủ tục) as compiled from schemas/ and mappings/: what may come in, how it is read, what goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from lxml import etree

from adapter.model.duties import Condition, Deadline, OnceSpec, PromptSpec
from adapter.model.finding import Severity
from adapter.model.identifiers import ProcedureCode


class Meaning(StrEnum):
    """The meaning of a message; mappings/messages.yaml assigns it to each (type, function)."""

    DECLARATION = "declaration"
    REPLACEMENT = "replacement"
    AMENDMENT_OWN = "amendment_own"
    AMENDMENT_REQUESTED = "amendment_requested"
    WITHDRAWAL = "withdrawal"
    RECEIPT = "receipt"
    ERROR = "error"
    HEARTBEAT = "heartbeat"
    INCIDENT_NOTICE = "incident_notice"
    INCIDENT_END = "incident_end"

    @property
    def is_control(self) -> bool:
        """Is about the window itself, not about a dossier."""
        return self in (Meaning.HEARTBEAT, Meaning.INCIDENT_NOTICE, Meaning.INCIDENT_END)

    @property
    def is_amendment(self) -> bool:
        """Form 14: is about a dossier of another procedure."""
        return self in (Meaning.AMENDMENT_OWN, Meaning.AMENDMENT_REQUESTED)

    @property
    def is_technical_answer(self) -> bool:
        """Answers one of our messages; is never answered itself."""
        return self in (Meaning.RECEIPT, Meaning.ERROR)


class ReplyKind(StrEnum):
    """Kinds of our answers; the value is the element under Content, except for the completion of an amendment."""

    RECEIPT = "Receipt"
    ERRORS = "Errors"
    ACCEPTANCE = "Acceptance"
    REFUSAL = "Refusal"
    AMENDMENT_REQUEST = "AmendmentRequest"
    COMPLETION = "Completion"
    AMENDMENT_COMPLETION = "AmendmentCompletion"
    """Its element is Completion too; its (type, function) is another."""
    TRANSFER = "Transfer"


@dataclass(frozen=True, slots=True)
class Label:
    """A name for people, in Vietnamese and English."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One value: its name, its path (simple child steps, optional final @attribute), its type."""

    name: str
    path: str
    type: str
    label: Label
    codes: str | None = None
    personal: bool = False
    listing: Label | None = None
    """What its code list is called for people."""


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """Repeated rows: persons, vehicles, crew."""

    name: str
    path: str
    label: Label
    fields: tuple[FieldSpec, ...]
    ordinal: str | None = None
    by_name: Mapping[str, FieldSpec] = field(init=False, repr=False, compare=False)
    """Its fields."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {spec.name: spec for spec in self.fields})


class Where(dict[str, object]):
    """A rule's condition as the mapping states it. It never changes, so what is made of it may be kept by it."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """One rule of the closed table, with its arguments and what breaking it means."""

    rule: str
    severity: Severity
    arguments: Mapping[str, object]
    basis: str = ""


@dataclass(frozen=True, slots=True)
class RequestWords:
    """Texts of form 13 when the program asks by itself: the reason, and the request for each item."""

    reason: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """Whether the declarant must sign (Article 6(2)) and which trust stores he may chain to."""

    required: str
    """always | never | when_present"""
    when_present: str | None = None
    stores: tuple[str, ...] = ()
    stores_where: tuple[tuple[Condition, tuple[str, ...]], ...] = ()

    def demands(self, stated: Callable[[str], str | None]) -> bool:
        """Whether there must be a signature; `stated` gives the text of a field as it was declared."""
        if self.required == "when_present":
            return bool(stated(self.when_present or ""))
        return self.required == "always"

    def permitted(self, stated: Callable[[str], str | None]) -> tuple[str, ...]:
        """Stores a declarant may chain to; a State body's declaration may name more."""
        chosen = (stores for condition, stores in self.stores_where if stated(condition.field) == condition.value)
        return next(chosen, self.stores)


@dataclass(frozen=True, slots=True)
class PrincipalSpec:
    """For whom the declarant signs (Articles 3(4), 7(3)): the first of `fields` that is declared names him.

    Where numbers cannot be compared, a certificate of a store in `unproved_in` is taken and flagged, another rejected.
    """

    fields: tuple[str, ...]
    unproved_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnBehalfSpec:
    """The fields by which one person declares for another, and the field of the authorisation (Article 3(4)(a))."""

    declarant: str
    of: str
    letter: str
    basis: str = ""
    born: str | None = None
    under: int = 0
    """Of whom is younger, by the day of birth `born`, nothing is asked: his parents represent him by law."""


@dataclass(frozen=True, slots=True)
class AttachedSpec:
    """The list in which a declaration names its attached files: the fields of a row, by the mapping's names.

    The program fills in `name`, `size` (bytes) and `digest` (SHA-256); `severity`: of a missing file.
    """

    group: str
    kind: str
    name: str
    size: str
    digest: str
    severity: Severity
    basis: str


@dataclass(frozen=True, slots=True)
class HeaderEqual:
    """A field that repeats what the header says; with `fact`, what the field's code list says of its code does."""

    field: str
    header: str
    fact: str | None = None


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """One message that may come in: meaning, form, compiled XSD, root element under Content."""

    pair: str
    meaning: Meaning
    root: str
    schema_name: str
    schema: etree.XMLSchema
    form: str | None = None
    after_confirmation: bool = False
    """A withdrawal that is possible after the confirmation too (ships: TT 49/2017/TT-BQP Article 16)."""


PLACED = {"dossier.gate": "gate", "dossier.unit": "unit"}
"""Sources of a confirmation that say where the dossier is, each with its column of `place`: the version in force has
them, and what form 14 says of them is its own claim."""


PREFILLED = ("time", "name", "number", "tax_code")
"""What a form may be begun with: when it is sent; name, personal number and tax code of who has logged in."""


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One value of an outbound form: where it goes, and from which closed source."""

    path: str
    source: str


@dataclass(frozen=True, slots=True)
class CompletionSpec:
    """The confirmation (xác nhận hoàn thành khai báo): form, XSD, content."""

    form: str
    root: str
    schema_name: str
    content: tuple[ContentItem, ...]


@dataclass(frozen=True, slots=True)
class ExpectedSpec:
    """A field of form 14 whose absence is flagged where all conditions hold, once the time in `since` has passed.

    Conditions and time are those of form 14, or, where it has no such field, of what it amends.
    """

    field: str
    since: str
    where: tuple[Condition, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class AmendsSpec:
    """Which procedures' dossiers a form 14 amends, and where it says what: a list of changes, or a complete form.

    `group` names the rows that are changes; `form`, `row`, `field`, `old` and `new` name fields of that group.
    """

    procedures: tuple[ProcedureCode, ...]
    request: str
    """The field with the number of the request (form 13) that is answered."""
    reason: str
    """The field with the reason, which the border guard clears up before it approves (Article 11(2)(a))."""
    group: str
    form: str
    row: str
    field: str
    old: str
    new: str
    replacement: str | None = None
    """The element below the form's root that may hold a complete form instead."""
    expects: tuple[ExpectedSpec, ...] = ()
    prompt: PromptSpec | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure in one version."""

    code: ProcedureCode
    document_type: ProcedureCode
    """The documentType of its messages: its own code, or that of the procedure which it amends."""
    version: str
    effective_from: date
    effective_to: date | None
    title: Label
    basis: str
    on_window: bool
    acceptance: str
    """automatic | officer"""
    signature: SignaturePolicy
    messages: Mapping[str, MessageSpec]
    fields: tuple[FieldSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    header_equal: tuple[HeaderEqual, ...] = ()
    identities: tuple[str, ...] = ()
    """Fields with the numbers of those who may read the dossier and change it."""
    principal: PrincipalSpec | None = None
    accounts: tuple[str, ...] = ()
    """Fields with the numbers whose e-ID account a suspension stops (QĐ 15/2019/QĐ-TTg Article 8)."""
    place: Mapping[str, str] = field(default_factory=dict)
    prefill: Mapping[str, str] = field(default_factory=dict)
    """What a form is begun with, by field: what is known of who fills it in, and when it is sent (`PREFILLED`)."""
    search: tuple[tuple[str, str], ...] = ()
    rules: tuple[RuleSpec, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    completion: CompletionSpec | None = None
    always_linked: bool = False
    """No gate does it by the portal before it is linked: only while the window has an incident (Article 12)."""
    paperless: bool = False
    """Of results issued through the window customs ask no paper (letter of 27/5/2022, section 2)."""
    result: str = "declaration"
    refusal_grounds: str | None = None
    """Code list of the grounds on which an officer may refuse; None: the law names none of its own."""
    ignored: tuple[str, ...] = ()
    amends: AmendsSpec | None = None
    on_behalf: OnBehalfSpec | None = None
    once: OnceSpec | None = None
    attached: AttachedSpec | None = None
    _fields: Mapping[str, FieldSpec] = field(init=False, repr=False, compare=False)
    _groups: Mapping[str, GroupSpec] = field(init=False, repr=False, compare=False)
    """By name: every stage asks for one or another."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fields", {spec.name: spec for spec in self.fields})
        object.__setattr__(self, "_groups", {spec.name: spec for spec in self.groups})

    @property
    def name(self) -> str:
        """Code and version, as replies and records name the mapping."""
        return f"{self.code}/{self.version}"

    def field(self, name: str) -> FieldSpec | None:
        """The field of that name, or None."""
        return self._fields.get(name)

    def group(self, name: str) -> GroupSpec | None:
        """The group of that name, or None."""
        return self._groups.get(name)

    def deadline(self, kind: str, values: Mapping[str, object]) -> Deadline | None:
        """The time limit of that kind for what was declared, or None."""
        return next((limit for limit in self.deadlines if limit.kind == kind and limit.holds(values)), None)
