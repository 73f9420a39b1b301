"""Names for people: gates, and the party of a dossier as far as it may be shown."""

from __future__ import annotations

from collections.abc import Collection

from adapter.model.catalogue import Catalogue, Code
from adapter.model.procedure import Label, Meaning, Procedure

MASK = "***"


def gate_codes(catalogue: Catalogue, procedure: Procedure) -> Collection[str]:
    """The codes of the list from which the procedure takes its gate; none where it takes it from no list."""
    field = procedure.field(procedure.place.get("gate", ""))
    return catalogue.codelists[field.codes] if field and field.codes else ()


def gate_name(catalogue: Catalogue, procedure: Procedure | None, code: str | None) -> Label | None:
    """A gate by the code list of the procedure; its code where no list has it. None: there is no gate."""
    if code is None:
        return None
    field = procedure.field(procedure.place.get("gate", "")) if procedure else None
    named: Code | None = catalogue.codelists[field.codes].get(code) if field and field.codes else None
    return Label(named.vi, named.en) if named else Label(code, code)


def party_name(procedure: Procedure | None, role: str, value: str | None, *, personal: bool) -> str | None:
    """Principal or declarant (`role`, as in `place` of the mapping), masked where that is personal and not shown."""
    field = procedure.field(procedure.place.get(role, "")) if procedure else None
    return value if personal or not value or (field is not None and not field.personal) else MASK


def form_of(procedure: Procedure) -> str | None:
    """The number of the form by which it is declared."""
    declared = (spec.form for spec in procedure.messages.values() if spec.meaning is Meaning.DECLARATION)
    return next(declared, None)
