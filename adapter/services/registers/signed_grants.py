"""Authorisations that a principal signs with his registered certificate (QĐ 15/2019/QĐ-TTg Articles 3(4), 7(3)).

Whoever has logged in may bring one, as its representative does: what counts is who has signed. What was signed counts,
not what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapter.gateways.store.authorisations import GrantedBy
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding
from adapter.model.statement import AuthorisationTerms, Purpose
from adapter.model.text import typed
from adapter.pipeline.principal import Representation
from adapter.services.access.rights import Right, needs
from adapter.services.dossiers.acts import SessionOver
from adapter.services.registers.authorisations import Entered
from adapter.services.registers.grants import Grants
from adapter.services.registers.party_numbers import number_of
from adapter.services.statements.issuing import Statements
from adapter.services.statements.proving import StatementProofs


class GrantSigners(Protocol):
    """Takes signed authorisations. `secret` is that of a session of the portal."""

    def give(self, secret: str, signed: bytes) -> list[int]:
        """Keep the authorisation that this statement holds; gives its ids, one for each procedure.

        Raises:
            SessionOver: nobody has logged in by that secret, or no more.
            TurnedAway: with what stands against statement or signer; the value is not used up.
            NotAllowed: numbers, day or procedures do not fit, or it is given already.
            Unavailable: time must pass.
        """


@dataclass(frozen=True)
class GrantStatements:
    """The statement that a principal signs."""

    statements: Statements

    def statement(self, actor: Actor, terms: AuthorisationTerms) -> bytes:
        """The statement with these terms, whose numbers are written in the one spelling that is compared.

        Raises:
            NotAllowed: a number is none, both are the same, or the letter has no number.
            NoRight: no declarant asks.
        """
        needs(actor, Right.GRANT_OWN)
        principal, representative = number_of(terms.principal), number_of(terms.representative)
        if principal == representative:
            raise NotAllowed("principal and representative are the same: no authorisation is needed")
        document = typed(terms.document, "the document", most=80, least=1)
        stated = AuthorisationTerms(principal, representative, document, terms.until, terms.procedures)
        return self.statements.issue(Purpose.AUTHORISATION, actor.id, terms=stated)


@dataclass(frozen=True)
class SignedGrants:
    """As `GrantSigners`, where statements are verified. `recognise` gives who has logged in by a secret."""

    grants: Grants
    proofs: StatementProofs
    recognise: Callable[[str], Actor | None]
    representation: Representation
    """Whether an enterprise's certificate speaks for its branches."""

    def give(self, secret: str, signed: bytes) -> list[int]:
        """As `GrantSigners.give`."""
        actor = self.recognise(secret)
        if actor is None:
            raise SessionOver
        needs(actor, Right.GRANT_OWN)
        statement = self.proofs.read(signed, Purpose.AUTHORISATION, actor.id)
        terms = statement.statement.terms
        assert terms is not None, "a statement for this purpose has terms"
        with self.grants.database.transaction() as connection:
            holder = self.proofs.holder(connection, statement)
            if holder.number is None or not self.representation.speaks([holder.number], terms.principal):
                raise self.proofs.refused(Finding("statement_principal", "/SignedStatement/Content/Authorisation"))
            self.proofs.unsuspended(connection, {terms.principal})
            self.proofs.use(connection, statement)
            entered = Entered(GrantedBy.SIGNED, actor, self.grants.clock(), self.grants.notifications())
            return self.grants.keep(connection, terms, entered)
