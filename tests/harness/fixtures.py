"""The fixtures: `fixtures/<procedure>/<case>/{message.xml,expected.yaml}`, read strictly and signed at run time.

What a case expects is written from the article it names; nothing here may ever write an expectation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Stage, Submission
from adapter.simulator.parties import SIGNERS
from adapter.simulator.pki import Pki, SigningParty
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.attacks import ATTACKS, Attack
from tests.harness.pki import ROOT
from tests.harness.qualified import qualified

FIXTURES = ROOT / "fixtures"
CLOCK = datetime.fromisoformat("2026-03-02T07:15:00+07:00")
LATER = datetime.fromisoformat("2027-01-04T07:15:00+07:00")
"""When versions that begin in 2027 judge: their fixtures are received then, in an installation of their own."""
"""When every fixture is received."""

_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRICT = ConfigDict(extra="forbid")


def _known_party(name: str | None) -> str | None:
    if name is not None and name not in SIGNERS:
        raise ValueError(f"no party {name!r}; there are: {', '.join(SIGNERS)}")
    return name


def _known_attack(name: str | None) -> str | None:
    if name is not None and name not in ATTACKS:
        raise ValueError(f"no attack {name!r}; there are: {', '.join(sorted(ATTACKS))}")
    return name


_PartyName = Annotated[str | None, BeforeValidator(_known_party)]
_KnownParty = Annotated[str, BeforeValidator(_known_party)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Signers:
    """Which parties sign; None means that the signature is absent."""

    system: _PartyName = None
    declarant: _PartyName = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class ExpectedFinding:
    """One finding, by its name in the catalogue and its XPath."""

    name: str
    pointer: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class ExpectedReply:
    """The pair of the reply and the name of its content element."""

    type: str
    function: str
    content: str


class Act(StrEnum):
    """What an officer does to the case's dossier before its message comes."""

    ACCEPT = "accept"
    COMPLETE = "complete"
    REQUEST = "request"
    APPROVE = "approve"
    DECLINE = "decline"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class Step:
    """One step of a case's history: another fixture is sent for the case's dossier, or an officer acts on it."""

    send: str | None = None
    act: Act | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.send is None) == (self.act is None):
            raise ValueError("a step either sends a fixture or is an officer's act")
        return self


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class ExpectedDossier:
    """How the dossier must stand afterwards; `values` are of the version in force, as far as they are stated."""

    state: str
    version: int
    versions: int
    values: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class Expectation:
    """How judging must end. `findings` is the exact set, in any order; `record` names only what is compared."""

    stage: Stage | None
    outcome: Word
    reply: ExpectedReply | None
    findings: tuple[ExpectedFinding, ...] = ()
    request: tuple[str, ...] = ()
    """Where each item of the form 13 points that follows the acceptance at once; empty: none follows."""
    record: Mapping[str, Any] = Field(default_factory=dict)  # values as the mapping's types have them
    dossier: ExpectedDossier | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.outcome is Word.ACCEPTED and self.stage is not None:
            raise ValueError("an accepted message was stopped by no stage")
        if self.outcome in (Word.REFUSED, Word.REJECTED) and (self.stage is None or not self.findings):
            raise ValueError(f"a {self.outcome} message names its stage and its findings")
        if (self.outcome is Word.PARKED) != (self.reply is None):
            raise ValueError("every message is answered, but a parked one is not")
        if self.request and self.outcome is not Word.ACCEPTED:
            raise ValueError("an amendment is asked of what is accepted")
        return self


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class GivenAuthorisation:
    """A letter of authorisation that is in force."""

    holder: str
    principal: str
    document: str


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class GivenSuspension:
    """An account that is suspended, at one unit or everywhere."""

    number: str
    reason: str
    unit: str | None = None


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class Register:
    """What must stand in the registers for a case. All cases are judged with all of it, so each has its own numbers."""

    authorisations: tuple[GivenAuthorisation, ...] = ()
    suspended_accounts: tuple[GivenSuspension, ...] = ()
    suspended_certificates: Mapping[_KnownParty, str] = Field(default_factory=dict)
    """Why, by party."""


@dataclass(frozen=True, slots=True, config=_STRICT, kw_only=True)
class Case:
    """One fixture: the unsigned message, who signs it, what is done to it, and what must come of it."""

    id: str
    message: bytes
    title: str
    article: str
    clock: AwareDatetime
    channel: Channel
    signers: Signers
    expect: Expectation
    before: tuple[Step, ...] = ()
    form: SignatureForm = SignatureForm.DEFAULT
    attack: Annotated[str | None, BeforeValidator(_known_attack)] = None
    twin: str | None = None
    """The id of the genuine message that this one resembles, and that must pass: strictness may lose nobody."""
    register: Register = Register()
    version: str = "1"
    """The version of its procedure that first judges it so."""

    @model_validator(mode="after")
    def _has_one_of_the_clocks(self) -> Self:
        if self.clock not in (CLOCK, LATER):
            raise ValueError(f"every fixture is received at {CLOCK.isoformat()} or {LATER.isoformat()}")
        return self

    @property
    def procedure(self) -> str:
        """The procedure's folder."""
        return self.id.partition("/")[0]


def load_cases(root: Path = FIXTURES) -> list[Case]:
    """All cases that are received at `CLOCK`, in the order of their ids: they meet in one store.

    Raises:
        ValueError: a case is not whole, or says what is not known; the text names its file.
    """
    found = _shipped() if root == FIXTURES else _cases(root)
    return [case for case in found if case.clock == CLOCK]


def load_later() -> list[Case]:
    """Those that are received at `LATER`."""
    return [case for case in _shipped() if case.clock == LATER]


@cache
def _shipped() -> tuple[Case, ...]:
    """Read once: hundreds of files that many tests ask for."""
    return _cases(FIXTURES)


def _cases(root: Path) -> tuple[Case, ...]:
    folders = {file.parent for name in ("message.xml", "expected.yaml") for file in root.glob(f"*/*/{name}")}
    return tuple(_load(folder) for folder in sorted(folders))


def signed(case: Case, pki: Pki) -> bytes:
    """The message as it travels: signed by its parties in its form, with its attack applied at its moment."""
    attack = ATTACKS[case.attack] if case.attack else Attack()
    declarant, system = (_party(pki, name) for name in (case.signers.declarant, case.signers.system))
    message = attack.written(case.message) if attack.written else case.message
    if attack.declared:
        message = attack.declared(message, pki)
    else:
        message = sign_message(message, system=None, declarant=declarant, form=case.form, qualified=qualified(pki))
    message = attack.sealing(message) if attack.sealing else message
    if attack.sealed:
        message = attack.sealed(message, pki)
    else:
        message = sign_message(message, system=system, declarant=None, form=case.form)
    return attack.sent(message) if attack.sent else message


def _party(pki: Pki, name: str | None) -> SigningParty | None:
    return None if name is None else pki.party(name)


def _load(folder: Path) -> Case:
    expected = folder / "expected.yaml"
    try:
        written = yaml.load(expected.read_bytes(), _YAML)
        message = (folder / "message.xml").read_bytes()
        return Case(id=f"{folder.parent.name}/{folder.name}", message=message, **written)
    except (OSError, TypeError, yaml.YAMLError, ValidationError) as error:
        raise ValueError(f"{expected}: {error}") from error


def submission(case: Case, pki: Pki) -> Submission:
    """The signed message as its door hands it in, at the case's clock."""
    body = signed(case, pki)
    return Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest()))
