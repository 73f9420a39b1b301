"""Signing the portal's statements as their holders do, and sessions of those who bring them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from adapter.bootstrap import Components
from adapter.model.actor import Actor
from adapter.model.statement import AuthorisationTerms, Purpose
from adapter.services.access.sessions import AccountHolder
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.pki import shared_pki
from tests.harness.website import CITIZEN, ENTERPRISE, at_the_time

MANAGER = "001088007890"
"""Who uses the enterprise's account."""
XMLSEC1 = SignatureForm.DOTNET
"""Made by the program xmlsec1."""


def logged_in(components: Components, number: str = MANAGER, tax_code: str | None = ENTERPRISE) -> str:
    """The secret of a session."""
    return components.sessions.start(
        AccountHolder("https://id.invalid", number, "Lê Mạnh Cường", number, tax_code, None)
    )


def who(components: Components, secret: str) -> Actor:
    session = components.sessions.find(secret)
    assert session is not None
    assert session.actor is not None
    return session.actor


def signed(statement: bytes, party: str, form: SignatureForm = SignatureForm.DEFAULT) -> bytes:
    return sign_message(statement, system=None, declarant=shared_pki().party(party), form=form)


def brought(components: Components, secret: str, party: str = "unregistered") -> bytes:
    """A statement that registers the party's certificate, signed."""
    return signed(components.own_certificates.statement(who(components, secret)), party)


def granting(components: Components, secret: str, party: str = "enterprise", **changes: Any) -> bytes:
    """A statement by which the enterprise authorises the citizen, signed."""
    stated: dict[str, Any] = {"document": "UQ-1", "until": None, "procedures": ()}
    stated |= {"principal": ENTERPRISE, "representative": CITIZEN} | changes
    return signed(components.grant_statements.statement(who(components, secret), AuthorisationTerms(**stated)), party)


@contextmanager
def later(components: Components, seconds: float) -> Iterator[None]:
    """All that takes statements believes that so much time has passed."""
    at = components.legal_clock() + timedelta(seconds=seconds)
    with at_the_time(components.statement_proofs, at), at_the_time(components.proven_uploads, at):
        yield


Bring = Callable[[Components, str, bytes], object]
PURPOSES: dict[Purpose, Bring] = {
    Purpose.CERTIFICATE: lambda components, secret, raw: components.certificate_holders.register(secret, raw),
    Purpose.AUTHORISATION: lambda components, secret, raw: components.grant_signers.give(secret, raw),
}
"""How a statement for each purpose is brought by somebody who has logged in."""
