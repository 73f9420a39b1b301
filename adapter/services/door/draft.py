"""A draft as its declarant sees it, and what can be wrong with what he asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from adapter.gateways.store.access_records import StoredDraft
from adapter.gateways.store.new_access_rows import ActingFor
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.dossier import DossierState
from adapter.model.errors import NotAllowed
from adapter.model.finding import Severity, StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from adapter.model.procedure import Label, Meaning, MessageSpec, Procedure
from adapter.pipeline.forms.answers import Answers, stored_answers
from adapter.services.registers.party_numbers import PERSONAL

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


class GrantEnded(NotAllowed):
    """It was begun for a principal who does not authorise its owner any more."""

    def __init__(self, principal: str) -> None:
        super().__init__("the authorisation for which it was begun has ended")
        self.principal = principal


class Overtaken(NotAllowed):
    """The dossier has another version in force than the one that the draft was begun with."""


class ChangedMeanwhile(NotAllowed):
    """Another tab of the browser has changed the draft. `now` is its current state."""

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
    """A draft."""

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
    base: int | None = None
    """Of a draft about the dossier `key`: the version that it was begun with; None: it begins a dossier."""
    declared: Procedure | None = None
    """Of an amendment: the mapping of that version, whose form is filled in."""
    cover: Mapping[str, str] = field(default_factory=dict)
    """Of an amendment: what form 14 says of itself."""
    acts_for: str | None = None
    """Tax code of the organisation whose account began it."""
    granted_for: str | None = None
    """The principal, where it was begun under an authorisation: it is sent only while that is in force."""
    waits_since: datetime | None = None
    """When it was pressed to be sent as soon as the portal opens; None: it does not wait."""
    leaves_at: datetime | None = None
    """When it was taken up to be sent; it cannot be taken back any more."""
    held_back: Label | None = None
    """Why it was not taken when the portal opened."""

    @property
    def fills_in(self) -> Procedure:
        """The procedure whose form is filled in."""
        return self.declared or self.procedure

    @property
    def is_file(self) -> bool:
        """Whether a file waits that other software has made; unless it bears one, the door gives it its number."""
        return self.key is None and self.signed is not None

    @property
    def about(self) -> DossierKey | None:
        """The dossier that it corrects, withdraws or amends."""
        return self.key if self.base is not None else None

    @property
    def must_be_signed(self) -> bool:
        """Whether its declarant must sign (Article 6(2)); who had to sign the declaration has to sign its amendment."""
        said = {**self.answers.values, **self.cover}
        return any(each.signature.demands(said.get) for each in (self.procedure, self.declared) if each)

    @property
    def gate(self) -> str:
        """The gate's code, empty where none is chosen."""
        return self.answers.values.get(self.fills_in.place.get("gate", ""), "")


@dataclass(frozen=True, slots=True)
class Start:
    """What a draft about a dossier is begun with; the parts are those of `Draft`."""

    procedure: Procedure
    spec: MessageSpec
    answers: Answers
    key: DossierKey
    base: int
    declared: Procedure | None = None
    cover: Mapping[str, str] = field(default_factory=dict)
    acting: ActingFor = field(default_factory=ActingFor)
    """The columns that say for whom (`acting_as`)."""


def known(actor: Actor) -> dict[str, str]:
    """What a form is begun with, by the sources of the mapping's `prefill`: who fills it in, and for which body."""
    principal = actor.on_behalf_of or ""
    tax_code = "" if PERSONAL.fullmatch(principal) else principal  # a citizen may authorise, and has no tax code
    return {"name": actor.name, "number": actor.number or "", "tax_code": tax_code}


def acting_as(actor: Actor) -> ActingFor:
    """The principal of a new draft: the organisation whose account it is, or who has authorised the person."""
    return {"granted_for": actor.on_behalf_of} if actor.by_grant else {"acts_for": actor.on_behalf_of}


def begun_elsewhere(draft: Draft, actor: Actor) -> bool:
    """Whether it was begun in the account of an organisation that he does not use now: it is sent from there alone."""
    return draft.acts_for not in (None, actor.organisation)


def draft_of(row: StoredDraft, catalogue: Catalogue, on: date) -> Draft | None:
    """The draft of a stored row, by the version of its procedure that is in force on that day: names of fields stay
    when a form changes. None where nobody can declare so any more.
    """
    procedure = catalogue.find(row.procedure, on)
    spec = procedure.messages.get(row.pair) if procedure else None
    declared = catalogue.version(row.declared) if row.declared else None
    if procedure is None or spec is None or bool(row.declared) != (declared is not None):
        return None
    return Draft(
        public_id=row.public_id,
        owner=row.owner,
        procedure=procedure,
        spec=spec,
        answers=stored_answers(row.answers),
        version=row.version,
        message_key=row.message_key,
        key=DossierKey(row.number, row.year) if row.number and row.year else None,
        begun_at=row.created_at,
        changed_at=row.changed_at,
        pressed_at=row.pressed_at,
        signed=row.signed or None,
        sent_as=row.sent_as,
        base=row.base,
        declared=declared,
        cover=row.cover or {},
        acts_for=row.acts_for,
        granted_for=row.granted_for,
        waits_since=row.waits_since,
        leaves_at=row.leaves_at,
        held_back=Label(**row.held_back) if row.held_back else None,
    )


def message_of(procedure: Procedure, meaning: Meaning) -> MessageSpec | None:
    """The message of that meaning that has a form, or None."""
    return next((each for each in procedure.messages.values() if each.meaning is meaning and each.form), None)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a draft that was sent. `reference` is the dossier's number and year."""

    public_id: str
    state: str
    outcome: str | None
    reference: str
    received_at: datetime
    findings: tuple[StatedFinding, ...]

    @property
    def became(self) -> str:
        """In one word. What was found in order is `accepted`, or what the dossier says more of it:

        - `asked`: accepted, and an amendment of it was asked for at once (Articles 11(3)(a), 17(3)(a));
        - `taken`: receipted, and an officer has yet to accept it (ships; NĐ 85/2019/NĐ-CP Article 20(2)(b), (c)).
        """
        if self.outcome != Word.ACCEPTED.value:
            return self.outcome or self.state
        if self.state == DossierState.RECEIVED.value:
            return "taken"
        is_inaccurate = any(each.severity is Severity.REQUEST for each in self.findings)
        return "asked" if is_inaccurate and self.state == DossierState.AMENDMENT_REQUESTED.value else self.outcome
