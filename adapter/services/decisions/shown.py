"""What the caller of a request has shown of himself, kept for as long as the request lasts."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

SESSION, TOKEN = "Session", "Bearer"


@dataclass(frozen=True, slots=True)
class Shown:
    """The secret of a session, or a token. Never for a log."""

    scheme: str
    """`SESSION` or `TOKEN`."""
    secret: str = field(repr=False)

    @property
    def header(self) -> str:
        """As an Authorization header carries it."""
        return f"{self.scheme} {self.secret}"


SHOWN: ContextVar[Shown | None] = ContextVar("shown", default=None)
"""Of the present request; the web sets it, and whoever asks another part in the caller's name sends it along."""
