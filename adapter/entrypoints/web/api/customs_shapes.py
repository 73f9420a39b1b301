"""The JSON of the lookup for customs: what is asked, and the answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapter.entrypoints.web.api.openapi import NUMBER
from adapter.entrypoints.web.api.shapes import DossierShape, Words, _Shape, dossier_shape
from adapter.model.procedure import Label
from adapter.services.customs.answer import CustomsAnswer
from adapter.services.customs.people_shown import ShownRow
from adapter.services.customs.search import LONGEST, Key, Search
from adapter.services.customs.searches import CustomsAnswers

_Code = Annotated[str, Field(min_length=1, max_length=100)] | None
_Typed = Annotated[str, Field(min_length=1, max_length=LONGEST)] | None
_KEYS = tuple(key for key in Key if key is not Key.PERIOD)


class PaperAsked(BaseModel):
    """An identity paper."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    number: Annotated[str, Field(min_length=1, max_length=60)]
    """However it is spelled."""
    nationality: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")] | None = None
    """Of its holder, three letters as passports have them."""


class SearchShape(BaseModel):
    """One key, or a period; everything else narrows the search."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    number: Annotated[str, Field(pattern=NUMBER)] | None = None
    """Our number of a dossier or the window's; with its year."""
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None
    confirmation: _Typed = None
    """Number of a confirmation."""
    party: _Typed = None
    """Tax code or personal number of the principal or the declarant."""
    paper: PaperAsked | None = None
    mrz: _Typed = None
    """A machine-readable zone as it was scanned: its check digits must agree; O for 0 and I for 1 are forgiven."""
    name: _Typed = None
    """Two parts of a name at least, in any order, with accents or without. So many an hour."""
    plate: _Typed = None
    ship: _Typed = None
    """IMO number, name, registration number or call sign."""
    procedure: _Code = None
    gate: _Code = None
    unit: _Code = None
    state: _Code = None
    """As answers state it: accepted, confirmation_sent, and completed only once the declarant has the confirmation."""
    first_day: date | None = None
    """Received on this day or later; Vietnam's days."""
    last_day: date | None = None
    purpose: _Code = None
    """Code of the purpose, where the installation asks for one."""
    cursor: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")] | None = None
    """`next` of the page before, with the same search."""

    @model_validator(mode="after")
    def _one_key(self) -> SearchShape:
        stated = [name for name in _KEYS if getattr(self, name) is not None]
        if len(stated) > 1:
            raise ValueError(f"search by one of {', '.join(_KEYS)}, not by several")
        if (self.number is None) != (self.year is None):
            raise ValueError("number and year go together")
        return self

    def asked(self) -> Search:
        """The search that was asked for."""
        key = next((key for key in _KEYS if getattr(self, key) is not None), Key.PERIOD)
        value = "" if key is Key.PERIOD else getattr(self, key)
        return Search(
            key=key,
            value=value.number if isinstance(value, PaperAsked) else value,
            year=self.year or 0,
            nationality=self.paper.nationality if self.paper else None,
            procedure=self.procedure,
            gate=self.gate,
            unit=self.unit,
            state=self.state,
            first_day=self.first_day,
            last_day=self.last_day,
            purpose=self.purpose,
            cursor=self.cursor,
        )


class SignatureShape(_Shape):
    """Whether the version in force is signed. A signature that does not hold fails the message, so none is shown."""

    signed: bool
    verdict: Words
    subject: str | None
    """Of the certificate; null for a token that names no officer."""
    serial: str | None
    claimed_at: datetime | None
    """When, as the signer says."""
    proven_at: datetime | None
    """When, as a time stamp proves."""


class AnswerShape(DossierShape):
    """A dossier as this caller may see it."""

    principal: str | None
    declarant: str | None
    """His name; null for a token that names no officer."""
    direction: Words | None
    signature: SignatureShape
    persons: list[dict[str, str]]
    """Values that mappings/customs.yaml lists. Among several dossiers only those persons who were searched for."""
    person_count: int | None
    """How many there are; null for a token that names no officer."""
    vehicles: list[dict[str, str]]


class AnswersShape(_Shape):
    """A page of answers, those taken down last first."""

    dossiers: list[AnswerShape]
    next: str | None
    """What `cursor` is to be for the next page; null on the last one."""
    notes: list[Words]
    """What was read otherwise than it was sent, or that not all was looked through."""


def answers_shape(found: CustomsAnswers) -> AnswersShape:
    """The answer to a search."""
    return AnswersShape(
        dossiers=[_answer(each) for each in found.answers], next=found.next, notes=[_said(each) for each in found.notes]
    )


def _answer(answer: CustomsAnswer) -> AnswerShape:
    whole = dossier_shape(answer.dossier)
    stated: dict[str, Any] = {name: getattr(whole, name) for name in DossierShape.model_fields}
    verdict = answer.signature
    return AnswerShape(
        **stated,
        principal=answer.principal,
        declarant=answer.declarant,
        direction=None if answer.direction is None else _said(answer.direction),
        signature=SignatureShape(
            signed=verdict.signed,
            verdict=_said(verdict.told),
            subject=verdict.subject,
            serial=verdict.serial,
            claimed_at=verdict.claimed_at,
            proven_at=verdict.proven_at,
        ),
        persons=[_row(each) for each in answer.persons],
        person_count=answer.person_count,
        vehicles=[_row(each) for each in answer.vehicles],
    )


def _row(row: ShownRow) -> dict[str, str]:
    return {each.name: each.value for each in row.values}


def _said(label: Label) -> Words:
    return Words(vi=label.vi, en=label.en)
