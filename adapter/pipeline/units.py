"""Which of our units a declaration is for, and the finding for one that is for none of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from adapter.model.catalogue import Catalogue, Code
from adapter.model.finding import Finding
from adapter.model.procedure import Label, Meaning, Procedure
from adapter.model.stages import Declaration, Record
from adapter.model.units import BorderUnit, BorderUnits
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.mapping import named
from adapter.pipeline.text import value_at

_DECLARES = (Meaning.DECLARATION, Meaning.REPLACEMENT)
"""Messages that state the gate of a dossier anew; an amendment goes to the unit that has the dossier."""
_WHOEVER = Label("đơn vị Biên phòng quản lý cửa khẩu đó", "the border-guard unit that has that gate")
_NAMED = 5
"""Units that the finding names at most: its text is bounded."""
CodeLists = Mapping[str, Mapping[str, Code]]


def place_of(procedure: Procedure, values: Record) -> tuple[str | None, str | None]:
    """Gate and unit that a version states, as codes."""
    gate, unit = (values.get(procedure.place.get(column, "")) for column in ("gate", "unit"))
    return (None if gate is None else write(gate), None if unit is None else write(unit))


def unit_of(declaration: Declaration, units: BorderUnits) -> BorderUnit | None:
    """The unit of what is declared, or None where it states no place of ours."""
    return units.of(*place_of(declaration.verified.envelope.procedure, declaration.values))


def gate_before(procedure: Procedure, envelope: etree._Element) -> str | None:
    """The gate that an envelope states which nobody has read yet; it is not checked."""
    return _stated_before(procedure, envelope, "gate")


def unit_before(procedure: Procedure, envelope: etree._Element, units: BorderUnits) -> BorderUnit | None:
    """The same of an envelope that nobody has read yet; what it states is not checked."""
    return units.of(*(_stated_before(procedure, envelope, column) for column in ("gate", "unit")))


def _stated_before(procedure: Procedure, envelope: etree._Element, column: str) -> str | None:
    field = procedure.field(procedure.place.get(column, ""))
    forms = envelope.iterfind("Body/Content/*") if field is not None else ()
    return next((said for form in forms if field and (said := value_at(form, field.path))), None)


def check(declaration: Declaration, units: BorderUnits, codelists: CodeLists) -> Iterator[Finding]:
    """The finding for a declaration whose gate belongs to none of our units; it names the unit that has it."""
    verified = declaration.verified
    procedure, form = verified.envelope.procedure, f"/Envelope/Body/Content/{verified.envelope.spec.root}"
    gate, code = place_of(procedure, declaration.values)
    if verified.meaning not in _DECLARES or not units.are_foreign(gate, code):
        return
    field = procedure.field(procedure.place["gate" if gate else "unit"])
    assert field is not None, "what states a value is a field"
    on = verified.envelope.submission.received_at.astimezone(VIETNAM).date()
    lists = [procedure.field(procedure.place.get(column, "")) for column in ("gate", "unit")]
    gates, border = (codelists.get(each.codes or "", {}) if each else {} for each in lists)
    known = gates.get(gate or "")
    whose = border.get(str((known.fact("unit", on) if known else None) or code or ""))
    stated = (known if gate else whose) or Label(gate or code or "", gate or code or "")
    words = {
        **named(Label(stated.vi, stated.en), "place"),
        **named(Label(f"{whose.vi} ({whose.code})", f"{whose.en} ({whose.code})") if whose else _WHOEVER, "whose"),
        "ours": "; ".join(map(_told, units.every[:_NAMED])) + ("; …" if len(units.every) > _NAMED else ""),
    }
    yield Finding("unit_not_ours", f"{form}/{field.path}", words=words)


def _told(unit: BorderUnit) -> str:
    return f"{unit.name} ({unit.telephone})" if unit.telephone else unit.name


def codes_stated(catalogue: Catalogue, column: str) -> frozenset[str]:
    """Every code that a form may state as its `gate` or `unit`, by the code lists of all procedures."""
    every = (procedure for versions in catalogue.procedures.values() for procedure in versions)
    fields = (procedure.field(procedure.place.get(column, "")) for procedure in every)
    return frozenset(code for field in fields if field and field.codes for code in catalogue.codelists[field.codes])
