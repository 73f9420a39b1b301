"""The places that an answer or a finding names: from its XPath to what the form calls the field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from adapter.gateways.store.dossier_records import MessageOfDossier, StoredDossier
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label, MessageSpec, Procedure
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.faults import seat_label, seat_of
from adapter.pipeline.forms.layout import FormLayout, layout
from adapter.pipeline.readable import Placed
from adapter.pipeline.schema import Reporter
from adapter.services.dossiers.own_records import OwnFinding


@dataclass(frozen=True)
class AnswerPlaces:
    """Reads the forms of a procedure, each drawn once a process. `reporter` gives an XSD by name."""

    catalogue: Catalogue
    reporter: Reporter
    _drawn: dict[str, FormLayout] = field(default_factory=dict)

    def of(self, code: str, days: Collection[date]) -> Placed:
        """What the forms of a procedure that were in force on one of these days call the place of an XPath.

        Form 14 holds the form that it amends, so a form counts wherever in the XPath its root element stands.
        """
        found = [self.catalogue.find(code, day) for day in days] + [self.catalogue.amending(code, day) for day in days]
        by_root: dict[str, tuple[Procedure, MessageSpec]] = {}
        for procedure in filter(None, found):
            for spec in procedure.messages.values():
                by_root.setdefault(spec.root, (procedure, spec))

        def placed(pointer: str) -> Label | None:
            for root, (procedure, spec) in by_root.items():
                _, stands, inner = pointer.partition(f"/{root}/")
                form = self._form(procedure, spec) if stands else None
                seat = seat_of(form, f"{form.base}/{inner}") if form else None
                if form and seat:
                    return seat_label(form, seat)
            return None

        return placed

    def findings(self, row: StoredDossier, message: MessageOfDossier) -> tuple[OwnFinding, ...]:
        """The findings of a message about the dossier, each with its place."""
        days = [at.astimezone(VIETNAM).date() for at in (row.received_at, message.received_at)]
        placed = self.of(row.procedure, days)
        return tuple(
            OwnFinding(each["code"], each["severity"], Label(each["vi"], each["en"]), placed(each["pointer"]))
            for each in message.findings
        )

    def _form(self, procedure: Procedure, spec: MessageSpec) -> FormLayout:
        name = f"{procedure.name} {spec.pair}"
        if name not in self._drawn:
            self._drawn[name] = layout(procedure, spec, self.reporter(spec.schema_name))
        return self._drawn[name]
