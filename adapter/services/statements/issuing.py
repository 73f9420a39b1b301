"""Gives statements to be signed: each with a random value that counts once, within ten minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.gateways.store import statement_values as store
from adapter.gateways.store.database import Database
from adapter.model.errors import Misconfigured
from adapter.model.statement import AuthorisationTerms, Purpose, Statement, StatementForm
from adapter.pipeline.statement import document

VALID = timedelta(minutes=10)
"""So long a statement may be signed and brought back."""
_KEPT = timedelta(days=1)
"""So long a value that has ended is still known, so that what it was used for can be told."""


def hash_of(value: str) -> str:
    """Under which a value is kept."""
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass(frozen=True)
class Statements:
    """The use cases of the portal. `host` is its own; `new_value` gives 43 random letters; `clock` the legal time."""

    database: Database
    form: Callable[[], StatementForm | None]
    host: str
    new_value: Callable[[], str]
    clock: Callable[[], datetime]

    def issue(
        self, purpose: Purpose, account: str = "", *, terms: AuthorisationTerms | None = None, digest: str = ""
    ) -> bytes:
        """A statement for its signer, as XML. Kept are the hash of its value, purpose, account and times.

        Raises:
            Misconfigured: these mappings have no statements.
            Unavailable: the store is away.
        """
        form, now = self.form(), self.clock()
        if form is None:
            raise Misconfigured("messages.yaml has no `statements`; take it from the delivered mappings")
        made = Statement(purpose, self.host, account, self.new_value(), now, now + VALID, terms, digest)
        with self.database.transaction() as connection:
            store.add(
                connection,
                hash=hash_of(made.value),
                purpose=purpose.value,
                account=account or None,
                issued_at=now,
                ends_at=made.ends_at,
            )
        return document(made, form.says[purpose])

    def sweep(self) -> int:
        """Forget values that have ended a day ago; gives how many that were."""
        with self.database.transaction() as connection:
            return store.sweep(connection, self.clock() - _KEPT)
