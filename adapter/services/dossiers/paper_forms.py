"""Which forms are entered from paper, and how each of them is laid out for the officer who types it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from adapter.gateways.store.paper_records import Texts
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.model.units import BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.given import gates_of
from adapter.pipeline.forms.layout import FormLayout, layout
from adapter.pipeline.schema import Reporter
from adapter.services.dossiers.paper_values import procedure_on_paper


@dataclass(frozen=True)
class PaperForms:
    """The forms. `reporter` gives an XSD by name, `clock` the legal time (aware)."""

    catalogue: Catalogue
    units: BorderUnits
    reporter: Reporter
    clock: Callable[[], datetime]
    _drawn: dict[str, FormLayout] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return self.clock().astimezone(VIETNAM).date()

    def offered(self) -> tuple[Procedure, ...]:
        """The procedures by which dossiers are declared today, in the order of their codes."""
        found = (procedure_on_paper(self.catalogue, code, self.clock()) for code in sorted(self.catalogue.procedures))
        return tuple(each for each in found if each is not None and _declaring(each))

    def layout(self, code: str, at: datetime | None = None) -> FormLayout | None:
        """The form of a procedure as it was at that time, or now; None: it was none that is declared."""
        procedure = procedure_on_paper(self.catalogue, code, at or self.clock())
        spec = _declaring(procedure)[0] if procedure and _declaring(procedure) else None
        if procedure is None or spec is None:
            return None
        if procedure.name not in self._drawn:
            self._drawn[procedure.name] = layout(procedure, spec, self.reporter(spec.schema_name))
        return self._drawn[procedure.name]

    def gates(self, procedure: Procedure, actor: Actor) -> frozenset[str]:
        """Codes of the gates for which the officer may enter."""
        found = {code.code for code in gates_of(procedure, self.catalogue.codelists, self.today)}
        unit = self.units.by_code(actor.unit)
        if actor.unit == EVERYWHERE or unit is None or unit.gates is None:
            return frozenset(found)
        return frozenset(found & unit.gates)

    def filled(self, form: FormLayout, rows: Mapping[str, Sequence[Texts]]) -> dict[str, list[dict[str, str]]]:
        """The rows that hold a text, numbered anew where the form numbers its rows."""
        made: dict[str, list[dict[str, str]]] = {}
        for group in form.groups:
            stated = [{name: text for name, text in row.items() if text} for row in rows.get(group.name, ())]
            kept = [row for row in stated if row]
            ordinal = group.ordinal
            if kept:
                made[group.name] = [{**row, ordinal: str(n)} if ordinal else row for n, row in enumerate(kept, 1)]
        return made


def _declaring(procedure: Procedure) -> list[MessageSpec]:
    return [each for each in procedure.messages.values() if each.meaning is Meaning.DECLARATION and each.form]
