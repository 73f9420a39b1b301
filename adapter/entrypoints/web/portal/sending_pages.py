"""The pages on which a draft is looked through and sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from adapter.entrypoints.web.form_page import Trouble
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.portal.draft_pages import DraftHead, RowLine
from adapter.model.outcomes import Word
from adapter.model.procedure import Label, Meaning
from adapter.services.watch.way import PortalTakes

_TAKEN = (Word.ACCEPTED.value, "asked", "taken")


@dataclass(frozen=True, slots=True)
class Answer:
    """A field that is filled in, in words."""

    label: Label
    value: Label


@dataclass(frozen=True, slots=True)
class AnswersPart:
    """The answers of a section."""

    label: Label | None
    address: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class AnswersList:
    """The rows of a list, in short."""

    label: Label
    address: str
    columns: tuple[Label, ...]
    rows: tuple[RowLine, ...]


@dataclass(frozen=True, slots=True)
class Unlike:
    """Where one text says something else than another: a signed file than the draft, an amendment than what stands."""

    label: Label
    place: Label | None
    before: Label
    after: Label


@dataclass(frozen=True, slots=True)
class CheckPage(Page):
    """All answers, what is wrong with them, and the way to send them."""

    template: ClassVar[str] = "check.html"
    head: DraftHead
    parts: tuple[AnswersPart, ...]
    lists: tuple[AnswersList, ...]
    troubles: tuple[Trouble, ...]
    """What makes it be rejected."""
    notes: tuple[Trouble, ...]
    """What it is taken with, and flagged, asked about or refused for."""
    changes: tuple[Unlike, ...]
    """Of an amendment: what it changes in what was declared."""
    must_be_signed: bool
    key: str
    told: Label | None
    """Why it could not be sent just now."""
    takes: PortalTakes = PortalTakes.ALL
    """What the portal takes of it just now; SIGNED: it may open soon, and then it is sent."""
    late: timedelta | None = None
    """How late he is if he presses now."""
    foreseen: str = ""
    """What the notes lead to if it is sent as it is: `asked` for an amendment, `refused`, or nothing but flags."""


@dataclass(frozen=True, slots=True)
class SignPage(Page):
    """The way of a declarant who signs: download, sign, upload; and what the signed file says otherwise."""

    template: ClassVar[str] = "sign.html"
    head: DraftHead
    uploaded: bool
    unlike: tuple[Unlike, ...]
    key: str
    told: Label | None
    takes: PortalTakes = PortalTakes.ALL


@dataclass(frozen=True, slots=True)
class WaitingPage(Page):
    """It is sent as soon as the portal opens, and can be taken back until then."""

    template: ClassVar[str] = "waiting.html"
    head: DraftHead
    since: datetime
    leaves: bool
    """It is being sent just now."""


@dataclass(frozen=True, slots=True)
class SentPage(Page):
    """What became of it. `outcome` is in the words of `Sent.became`."""

    template: ClassVar[str] = "sent.html"
    head: DraftHead | None
    """None: it was no draft, but a whole file that was uploaded."""
    outcome: str
    reference: str
    """Number and year of the dossier, as `number/year`; empty where there is none."""
    received_at: datetime
    findings: tuple[Trouble, ...]

    @property
    def became(self) -> str:
        """What became of it, as words say it."""
        own = {Meaning.WITHDRAWAL.value: "withdrawn", Meaning.AMENDMENT_OWN.value: "to_approve"}
        meaning = self.head.meaning if self.head and self.outcome in _TAKEN else ""
        return own.get(meaning, self.outcome)

    @property
    def dossier(self) -> str:
        """Where the dossier is; empty where none was made."""
        number, _, year = self.reference.partition("/")
        return f"/ho-so/{year}/{number}" if self.outcome in _TAKEN and year else ""
