"""What can be declared from a form: the procedures in force, and the gates of ours where each is handled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from adapter.model.catalogue import Code
from adapter.model.procedure import Meaning, Procedure
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.given import gates_of, unit_of_gate
from adapter.pipeline.judge import Ground
from adapter.services.door.draft import message_of


@dataclass(frozen=True)
class Offers:
    """Reads the catalogue as of today. `clock` gives the legal time."""

    ground: Ground
    clock: Callable[[], datetime]

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return self.clock().astimezone(VIETNAM).date()

    def offered(self) -> list[Procedure]:
        """The procedures in force for which one can begin a declaration."""
        catalogue = self.ground.catalogue
        current = (catalogue.find(code, self.today) for code in catalogue.procedures)
        return [each for each in current if each and message_of(each, Meaning.DECLARATION)]

    def gates(self, procedure: Procedure) -> Sequence[Code]:
        """The gates of ours where it is handled."""
        lists, units = self.ground.catalogue.codelists, self.ground.units
        found = gates_of(procedure, lists, self.today)
        field = procedure.place.get("gate", "")
        return [
            code
            for code in found
            if not units.are_foreign(code.code, unit_of_gate(procedure, {field: code.code}, lists, self.today))
        ]
