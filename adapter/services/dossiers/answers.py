"""The answers of a dossier that people are shown, in words: for its declarant, and for the unit that signed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import xmlschema

from adapter.gateways.store import lookups
from adapter.gateways.store.database import Connection
from adapter.gateways.store.dossier_records import ReadableReply, StoredDossier
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Label, Procedure, ReplyKind
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.readable import Named, Vocabulary, readable, title
from adapter.pipeline.xml import reparsed
from adapter.services.dossiers.answer_places import AnswerPlaces
from adapter.services.dossiers.own_records import OpenedAnswer, OwnAnswer

SHOWN = (
    ReplyKind.ACCEPTANCE,
    ReplyKind.REFUSAL,
    ReplyKind.AMENDMENT_REQUEST,
    ReplyKind.COMPLETION,
    ReplyKind.AMENDMENT_COMPLETION,
    ReplyKind.ERRORS,
)
"""Answers that people are shown; a receipt (99) says nothing to them."""
_NO_MESSAGE = -1
"""No inbox row has this id: answers of the dossier are wanted, not those of one message."""


@dataclass(frozen=True)
class AnswersInWords:
    """Reads signed answers. `declared`: the XSD of an answer by its name, for what its fields are called."""

    catalogue: Catalogue
    declared: Callable[[str], xmlschema.XMLSchema10]
    places: AnswerPlaces

    def of(self, connection: Connection, row: StoredDossier) -> Sequence[ReadableReply]:
        """Those of a dossier, in the order in which they were signed."""
        kinds = {kind.value for kind in SHOWN}
        return [each for each in lookups.answers(connection, _NO_MESSAGE, row.id) if each.kind in kinds]

    def opened(self, connection: Connection, row: StoredDossier, reply: ReadableReply) -> OpenedAnswer:
        """What one of them says."""
        content = reparsed(reply.body).find("Body/Content/*")
        assert content is not None, "every answer of ours has a content"
        name = self._schema(row, reply)
        declared = None if name is None else self.declared(name)
        days = [at.astimezone(VIETNAM).date() for at in (row.received_at, reply.created_at)]
        words = Vocabulary(declared, self._named(row), self.places.of(row.procedure, days))
        signed = lookups.confirmations(connection, [row.id]).get(row.id, ())
        return OpenedAnswer(
            answer=answer(reply),
            number=row.number,
            year=row.year,
            title=title(content, declared),
            lines=readable(content, words),
            body=reply.body,
            procedure=row.procedure,
            confirmation=next((each.number for each in signed if each.outbox_id == reply.id), None),
        )

    def procedure(self, row: StoredDossier) -> Procedure | None:
        """The version of its procedure that was in force when it was received."""
        return self.catalogue.find(row.procedure, row.received_at.astimezone(VIETNAM).date())

    def _named(self, row: StoredDossier) -> Named:
        """The names of codes, by the elements in which the procedure's forms state them."""
        procedure, lists = self.procedure(row), self.catalogue.codelists
        coded = {field.path.rpartition("/")[2]: field.codes for field in procedure.fields} if procedure else {}

        def named(element: str, code: str) -> Label | None:
            found = lists.get(coded.get(element) or "", {}).get(code)
            return Label(found.vi, found.en) if found else None

        return named

    def _schema(self, row: StoredDossier, reply: ReadableReply) -> str | None:
        """The XSD of an answer: a confirmation has that of its procedure, every other its kind's."""
        kind, day = ReplyKind(reply.kind), reply.created_at.astimezone(VIETNAM).date()
        if kind in (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION):
            find = self.catalogue.find if kind is ReplyKind.COMPLETION else self.catalogue.amending
            procedure = find(row.procedure, day)
            return procedure.completion.schema_name if procedure and procedure.completion else None
        return self.catalogue.replies[kind].schema_name


def answer(reply: ReadableReply) -> OwnAnswer:
    """A stored reply as people are told of it."""
    return OwnAnswer(
        kind=ReplyKind(reply.kind),
        digest=reply.digest,
        created_at=reply.created_at,
        opened_at=reply.delivered_at,
        withdrawn_at=reply.withdrawn_at,
        withdrawal_reason=reply.withdrawal_reason,
    )
