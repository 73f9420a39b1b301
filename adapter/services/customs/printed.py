"""The newest signed decision as a PDF, for customs. The signed XML is what counts; this only shows it."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.model.actor import Actor
from adapter.services.customs.searches import Searches
from adapter.services.dossiers.answers import AnswersInWords
from adapter.services.dossiers.printing import AnswerPrints


@dataclass(frozen=True)
class PrintedDecisions:
    """What customs print: what their search gives, by the same layouts as for its declarant."""

    searches: Searches
    answers: AnswersInWords
    prints: AnswerPrints

    def pdf(self, number: str, year: int, purpose: str | None, actor: Actor) -> bytes | None:
        """The decision as a PDF, or None where there is none that the actor may see. It is recorded as a lookup.

        Raises:
            NotASearch: a purpose is missing.
            NoRight: the actor is not of customs, or of no office.
            Misconfigured: the layout is missing or cannot be typeset.
        """
        found = self.searches.decision(number, year, purpose, actor)
        if found is None:
            return None
        with self.searches.database.reading() as connection:
            replies = self.answers.of(connection, found.dossier)
            (reply,) = (each for each in replies if each.id == found.reply.id)
            opened = self.answers.opened(connection, found.dossier, reply)
        return self.prints.pdf(opened)
