"""The border-guard units (đồn, ban chỉ huy) that one installation serves, and which of them has a dossier."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BorderUnit:
    """A unit, its gates, and how it is named. Its key is the keyring's to know."""

    code: str
    """As `unitCode` and `borderUnit` state it; where no units are stated, the installation's own there, or empty."""
    name: str
    division: str
    """As `Accepter/Division` states it."""
    number_code: str
    """Letters and digits that stand for it in numbers of our own."""
    gates: frozenset[str] | None
    """Codes of its gates; None: every gate, of an installation that states no units."""
    telephone: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether the configuration states it among `units`; else it is the installation itself."""
        return self.gates is not None


@dataclass(frozen=True, slots=True)
class BorderUnits:
    """All units of an installation. No units at all: judging without an installation; nothing is refused."""

    every: tuple[BorderUnit, ...] = field(default=())

    def of(self, gate: str | None, code: str | None) -> BorderUnit | None:
        """The unit of a gate; where no gate is known, the one of that code. None: it is not ours, or not known."""
        for unit in self.every:
            if unit.gates is None or gate in unit.gates:
                return unit
        return self.by_code(code) if gate is None else None

    def by_code(self, code: str | None) -> BorderUnit | None:
        """The unit of that code; an installation that states no units is the only one, whatever the code."""
        return next((unit for unit in self.every if unit.gates is None or unit.code == code), None)

    def are_foreign(self, gate: str | None, code: str | None) -> bool:
        """Whether what is declared for this gate, or for this unit where no gate is stated, is another's to take."""
        return bool(self.every) and (gate or code) is not None and self.of(gate, code) is None


NO_UNITS = BorderUnits()
