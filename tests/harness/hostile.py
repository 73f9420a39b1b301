"""The attack fixtures: `fixtures/attacks/<class>.yaml`, one file a class, each entry named for its attack.

An entry takes a genuine fixture's message (`of`), gives it a number of its own, and does its attack. What is not said
is the genuine fixture's. `twin` names the accepted fixture that stands closest to it; without the key it is `of`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import yaml
from lxml import etree
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Stage
from adapter.simulator.sign import SignatureForm
from tests.harness.fixtures import FIXTURES, Case, Expectation, ExpectedFinding, ExpectedReply, Signers, load_cases

ATTACKS_FOLDER = FIXTURES / "attacks"
_NAMES = uuid.UUID("6d1f3c1c-5a52-4f0e-9a40-6b6f7e5a7c11")


class _Repeated(BaseModel):
    """One finding at many places, as many as an answer lists: `{}` in the pointer counts from `first` to `last`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    pointer: str
    first: int
    last: int
    without: tuple[int, ...] = ()

    def findings(self) -> tuple[ExpectedFinding, ...]:
        numbers = [at for at in range(self.first, self.last + 1) if at not in self.without]
        return tuple(ExpectedFinding(self.name, self.pointer.replace("{}", str(at))) for at in numbers)


class _Entry(BaseModel):
    """One attack. `stage` None means that it must be accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    stage: Stage | None
    outcome: Word | None = None
    findings: tuple[ExpectedFinding, ...] = ()
    repeated: _Repeated | None = None
    record: Mapping[str, Any] = Field(default_factory=dict)
    reply: ExpectedReply | None = None
    of: str | None = None
    twin: str | None = None
    attack: str | None = None
    signers: Signers | None = None
    form: SignatureForm | None = None
    channel: Channel | None = None


class _Class(BaseModel):
    """One class of attacks (docs/security.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, BeforeValidator(str)] = Field(alias="class")
    about: str
    article: str
    of: str
    attacks: dict[str, _Entry]


def load_attacks(folder: Path = ATTACKS_FOLDER) -> list[Case]:
    """All attack fixtures, by class and in the order in which they are written.

    Raises:
        ValueError: an entry is not whole, or names what is not there; the text names its file.
    """
    genuine = {case.id: case for case in load_cases()}
    return [case for file in sorted(folder.glob("*.yaml")) for case in _cases(file, genuine)]


def _cases(file: Path, genuine: Mapping[str, Case]) -> list[Case]:
    try:
        read = _Class.model_validate(yaml.safe_load(file.read_bytes()))
        return [_case(file.stem, name, entry, read, genuine) for name, entry in read.attacks.items()]
    except (KeyError, ValidationError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{file}: {error}") from error


def _case(folder: str, name: str, entry: _Entry, read: _Class, genuine: Mapping[str, Case]) -> Case:
    identifier = f"{folder}/{name}"
    of = genuine[entry.of or read.of]
    return replace(
        of,
        id=identifier,
        message=_numbered(of.message, identifier),
        title=entry.title,
        article=read.article,
        expect=_expectation(entry, of),
        attack=entry.attack if "attack" in entry.model_fields_set else name.replace("-", "_"),
        twin=entry.twin or of.id,
        **{key: said for key in ("signers", "form", "channel") if (said := getattr(entry, key)) is not None},
    )


def _expectation(entry: _Entry, of: Case) -> Expectation:
    outcome = entry.outcome or (Word.ACCEPTED if entry.stage is None else Word.REJECTED)
    reply = entry.reply
    if reply is None and outcome is Word.ACCEPTED:
        reply = of.expect.reply
    elif reply is None:
        # What was stopped at opening has no header that could be believed, or none at all.
        reply = ExpectedReply(type="00" if entry.stage is Stage.OPEN else "10", function="00", content="Errors")
    findings = (*entry.findings, *(entry.repeated.findings() if entry.repeated else ()))
    return Expectation(stage=entry.stage, outcome=outcome, reply=reply, findings=findings, record=entry.record)


def _numbered(message: bytes, identifier: str) -> bytes:
    """The message under a message id and a dossier number of its own: what is sent to one adapter must not collide."""
    tree = etree.fromstring(message)
    message_id = tree.findtext("Header/Reference/messageId") or ""
    number = tree.findtext("Header/Subject/reference") or ""
    own_id = str(uuid.uuid5(_NAMES, identifier))
    own_number = f"BQP2026{sha256(identifier.encode()).hexdigest()[:12].upper()}"
    return message.replace(message_id.encode(), own_id.encode()).replace(number.encode(), own_number.encode())
