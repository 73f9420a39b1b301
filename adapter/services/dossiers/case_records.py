"""A dossier as the officer who decides on it sees it: frozen records, made by `services/dossiers/case_file`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.attachments import AttachedFile
from adapter.model.procedure import Label
from adapter.services.dossiers.case_paper import CasePaper
from adapter.services.dossiers.destinations import Destination
from adapter.services.dossiers.own_records import OwnFinding, RunningLimit


@dataclass(frozen=True, slots=True)
class CaseVersion:
    """A stored version: its message, its state, and its signature with both times.

    `signer` is None without a signature; `claimed_at` is the claimed time of signing, `proven_at` the time
    at which a time stamp proves that the signature existed.
    """

    number: int
    standing: str
    received_at: datetime
    amendment: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    signer: str | None
    serial: str | None
    store: str | None
    claimed_at: datetime | None
    proven_at: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class CaseValue:
    """One field through all versions, in words. `place` names it for a request to amend."""

    place: str
    label: Label
    values: tuple[Label, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class CaseCell:
    """One value of a row, and the value in the version before where it was another."""

    place: str
    label: Label
    value: Label
    before: Label | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A person, vehicle or paper: the cells of the table's columns, and the further values."""

    ordinal: int
    cells: tuple[CaseCell | None, ...]
    rest: tuple[CaseCell, ...]


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """A list of a declaration as a table. `same`: values that all rows share, shown once."""

    name: str
    label: Label
    heads: tuple[Label, ...]
    same: tuple[CaseCell, ...]
    rows: tuple[CaseRow, ...]


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """A message about the dossier with its findings."""

    meaning: str
    received_at: datetime
    findings: tuple[OwnFinding, ...]


@dataclass(frozen=True, slots=True)
class CaseWarning:
    """A relation to another dossier: only its number, gate and time, of whichever unit.

    `kind`: same_paper, second_leader (who leads here leads there too), both_doors, several_leaders (in this dossier
    itself) or suspended; `told` are papers' numbers, or why somebody is suspended.
    """

    kind: str
    told: str
    number: str = ""
    year: int = 0
    gate: Label | None = None
    at: datetime | None = None
    is_own: bool = False
    """Whether it is a dossier of the unit that has this one: its officers may open it."""


@dataclass(frozen=True, slots=True)
class CaseItem:
    """One thing that was asked for in form 13."""

    wrong: str
    asked: str


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """A request to amend (form 13). `standing`: open, closed or withdrawn."""

    number: str
    standing: str
    reason: str
    items: tuple[CaseItem, ...]
    by: str
    requested_at: datetime
    answer_before: datetime


@dataclass(frozen=True, slots=True)
class CaseReply:
    """A reply with its three times: signed, sent, with the declarant."""

    kind: str
    pair: str
    route: str
    digest: str
    signed_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    answer: str | None
    awaits_unit: str | None


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of the timeline: event of the journal, actor, and details that are shown."""

    at: datetime
    event: str
    actor: str
    """As the journal names him."""
    who: str
    """In words; empty where the actor was no officer."""
    told: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A dossier on one page. `seen` is compared when an act is done: the length of its journal when this was read."""

    number: str
    year: int
    alias: str | None
    title: Label
    form: str | None
    mapping: str | None
    """The mapping that judged the newest version."""
    state: str
    channel: str
    unit: str | None
    gate: Label | None
    principal: str | None
    declarant: str | None
    crossing_at: datetime | None
    received_at: datetime
    accepted_at: datetime | None
    late: bool
    confirmation: str | None
    limits: tuple[RunningLimit, ...]
    versions: tuple[CaseVersion, ...]
    values: tuple[CaseValue, ...]
    groups: tuple[CaseGroup, ...]
    messages: tuple[CaseMessage, ...]
    warnings: tuple[CaseWarning, ...]
    requests: tuple[CaseRequest, ...]
    amendment: str | None
    """Number of the amendment (form 14) that waits for a decision."""
    replies: tuple[CaseReply, ...]
    events: tuple[CaseEvent, ...]
    acts: tuple[str, ...]
    """The acts that this officer may do now, by their names."""
    grounds: Mapping[str, Label]
    """The grounds of a refusal by code, where the law names them."""
    to_bring: tuple[str, ...]
    """Names of what the declarant still has to bring."""
    destinations: tuple[Destination, ...]
    """The gates for which this officer may ask the declarant to declare it anew."""
    moves_to: Destination | None
    """Where it goes if the amendment that waits is approved; None: it stays."""
    personal: bool
    seen: int
    at: datetime
    paper: CasePaper | None = None
    """Of a dossier that was done by hand."""
    files: Sequence[AttachedFile] = ()
    """What is attached to it; nothing for whoever sees no values of persons."""
