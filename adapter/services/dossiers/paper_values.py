"""What stands on a paper form, read under the mapping's names: texts as their types, and no rule asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store.paper_records import Texts
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.procedure import FieldSpec, Procedure
from adapter.model.stages import Record, Value
from adapter.model.text import typed
from adapter.pipeline.converters import CONVERTERS
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.answers import name_in_row
from adapter.pipeline.names import transliterated

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class PaperForm:
    """A form as an officer types it: number and times as on the paper, texts by the mapping's names. Times are aware.

    `confirmed_at`, `confirmation`: what the paper says of its confirmation, where it says so.
    """

    procedure: str
    number: str
    year: int
    received_at: datetime
    confirmed_at: datetime | None
    confirmation: str | None
    values: Texts
    rows: Mapping[str, Sequence[Texts]]


@dataclass(frozen=True, slots=True)
class PaperValues:
    """The values of a form under the mapping's names, each as its type."""

    procedure: Procedure
    values: Record
    rows: Mapping[str, tuple[Record, ...]]


@dataclass(frozen=True, slots=True)
class PaperFault:
    """A text that cannot be kept. `place`: the field, or `group.ordinal.field`; never the text itself."""

    place: str
    told: str

    def __str__(self) -> str:
        return f"{self.place}: {self.told}"


class PaperWhy(StrEnum):
    """Why an entry is not taken, or not checked."""

    NUMBER = "number"
    TIMES = "times"
    CONFIRMED = "confirmed"
    PROCEDURE = "procedure"
    EXISTS = "exists"
    OWN = "own"
    SETTLED = "settled"


class PaperRefused(NotAllowed):
    """An entry is not taken, or not checked; `why` for a page that says it in the reader's language."""

    def __init__(self, why: PaperWhy, told: str) -> None:
        super().__init__(told)
        self.why = why


class NoSuchForm(NotAllowed):
    """Texts are none of that form's; `faults` has the place of each."""

    def __init__(self, faults: Sequence[PaperFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


def procedure_on_paper(catalogue: Catalogue, code: str, at: datetime) -> Procedure | None:
    """The procedure in force at that time, if dossiers are declared by it; else None."""
    found = catalogue.find(code, at.astimezone(VIETNAM).date())
    return None if found is None or found.amends is not None else found


def read_form(procedure: Procedure, values: Texts, rows: Mapping[str, Sequence[Texts]]) -> PaperValues:
    """The typed values of a form.

    Raises:
        NoSuchForm: with every fault of what was typed.
    """
    faults: list[PaperFault] = []
    stated = _record(values, {spec.name: spec for spec in procedure.fields}, "", faults)
    groups: dict[str, tuple[Record, ...]] = {}
    for name, records in rows.items():
        group = procedure.group(name)
        if group is None or len(records) > MOST_ROWS:
            faults.append(PaperFault(name, f"{procedure.code} has no such rows, or not so many"))
            continue
        places = enumerate(records, start=1)
        groups[name] = tuple(_record(each, group.by_name, name_in_row(name, at, ""), faults) for at, each in places)
    if faults:
        raise NoSuchForm(faults)
    return PaperValues(procedure, stated, groups)


def dossier_number(number: str) -> str:
    """The number of the dossier: that on the form without what no address of a page takes (`045/BP` is 045BP).

    Raises:
        NotAllowed: nothing is left of it.
    """
    plain = "".join(letter for letter in transliterated(number) if letter.isascii() and letter.isalnum())
    if not 0 < len(plain) <= 35:
        raise PaperRefused(
            PaperWhy.NUMBER, "the number on the form: it has no letter and no digit, or more than 35 of them"
        )
    return plain


def _record(values: Texts, fields: Mapping[str, FieldSpec], at: str, faults: list[PaperFault]) -> Record:
    """Typed values; what cannot be one is added to the faults, by the field's name and never by its value."""
    made: dict[str, Value] = {}
    for name, text in values.items():
        try:
            made[name] = _value(text, fields.get(name))
        except NotAllowed as error:
            faults.append(PaperFault(f"{at}{name}", str(error)))
    return made


def _value(text: str, spec: FieldSpec | None) -> Value:
    if spec is None:
        raise NotAllowed("this is no field of this form")
    plain = typed(text, "the text", least=1)
    try:
        return CONVERTERS[spec.type](plain)
    except (ValueError, KeyError):
        raise NotAllowed(f"this is no {spec.type}") from None
