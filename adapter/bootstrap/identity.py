"""The identity provider, as the configuration states it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adapter.gateways.identity import ClaimNames, Provider, Trusted
from adapter.model.errors import Misconfigured
from adapter.settings import ClaimSettings, ListenerSettings

RETURN = "/login/return"
"""Where the provider sends people back to, on the `public_url` of the listener."""


def identity_provider(listener: str, stated: ListenerSettings, clock: Callable[[], datetime]) -> Provider | None:
    """Where people log in at that listener; None where the configuration names nobody.

    Raises:
        Misconfigured: our secret at the provider cannot be read.
    """
    login = stated.login
    if login is None or stated.public_url is None:
        return None
    try:
        secret = login.client_secret_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        place = f"web.{listener}.login.client_secret_file"
        raise Misconfigured(f"{place}: cannot read {login.client_secret_file}") from error
    names = _of_staff(login.claims) if listener == "staff" else _of_declarants(login.claims)
    trusted = Trusted(
        issuer=login.issuer,
        client_id=login.client_id,
        secret=secret,
        scope=login.scope,
        acr=login.acr,
        algorithms=login.algorithms,
        claims=names,
        timeout_s=login.timeout_s,
        ca=str(login.ca) if login.ca else None,
    )
    return Provider(trusted, stated.public_url + RETURN, clock)


def _of_declarants(stated: ClaimSettings) -> ClaimNames:
    return ClaimNames(**stated.model_dump(exclude={"login"}))


def _of_staff(stated: ClaimSettings) -> ClaimNames:
    """Staff are known by their login, and act for no organisation: the register has all else."""
    return ClaimNames(stated.login, stated.name, stated.tax_code, stated.account_kind, organisation_kinds=())
