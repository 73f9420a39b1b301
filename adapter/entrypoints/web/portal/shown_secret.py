"""The secret of the session of a request, for what another part does in its person's name."""

from __future__ import annotations

from fastapi import Request

from adapter.entrypoints.web.browser import browser_of
from adapter.entrypoints.web.guard import LoggedOut


def secret_of(request: Request) -> str:
    """The secret.

    Raises:
        LoggedOut: there is no session.
    """
    secret = browser_of(request).secret
    if secret is None:
        raise LoggedOut
    return secret
