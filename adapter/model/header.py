"""The envelope's header as it is written. Until a system signature covers it, every value is a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapter.model.identifiers import DossierKey, MessageId, ProcedureCode


@dataclass(frozen=True, slots=True)
class Party:
    """`From` or `To`: who a message says it is from or for (wire profile 1)."""

    name: str
    identity: str
    country_code: str
    ministry_code: str
    organization_code: str
    unit_code: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about; its meaning depends on the pair (type, function), never on function alone."""

    document_type: ProcedureCode
    type: str
    function: str
    reference: str
    document_year: int
    send_date: datetime | None = None
    """Asia/Ho_Chi_Minh; None where the text is no date (the schema will say so)."""
    pre_reference: str | None = None
    pre_document_year: int | None = None

    @property
    def pair(self) -> str:
        """`type/function`, e.g. 10/01."""
        return f"{self.type}/{self.function}"

    @property
    def key(self) -> DossierKey:
        """Its own number and year."""
        return DossierKey(self.reference, self.document_year)

    @property
    def earlier(self) -> DossierKey:
        """The dossier that an amendment goes back to: the one named as the earlier, else its own."""
        if self.pre_reference is None:
            return self.key
        return DossierKey(self.pre_reference, self.pre_document_year or self.document_year)


@dataclass(frozen=True, slots=True)
class Header:
    """Reference, From, To and Subject together."""

    message_id: MessageId | None
    sender: Party
    recipient: Party
    subject: Subject
