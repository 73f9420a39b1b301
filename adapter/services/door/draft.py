"""A draft as its declarant sees it, and what can be wrong with what he asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.errors import NotAllowed
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import MessageSpec, Procedure
from adapter.pipeline.forms.answers import Answers

LARGEST = 5_000_000
"""Characters of all answers of a draft: more than the fullest list of persons has."""


class NoDraft(NotAllowed):
    """There is no such draft of this owner, or it was sent."""


class TooManyDrafts(NotAllowed):
    """Some must be sent or thrown away first."""


class OtherForm(NotAllowed):
    """A file that comes back signed is of another procedure or message than the draft."""


class DraftTooLarge(NotAllowed):
    """It holds more than any declaration."""


class ChangedMeanwhile(NotAllowed):
    """Another window of the browser has changed the draft. `now` is how it stands."""

    def __init__(self, now: Draft) -> None:
        super().__init__("the draft was changed meanwhile")
        self.now = now


def bounded(answers: Answers) -> Answers:
    """The same answers.

    Raises:
        DraftTooLarge: they hold more than any declaration: each page of the draft would load all of it.
    """
    if sum(len(text) for _, text in answers.named()) > LARGEST:
        raise DraftTooLarge(f"a draft holds {LARGEST} characters at most")
    return answers


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it stands."""

    public_id: str
    owner: str
    procedure: Procedure
    spec: MessageSpec
    answers: Answers
    version: int
    message_key: str
    """Names the message that may be sent of it next: sent twice, it is one message."""
    key: DossierKey | None
    """Its number; None until it is first needed."""
    begun_at: datetime
    changed_at: datetime
    pressed_at: datetime | None
    signed: bytes | None
    sent_as: str | None
    """Public id of the message that was sent of it; None: it was not sent."""

    @property
    def must_be_signed(self) -> bool:
        """Whether its declarant must sign (Article 6(2))."""
        return self.procedure.signature.demands(lambda name: self.answers.values.get(name))

    @property
    def gate(self) -> str:
        """The gate's code, empty where none is chosen."""
        return self.answers.values.get(self.procedure.place.get("gate", ""), "")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a draft that was sent. `reference` is the dossier's number and year."""

    public_id: str
    state: str
    outcome: str | None
    reference: str
    received_at: datetime
    findings: tuple[StatedFinding, ...]
