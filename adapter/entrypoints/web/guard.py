"""Who may use a route: each route is for `anybody`, or needs one right, from a session or a token."""

# Annotations are not postponed here: FastAPI reads those of dependencies.
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from adapter.entrypoints.web.api.problems import NotServed
from adapter.services.access.tokens import Caller, Tokens

Authenticate = Callable[..., Caller]


async def anybody() -> None:
    """The route is open to all, without log-in or token."""


def by_token(tokens: Tokens) -> Authenticate:
    """Who calls, by the bearer token that he shows; 401 where it is none of ours, or no more."""
    bearer = HTTPBearer(auto_error=False, description="A token that the operator issued (`nsw-adapter token issue`).")

    def authenticate(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Caller:
        if given is None:
            raise NotServed(401, "A bearer token is needed.", {"WWW-Authenticate": 'Bearer realm="nsw-adapter"'})
        caller = tokens.authenticate(given.credentials)
        if caller is None:
            challenge = 'Bearer realm="nsw-adapter", error="invalid_token"'
            raise NotServed(401, "The token is unknown, expired or revoked.", {"WWW-Authenticate": challenge})
        return caller

    return authenticate
