"""The carrier of a window whose letters a test hands over itself."""

from __future__ import annotations

from collections.abc import Sequence

from adapter.simulator.window import CarriedMessage, Letter


class ByHand:
    """Carries nothing and brings nothing."""

    def send(self, letters: Sequence[Letter]) -> Sequence[str | None]:
        """Nothing of it was carried."""
        return ["nobody carries" for _ in letters]

    def take(self, seconds: float) -> Sequence[CarriedMessage]:
        """Nothing has come."""
        del seconds
        return []
