"""Whom a web process speaks for: recognised by what he has shown, and by the store; its own word counts nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.gateways.store.access_records import StoredStatementValue
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.services.access.browser_sessions import Session
from adapter.services.access.rights import Right, needs
from adapter.services.decisions.shown import SESSION, STATEMENT, TOKEN
from adapter.services.door.reception import Caller
from adapter.services.dossiers.acts import SessionOver


@dataclass(frozen=True)
class Callers:
    """`by_token` and `by_session` give who shows a token, or the secret of a session of the portal; None: nobody.

    `by_statement` gives by which statement a file may enter now.
    """

    by_token: Callable[[str], Actor | None]
    by_session: Callable[[str], Session | None]
    by_statement: Callable[[str], StoredStatementValue | None]

    def declarant(self, shown: str, caller: Caller) -> None:
        """Whoever has shown this is that caller, and may declare.

        Raises:
            SessionOver: it is nobody's, or not any more.
            NoRight: he is no declarant.
            NotAllowed: a number is not his.
        """
        scheme, _, secret = shown.partition(" ")
        if scheme == STATEMENT or caller.statement is not None:
            self._by_statement(scheme, secret, caller)
            return
        actor = self._actor(scheme, secret)
        if actor is None:
            raise SessionOver
        needs(actor, Right.DECLARE)
        # Whoever has authorised him is no organisation of his: a grant may be for some procedures, and is looked up.
        if caller.number != actor.number or caller.organisation not in (None, actor.organisation):
            raise NotAllowed("the caller speaks for another number")

    def _by_statement(self, scheme: str, value: str, caller: Caller) -> None:
        """A file without log-in: its caller is the statement's signer, and no more than that."""
        row = self.by_statement(value) if scheme == STATEMENT else None
        if row is None:
            raise SessionOver
        if caller != Caller(row.number or "", statement=row.hash):
            raise NotAllowed("the caller is not who has signed the statement")

    def _actor(self, scheme: str, secret: str) -> Actor | None:
        if scheme == TOKEN:
            return self.by_token(secret)
        session = self.by_session(secret) if scheme == SESSION else None
        return session.actor if session else None
