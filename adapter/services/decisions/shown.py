"""What the caller of a request has shown (session, token, a signed statement's value), for the time of the request."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

SESSION, TOKEN, STATEMENT = "Session", "Bearer", "Statement"


@dataclass(frozen=True, slots=True)
class Shown:
    """The secret of a session, a token, or a statement's value. Never for a log."""

    scheme: str
    """`SESSION`, `TOKEN` or `STATEMENT`."""
    secret: str = field(repr=False)

    @property
    def header(self) -> str:
        """As an Authorization header carries it."""
        return f"{self.scheme} {self.secret}"


SHOWN: ContextVar[Shown | None] = ContextVar("shown", default=None)
"""Of the current request: set by the web, and sent along when another part is asked in the caller's name."""
