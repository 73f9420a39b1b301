"""Who we are and to whom we answer (config.yaml, `installation`): values of every reply's header."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.model.header import Party


@dataclass(frozen=True, slots=True)
class Installation:
    """Our own party, the window's, and the words of who accepts."""

    own: Party
    window: Party
    portal: Party
    organization: str
    division: str
    accepter: str
    placeholder_document_type: str
    """documentType of an answer to a message whose header cannot be read, or not be repeated."""
    placeholder_type: str
    """And its type."""
    placeholder_reference: str
    """And its dossier's number, which stands for no dossier."""
    refusal_ground: str
    """The legal ground a rule's refusal names (NĐ 85/2019 Article 19(2)(b))."""
