"""A declarant's view of his dossiers: frozen records, made by `services/dossiers/own`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.procedure import Label, ReplyKind
from adapter.pipeline.readable import ReadableLine


@dataclass(frozen=True, slots=True)
class RunningLimit:
    """A time limit that runs. `party`: whom it binds (border_guard, declarant); `due_at` None: not known yet."""

    name: str
    kind: str
    party: str
    due_at: datetime | None
    stands: bool | None = None
    """Of his running hour to amend while he is suspended: whether it stands still; None: he is not suspended."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One dossier in the list. `state` is the word that people are shown (`model/dossier`)."""

    number: str
    year: int
    title: Label
    form: str | None
    state: str
    gate: Label | None
    crossing_at: datetime | None
    received_at: datetime
    limit: RunningLimit | None
    """The one that ends first."""
    unopened: int
    """Answers that wait for him."""


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page of the list. `last` is where the next one begins; None: there is none."""

    rows: tuple[OwnRow, ...]
    last: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnFinding:
    """A finding in a message of the declarant, in both languages."""

    code: str
    severity: str
    words: Label
    place: Label | None = None
    """What its form calls the place; None where it is about no field."""


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """A message of the declarant about the dossier. `meaning`: what it asked for."""

    meaning: str
    channel: str
    outcome: str
    received_at: datetime
    findings: tuple[OwnFinding, ...]


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An answer of ours. `opened_at`: since when the declarant has it in law; None: not opened yet."""

    kind: ReplyKind
    digest: str
    created_at: datetime
    opened_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


@dataclass(frozen=True, slots=True)
class OneWith:
    """Another dossier that was said to be the same as this one. `ended`: this one ended, and the other one goes on.

    `is_his`: whether the declarant of this one may read the other one.
    """

    number: str
    year: int
    at: datetime
    ended: bool
    is_his: bool


@dataclass(frozen=True, slots=True)
class OwnDossier:
    """A dossier as its declarant sees it."""

    row: OwnRow
    alias: str | None
    result: Label
    confirmation: str | None
    principal: str | None
    declarant: str | None
    limits: tuple[RunningLimit, ...]
    messages: tuple[OwnMessage, ...]
    answers: tuple[OwnAnswer, ...]
    at: datetime
    one_with: tuple[OneWith, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedAnswer:
    """An answer that the declarant has opened. `body` are its exact bytes."""

    answer: OwnAnswer
    number: str
    year: int
    title: Label
    lines: tuple[ReadableLine, ...]
    body: bytes
    procedure: str
    confirmation: str | None
    """The number of the confirmation that it is; None: it is another answer."""
