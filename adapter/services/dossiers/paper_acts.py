"""Acts on paper records that come over the web: who acts is told by his session, as for every act of an officer.

A web process writes no dossier; the part that decides does, and recognises the officer itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.services.dossiers.acts import SessionOver
from adapter.services.dossiers.paper_records import PaperRecords
from adapter.services.dossiers.paper_values import PaperForm


class PaperActs(Protocol):
    """`PaperRecords` in the name of a session; `secret` is what the officer's browser holds.

    Each raises SessionOver where he has to log in again, else as `PaperRecords`.
    """

    def enter(self, secret: str, form: PaperForm) -> int:
        """As `PaperRecords.enter`."""

    def check(self, secret: str, entry: int) -> DossierKey:
        """As `PaperRecords.check`."""

    def send_back(self, secret: str, entry: int, reason: str) -> None:
        """As `PaperRecords.send_back`."""


@dataclass(frozen=True)
class SessionPaperActs:
    """Acts in this process. `recognise` gives the person of a session, or None."""

    records: Callable[[], PaperRecords]
    recognise: Callable[[str], Actor | None]

    def enter(self, secret: str, form: PaperForm) -> int:
        """As `PaperRecords.enter`."""
        return self.records().enter(form, actor=self._officer(secret))

    def check(self, secret: str, entry: int) -> DossierKey:
        """As `PaperRecords.check`."""
        return self.records().check(entry, actor=self._officer(secret))

    def send_back(self, secret: str, entry: int, reason: str) -> None:
        """As `PaperRecords.send_back`."""
        self.records().send_back(entry, reason=reason, actor=self._officer(secret))

    def _officer(self, secret: str) -> Actor:
        officer = self.recognise(secret)
        if officer is None:
            raise SessionOver
        return officer
