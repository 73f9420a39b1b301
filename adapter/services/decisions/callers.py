"""Whom a web process speaks for: recognised by what he has shown, and by the store; its own word counts nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.services.access.browser_sessions import Session
from adapter.services.access.rights import Right, needs
from adapter.services.decisions.shown import SESSION, TOKEN
from adapter.services.door.reception import Caller
from adapter.services.dossiers.acts import SessionOver


@dataclass(frozen=True)
class Callers:
    """`by_token` and `by_session` give who shows a token, or the secret of a session of the portal; None: nobody."""

    by_token: Callable[[str], Actor | None]
    by_session: Callable[[str], Session | None]

    def declarant(self, shown: str, caller: Caller) -> None:
        """Whoever has shown this is that caller, and may declare.

        Raises:
            SessionOver: it is nobody's, or not any more.
            NoRight: he is no declarant.
            NotAllowed: a number is not his.
        """
        actor = self._actor(shown)
        if actor is None:
            raise SessionOver
        needs(actor, Right.DECLARE)
        # Whoever has authorised him is no organisation of his: a grant may be for some procedures, and is looked up.
        if caller.number != actor.number or caller.organisation not in (None, actor.organisation):
            raise NotAllowed("the caller speaks for another number")

    def _actor(self, shown: str) -> Actor | None:
        scheme, _, secret = shown.partition(" ")
        if scheme == TOKEN:
            return self.by_token(secret)
        session = self.by_session(secret) if scheme == SESSION else None
        return session.actor if session else None
