"""The answer to customs about a dossier: its result, whether paper may be asked and why, persons and vehicles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.gateways.store.customs_lookups import VersionWithSigner
from adapter.gateways.store.dossier_records import FoundDossier
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label, Procedure
from adapter.model.stages import StoredRecord
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.search_keys import NAME, PAPER, name_words, search_value
from adapter.services.customs.granted import LookupReach
from adapter.services.customs.people_shown import PAPER_NUMBER, Rows, ShownRow, meaning, shown_count, shown_rows
from adapter.services.customs.search import Read
from adapter.services.dossiers.lookup import Found


@dataclass(frozen=True, slots=True)
class SignatureShown:
    """Whether the version in force is signed. A signature that did not hold would have failed the message (5.4)."""

    signed: bool
    told: Label
    subject: str | None
    """Whose certificate it is; None where the asker sees no persons."""
    serial: str | None
    claimed_at: datetime | None
    proven_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomsAnswer:
    """A dossier as a customs officer sees it."""

    id: int
    """Of the store; the interface never has it."""
    dossier: Found
    principal: str | None
    declarant: str | None
    gate: Label | None
    """Its name; the dossier has its code."""
    direction: Label | None
    signature: SignatureShown
    persons: Sequence[ShownRow]
    person_count: int | None
    """How many there are, also where only those are shown who were asked for; None where none may be seen."""
    vehicles: Sequence[ShownRow]

    def has(self, papers: Sequence[str], nationality: str) -> bool:
        """Whether one of these papers is that of a person of this nationality, as far as both are known."""
        return any(
            _paper(each) in papers and _may_be(each.get("nationality"), nationality) for each in self.persons
        ) or not any(_paper(each) in papers for each in self.persons)

    def only(self, made: Read) -> CustomsAnswer:
        """Among several dossiers of each those persons alone who were asked for: nobody needs to know the others."""
        if made.kind == PAPER:
            return replace(self, persons=[each for each in self.persons if _paper(each) in made.values])
        if made.kind == NAME:
            asked = set(made.words)
            return replace(
                self, persons=[each for each in self.persons if asked <= set(name_words(each.get("name") or ""))]
            )
        return replace(self, persons=[])


_SIGNED = Label("Đã ký số; chữ ký hợp lệ khi tiếp nhận", "Signed; the signature was valid at reception")
_UNSIGNED = Label(
    "Không ký số (cá nhân công dân không bắt buộc, QĐ 15/2019/QĐ-TTg Điều 6(2))",
    "Not signed (citizens need not, QĐ 15/2019/QĐ-TTg Article 6(2))",
)


@dataclass(frozen=True, slots=True)
class InForce:
    """What the version in force says: its lists, or, where no person of them is shown, how long they are."""

    version: VersionWithSigner | None
    rows: Rows
    counts: Mapping[str, int] | None = None
    """None: the rows are there."""


def answered(
    found: Found,
    row: FoundDossier,
    declared: InForce,
    catalogue: Catalogue,
    sight: LookupReach,
    papers: Sequence[str] | None = None,
) -> CustomsAnswer:
    """The answer for this view; `papers`: of its persons only those with one of these."""
    version = declared.version
    procedure = catalogue.version(version.mapping) if version is not None else None
    values: StoredRecord = version.values if version is not None else {}
    persons: Sequence[ShownRow] = ()
    vehicles: Sequence[ShownRow] = ()
    count = 0
    if procedure is not None:
        vehicles = shown_rows(catalogue.customs.vehicles, procedure, values, {}, catalogue)
        if sight.persons and declared.counts is not None:
            count = shown_count(catalogue.customs.persons, procedure, values, declared.counts, catalogue)
        elif sight.persons:
            persons = shown_rows(catalogue.customs.persons, procedure, values, declared.rows, catalogue, papers)
            many = {name: len(rows) for name, rows in declared.rows.items()}
            count = shown_count(catalogue.customs.persons, procedure, values, many, catalogue)
    return CustomsAnswer(
        id=row.id,
        dossier=_as_may(found, catalogue, sight),
        principal=row.principal,
        declarant=row.declarant if sight.persons else None,
        gate=_placed("gate", procedure, values, catalogue),
        direction=_placed("direction", procedure, values, catalogue),
        signature=_verdict(version.signer if version is not None else None, sight),
        persons=persons,
        person_count=count if sight.persons else None,
        vehicles=vehicles,
    )


def _as_may(found: Found, catalogue: Catalogue, sight: LookupReach) -> Found:
    """Amendments are procedures of their own in the letter: an officer without that right sees the dossier as it is."""
    received = found.received_at
    amending = (
        catalogue.amending(found.procedure, received.astimezone(VIETNAM).date()) if received is not None else None
    )
    if amending is None or amending.code in sight.procedures:
        return found
    return replace(found, versions=(), changes=())


def _placed(what: str, procedure: Procedure | None, values: StoredRecord, catalogue: Catalogue) -> Label | None:
    """What the mapping's `place` says, in words."""
    spec = procedure.field(procedure.place.get(what, "")) if procedure is not None else None
    stated = values.get(spec.name) if spec is not None else None
    if spec is None or not isinstance(stated, str):
        return None
    return meaning(spec, stated, catalogue) or Label(stated, stated)


def _verdict(signer: Mapping[str, str | None] | None, sight: LookupReach) -> SignatureShown:
    if not signer:
        return SignatureShown(False, _UNSIGNED, None, None, None, None)
    return SignatureShown(
        signed=True,
        told=_SIGNED,
        subject=signer.get("subject") if sight.persons else None,
        serial=signer.get("serial"),
        claimed_at=_time(signer.get("claimed_at")),
        proven_at=_time(signer.get("proven_at")),
    )


def _time(stated: str | None) -> datetime | None:
    return None if stated is None else datetime.fromisoformat(stated).astimezone(VIETNAM)


def _paper(person: ShownRow) -> str:
    return search_value(PAPER, person.get(PAPER_NUMBER) or "")


def _may_be(stated: str | None, asked: str) -> bool:
    """A list of two letters, or a form that asks for no nationality, cannot tell."""
    return stated is None or len(stated) != len(asked) or stated == asked
